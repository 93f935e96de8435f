// What a job's state asks for at an instant: wait, run a tick, or let ticks go as missed. Arithmetic over
// the schedule, never a loop over missed ticks: a per-second job after a week's outage costs the same.
import type { CatchUpPolicy } from '../model/job.ts';
import type { Stretch } from '../model/run.ts';
import { instant, type Instant, type Millis } from '../model/time.ts';

/** A tick that starts within this is on time; later is catching up. */
export const ON_TIME: Millis = 1_000;

/** Of core/schedule: the two questions and the count that deciding needs. */
export interface TickSource {
  nextAfter(at: Instant): Instant | undefined;
  atOrBefore(at: Instant): Instant | undefined;
  countBetween(after: Instant, until: Instant): number;
}

export interface DueState {
  readonly ticks: TickSource;
  /** No tick at or before this ever fires. */
  readonly since: Instant;
  /** Last settled tick. */
  readonly cursor: Instant | undefined;
  readonly catchUp: { readonly policy: CatchUpPolicy; readonly window: Millis };
}

export type Due =
  /** No tick will ever come. */
  | { readonly kind: 'never' }
  | { readonly kind: 'at'; readonly tick: Instant }
  /** Ticks have come: `run` one of them, after recording `missed` ones before it. At least one of both. */
  | {
      readonly kind: 'now';
      readonly run: Instant | undefined;
      readonly late: boolean;
      readonly missed: Stretch | undefined;
    };

/** The last instant before which every tick is settled. */
export const settledUntil = (state: Pick<DueState, 'since' | 'cursor'>): Instant =>
  state.cursor !== undefined && state.cursor > state.since ? state.cursor : state.since;

/** The ticks in (after, until]; undefined: none. */
export function ticksWithin(ticks: TickSource, after: Instant, until: Instant): Stretch | undefined {
  const from = ticks.nextAfter(after);
  const to = ticks.atOrBefore(until);
  if (from === undefined || to === undefined || to < from) return undefined;
  return { count: ticks.countBetween(after, to), from, to };
}

/** Pure. Ticks after `now` are only ever told as `at`: arming ahead is the caller's. */
export function dueAt(state: DueState, now: Instant): Due {
  const { ticks, catchUp } = state;
  const base = settledUntil(state);
  const first = ticks.nextAfter(base);
  if (first === undefined) return { kind: 'never' };
  if (first > now) return { kind: 'at', tick: first };
  const newest = ticks.atOrBefore(now) ?? first;
  const run = candidate(ticks, base, newest, now, catchUp);
  const lastMissed =
    run === undefined ? newest : run > first ? (ticks.atOrBefore(instant(run - 1)) ?? first) : undefined;
  return {
    kind: 'now',
    run,
    late: run !== undefined && now - run > ON_TIME,
    missed:
      lastMissed === undefined || lastMissed < first
        ? undefined
        : { count: ticks.countBetween(base, lastMissed), from: first, to: lastMissed },
  };
}

const windowOf = ({ policy, window }: DueState['catchUp']): Millis =>
  Math.max(ON_TIME, policy === 'none' ? 0 : window);

/** A tick that passed may still be run. */
export const isInWindow = ({ catchUp }: DueState, tick: Instant, now: Instant): boolean =>
  tick >= now - windowOf(catchUp);

/** Until then a tick may be run. */
export const runnableUntil = ({ catchUp }: Pick<DueState, 'catchUp'>, tick: Instant): Instant =>
  instant(tick + windowOf(catchUp));

export interface Lapsed {
  /** Ticks that came and that nobody can run any more. */
  readonly missed: Stretch | undefined;
  /** The first instant at which that may hold of one more; undefined: no tick will ever come. */
  readonly next: Instant | undefined;
}

/** Of a job that nobody is there to run: what `catchUp` gives up by now, whoever comes. Pure. */
export function lapsedAt(state: DueState, now: Instant): Lapsed {
  const due = dueAt(state, now);
  const missed = due.kind === 'now' ? due.missed : undefined;
  const first =
    due.kind === 'never'
      ? undefined
      : due.kind === 'at'
        ? due.tick
        : (due.run ?? state.ticks.nextAfter(instant(due.missed!.to)));
  if (first === undefined) return { missed, next: undefined };
  const end = runnableUntil(state, first) + 1;
  // Of those that have come only the newest is run.
  const newer = state.catchUp.policy === 'all' ? undefined : state.ticks.nextAfter(first);
  return { missed, next: instant(Math.min(end, newer ?? Infinity)) };
}

function candidate(
  ticks: TickSource,
  base: Instant,
  newest: Instant,
  now: Instant,
  catchUp: DueState['catchUp'],
): Instant | undefined {
  const oldestAllowed = now - windowOf(catchUp);
  switch (catchUp.policy) {
    case 'latest':
    case 'none':
      return newest >= oldestAllowed ? newest : undefined;
    case 'all': {
      const oldest = ticks.nextAfter(instant(Math.max(base, oldestAllowed - 1)));
      return oldest !== undefined && oldest <= now ? oldest : undefined;
    }
  }
}
