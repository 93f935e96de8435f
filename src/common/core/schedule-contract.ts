// What every schedule answers, whatever it was written as. Pure: each answer depends on its argument alone, so
// a process that starts again goes on where another left off.
import type { Instant } from '../model/time.ts';

/** Ticks, from 1970 to 9999. */
export interface Schedule {
  /** The first tick strictly after `at`; undefined when there is none. */
  nextAfter(at: Instant): Instant | undefined;
  /** The last tick at or before `at`; undefined when there is none. */
  atOrBefore(at: Instant): Instant | undefined;
  /** The exact number of ticks in (after, until]; costs days, not ticks. */
  countBetween(after: Instant, until: Instant): number;
  /** It has no ticks: runs when asked to. */
  readonly isManual: boolean;
}
