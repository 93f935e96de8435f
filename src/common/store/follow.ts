// Follows a range for ever: a list at one revision, then a watch from the next, resumed by our own last
// delivered revision over every cut, and by a list and its differences when etcd no longer has that revision.
// It must never lose a change, tell one twice, or tell a key's older state after its newer.
//
//   listing --complete--> watching --broken--> (wait) --store went on--> watching
//      ^                     |                    |
//      |                     +---- compacted -----+---- revision went back (restored snapshot): distrust all
//      +------------------------------------------+
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
import { createMirror, type Change } from './follow-mirror.ts';
import { createRevisionWaiters } from './follow-waiters.ts';
import { listPage } from './queries.ts';

export type { Change } from './follow-mirror.ts';

export interface FollowOptions {
  readonly etcd: Etcd;
  readonly clock: Clock;
  readonly range: Required<KeyRange>;
  /**
   * Changes in order, of one or more whole revisions; while listing, some keys at a time, in order of keys.
   * Must not throw. After a list that replaces a lost watch only what differs is told; a delete that is
   * inferred so carries the list's revision.
   */
  readonly onChanges: (changes: readonly Change[], revision: Revision) => void;
  /** A list is complete and its changes told: once at the start, and again after each list anew. */
  readonly onLoaded?: (revision: Revision) => void;
  /** From now on what was told may be out of date: etcd is out of reach, or its history had to be re-read. */
  readonly onStale?: (reason: string) => void;
  /** Told is what etcd holds, but for what is on its way. Also after the first load. */
  readonly onFresh?: () => void;
  /** Keys per request while listing; by default by their size. */
  readonly pageSize?: number;
}

export interface Follow {
  /** Every change up to this revision has been told. 0 before the first list. */
  readonly revision: Revision;
  readonly isFresh: boolean;
  /** Resolves after the first list was told; rejects with EtcdError (closed) when stopped before. */
  readonly whenLoaded: Promise<void>;
  /**
   * Resolves when every change up to `revision` has been told, however long that takes; rejects with
   * EtcdError (closed) on stop().
   */
  waitFor(revision: Revision): Promise<void>;
  stop(): void;
}

/** Keys of the first page; of a further one as many as these bytes are likely to hold: it is decoded in one go, 4 ms. */
const PAGE_SIZE = 1_000;
const PAGE_BYTES = 2 * 1024 ** 2;
const LEAST_OF_PAGE = 100;
/** For each page etcd goes over all keys that are left: of 100,000 in pages of 1,000 that takes longer than to send them. */
const MOST_OF_PAGE = 5_000;
/** Keys of a page told in one go, and how long pieces follow each other before other work gets its turn. */
const PIECE = 50;
const SLICE: Millis = 8;
/** A watch that lived this long was a good one: the next failure is a new story. */
const GOOD_WATCH_MS: Millis = 10_000;
/** Keeps our revision ahead of compaction while nothing changes in the range. */
const PROGRESS_EVERY_MS: Millis = 60_000;

function keysInPage(kvs: readonly KeyValue[]): number {
  let bytes = 0;
  for (const { key, value } of kvs) bytes += key.length + value.length;
  const fitting = Math.round((PAGE_BYTES * kvs.length) / bytes);
  return Math.max(LEAST_OF_PAGE, Math.min(fitting, MOST_OF_PAGE));
}

export function startFollow(options: FollowOptions): Follow {
  const { etcd, clock, range } = options;
  const sizeAfter = (kvs: readonly KeyValue[]): number => options.pageSize ?? keysInPage(kvs);
  const mirror = createMirror();
  const backoff = createBackoff({ first: 50, longest: 3_000 });
  let at: Revision = 0;
  let isFresh = false;
  let isStopped = false;
  let watch: Watch | undefined;
  let wake: (() => void) | undefined;
  /** Counts losses of freshness, so that a wait from before one does not end it. */
  let staleCount = 0;
  let settleLoaded: { resolve(): void; reject(error: EtcdError): void } | undefined;
  const whenLoaded = new Promise<void>((resolve, reject) => (settleLoaded = { resolve, reject }));
  // Not everyone asks for it.
  whenLoaded.catch(() => undefined);
  const stoppedError = (): EtcdError =>
    new EtcdError('closed', 'the follower was stopped', { mayHaveApplied: false });

  const advance = (revision: Revision): void => {
    if (revision > at) at = revision;
    waiters.reached(at);
  };

  const tell = (changes: readonly Change[], revision: Revision): void => {
    if (changes.length > 0 && !isStopped) options.onChanges(changes, revision);
  };

  const setFresh = (): void => {
    if (isFresh || isStopped) return;
    isFresh = true;
    options.onFresh?.();
  };

  const setStale = (reason: string): void => {
    staleCount++;
    if (!isFresh || isStopped) return;
    isFresh = false;
    options.onStale?.(reason);
  };

  const sleep = (ms: Millis): Promise<void> =>
    new Promise((resolve) => {
      const timer = clock.setTimer(ms, resolve);
      wake = () => {
        timer.cancel();
        resolve();
      };
    });

  /** One page; a failure that may pass is waited out, at the same revision. */
  const fetchPage = async (limit: number, after?: string, revision?: Revision) => {
    for (;;) {
      if (isStopped) throw stoppedError();
      try {
        const page = await listPage(etcd, range, {
          limit,
          ...(after === undefined ? {} : { after }),
          ...(revision === undefined ? {} : { revision }),
        });
        return page;
      } catch (error) {
        if (!(error instanceof EtcdError && error.isTransient) || isStopped) throw error;
        setStale(error.message);
        await sleep(backoff.next());
      }
    }
  };

  /** What is told can cost the consumer a hundred times what it costs us. */
  const tellPage = async (kvs: readonly KeyValue[], revision: Revision): Promise<void> => {
    let until = clock.monotonic() + SLICE;
    for (let from = 0; from < kvs.length; from += PIECE) {
      if (isStopped) return;
      if (clock.monotonic() > until) {
        await new Promise<void>((resolve) => void clock.setTimer(0, resolve));
        until = clock.monotonic() + SLICE;
      }
      tell(mirror.applyPage(kvs.slice(from, from + PIECE)), revision);
    }
  };

  const list = async (): Promise<void> => {
    mirror.beginList();
    let page = await fetchPage(options.pageSize ?? PAGE_SIZE);
    const { revision } = page;
    if (revision < at) {
      mirror.distrust();
      at = 0;
    }
    while (page.more) {
      const next = fetchPage(sizeAfter(page.kvs), page.kvs.at(-1)!.key, revision);
      next.catch(() => undefined);
      await tellPage(page.kvs, revision);
      page = await next;
    }
    await tellPage(page.kvs, revision);
    if (isStopped) return;
    tell(mirror.endList(revision), revision);
    backoff.reset();
    advance(revision);
    settleLoaded?.resolve();
    options.onLoaded?.(revision);
    setFresh();
  };

  /** Does what was told equal what etcd holds? Then it is so up to the revision of etcd's answer. */
  const compare = async (): Promise<void> => {
    const answer = await etcd.range({ ...range, limit: 1, keysOnly: true, newestFirst: true });
    const newest = answer.kvs[0]?.modRevision ?? 0;
    // Changes are told in order: with nothing live newer than `at`, and no key fewer, none is missing.
    if (isStopped || !watch || newest > at || answer.count !== mirror.size) return;
    advance(answer.revision);
  };

  const waiters = createRevisionWaiters({
    clock,
    canAsk: () => watch !== undefined && !isStopped,
    requestProgress: () => watch?.requestProgress(),
    compare,
  });

  const waitFor = (revision: Revision): Promise<void> => {
    if (isStopped) return Promise.reject(stoppedError());
    return revision <= at ? Promise.resolve() : waiters.wait(revision);
  };

  const watchUntilItEnds = (): Promise<WatchEnd> =>
    new Promise((resolve) => {
      let progressTimer: Timer | undefined;
      const keepUp = (): void => {
        progressTimer = clock.setTimer(PROGRESS_EVERY_MS, () => {
          watch?.requestProgress();
          keepUp();
        });
      };
      const end = (how: WatchEnd): void => {
        progressTimer?.cancel();
        watch = undefined;
        wake = undefined;
        resolve(how);
      };
      wake = () => {
        watch?.cancel();
        end({ kind: 'broken', error: stoppedError() });
      };
      // From the revision that was told already, not from the next: etcd before 3.4.34 and 3.5.15 drops a
      // deletion when its very revision is compacted, and would serve a watch from there without it.
      watch = etcd.watch(
        { ...range, startRevision: at },
        {
          onEvents(events, revision) {
            if (isStopped || revision <= at) return;
            backoff.reset();
            tell(mirror.apply(events, at), revision);
            advance(revision);
          },
          onProgress: advance,
          onEnd: end,
        },
      );
      keepUp();
      waiters.check();
    });

  /** After a broken watch: where does the store stand? True when its history goes on from ours. */
  const resumes = async (): Promise<boolean> => {
    const head = await etcd.range({ key: range.key, limit: 1, countOnly: true });
    if (head.revision < at) return false;
    const before = staleCount;
    waitFor(head.revision).then(
      () => {
        if (staleCount === before) setFresh();
      },
      () => undefined,
    );
    return true;
  };

  const run = async (): Promise<void> => {
    let isListed = false;
    for (;;) {
      if (isStopped) return;
      let failure: string;
      try {
        if (!isListed) {
          await list();
          isListed = true;
        } else if (!(await resumes())) {
          isListed = false;
          setStale('the revision of etcd went back: a snapshot was restored');
          continue;
        }
        if (isStopped) return;
        const since = clock.monotonic();
        const end = await watchUntilItEnds();
        if (isStopped) return;
        if (clock.monotonic() - since > GOOD_WATCH_MS) backoff.reset();
        if (end.kind === 'compacted') {
          isListed = false;
          failure = 'etcd has compacted the revision that we were at';
        } else if (end.error.kind === 'closed') return stop();
        else failure = end.error.message;
      } catch (error) {
        if (error instanceof EtcdError && error.kind === 'closed') return stop();
        // A list that failed for good (compacted under us, or etcd refuses us) begins anew.
        failure = (error as Error).message;
      }
      if (isStopped) return;
      setStale(failure);
      await sleep(backoff.next());
    }
  };

  const stop = (): void => {
    isStopped = true;
    isFresh = false;
    wake?.();
    wake = undefined;
    waiters.stop(stoppedError());
    settleLoaded?.reject(stoppedError());
  };

  void run();

  return {
    get revision() {
      return at;
    },
    get isFresh() {
      return isFresh;
    },
    whenLoaded,
    waitFor,
    stop,
  };
}
