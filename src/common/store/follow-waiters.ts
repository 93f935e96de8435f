// Those who wait until a follower has told everything up to a revision, and the asking that ends their wait
// when nothing in the range has that revision: etcd's progress, or a comparison with etcd. It must never end a
// wait by itself: only the follower's own revision does.
import type { Clock, Timer } from '../core/clock.ts';
import type { Millis } from '../model/time.ts';
import type { EtcdError, Revision } from './etcd.ts';

/** How long a progress request may stay unanswered before we compare with etcd ourselves. */
const PROGRESS_PATIENCE_MS: Millis = 100;
/** Comparing makes etcd read the whole range: less and less often, when it does not help. */
const LONGEST_PATIENCE_MS: Millis = 5_000;

export interface RevisionWaitersOptions {
  readonly clock: Clock;
  /** A watch is open: asking makes sense. */
  canAsk(): boolean;
  requestProgress(): void;
  /** Compares what was told with what etcd holds; may move the follower's revision. Rejects as etcd does. */
  compare(): Promise<void>;
}

export interface RevisionWaiters {
  wait(revision: Revision): Promise<void>;
  /** The follower is at this revision now. */
  reached(revision: Revision): void;
  /** A watch has opened: asks for those who wait already. */
  check(): void;
  /** Rejects all who wait. */
  stop(error: EtcdError): void;
}

interface Waiter {
  readonly revision: Revision;
  resolve(): void;
  reject(error: EtcdError): void;
}

export function createRevisionWaiters(options: RevisionWaitersOptions): RevisionWaiters {
  let waiters: Waiter[] = [];
  let timer: Timer | undefined;

  const check = (patience: Millis = PROGRESS_PATIENCE_MS): void => {
    if (timer || waiters.length === 0 || !options.canAsk()) return;
    options.requestProgress();
    timer = options.clock.setTimer(patience, () => {
      const goOn = (): void => {
        timer = undefined;
        check(Math.min(patience * 2, LONGEST_PATIENCE_MS));
      };
      if (waiters.length === 0 || !options.canAsk()) timer = undefined;
      else options.compare().then(goOn, goOn);
    });
  };

  return {
    wait: (revision) =>
      new Promise((resolve, reject) => {
        waiters.push({ revision, resolve, reject });
        check();
      }),
    reached(revision) {
      if (waiters.length === 0) return;
      const done = waiters.filter((waiter) => waiter.revision <= revision);
      if (done.length === 0) return;
      waiters = waiters.filter((waiter) => waiter.revision > revision);
      for (const waiter of done) waiter.resolve();
    },
    check: () => check(),
    stop(error) {
      timer?.cancel();
      const left = waiters;
      waiters = [];
      for (const waiter of left) waiter.reject(error);
    },
  };
}
