// Time as a port: everything that asks for the time or waits is handed a Clock, so that a test or a
// simulation can stand in for it. Implemented in runtime/clock.
import type { Instant, Millis, Monotonic } from '../model/time.ts';

export interface Timer {
  /** After this the callback is never called; calling it twice, or after the callback ran, is fine. */
  cancel(): void;
}

export interface Clock {
  /** Wall clock. May step in either direction. */
  now(): Instant;
  /** Never steps; the same scale in every process of the host. */
  monotonic(): Monotonic;
  /** Calls `fn` once, not before `delay` ms of monotonic time. Long delays (over 24 days) are fine. */
  setTimer(delay: Millis, fn: () => void): Timer;
}
