// How long to wait before trying etcd again: doubling, bounded, with jitter so that many processes that lost
// the same member do not come back in step.
import type { Millis } from '../model/time.ts';

export interface Backoff {
  /** The wait before the next try; longer each time until reset(). */
  next(): Millis;
  reset(): void;
}

export function createBackoff(bounds: { first: Millis; longest: Millis }): Backoff {
  let tries = 0;
  return {
    next() {
      const full = Math.min(bounds.longest, bounds.first * 2 ** Math.min(tries++, 30));
      return full * (0.5 + Math.random() / 2);
    },
    reset() {
      tries = 0;
    },
  };
}
