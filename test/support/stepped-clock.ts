// The system's clock with a wall clock that can be set forward and back. Monotonic time and timers go on.
import type { Clock } from '../../src/common/core/clock.ts';
import { instant, type Millis } from '../../src/common/model/time.ts';
import { systemClock } from '../../src/common/runtime/clock.ts';

export interface SteppedClock extends Clock {
  step(by: Millis): void;
  /** How far it is ahead of the true one. */
  readonly ahead: Millis;
}

export function steppedClock(ahead: Millis = 0): SteppedClock {
  const clock = systemClock();
  let off = ahead;
  return {
    ...clock,
    now: () => instant(clock.now() + off),
    step: (by) => void (off += by),
    get ahead() {
      return off;
    },
  };
}
