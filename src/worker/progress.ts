// How far runs say they are, told in etcd where every master sees it. A handler may tell a thousand times a
// second: what is written is bounded, for each run and for the worker, and it is the latest.
import type { Clock, Timer } from '../common/core/clock.ts';
import type { Millis } from '../common/model/time.ts';

const TELL_EVERY: Millis = 1_000;
/** In one round: a worker with many slots must not fill etcd with what is news for a second. */
const MOST_AT_ONCE = 200;

export interface Progress<R> {
  /** The run is further than it was. Costs nothing more while it waits to be told. */
  changed(run: R): void;
}

/** `tell`: `later` is asked again in the next round, `never` is forgotten. */
export function createProgress<R>(options: {
  readonly clock: Clock;
  readonly tell: (run: R) => 'told' | 'later' | 'never';
}): Progress<R> {
  const waiting = new Set<R>();
  let round: Timer | undefined;

  const schedule = (): void => {
    round ??= options.clock.setTimer(TELL_EVERY, () => {
      round = undefined;
      let told = 0;
      for (const run of waiting) {
        if (told === MOST_AT_ONCE) break;
        const answer = options.tell(run);
        if (answer === 'told') told++;
        if (answer !== 'later') waiting.delete(run);
      }
      if (waiting.size > 0) schedule();
    });
  };

  return {
    changed(run) {
      waiting.add(run);
      schedule();
    },
  };
}
