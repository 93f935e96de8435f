// From when on the records of a job are all there. History is cut from its old end: by number, by age, and by
// number again when etcd is short of space. A tick that it may have reached is not known; that is not the same as
// unexplained. Pure.
import { firstTicksOf, type Evidence } from './outcome-evidence.ts';
import { jobDefinition, type JobDefinition } from '../model/job.ts';
import type { Instant, Millis } from '../model/time.ts';

export interface HistoryLimits {
  /** `history.keep`, and `history.for` in ms. */
  readonly keep: number;
  readonly maxAge: Millis;
  /** Until then, smaller limits may have been in force. */
  readonly limitsSince: number;
  /** Until then, histories were cut for want of space. */
  readonly cutAt: number;
  readonly createdAt: number;
}

export interface HistoryRead {
  readonly limits: HistoryLimits;
  /** Ids of all records that are kept, whether they can be read or not, in any order. */
  readonly ids: readonly string[];
  readonly evidence: Evidence;
  readonly now: Instant;
}

/** Clocks of masters, of which one prunes and another asks. */
const CLOCKS: Millis = 5_000;
const DAY: Millis = 86_400_000;
const MOST_KEPT = jobDefinition.shape.history.unwrap().shape.keep.unwrap().maxValue!;

/** `20261122T143000.000Z-7f3a9c` -> the instant that it begins with. NaN: no run id. */
export const instantOfRunId = (id: string): number =>
  Date.parse(
    id.slice(0, 19).replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)/, '$1-$2-$3T$4:$5:') + id.slice(19, 20),
  );

/** What cuts a history where it begins: `history.keep`, `history.for`, smaller limits before, or want of space. */
export type HistoryCut = 'keep' | 'for' | 'changed' | 'space';

export interface HistoryEdge {
  /** Ticks up to this instant may have had records that are gone; -Infinity: all are there. */
  readonly knownAfter: number;
  /** undefined: all are there. */
  readonly cutBy: HistoryCut | undefined;
}

/**
 * Every cut removes the records below some id, and by number none at or above the `keep`-th newest of now: that
 * one only moves up. A record's id begins with its tick, but for a stretch of skipped ticks, which begins with its
 * first: one that was cut may reach beyond the cut, up to the first tick that has a record of its own.
 */
export function historyEdge({ limits, ids, evidence, now }: HistoryRead): HistoryEdge {
  const firstTicks = firstTicksOf(evidence);
  const oldestAfter = (at: number): number => firstTicks.find((tick) => tick >= at) ?? Infinity;
  const reaching = (at: number): number =>
    at <= limits.createdAt ? -Infinity : Math.min(oldestAfter(at), at + DAY);
  const byNumber = (): number => {
    if (ids.length < limits.keep) return -Infinity;
    const oldestKept = [...ids].sort().at(-limits.keep)!;
    return oldestAfter(instantOfRunId(oldestKept));
  };
  const cuts: readonly (readonly [HistoryCut, number])[] = [
    ['keep', byNumber()],
    ['for', reaching(now - limits.maxAge + CLOCKS)],
    ['changed', reaching(limits.limitsSince)],
    ['space', reaching(limits.cutAt)],
  ];
  const last = cuts.reduce((latest, each) => (each[1] > latest[1] ? each : latest));
  return { knownAfter: last[1], cutBy: last[1] === -Infinity ? undefined : last[0] };
}

/** What would make a history reach further back, in words. */
export function historyHint(cutBy: HistoryCut, { keep, for: age }: JobDefinition['history']): string {
  switch (cutBy) {
    case 'keep':
      return keep >= MOST_KEPT
        ? `the job keeps its last ${keep} records, the most that history.keep can be`
        : `the job keeps its last ${keep} records: a larger history.keep (${MOST_KEPT} at most) reaches further back, from then on`;
    case 'for':
      return `the job keeps records for ${age}: a longer history.for reaches further back, from then on`;
    case 'changed':
      return 'before, the job may have been set to keep fewer records (history.keep, history.for)';
    case 'space':
      return 'etcd was short of space then, and histories were cut: see the quota in GET /cluster';
  }
}
