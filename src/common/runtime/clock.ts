// The system's clocks behind the Clock port.
import type { Clock, Timer } from '../core/clock.ts';
import { instant, monotonic, type Millis } from '../model/time.ts';

/** setTimeout takes 32 bits of milliseconds; longer waits go in steps. */
const LONGEST_TIMEOUT: Millis = 2 ** 31 - 1;

export function systemClock(): Clock {
  // Both read CLOCK_MONOTONIC; performance.now() from its own zero on, but without a bigint for each answer.
  const zero = Number(process.hrtime.bigint()) / 1e6 - performance.now();
  const clock: Clock = {
    now: () => instant(Date.now()),
    // libuv reads CLOCK_MONOTONIC, so the runner's clock has the same scale as its worker's.
    monotonic: () => monotonic(zero + performance.now()),
    setTimer(delay, fn) {
      const due = clock.monotonic() + delay;
      let timeout: NodeJS.Timeout;
      const wait = (): void => {
        const left = due - clock.monotonic();
        timeout =
          left > LONGEST_TIMEOUT ? setTimeout(wait, LONGEST_TIMEOUT) : setTimeout(fn, Math.max(0, left));
      };
      wait();
      const timer: Timer = { cancel: () => clearTimeout(timeout) };
      return timer;
    },
  };
  return clock;
}
