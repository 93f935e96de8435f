// Deleting a job. A run that stands armed would leave no trace of whether it started once its job is gone,
// so such a job is paused first, the claim decided, and only then is the job deleted.
import type { RunRef } from '../../common/api/values.ts';
import type { KeyRange, Revision } from '../../common/store/etcd.ts';
import { perform, type Intent } from '../../common/store/intent.ts';
import type { Keyspace } from '../../common/store/keyspace.ts';
import type { HeldLock } from '../../common/store/transactions/claims.ts';
import { deleteJob as deletion, writeJob, type JobWrite } from '../../common/store/transactions/jobs.ts';
import { changedJobRecord } from '../job-record.ts';
import { startedMeanwhile, type StrictDeps } from '../strict.ts';
import {
  checkConditions,
  jobNow,
  LOST_RACES,
  noSuchJob,
  raceLost,
  type Conditions,
  type JobNow,
} from './jobs.ts';
import { readJobWithLocks, type JobWithLocks } from './locks.ts';

export interface JobDeleted {
  /** As it was before anything was done to it. */
  readonly job: JobNow;
  readonly started: readonly RunRef[];
  /** The claims that it left behind: their runs go on. */
  readonly locks: readonly HeldLock[];
  /** The revision of the deletion. */
  readonly revision: Revision;
}

/** Throws job_not_found, precondition_failed, job_changed. */
export async function deleteJob(
  deps: StrictDeps,
  job: string,
  conditions: Conditions,
  by: string,
): Promise<JobDeleted> {
  const started = new Map<string, RunRef>();
  const decided = new Set<Revision>();
  let before: JobNow | undefined;
  /** The revision of our own pause; the caller's condition was about the one before. */
  let ours: Revision | undefined;
  for (let tries = 0; tries < LOST_RACES; tries++) {
    const seen = await readJobWithLocks(deps.etcd, deps.keys, job);
    if (seen.kv === undefined) {
      checkConditions(job, conditions, undefined);
      throw noSuchJob(job);
    }
    if (before === undefined || seen.kv.modRevision !== ours) {
      checkConditions(job, conditions, seen.kv.modRevision);
      before = jobNow(seen.kv);
    }
    const open = seen.locks.filter((lock) => !decided.has(lock.createRevision));
    if (open.length === 0) {
      const written = await perform(deps.etcd, unlessClaimedSince(deps.keys, job, seen));
      if (written.ok)
        return {
          job: before,
          started: [...started.values()],
          locks: written.locks,
          revision: written.revision,
        };
      continue;
    }
    let at: { locks: readonly HeldLock[]; revision: Revision } = { locks: open, revision: seen.revision };
    const record = jobNow(seen.kv).record;
    if (
      record &&
      !record.definition.paused &&
      open.some((lock) => (lock.record?.startAt ?? 0) > deps.clock.now())
    ) {
      const definition = { ...record.definition, paused: true };
      const pausedRecord = changedJobRecord(record, definition, deps.clock.now(), { by });
      const { modRevision, value } = seen.kv;
      const paused = await perform(deps.etcd, writeJob(deps.keys, pausedRecord, modRevision, value));
      if (!paused.ok) continue;
      ours = paused.revision;
      at = {
        locks: paused.locks.filter((lock) => !decided.has(lock.createRevision)),
        revision: paused.revision,
      };
    }
    for (const ref of await startedMeanwhile(deps, job, at.locks, at.revision)) started.set(ref.run, ref);
    for (const lock of at.locks) decided.add(lock.createRevision);
  }
  throw raceLost(job);
}

/** The deletion, refused when a claim was made after `seen`. */
export function unlessClaimedSince(keys: Keyspace, job: string, seen: JobWithLocks): Intent<JobWrite> {
  const intent = deletion(keys, job, seen.kv!.modRevision);
  const old = (range: KeyRange) =>
    ({ ...range, target: 'create', op: '<', value: seen.revision + 1 }) as const;
  const compare = [...intent.txn.compare, old({ key: keys.lock(job) }), old(keys.locksBelow(job))];
  return { ...intent, txn: { ...intent.txn, compare } };
}
