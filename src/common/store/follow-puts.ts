// Tells what is put in a range from now on, and nothing of what was there: for ranges that are too large to be listed.
// It resumes by its own last revision over every cut. What it cannot tell it says: after a gap it begins anew from
// the newest. It must never tell one put twice.
import type { Clock, Timer } from '../core/clock.ts';
import type { Millis } from '../model/time.ts';
import { createBackoff } from './backoff.ts';
import {
  EtcdError,
  type Etcd,
  type KeyRange,
  type KeyValue,
  type Revision,
  type Watch,
  type WatchEnd,
} from './etcd.ts';

export interface FollowPutsOptions {
  readonly etcd: Etcd;
  readonly clock: Clock;
  readonly range: Required<KeyRange>;
  /** In order. Must not throw. */
  readonly onPuts: (kvs: readonly KeyValue[]) => void;
  /**
   * From this revision on every put is told. Called at the start, and again after each gap: of what was put in it
   * nothing is told.
   */
  readonly onBegin: (revision: Revision) => void;
}

export interface FollowPuts {
  stop(): void;
}

/** A watch that lived this long was a good one. */
const GOOD_WATCH: Millis = 10_000;
/** Keeps our revision ahead of compaction while nothing is put. */
const PROGRESS_EVERY: Millis = 60_000;

export function startFollowPuts({ etcd, clock, range, onPuts, onBegin }: FollowPutsOptions): FollowPuts {
  const backoff = createBackoff({ first: 50, longest: 3_000 });
  let at: Revision | undefined;
  let isStopped = false;
  let wake: (() => void) | undefined;

  const sleep = (ms: Millis): Promise<void> =>
    new Promise((resolve) => {
      const timer = clock.setTimer(ms, resolve);
      wake = () => {
        timer.cancel();
        resolve();
      };
    });

  /** Where to watch from. The store's history may be another one than ours: a snapshot was restored. */
  const begin = async (): Promise<Revision> => {
    const { revision } = await etcd.range({ key: range.key, limit: 1, countOnly: true });
    if (at !== undefined && revision >= at) return at;
    at = revision;
    if (!isStopped) onBegin(revision);
    return at;
  };

  const watch = (from: Revision): Promise<WatchEnd> =>
    new Promise((resolve) => {
      let progress: Timer | undefined;
      let opened: Watch | undefined;
      const keepUp = (): void => {
        progress = clock.setTimer(PROGRESS_EVERY, () => {
          opened?.requestProgress();
          keepUp();
        });
      };
      const end = (how: WatchEnd): void => {
        progress?.cancel();
        opened = undefined;
        resolve(how);
      };
      wake = () => {
        opened?.cancel();
        end({ kind: 'broken', error: new EtcdError('closed', 'stopped', { mayHaveApplied: false }) });
      };
      opened = etcd.watch(
        { ...range, startRevision: from + 1, putsOnly: true },
        {
          onEvents(events, revision) {
            if (isStopped || revision <= at!) return;
            backoff.reset();
            const puts = events.flatMap(({ type, kv }) =>
              type === 'put' && kv.modRevision > at! ? [kv] : [],
            );
            at = revision;
            if (puts.length > 0) onPuts(puts);
          },
          onProgress(revision) {
            at = Math.max(at!, revision);
          },
          onEnd: end,
        },
      );
      keepUp();
    });

  const run = async (): Promise<void> => {
    for (;;) {
      if (isStopped) return;
      try {
        const from = await begin();
        if (isStopped) return;
        const since = clock.monotonic();
        const end = await watch(from);
        if (clock.monotonic() - since > GOOD_WATCH) backoff.reset();
        if (end.kind === 'compacted') at = undefined;
        else if (end.error.kind === 'closed') return;
      } catch (error) {
        if (error instanceof EtcdError && error.kind === 'closed') return;
      }
      if (!isStopped) await sleep(backoff.next());
    }
  };

  void run();
  return {
    stop() {
      isStopped = true;
      wake?.();
    },
  };
}
