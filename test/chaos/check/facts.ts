// A history, looked up by run and by job: what each check reads. Pure.
import type { RunRecord } from '../../../src/common/model/run.ts';
import type { JournalLine } from '../../support/journal.ts';
import type { ClaimChange, CursorChange, History, JobChange } from '../events.ts';
import { erasOf, type Era } from './eras.ts';

export interface Facts {
  readonly history: History;
  readonly eras: readonly Era[];
  readonly jobs: ReadonlyMap<string, readonly JobChange[]>;
  readonly cursors: ReadonlyMap<string, readonly CursorChange[]>;
  /** The record of a run as it was put last, whatever was pruned or deleted with its job since. */
  readonly runs: ReadonlyMap<string, RunRecord>;
  readonly runsOf: ReadonlyMap<string, readonly RunRecord[]>;
  /** In the order of revisions. */
  readonly claims: ReadonlyMap<string, readonly ClaimChange[]>;
  /** In the order of the journal. */
  readonly marks: ReadonlyMap<string, readonly JournalLine[]>;
  /**
   * When leases of live workers were revoked by a leader that went on after it had been frozen: no fence foresees
   * that, and the docs say so.
   */
  readonly revokedAlive: ReadonlyMap<string, number>;
  /** First start marks, in the order of the journal. */
  readonly starts: readonly JournalLine[];
}

export function group<T>(items: readonly T[], keyOf: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const key = keyOf(item);
    const some = groups.get(key);
    if (some) some.push(item);
    else groups.set(key, [item]);
  }
  return groups;
}

/** Run ids are unique per job. */
export const keyOfRun = (job: string, runId: string): string => `${job}/${runId}`;

export function factsOf(history: History): Facts {
  const runs = new Map(history.runs.map(({ record }) => [keyOfRun(record.job, record.id), record]));
  const seen = new Set<string>();
  const starts = history.marks.filter(({ mark, job, runId }) => {
    const key = keyOfRun(job, runId);
    if (mark !== 'start' || seen.has(key)) return false;
    seen.add(key);
    return true;
  });
  return {
    history,
    eras: erasOf(history.jobs, history.pausedAt),
    jobs: group(history.jobs, ({ job }) => job),
    cursors: group(history.cursors, ({ job }) => job),
    runs,
    runsOf: group([...runs.values()], ({ job }) => job),
    claims: group(history.claims, ({ job, runId }) => keyOfRun(job, runId)),
    marks: group(history.marks, ({ job, runId }) => keyOfRun(job, runId)),
    starts,
    revokedAlive: revokedAlive(history),
  };
}

/** A stuck leader wakes up, and takes what it had not been told of for expired. */
const WAKING_MS = 2_000;

function revokedAlive({ hasStuckLeaders, faults, sessionEnds }: History): Map<string, number> {
  const woken = faults.filter(({ kind, what }) => kind === 'etcd-freeze' && what.includes('leader'));
  const isWaking = (at: number): boolean =>
    woken.some(({ healedAt }) => at > healedAt - WAKING_MS && at < healedAt + WAKING_MS);
  return new Map(
    sessionEnds.filter(({ at }) => hasStuckLeaders && isWaking(at)).map(({ worker, at }) => [worker, at]),
  );
}

/** Until a worker is told that its lease was revoked: at the next keep-alive at the latest, and then it kills. */
export const toldWithin = ({ history }: Facts): number => history.ttlMs / 3 + 500;

/** The record that a run had last, as an end or as a claim. */
export const lastRecord = (facts: Facts, job: string, runId: string): RunRecord | undefined =>
  facts.runs.get(keyOfRun(job, runId)) ??
  facts.claims.get(keyOfRun(job, runId))?.findLast(({ record }) => record !== undefined)?.record;

/** The definition that a run was claimed under. */
export const definitionOf = (facts: Facts, record: RunRecord): JobChange['record'] =>
  facts.jobs
    .get(record.job)
    ?.find(
      (change) => change.created === record.jobCreated && change.record?.generation === record.generation,
    )?.record;

/** The job's life that the run belongs to ended while the run was claimed: then it leaves no record. */
export function wentWithItsJob(facts: Facts, job: string, runId: string): boolean {
  const claims = facts.claims.get(keyOfRun(job, runId)) ?? [];
  const created = claims.find(({ record }) => record)?.record?.jobCreated;
  const changes = facts.jobs.get(job) ?? [];
  const deleted = changes.find((change) => change.record === undefined && change.created === created);
  if (!deleted) return false;
  const before = claims.filter(({ revision }) => revision <= deleted.revision);
  return before.at(-1)?.record !== undefined;
}

export const iso = (at: number): string => new Date(at).toISOString();
