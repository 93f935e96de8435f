// A run that this worker has claimed: everything needed to start it, to end it and to give it back.
import type { JobDefinition } from '../common/model/job.ts';
import type { RunRecord, TriggerRecord } from '../common/model/run.ts';
import type { Instant } from '../common/model/time.ts';
import type { Revision } from '../common/store/etcd.ts';
import type { LockKind, Release } from '../common/store/transactions/claims.ts';
import type { Membership } from './ports.ts';

export interface Assignment {
  readonly definition: JobDefinition;
  /** As claimed, state `armed`. */
  readonly run: RunRecord;
  readonly membership: Membership;
  readonly lock: LockKind;
  readonly fencingToken: Revision;
  /** Mod revision of the definition that was claimed with. */
  readonly jobRevision: Revision;
  readonly startAt: Instant;
  /** Last tick settled before this one. */
  readonly settledBefore?: Instant | undefined;
  readonly trigger?: TriggerRecord | undefined;
}

export function releaseOf(assignment: Assignment, triggerText: string | undefined, now: Instant): Release {
  const { run, membership, lock, fencingToken, settledBefore } = assignment;
  return {
    run,
    workerId: membership.workerId,
    lock,
    fencingToken,
    ...(run.shard === undefined ? {} : { allUnder: membership.leaseId, sessionSince: membership.since }),
    ...(settledBefore === undefined ? {} : { cursorBack: { tick: settledBefore, at: now } }),
    ...(triggerText === undefined ? {} : { trigger: triggerText }),
  };
}
