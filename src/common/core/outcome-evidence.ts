// What the records of a job tell of its ticks: the runs of each tick, and the stretches that were skipped or
// missed. Pure. It says what is on record; what a tick without any means is core/outcomes' to judge.
import type { RunRecord } from '../model/run.ts';

/** Ticks that a skipped or missed record stands for, both ends included. */
export interface PassedStretch {
  readonly from: number;
  readonly to: number;
  readonly count: number;
  readonly record: RunRecord;
}

export interface Evidence {
  /** By tick: all its runs, retries elsewhere included. */
  readonly runs: ReadonlyMap<number, readonly RunRecord[]>;
  /** By their first tick. */
  readonly passed: readonly PassedStretch[];
}

/** `ended`: what stands under runs/. `active`: what holds a claim; a run that is in both has ended. */
export function evidenceOf(ended: readonly RunRecord[], active: readonly RunRecord[]): Evidence {
  const runs = new Map<number, RunRecord[]>();
  const passed: PassedStretch[] = [];
  const seen = new Set<string>();
  for (const record of [...ended, ...active]) {
    const { tick, kind } = record.cause;
    // A run by hand answers no tick.
    if (tick === undefined || kind === 'manual' || seen.has(record.id)) continue;
    seen.add(record.id);
    if (record.state === 'skipped' || record.state === 'missed') {
      const { from, to, count } = record.ticks ?? { from: tick, to: tick, count: 1 };
      passed.push({ from, to, count, record });
    } else {
      const known = runs.get(tick);
      if (known) known.push(record);
      else runs.set(tick, [record]);
    }
  }
  passed.sort((a, b) => a.from - b.from);
  return { runs, passed };
}

/**
 * The last run of each claim of one tick. A run and its retries elsewhere are one claim, so one is right and
 * two are the tick run twice; two retries of the same run are two.
 */
export function claimsOf(runs: readonly RunRecord[]): RunRecord[] {
  if (runs.length < 2) return [...runs];
  const retried = new Set(runs.map((run) => run.cause.retryOf));
  return runs.filter((run) => !retried.has(run.id));
}

/**
 * Under `mode: all` each worker has its own run of the tick, so only two by one worker are twice. By its id: names
 * need not be unique. The runs tell the mode: a shard is on them, and the definition may have changed since.
 */
export function isTwice(claims: readonly RunRecord[]): boolean {
  if (claims.length < 2) return false;
  if (claims.some((run) => run.shard === undefined)) return true;
  return new Set(claims.map((run) => run.worker)).size < claims.length;
}

/** Ticks that the records bear of their own; a retry and a run by hand bear none. Sorted. */
export function firstTicksOf({ runs, passed }: Evidence): number[] {
  const ticks = passed.map(({ from }) => from);
  for (const [tick, all] of runs) if (all.some((run) => run.cause.kind !== 'retry')) ticks.push(tick);
  return ticks.sort((a, b) => a - b);
}

/** A run that was on from one instant to another: ticks of those between may have waited for it. */
export const runSpanning = (runs: readonly RunRecord[], from: number, to: number): RunRecord | undefined =>
  runs.find((run) => beganAt(run) <= from && (run.endedAt ?? Infinity) >= to);

/** Of a run that was just claimed, a start is not told yet. */
export const beganAt = (run: RunRecord): number => run.startedAt ?? run.armedAt ?? Infinity;
