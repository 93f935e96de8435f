// From when on the records of a job are all there. History is cut from its old end: by number, by age, and by
// number again when etcd is short of space. A tick that it may have reached is not known; that is not the same as
// unexplained. Pure.
import { firstTicksOf, type Evidence } from './outcome-evidence.ts';
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

/** `20261122T143000.000Z-7f3a9c` -> the instant that it begins with. NaN: no run id. */
export const instantOfRunId = (id: string): number =>
  Date.parse(
    id.slice(0, 19).replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)/, '$1-$2-$3T$4:$5:') + id.slice(19, 20),
  );

/**
 * Ticks up to this instant may have had records that are gone; -Infinity: all are there.
 *
 * Every cut removes the records below some id, and by number none at or above the `keep`-th newest of now: that
 * one only moves up. A record's id begins with its tick, but for a stretch of skipped ticks, which begins with its
 * first: one that was cut may reach beyond the cut, up to the first tick that has a record of its own.
 */
export function knownAfter({ limits, ids, evidence, now }: HistoryRead): number {
  const firstTicks = firstTicksOf(evidence);
  const oldestAfter = (at: number): number => firstTicks.find((tick) => tick >= at) ?? Infinity;
  const reaching = (at: number): number =>
    at <= limits.createdAt ? -Infinity : Math.min(oldestAfter(at), at + DAY);
  const byNumber = (): number => {
    if (ids.length < limits.keep) return -Infinity;
    const oldestKept = [...ids].sort().at(-limits.keep)!;
    return oldestAfter(instantOfRunId(oldestKept));
  };
  return Math.max(
    byNumber(),
    reaching(now - limits.maxAge + CLOCKS),
    reaching(limits.limitsSince),
    reaching(limits.cutAt),
  );
}
