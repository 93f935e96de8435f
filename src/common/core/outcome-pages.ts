// What is made of the outcomes of a stretch: how many of each, and the ticks one by one, page by page. Pure.
import type { RunState } from '../model/run.ts';
import { instant, type Instant } from '../model/time.ts';
import type { Segment, TickOutcome } from './outcomes.ts';

export interface OutcomeCounts {
  /** Ticks that were due by now: the sum of the outcomes but `notYet` and `paused`. */
  readonly due: number;
  readonly ran: number;
  /** Of `ran`, under `mode: all`: on some workers only, as far as records tell. */
  readonly partly: number;
  /** Of `ran`: with a run that ended badly, and was not tried again elsewhere. */
  readonly failed: number;
  /** Of any outcome: with a run whose task ran on after its claim had ended. */
  readonly mayHaveOverlapped: number;
  readonly skipped: number;
  readonly missed: number;
  readonly lost: number;
  readonly twice: number;
  readonly unexplained: number;
  readonly notKnown: number;
  /** Armed or running. */
  readonly running: number;
  readonly waiting: number;
  readonly notYet: number;
  readonly paused: number;
}

const FIELD: Readonly<
  Record<TickOutcome, Exclude<keyof OutcomeCounts, 'due' | 'partly' | 'failed' | 'mayHaveOverlapped'>>
> = {
  ran: 'ran',
  twice: 'twice',
  skipped: 'skipped',
  missed: 'missed',
  lost: 'lost',
  armed: 'running',
  running: 'running',
  waiting: 'waiting',
  not_yet: 'notYet',
  paused: 'paused',
  not_known: 'notKnown',
  unexplained: 'unexplained',
};

export const noCounts = (): { -readonly [K in keyof OutcomeCounts]: number } => ({
  due: 0,
  ran: 0,
  partly: 0,
  failed: 0,
  mayHaveOverlapped: 0,
  skipped: 0,
  missed: 0,
  lost: 0,
  twice: 0,
  unexplained: 0,
  notKnown: 0,
  running: 0,
  waiting: 0,
  notYet: 0,
  paused: 0,
});

const BAD: ReadonlySet<RunState> = new Set<RunState>(['failed', 'timed_out', 'killed']);

/** It ran, and badly: the last word of one of its runs at least. */
export function hasFailed({ outcome, runs }: Pick<Segment, 'outcome' | 'runs'>): boolean {
  if (outcome !== 'ran') return false;
  const tried = new Set(runs.flatMap(({ cause }) => cause.retryOf ?? []));
  return runs.some(({ id, state }) => BAD.has(state) && !tried.has(id));
}

export function countsOf(segments: readonly Segment[], now: Instant): OutcomeCounts {
  const counts = noCounts();
  for (const segment of segments) {
    const { outcome, count, from, partly, runs } = segment;
    const field = outcome === 'armed' && from > now ? 'notYet' : FIELD[outcome];
    counts[field] += count;
    if (partly) counts.partly += count;
    if (hasFailed(segment)) counts.failed += count;
    if (runs.some((run) => run.mayHaveOverlapped)) counts.mayHaveOverlapped += count;
    if (field !== 'notYet' && field !== 'paused') counts.due += count;
  }
  return counts;
}

export interface ToldTick {
  readonly tick: Instant;
  /** A single tick's own; of a stretch whose schedule is not kept, all of it at once. */
  readonly segment: Segment;
}

/** A page: at most `limit` ticks after `after`, of these outcomes (none named: of all), and whether more follow. */
export function ticksOf(
  segments: readonly Segment[],
  page: {
    after: number;
    limit: number;
    outcomes?: ReadonlySet<TickOutcome> | undefined;
    /** Only ticks that ran on some workers only. */
    isPartly?: boolean | undefined;
    /** Only ticks that ran and failed. */
    isFailed?: boolean | undefined;
  },
): { ticks: ToldTick[]; more: boolean } {
  const { after, limit, outcomes, isPartly, isFailed } = page;
  const ticks: ToldTick[] = [];
  /** Two records that contradict each other may name one instant: a page never ends between them. */
  const isFull = (tick: number): boolean => ticks.length >= limit && ticks.at(-1)!.tick < tick;
  for (const segment of segments) {
    if (segment.to <= after && segment.ticks !== undefined) continue;
    if (outcomes && !outcomes.has(segment.outcome)) continue;
    if (isPartly && !segment.partly) continue;
    if (isFailed && !hasFailed(segment)) continue;
    if (segment.ticks === undefined) {
      if (segment.from <= after) continue;
      if (isFull(segment.from)) return { ticks, more: true };
      ticks.push({ tick: segment.from, segment });
      continue;
    }
    let tick: Instant | undefined =
      segment.from > after ? segment.from : segment.ticks.nextAfter(instant(after));
    while (tick !== undefined && tick <= segment.to) {
      if (isFull(tick)) return { ticks, more: true };
      ticks.push({ tick, segment });
      tick = tick === segment.to ? undefined : segment.ticks.nextAfter(tick);
    }
  }
  return { ticks, more: false };
}
