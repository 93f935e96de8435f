// Asking for runs, and asking for their end. A master only asks: workers claim, run, kill and record.
import { randomBytes } from 'node:crypto';
import type { RunRef } from '../../common/api/values.ts';
import { invalidInput, ProblemError } from '../../common/api/problems.ts';
import { makeRunId } from '../../common/model/ids.ts';
import { MAX_DEFINITION_BYTES, type JobRecord } from '../../common/model/job.ts';
import type { RunRecord, TriggerRecord } from '../../common/model/run.ts';
import type { KeyValue, Revision } from '../../common/store/etcd.ts';
import { perform } from '../../common/store/intent.ts';
import type { HeldLock } from '../../common/store/transactions/claims.ts';
import { codecs } from '../../common/store/keyspace.ts';
import { get, kvAt } from '../../common/store/transactions/parts.ts';
import { settleTrigger } from '../../common/store/transactions/endings.ts';
import { requestKill, requestRun, withdrawRequest } from '../../common/store/transactions/jobs.ts';
import { showClaim } from '../shown.ts';
import type { StrictDeps } from '../strict.ts';
import { brokenJob, jobNow, LOST_RACES, noSuchJob, raceLost, type JobNow } from './jobs.ts';
import { readJobWithLocks } from './locks.ts';
import { checkOverrides } from './overrides.ts';

/** Requests for runs of one job that wait for a worker. Retries wait beside them and are never refused. */
export const MOST_WAITING = 100;
const FULL_RETRY_SECONDS = 10;

/** A request to kill that nobody answers goes away with its lease. */
const KILL_TTL_SECONDS = 60;

export interface RunNow {
  readonly by: string;
  /** While it is running: wait for it to end. Else refused with job_running, unless overlap allows. */
  readonly queue: boolean;
  readonly env?: Readonly<Record<string, string>> | undefined;
  readonly payload?: TriggerRecord['payload'];
}

/**
 * Answers the id that the run will have, and the revision after which it can appear. Throws queue_full: etcd cannot
 * compare with a number, so the request is counted as it is made, and taken back when it is one too many.
 */
export async function runNow(
  deps: StrictDeps,
  job: string,
  wish: RunNow,
): Promise<{ runId: string; revision: Revision }> {
  checkSize(wish);
  const { clock, keys, etcd } = deps;
  const now = clock.now();
  const runId = makeRunId(now, randomBytes(3).toString('hex'));
  const trigger: TriggerRecord = {
    cause: 'manual',
    by: wish.by,
    attempt: 1,
    requestedAt: now,
    whenRunning: wish.queue ? 'queue' : 'skip',
    ...(wish.env && { env: { ...wish.env } }),
    ...(wish.payload !== undefined && { payload: wish.payload }),
  };
  for (let tries = 0; tries < LOST_RACES; tries++) {
    const { found, waiting } = await readJobWithQueue(deps, job);
    if (!found) throw noSuchJob(job);
    if (!found.record) throw brokenJob(job, found.error);
    checkOverrides(found.record.definition.task, wish);
    const onlyWhenIdle = !wish.queue && found.record.definition.overlap !== 'allow';
    // Refused without a write: who asks again and again costs a read.
    if (!onlyWhenIdle && waiting >= MOST_WAITING) throw queueFull(job);
    const asked = await perform(
      etcd,
      requestRun(keys, { job, jobRevision: found.kv.modRevision, runId, trigger, onlyWhenIdle }),
    );
    if (asked.ok) {
      const request = { job, runId, revision: asked.revision };
      const isOver = asked.waiting > MOST_WAITING && (await perform(etcd, withdrawRequest(keys, request)));
      if (isOver) throw queueFull(job);
      return { runId, revision: asked.revision };
    }
    if (asked.reason === 'running') throw stillRunning(job, asked.locks, asked.requested);
  }
  throw raceLost(job);
}

/** What a request overrides waits with it in etcd, and stands on the record of its run while that is on. */
function checkSize({ env, payload }: RunNow): void {
  const bytes = Buffer.byteLength(JSON.stringify({ env, payload }));
  if (bytes <= MAX_DEFINITION_BYTES) return;
  const message = `env and payload have ${bytes} bytes together: at most ${MAX_DEFINITION_BYTES}; keep large things outside and name them`;
  throw invalidInput([{ path: '', message }]);
}

async function readJobWithQueue(
  { etcd, keys }: StrictDeps,
  job: string,
): Promise<{ found: JobNow | undefined; waiting: number }> {
  const result = await etcd.txn({
    compare: [],
    success: [get(keys.job(job)), { type: 'range', ...keys.triggersOf(job), countOnly: true }],
    failure: [],
  });
  const kv = kvAt(result, 0);
  const requests = result.responses[1];
  return { found: kv && jobNow(kv), waiting: requests?.type === 'range' ? requests.count : 0 };
}

const queueFull = (job: string): ProblemError =>
  new ProblemError(
    'queue_full',
    `${MOST_WAITING} requests to run ${job} are waiting already: ask again when some of them have run, or take them back by killing the job's runs`,
    { retryAfterSeconds: FULL_RETRY_SECONDS },
  );

function stillRunning(job: string, locks: readonly HeldLock[], requested: readonly string[]): ProblemError {
  const runs = [...locks.flatMap((lock) => lock.record?.runId ?? []), ...requested];
  return new ProblemError(
    'job_running',
    `${job} is running or about to (${runs.join(', ') || 'unknown run'}): queue=true runs it after that`,
  );
}

export interface Kill {
  readonly by: string;
  readonly reason?: string | undefined;
}

type Claim = HeldLock & {
  readonly record: { readonly runId: string; readonly worker: string; readonly startAt: number };
};
const isClaim = (lock: HeldLock): lock is Claim => lock.record !== undefined;

/** Asks the workers of these claims to kill their runs; answers those that were still there. */
export async function killClaims(
  deps: StrictDeps,
  job: string,
  locks: readonly HeldLock[],
  kill: Kill,
): Promise<RunRef[]> {
  const claims = locks.filter(isClaim);
  if (claims.length === 0) return [];
  const { leaseId } = await deps.etcd.leaseGrant(KILL_TTL_SECONDS);
  const record = {
    by: kill.by,
    at: deps.clock.now(),
    ...(kill.reason !== undefined && { reason: kill.reason }),
  };
  const asked = await Promise.all(
    claims.map((lock) => {
      const { runId, worker: workerId } = lock.record;
      return perform(deps.etcd, requestKill(deps.keys, { job, runId, workerId, kill: record, leaseId }));
    }),
  );
  return claims.filter((_, index) => asked[index]).map((lock) => showClaim(lock.record));
}

/** Active runs of a job as followed. Runs that outlived their lock are known by nothing else. */
export type ActiveOf = (job: string) => readonly { readonly runId: string; readonly worker: string }[];

/** Runs whose lock is gone, in the form of those that have one. */
export function claimsWithoutLock(
  { clock }: StrictDeps,
  locks: readonly HeldLock[],
  active: ReturnType<ActiveOf>,
): HeldLock[] {
  const locked = new Set(locks.map((lock) => lock.record?.runId));
  return active
    .filter(({ runId }) => !locked.has(runId))
    .map(({ runId, worker }) => ({
      key: '',
      createRevision: 0,
      record: { runId, worker, startAt: clock.now() },
    }));
}

/** Kills all runs of a job, and takes back the requests that no worker has claimed. */
export async function killJob(
  deps: StrictDeps,
  job: string,
  kill: Kill,
  activeOf: ActiveOf,
): Promise<RunRef[]> {
  const killed = new Map<string, RunRef>();
  for (let tries = 0; tries < LOST_RACES; tries++) {
    const { kv, locks, triggers } = await readJobWithLocks(deps.etcd, deps.keys, job);
    const lockless = claimsWithoutLock(deps, locks, activeOf(job));
    if (!kv && locks.length + lockless.length + killed.size === 0) throw noSuchJob(job);
    const record = kv && jobNow(kv).record;
    let isRaceLost = false;
    for (const trigger of triggers) {
      const run = askedRun(deps, trigger);
      if (!kv) continue;
      if (await cancel(deps, job, trigger, kv, record, kill)) killed.set(run, { run });
      // A worker has claimed it since: it holds a lock now.
      else isRaceLost = true;
    }
    for (const ref of await killClaims(deps, job, [...locks, ...lockless], kill)) killed.set(ref.run, ref);
    if (!isRaceLost) break;
  }
  return [...killed.values()];
}

/** Throws run_ended, run_not_found. */
export async function killRun(
  deps: StrictDeps,
  job: string,
  runId: string,
  kill: Kill,
  activeOf: ActiveOf,
): Promise<RunRef[]> {
  for (let tries = 0; tries < LOST_RACES; tries++) {
    const { kv, locks, triggers } = await readJobWithLocks(deps.etcd, deps.keys, job);
    const held = [...locks, ...claimsWithoutLock(deps, locks, activeOf(job))];
    const claim = held.find((each) => each.record?.runId === runId);
    const killed = claim ? await killClaims(deps, job, [claim], kill) : [];
    if (killed.length > 0) return killed;
    const asked = triggers.find((trigger) => askedRun(deps, trigger) === runId);
    if (!kv || !asked) break;
    if (await cancel(deps, job, asked, kv, jobNow(kv).record, kill)) return [{ run: runId }];
    // A worker has claimed it since: it holds a lock now.
  }
  const ended = await deps.etcd.range({ key: deps.keys.run(job, runId), keysOnly: true });
  if (ended.kvs.length > 0) throw new ProblemError('run_ended', `run ${runId} of ${job} has ended already`);
  throw new ProblemError('run_not_found', `there is no run ${runId} of ${job}`);
}

const askedRun = ({ keys }: StrictDeps, trigger: KeyValue): string => keys.partsOf(trigger.key)[1]!;

async function cancel(
  deps: StrictDeps,
  job: string,
  trigger: KeyValue,
  kv: KeyValue,
  record: JobRecord | undefined,
  kill: Kill,
): Promise<boolean> {
  const now = deps.clock.now();
  const decoded = codecs.trigger.decode(trigger.value);
  const { cause = 'manual', by, retryOf, tick } = decoded.ok ? decoded.value : {};
  const run: RunRecord = {
    id: askedRun(deps, trigger),
    job,
    state: 'killed',
    cause: {
      kind: cause,
      ...(by !== undefined && { by }),
      ...(retryOf !== undefined && { retryOf }),
      ...(tick !== undefined && { tick }),
    },
    scheduledFor: now,
    endedAt: now,
    attempt: 0,
    attempts: [],
    reason: `taken back before a worker claimed it, by ${kill.by}${kill.reason === undefined ? '' : `: ${kill.reason}`}`,
    generation: record?.generation ?? 1,
    jobCreated: kv.createRevision,
  };
  return perform(deps.etcd, settleTrigger(deps.keys, run, trigger.modRevision));
}
