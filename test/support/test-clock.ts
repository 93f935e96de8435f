// A clock that stands still until told: timers fire in order of their time, each at its own.
import type { Clock, Timer } from '../../src/common/core/clock.ts';
import { instant, monotonic, type Millis } from '../../src/common/model/time.ts';

export interface TestClock extends Clock {
  /** Lets time pass, firing timers in order; what they start gets its turn in between. */
  advance(by: Millis): Promise<void>;
  /** Time passes and no timer fires, as in a frozen process; those overdue fire at the next advance(). */
  freeze(by: Millis): void;
  /** The wall clock is set forward, or back; monotonic time and timers go on. */
  step(by: Millis): void;
  readonly pendingTimers: number;
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

export function createTestClock(startsAt = 1_800_000_000_000): TestClock {
  let now = 0;
  let stepped = 0;
  const timers = new Set<{ at: number; fn: () => void }>();
  return {
    now: () => instant(startsAt + now + stepped),
    monotonic: () => monotonic(now),
    setTimer(delay, fn): Timer {
      const timer = { at: now + Math.max(0, delay), fn };
      timers.add(timer);
      return { cancel: () => void timers.delete(timer) };
    },
    async advance(by) {
      const until = now + by;
      for (;;) {
        await turn();
        const due = [...timers].filter((timer) => timer.at <= until).toSorted((a, b) => a.at - b.at)[0];
        if (!due) break;
        timers.delete(due);
        now = Math.max(now, due.at);
        due.fn();
      }
      now = Math.max(now, until);
      await turn();
    },
    freeze(by) {
      now += by;
    },
    step(by) {
      stepped += by;
    },
    get pendingTimers() {
      return timers.size;
    },
  };
}
