// The system's clock with a wall clock that can be made to stand still: so that what is claimed ahead of its
// tick stays armed for as long as a test needs. Monotonic time and timers go on.
import type { Clock } from '../../src/common/core/clock.ts';
import { instant } from '../../src/common/model/time.ts';
import { systemClock } from '../../src/common/runtime/clock.ts';

export interface HeldClock extends Clock {
  /** The wall clock stops when it gets there. */
  holdAt(at: number): void;
  letGo(): void;
}

export function heldClock(): HeldClock {
  const clock = systemClock();
  let limit = Infinity;
  return {
    ...clock,
    now: () => instant(Math.min(clock.now(), limit)),
    holdAt: (at) => void (limit = at),
    letGo: () => void (limit = Infinity),
  };
}
