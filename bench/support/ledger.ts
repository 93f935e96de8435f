// Every tick that is due, what its task marked, and what was recorded of it: whether each was started once and
// recorded once, and how late. A million ticks are two small arrays.
import type { RunRecord, Stretch } from '../../src/common/model/run.ts';
import { spreadOf, type Spread } from './figures.ts';
import { jobNumber } from './jobs.ts';
import type { Starts } from './worker-protocol.ts';

/** A tick of job `n` is at `firstOf(n) + k * periodMs`, for k from 0 to `ticks` - 1. */
export interface DueTicks {
  readonly jobs: number;
  readonly firstOf: (job: number) => number;
  readonly periodMs: number;
  readonly ticks: number;
  /** Lags of ticks before this instant are left out: nothing was warm. They are counted all the same. */
  readonly judgedFrom: number;
}

export interface LedgerSum {
  readonly due: number;
  readonly startedOnce: number;
  readonly startedTwice: number;
  readonly notStarted: number;
  readonly recordedOnce: number;
  readonly recordedTwice: number;
  readonly unrecorded: number;
  /** Records by state; one of skipped or missed ticks counts for each of them. */
  readonly states: Readonly<Record<string, number>>;
  /** Marks and records of ticks that were not due. */
  readonly strays: number;
  /** By the tasks' own marks, ms after the tick. */
  readonly lag: Spread;
  /** By the records. */
  readonly recordedLag: Spread;
  readonly startsJudged: number;
  /** Of those, by the marks. */
  readonly overASecondLate: number;
  readonly early: number;
}

export interface Ledger {
  started(starts: Starts): void;
  /** The value of a record in etcd. */
  recorded(value: string): void;
  readonly isStarted: boolean;
  readonly isRecorded: boolean;
  sum(): LedgerSum;
}

const LATE_MS = 1_000;

export function openLedger({ jobs, firstOf, periodMs, ticks, judgedFrom }: DueTicks): Ledger {
  const due = jobs * ticks;
  const starts = new Uint8Array(due);
  const records = new Uint8Array(due);
  const states: Record<string, number> = {};
  /** By run: a record of skipped ticks is written again, longer, as long as the same run is on. */
  const stretches = new Map<string, Stretch>();
  const lags: number[] = [];
  const recordedLags: number[] = [];
  let strays = 0;
  let startedAny = 0;
  let recordedAny = 0;
  let late = 0;
  let early = 0;

  /** -1: no such tick. */
  const placeOf = (job: string, tick: number): number => {
    const number = jobNumber(job);
    const place = (tick - firstOf(number)) / periodMs;
    return number < jobs && Number.isInteger(place) && place >= 0 && place < ticks
      ? number * ticks + place
      : -1;
  };
  const note = (counts: Uint8Array, job: string, tick: number): boolean => {
    const place = placeOf(job, tick);
    if (place === -1) {
      strays++;
      return false;
    }
    if (counts[place]! < 255) counts[place]!++;
    return counts[place] === 1;
  };
  const countOf = (counts: Uint8Array, holds: (count: number) => boolean): number =>
    counts.reduce((sum, count) => (holds(count) ? sum + 1 : sum), 0);

  return {
    started({ jobs: names, ticks: at, at: times }) {
      for (const [i, job] of names.entries()) {
        const tick = at[i]!;
        if (note(starts, job, tick)) startedAny++;
        if (tick < judgedFrom) continue;
        const lag = times[i]! - tick;
        lags.push(lag);
        if (lag > LATE_MS) late++;
        else if (lag < 0) early++;
      }
    },
    recorded(value) {
      const run = JSON.parse(value) as RunRecord;
      const each = run.ticks ?? { count: 1, from: run.scheduledFor, to: run.scheduledFor };
      const name = `${run.job} ${run.id}`;
      const before = run.ticks && stretches.get(name);
      if (run.ticks) stretches.set(name, run.ticks);
      states[run.state] = (states[run.state] ?? 0) + each.count - (before?.count ?? 0);
      for (let tick = before ? before.to + periodMs : each.from; tick <= each.to; tick += periodMs) {
        if (note(records, run.job, tick)) recordedAny++;
      }
      if (run.startLagMs !== undefined && run.scheduledFor >= judgedFrom) recordedLags.push(run.startLagMs);
    },
    get isStarted() {
      return startedAny === due;
    },
    get isRecorded() {
      return recordedAny === due;
    },
    sum: () => ({
      due,
      startedOnce: countOf(starts, (count) => count === 1),
      startedTwice: countOf(starts, (count) => count > 1),
      notStarted: countOf(starts, (count) => count === 0),
      recordedOnce: countOf(records, (count) => count === 1),
      recordedTwice: countOf(records, (count) => count > 1),
      unrecorded: countOf(records, (count) => count === 0),
      states,
      strays,
      lag: spreadOf(lags),
      recordedLag: spreadOf(recordedLags),
      startsJudged: lags.length,
      overASecondLate: late,
      early,
    }),
  };
}

/** Each tick started once, by its own mark; recorded once; nothing early, or late by over a second. */
export const isHeld = (sum: LedgerSum): boolean =>
  sum.startedOnce === sum.due &&
  sum.recordedOnce === sum.due &&
  sum.states['succeeded'] === sum.due &&
  sum.overASecondLate === 0 &&
  sum.early === 0 &&
  sum.strays === 0;
