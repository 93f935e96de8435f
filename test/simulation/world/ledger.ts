// What happened, as etcd's history has it: every version of every job, every claim, every record, read from
// the commits themselves. Nothing here is asked of a worker, and nothing is forgotten.
import type { JobRecord } from '../../../src/common/model/job.ts';
import type { LockRecord, RunRecord } from '../../../src/common/model/run.ts';
import type { Millis } from '../../../src/common/model/time.ts';
import type { LeaseId, Revision } from '../../../src/common/store/etcd.ts';
import type { Commit } from '../model/mvcc.ts';

export interface JobVersion {
  /** True time. */
  readonly at: Millis;
  readonly revision: Revision;
  /** Create revision of the job. */
  readonly created: Revision;
  /** undefined: deleted. */
  readonly record: JobRecord | undefined;
}

export interface Claim {
  readonly at: Millis;
  readonly revision: Revision;
  /** As it was claimed. */
  readonly run: RunRecord;
  readonly lease: LeaseId | undefined;
  readonly activeKey: string;
}

export interface Ledger {
  readonly jobs: ReadonlyMap<string, readonly JobVersion[]>;
  /** By `job/runId`, the newest claim of each. */
  readonly claims: ReadonlyMap<string, Claim>;
  /** Records under runs/, by `job/runId`: the last one written, also when it was deleted since. */
  readonly records: ReadonlyMap<string, RunRecord>;
  /** Active records that stand now, by key. */
  readonly active: ReadonlyMap<string, Claim>;
  /** Requests to run that stand now, by `job/runId`, with the time of the last change. */
  readonly triggers: ReadonlyMap<string, Millis>;
  take(commit: Commit): void;
}

export const nameOf = (job: string, runId: string): string => `${job}/${runId}`;

export function createLedger(prefix: string, now: () => Millis): Ledger {
  const jobs = new Map<string, JobVersion[]>();
  const claims = new Map<string, Claim>();
  const records = new Map<string, RunRecord>();
  const active = new Map<string, Claim>();
  const triggers = new Map<string, Millis>();

  const takeJob = (job: string, version: JobVersion): void => {
    const versions = jobs.get(job);
    if (versions) versions.push(version);
    else jobs.set(job, [version]);
  };

  const take = ({ revision, events }: Commit): void => {
    const at = now();
    const leases = new Map<string, LeaseId>();
    for (const { type, kv } of events) {
      const [family = '', job = '', ...rest] = kv.key.slice(prefix.length).split('/');
      if (family === 'lock' && type === 'put')
        leases.set(nameOf(job, (JSON.parse(kv.value) as LockRecord).runId), kv.lease);
      else if (family === 'jobs') {
        const created = type === 'put' ? kv.createRevision : (jobs.get(job)?.at(-1)?.created ?? 0);
        const record = type === 'put' ? (JSON.parse(kv.value) as JobRecord) : undefined;
        takeJob(job, { at, revision, created, record });
      } else if (family === 'runs' && type === 'put')
        records.set(nameOf(job, rest[0]!), JSON.parse(kv.value) as RunRecord);
      else if (family === 'trigger') {
        if (type === 'put') triggers.set(nameOf(job, rest[0]!), at);
        else triggers.delete(nameOf(job, rest[0]!));
      }
    }
    for (const { type, kv } of events) {
      if (!kv.key.startsWith(`${prefix}active/`)) continue;
      if (type === 'delete') active.delete(kv.key);
      else if (kv.version === 1) {
        const run = JSON.parse(kv.value) as RunRecord;
        const name = nameOf(run.job, run.id);
        const claim: Claim = { at, revision, run, lease: leases.get(name), activeKey: kv.key };
        claims.set(name, claim);
        active.set(kv.key, claim);
      }
    }
  };

  return { jobs, claims, records, active, triggers, take };
}
