// What a master writes: definitions, and requests to run or to kill. Each reads the job's locks in the same
// transaction, so that the answer can name the run that an older definition still starts (invariant 3).
import type { JobRecord } from '../../model/job.ts';
import type { KillRecord, TriggerRecord } from '../../model/run.ts';
import type { KeyValue, LeaseId, Op, OpResult, Revision, TxnResult } from '../etcd.ts';
import type { Intent } from '../intent.ts';
import { codecs, type Keyspace } from '../keyspace.ts';
import { absent, get, getSome, kvAt, kvsOf, modifiedAt, present, put, remove } from './parts.ts';
import type { HeldLock } from './claims.ts';

/** Versions of a definition that can be read and restored, the one that stands among them. */
export const VERSIONS_KEPT = 20;

/** Of runs on at once: the newest, for those that are armed are among them. */
const LOCKS_READ = 1_000;

/** `found` is the job as it stands: undefined when there is none. */
export type JobWrite =
  | {
      readonly ok: true;
      readonly revision: Revision;
      readonly previous: KeyValue | undefined;
      readonly locks: readonly HeldLock[];
    }
  | { readonly ok: false; readonly found: KeyValue | undefined };

const readLocks = (responses: readonly OpResult[], from: number): HeldLock[] =>
  [...kvsOf(responses[from]), ...kvsOf(responses[from + 1])].map((kv) => {
    const record = codecs.lock.decode(kv.value);
    return { key: kv.key, createRevision: kv.createRevision, record: record.ok ? record.value : undefined };
  });

const lockReads = (keys: Keyspace, job: string) => [
  get(keys.lock(job)),
  { ...getSome(keys.locksBelow(job), LOCKS_READ), descending: true },
];

const readWrite = (result: TxnResult): JobWrite => {
  if (!result.succeeded) return { ok: false, found: kvAt(result, 0) };
  const first = result.responses[0];
  const previous = first?.type === 'put' ? first.prev : first?.type === 'delete' ? first.prev[0] : undefined;
  return { ok: true, revision: result.revision, previous, locks: readLocks(result.responses, 1) };
};

/**
 * The versions after a write of this generation: what it supersedes joins them, the oldest goes. None is newer:
 * a job that is created finds none of an earlier life, whoever removed that.
 */
function keepVersions(keys: Keyspace, job: string, generation: number, superseded: string | undefined): Op[] {
  const versions = keys.versionsOf(job);
  const oldest = generation - VERSIONS_KEPT + 1;
  return [
    remove({ key: keys.version(job, generation), rangeEnd: versions.rangeEnd }),
    ...(oldest > 1 ? [remove({ key: versions.key, rangeEnd: keys.version(job, oldest) })] : []),
    ...(superseded === undefined ? [] : [put(keys.version(job, generation - 1), superseded)]),
  ];
}

/**
 * Writes a definition over the one of `expected` mod revision; 0: only where there is none. `superseded`: the
 * value that stands there, of the generation before, which becomes a version.
 */
export function writeJob(
  keys: Keyspace,
  record: JobRecord,
  expected: Revision,
  superseded?: string,
): Intent<JobWrite> {
  const job = record.definition.name;
  const key = keys.job(job);
  const unknown = superseded === undefined ? {} : codecs.job.unknownIn(superseded);
  return {
    job,
    txn: {
      compare: [modifiedAt(key, expected)],
      success: [
        { ...put(key, codecs.job.encode({ ...unknown, ...record })), prevKv: true },
        ...lockReads(keys, job),
        ...keepVersions(keys, job, record.generation, superseded),
      ],
      failure: [get(key)],
    },
    read: readWrite,
  };
}

/** Deletes the definition of `expected` mod revision with its versions, cursor, history and pending requests. */
export function deleteJob(keys: Keyspace, job: string, expected: Revision): Intent<JobWrite> {
  const key = keys.job(job);
  return {
    job,
    txn: {
      compare: [modifiedAt(key, expected), present(key)],
      success: [
        { ...remove({ key }), prevKv: true },
        ...lockReads(keys, job),
        remove({ key: keys.cursor(job) }),
        remove(keys.cursorsOf(job)),
        remove(keys.runsOf(job)),
        remove(keys.outputsOf(job)),
        remove(keys.triggersOf(job)),
        remove(keys.versionsOf(job)),
      ],
      failure: [get(key)],
    },
    read: readWrite,
  };
}

/** `waiting`: requests for runs of the job that nobody has claimed, this one among them. */
export type RunRequest =
  | { readonly ok: true; readonly revision: Revision; readonly waiting: number }
  | { readonly ok: false; readonly reason: 'no-job' }
  | { readonly ok: false; readonly reason: 'definition-changed' }
  | {
      readonly ok: false;
      readonly reason: 'running';
      readonly locks: readonly HeldLock[];
      readonly requested: readonly string[];
    };

/** `runId` becomes the id of the run. */
export interface AskedRun {
  readonly runId: string;
  readonly trigger: TriggerRecord;
}

/**
 * Asks for runs now, under the definition of mod revision `jobRevision`. `onlyWhenIdle`: refused while a run is on, armed
 * or asked for; of runs that are asked of certain workers, while one of these runs the job.
 */
export function requestRun(
  keys: Keyspace,
  request: {
    job: string;
    jobRevision: Revision;
    runs: readonly AskedRun[];
    onlyWhenIdle: boolean;
  },
): Intent<RunRequest> {
  const { job, runs } = request;
  const workers = runs.flatMap(({ trigger: { worker } }) => worker ?? []);
  const idle = [
    absent({ key: keys.lock(job) }),
    absent(keys.triggersOf(job)),
    ...(workers.length === 0
      ? [absent(keys.locksBelow(job))]
      : [
          absent(keys.locksOfRuns(job)),
          ...workers.map((workerId) => absent({ key: keys.lockOfWorker(job, workerId) })),
        ]),
  ];
  return {
    job,
    txn: {
      compare: [modifiedAt(keys.job(job), request.jobRevision), ...(request.onlyWhenIdle ? idle : [])],
      success: [
        ...runs.map(({ runId, trigger }) => put(keys.trigger(job, runId), codecs.trigger.encode(trigger))),
        { type: 'range', ...keys.triggersOf(job), countOnly: true },
      ],
      failure: [
        get(keys.job(job)),
        ...lockReads(keys, job),
        { ...getSome(keys.triggersOf(job), LOCKS_READ), keysOnly: true },
      ],
    },
    read(result) {
      if (result.succeeded) {
        const requests = result.responses[runs.length];
        return {
          ok: true,
          revision: result.revision,
          waiting: requests?.type === 'range' ? requests.count : runs.length,
        };
      }
      const found = kvAt(result, 0);
      if (!found) return { ok: false, reason: 'no-job' };
      if (found.modRevision !== request.jobRevision) return { ok: false, reason: 'definition-changed' };
      const requested = kvsOf(result.responses[3]).map((kv) => keys.partsOf(kv.key)[1]!);
      return { ok: false, reason: 'running', locks: readLocks(result.responses, 1), requested };
    },
  };
}

/** Takes a request back, as it was made at this revision. False: a worker claimed it first, and it runs. */
export function withdrawRequest(
  keys: Keyspace,
  request: { job: string; runId: string; revision: Revision },
): Intent<boolean> {
  const key = keys.trigger(request.job, request.runId);
  return {
    job: request.job,
    txn: { compare: [modifiedAt(key, request.revision)], success: [remove({ key })], failure: [] },
    read: (result) => result.succeeded,
  };
}

/** Asks the owner of an active run to kill it. False: the run is not active any more. `leaseId`: of 60 s. */
export function requestKill(
  keys: Keyspace,
  request: { job: string; runId: string; workerId: string; kill: KillRecord; leaseId: LeaseId },
): Intent<boolean> {
  const { job, runId } = request;
  return {
    job,
    txn: {
      compare: [present(keys.active(request.workerId, job, runId))],
      success: [put(keys.kill(job, runId), codecs.kill.encode(request.kill), request.leaseId)],
      failure: [],
    },
    read: (result) => result.succeeded,
  };
}
