// What happened, as etcd's history has it: every version of every job, every claim, every record, read from
// the commits themselves. Nothing here is asked of a worker, and nothing is forgotten.
import type { JobDefinition, JobRecord } from '../../../src/common/model/job.ts';
import type { LockRecord, RunRecord, TriggerRecord } from '../../../src/common/model/run.ts';
import type { WorkerRecord, WorkerState } from '../../../src/common/model/worker.ts';
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
  /** As they stood when it was written. */
  readonly cursors: Cursors;
}

/** Of one job; -Infinity: none. */
export interface Cursors {
  readonly ofJob: number;
  readonly ofAll: number;
  /** How far any worker or session has got by its own, under `mode: all`. */
  readonly farthest: number;
}

export interface Claim {
  readonly at: Millis;
  readonly revision: Revision;
  /** As it was claimed. */
  readonly run: RunRecord;
  /** That it was claimed under; undefined: no such. */
  readonly definition: JobDefinition | undefined;
  readonly lease: LeaseId | undefined;
  /** Key of its lock. */
  readonly lock: string | undefined;
}

/** One registration of a worker, from its first writing to its end. */
export interface WorkerSession {
  readonly id: string;
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  /** By its own clock. */
  readonly joinedAt: number;
  readonly at: Millis;
  /** Undefined: it is registered. */
  goneAt: Millis | undefined;
  state: WorkerState;
}

export interface Ledger {
  readonly jobs: ReadonlyMap<string, readonly JobVersion[]>;
  /** By `job/runId`, the newest claim of each. */
  readonly claims: ReadonlyMap<string, Claim>;
  /** Records under runs/, by `job/runId`: the last one written, also when it was deleted since. */
  readonly records: ReadonlyMap<string, RunRecord>;
  /** Active records that stand now, by key, with the time of the claim or of the adoption. */
  readonly active: ReadonlyMap<string, { readonly run: RunRecord; readonly at: Millis }>;
  /** Claims that were given back without a record, oldest first. */
  readonly givenBack: readonly { readonly run: RunRecord; readonly at: Millis }[];
  /** Runs, by `job/runId`, that their worker holds again without the lock: it had lost its claim. */
  readonly outlived: ReadonlySet<string>;
  /** As they stand now. */
  cursorsOf(job: string): Cursors;
  /** That of the job, or a worker's own; -Infinity: none. */
  cursorOf(job: string, workerId?: string): number;
  /** By worker id. */
  readonly sessions: ReadonlyMap<string, WorkerSession>;
  /** Requests to run that stand now, by `job/runId`, with the time of the last change. */
  readonly triggers: ReadonlyMap<string, { readonly at: Millis; readonly retryOf: string | undefined }>;
  take(commit: Commit): void;
}

export const nameOf = (job: string, runId: string): string => `${job}/${runId}`;

export function createLedger(prefix: string, now: () => Millis): Ledger {
  const jobs = new Map<string, JobVersion[]>();
  const claims = new Map<string, Claim>();
  const records = new Map<string, RunRecord>();
  const active = new Map<string, { run: RunRecord; at: Millis }>();
  const sessions = new Map<string, WorkerSession>();
  const triggers = new Map<string, { at: Millis; retryOf: string | undefined }>();
  const givenBack: { run: RunRecord; at: Millis }[] = [];
  const outlived = new Set<string>();
  /** By job, by the key's part after it; '': the job's own. */
  const cursors = new Map<string, Map<string, number>>();

  const cursorsOf = (job: string): Cursors => {
    const all = cursors.get(job) ?? new Map<string, number>();
    const others = [...all].filter(([which]) => which !== '' && which !== '@').map(([, value]) => value);
    return {
      ofJob: all.get('') ?? -Infinity,
      ofAll: all.get('@') ?? -Infinity,
      farthest: Math.max(-Infinity, ...others),
    };
  };

  const takeCursor = (job: string, which: string, value: string | undefined): void => {
    const all = cursors.get(job) ?? new Map<string, number>();
    cursors.set(job, all);
    if (value === undefined) all.delete(which);
    else all.set(which, Number(value));
  };

  const takeJob = (job: string, version: JobVersion): void => {
    const versions = jobs.get(job);
    if (versions) versions.push(version);
    else jobs.set(job, [version]);
  };

  const takeWorker = (id: string, value: string | undefined): void => {
    const known = sessions.get(id);
    if (value === undefined) {
      if (known) known.goneAt = now();
      return;
    }
    const { name, labels, joinedAt, state } = JSON.parse(value) as WorkerRecord;
    if (known) Object.assign(known, { state, goneAt: undefined });
    else sessions.set(id, { id, name, labels, joinedAt: joinedAt!, at: now(), goneAt: undefined, state });
  };

  const takeActive = (revision: Revision, key: string, value: string, lock: HeldBy | undefined): void => {
    const at = now();
    const run = JSON.parse(value) as RunRecord;
    active.set(key, { run, at });
    const name = nameOf(run.job, run.id);
    // Held again by a worker that had lost its claim: the claim is the one before.
    if (lock === undefined && claims.has(name)) return void outlived.add(name);
    const definition = jobs
      .get(run.job)
      ?.findLast(({ created, record }) => created === run.jobCreated && record?.generation === run.generation)
      ?.record?.definition;
    claims.set(name, { at, revision, run, definition, lease: lock?.lease, lock: lock?.key });
  };

  const take = ({ revision, events }: Commit): void => {
    const at = now();
    const locks = new Map<string, HeldBy>();
    for (const { type, kv } of events) {
      const [family = '', job = '', ...rest] = kv.key.slice(prefix.length).split('/');
      if (family === 'lock' && type === 'put')
        locks.set(nameOf(job, (JSON.parse(kv.value) as LockRecord).runId), kv);
      else if (family === 'jobs') {
        const created = type === 'put' ? kv.createRevision : (jobs.get(job)?.at(-1)?.created ?? 0);
        const record = type === 'put' ? (JSON.parse(kv.value) as JobRecord) : undefined;
        takeJob(job, { at, revision, created, record, cursors: cursorsOf(job) });
      } else if (family === 'runs' && type === 'put')
        records.set(nameOf(job, rest[0]!), JSON.parse(kv.value) as RunRecord);
      else if (family === 'workers') takeWorker(job, type === 'put' ? kv.value : undefined);
      else if (family === 'trigger') {
        const name = nameOf(job, rest[0]!);
        if (type === 'delete') triggers.delete(name);
        else triggers.set(name, { at, retryOf: (JSON.parse(kv.value) as TriggerRecord).retryOf });
      }
    }
    const told = new Set<string>();
    for (const { type, kv } of events) {
      const [family = '', job = '', third = '', fourth = ''] = kv.key.slice(prefix.length).split('/');
      if (family === 'cursor')
        takeCursor(job, [third, fourth].join('/').replace(/\/$/, ''), type === 'put' ? kv.value : undefined);
      else if (type === 'put' && family === 'runs') told.add(nameOf(job, third));
      else if (type === 'put' && family === 'active') told.add(nameOf(third, fourth));
    }
    for (const { type, kv } of events) {
      if (!kv.key.startsWith(`${prefix}active/`)) continue;
      if (type === 'delete') {
        const run = active.get(kv.key)?.run;
        active.delete(kv.key);
        if (run && !told.has(nameOf(run.job, run.id))) givenBack.push({ run, at });
      } else if (kv.version === 1) {
        const [, job = '', runId = ''] = kv.key.slice(prefix.length + 'active/'.length).split('/');
        takeActive(revision, kv.key, kv.value, locks.get(nameOf(job, runId)));
      }
    }
  };

  return {
    jobs,
    claims,
    records,
    active,
    givenBack,
    outlived,
    cursorsOf,
    cursorOf: (job, workerId) =>
      cursors.get(job)?.get(workerId === undefined ? '' : `@${workerId}`) ?? -Infinity,
    triggers,
    sessions,
    take,
  };
}

interface HeldBy {
  readonly key: string;
  readonly lease: LeaseId;
}
