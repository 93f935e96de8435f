// What this master knows without asking: jobs, claimed runs and workers, each followed from etcd. Only lists
// are answered from here, and only once it holds every write that this master has answered.
import type { Clock } from '../../common/core/clock.ts';
import { createScheduleCompiler } from '../../common/core/schedule.ts';
import type { Logger } from '../../common/runtime/logger.ts';
import { EtcdError, type Etcd, type KeyRange, type Revision } from '../../common/store/etcd.ts';
import { startFollow, type Change } from '../../common/store/follow.ts';
import { codecs, type Keyspace } from '../../common/store/keyspace.ts';
import { createUnreadable, type Unreadable } from '../../common/store/unreadable.ts';
import { createJobIndex, type JobIndex } from './job-index.ts';
import { createRunIndex, type ActiveRun, type RunIndex } from './run-index.ts';
import { createWorkerIndex, type WorkerIndex } from './worker-index.ts';

export type Family = 'jobs' | 'runs' | 'workers';

/** `ended`: the runs that the changes ended. */
export type ViewListener = (family: Family, changes: readonly Change[], ended: readonly ActiveRun[]) => void;

export interface Views {
  readonly jobs: JobIndex;
  readonly runs: RunIndex;
  readonly workers: WorkerIndex;
  /** Registrations and claimed runs whose values cannot be read. */
  readonly unreadable: Pick<Unreadable, 'size' | 'some'>;
  /** Up to where registrations have been told. */
  readonly peerRevisions: { readonly workers: Revision; readonly masters: Revision };
  /** Everything is loaded and up to date but for what is on its way. */
  readonly isFresh: boolean;
  readonly whenLoaded: Promise<void>;
  /** The registrations of workers and masters are. */
  readonly whenPeersLoaded: Promise<void>;
  /** This master changed a job at this revision: later lists know it. */
  noteWrite(revision: Revision): void;
  /** Until the views hold every write noted. Rejects with EtcdError (unavailable) after `timeout` ms, and while stale. */
  caughtUp(timeout: number): Promise<void>;
  /** Called after each change that came while following; answers how to stop it. */
  listen(listener: ViewListener): () => void;
  /** Called when it is found to be out of date, and when it is not any more; answers how to stop it. */
  onFreshness(listener: (isFresh: boolean) => void): () => void;
  stop(): void;
}

export interface ViewsDeps {
  readonly etcd: Etcd;
  readonly keys: Keyspace;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Takes the registrations of workers and masters, to compare clocks. */
  readonly onPeers?: (changes: readonly Change[], isLive: boolean) => void;
}

export function startViews(deps: ViewsDeps): Views {
  const { etcd, keys, clock, logger } = deps;
  const unreadable = createUnreadable(logger);
  const runs = createRunIndex(keys, unreadable);
  const jobs = createJobIndex((key) => key.slice(keys.jobs.key.length), createScheduleCompiler());
  const workers = createWorkerIndex(keys, clock, unreadable);
  const listeners = new Set<ViewListener>();
  const watchers = new Set<(isFresh: boolean) => void>();
  let wasFresh = false;
  const tellFreshness = (): void => {
    const isFresh = follows.every((each) => each.isFresh);
    if (isFresh === wasFresh) return;
    wasFresh = isFresh;
    for (const watcher of watchers) watcher(isFresh);
  };
  const readMasters = (changes: readonly Change[]): void => {
    for (const change of changes) {
      const decoded = change.type === 'put' ? codecs.master.decode(change.kv.value) : undefined;
      if (change.type === 'put' && !decoded!.ok)
        unreadable.note(change.kv.key, decoded!.error, 'master passed over: its registration cannot be read');
      else unreadable.clear(change.type === 'put' ? change.kv.key : change.key);
    }
  };
  let written: Revision = 0;

  const follow = (
    family: Family | 'masters',
    range: Required<KeyRange>,
    apply: (changes: readonly Change[], isLive: boolean) => ActiveRun[],
  ) => {
    let isLive = false;
    return startFollow({
      etcd,
      clock,
      range,
      onChanges(changes) {
        const ended = apply(changes, isLive);
        if (isLive && family !== 'masters')
          for (const listener of listeners) listener(family, changes, ended);
      },
      onLoaded(revision) {
        isLive = true;
        // A list that is older than our writes: a snapshot was restored, and they are gone for ever.
        if (family === 'jobs') written = Math.min(written, revision);
      },
      onStale(reason) {
        isLive = false;
        logger.warn({ family, reason }, 'view is out of date');
        tellFreshness();
      },
      onFresh() {
        isLive = true;
        logger.debug({ family }, 'view is up to date');
        tellFreshness();
      },
    });
  };

  const followedJobs = follow('jobs', keys.jobs, (changes) => {
    jobs.apply(changes);
    return [];
  });
  const followedWorkers = follow('workers', keys.workers, (changes, isLive) => {
    deps.onPeers?.(changes, isLive);
    workers.apply(changes, isLive);
    return [];
  });
  const followedMasters = follow('masters', keys.masters, (changes, isLive) => {
    readMasters(changes);
    deps.onPeers?.(changes, isLive);
    return [];
  });
  const follows = [
    followedJobs,
    follow('runs', keys.actives, (changes) => runs.apply(changes)),
    followedWorkers,
    followedMasters,
  ];
  const whenLoaded = Promise.all(follows.map((each) => each.whenLoaded)).then(() => {});
  whenLoaded.catch(() => {});
  const peers = [followedWorkers, followedMasters];
  const whenPeersLoaded = Promise.all(peers.map((each) => each.whenLoaded)).then(() => {});
  whenPeersLoaded.catch(() => {});

  return {
    jobs,
    runs,
    workers,
    unreadable,
    get peerRevisions() {
      return { workers: followedWorkers.revision, masters: followedMasters.revision };
    },
    get isFresh() {
      return follows.every((each) => each.isFresh);
    },
    whenLoaded,
    whenPeersLoaded,
    noteWrite(revision) {
      written = Math.max(written, revision);
    },
    async caughtUp(timeout) {
      const there = Promise.all([whenLoaded, followedJobs.waitFor(written)]);
      there.catch(() => {});
      let timer: { cancel(): void } | undefined;
      const late = new Promise<never>((_, reject) => {
        timer = clock.setTimer(timeout, () =>
          reject(new EtcdError('unavailable', 'the lists are out of date', { mayHaveApplied: false })),
        );
      });
      try {
        await Promise.race([there, late]);
      } finally {
        timer?.cancel();
      }
      // What etcd said while it was away from us, nobody here knows.
      if (!follows.every((each) => each.isFresh))
        throw new EtcdError('unavailable', 'the lists are out of date', { mayHaveApplied: false });
    },
    listen(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    onFreshness(watcher) {
      watchers.add(watcher);
      return () => void watchers.delete(watcher);
    },
    stop() {
      for (const each of follows) each.stop();
    },
  };
}
