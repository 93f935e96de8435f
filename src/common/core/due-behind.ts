// `overlap: forbid`, when a tick was overdue before the run began that then was on: the cursor cannot pass that one,
// which still waits to be caught up, so those that came during the run are told as skipped only behind it. Pure.
import type { Stretch } from '../model/run.ts';
import { instant, type Instant } from '../model/time.ts';
import { isInWindow, ON_TIME, settledUntil, ticksWithin, type DueState, type TickSource } from './due.ts';

/** A run was on: ticks in (after, until] came during it. */
export interface Blocked {
  readonly after: Instant;
  readonly until: Instant;
}

export interface DueBehind {
  /** The tick to run now, after what is passed; undefined: none. */
  readonly run: Instant | undefined;
  readonly late: boolean;
  /** In the order of time, without a tick between them. */
  readonly passed: readonly { readonly state: 'missed' | 'skipped'; readonly ticks: Stretch }[];
}

const later = (a: Instant, b: Instant): Instant => (a > b ? a : b);
const earlier = (a: Instant, b: Instant): Instant => (a < b ? a : b);

/** Without its last tick, which is run. */
const butLast = (ticks: TickSource, { count, from, to }: Stretch): Stretch | undefined =>
  count === 1
    ? undefined
    : { count: count - 1, from, to: ticks.atOrBefore(instant(to - 1)) ?? instant(from) };

/**
 * The newest of those that did not come during the run is caught up within the window, as ever, and the others are
 * missed. undefined: no tick up to the end of the run is unsettled. Not for `catchUp: all`: there, ticks queue up.
 */
export function dueBehind(state: DueState, now: Instant, { after, until }: Blocked): DueBehind | undefined {
  const { ticks } = state;
  const base = settledUntil(state);
  const before = ticksWithin(ticks, base, earlier(after, now));
  const during = ticksWithin(ticks, later(base, after), earlier(until, now));
  if (!before && !during) return undefined;
  const since = ticksWithin(ticks, later(base, until), now);
  const newest = since ?? before;
  const run = newest && isInWindow(state, instant(newest.to), now) ? instant(newest.to) : undefined;
  const missed = (stretch: Stretch | undefined): DueBehind['passed'] => {
    const left = stretch && run === stretch.to ? butLast(ticks, stretch) : stretch;
    return left ? [{ state: 'missed', ticks: left }] : [];
  };
  const skipped: DueBehind['passed'] = during ? [{ state: 'skipped', ticks: during }] : [];
  return {
    run,
    late: run !== undefined && now - run > ON_TIME,
    // What comes after the tick that is run is settled when that is claimed.
    passed: run !== undefined && !since ? missed(before) : [...missed(before), ...skipped, ...missed(since)],
  };
}
