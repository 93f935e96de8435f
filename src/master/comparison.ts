// A master that has just started does not know yet whether its clock is right. Until it has compared it with the
// others', it is not ready, decides nothing by it (from when on a job's ticks count, what history is too old), and
// keeps those who ask for a change waiting for a moment. Reading needs no decision.
import type { Clock } from '../common/core/clock.ts';
import type { Millis } from '../common/model/time.ts';
import type { Clocks } from '../common/runtime/clocks.ts';
import { ProblemError } from '../common/api/problems.ts';

/** The others have 3 s to answer; before that, etcd lists them and takes our registration. */
const PATIENCE: Millis = 5_000;

export interface Comparison {
  readonly isDone: boolean;
  /** Until it is done. Throws not_ready when it takes long: without etcd it cannot be. */
  wait(): Promise<void>;
}

export function startComparison(options: {
  readonly clock: Clock;
  readonly clocks: Pick<Clocks, 'compared'>;
  /** The registrations of the others are loaded, and ours is written. */
  readonly whenThere: Promise<unknown>;
}): Comparison {
  const { clock, clocks, whenThere } = options;
  let isDone = false;
  const done = whenThere.then(() => clocks.compared()).then(() => void (isDone = true));
  // A master that is stopped before: nobody waits any more.
  done.catch(() => undefined);

  return {
    get isDone() {
      return isDone;
    },
    async wait() {
      if (isDone) return;
      let timer: { cancel(): void } | undefined;
      const late = new Promise<never>((_, reject) => {
        timer = clock.setTimer(PATIENCE, () =>
          reject(
            new ProblemError(
              'not_ready',
              "this master has just started and could not yet compare its clock with the others', as it does by etcd; nothing was changed",
              { retryAfterSeconds: 1 },
            ),
          ),
        );
      });
      try {
        await Promise.race([done, late]);
      } finally {
        timer?.cancel();
      }
    },
  };
}
