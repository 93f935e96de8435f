// Asking for a run now: of the job's one worker, or under `mode: all` of each worker that matches. A master only
// asks: who takes it claims, runs and records.
import { randomBytes } from 'node:crypto';
import { invalidInput, ProblemError } from '../../common/api/problems.ts';
import { lackOf, mayRun, missing, wishOf, type Wish } from '../../common/core/eligible.ts';
import { makeRunId } from '../../common/model/ids.ts';
import { MAX_DEFINITION_BYTES, type JobDefinition } from '../../common/model/job.ts';
import type { TriggerRecord } from '../../common/model/run.ts';
import type { WorkerRecord } from '../../common/model/worker.ts';
import type { Revision } from '../../common/store/etcd.ts';
import { perform } from '../../common/store/intent.ts';
import type { HeldLock } from '../../common/store/transactions/claims.ts';
import { get, kvAt } from '../../common/store/transactions/parts.ts';
import {
  requestRun,
  withdrawRequest,
  type AskedRun,
  type RunRequest,
} from '../../common/store/transactions/jobs.ts';
import type { StrictDeps } from '../strict.ts';
import { whyNobody } from '../reads/why-waits.ts';
import { checkOverrides } from './overrides.ts';
import { brokenJob, jobNow, LOST_RACES, noSuchJob, raceLost, type JobNow } from './jobs.ts';

/** etcd takes 128 operations in a transaction. */
const RUNS_PER_REQUEST = 100;
/**
 * Requests for runs of one job that wait for a worker; under `mode: all` so many for each that matches. Retries
 * wait beside them and are never refused.
 */
export const MOST_WAITING = 100;
const FULL_RETRY_SECONDS = 10;

export interface RunNow {
  readonly by: string;
  /** While it is running: wait for it to end. Else refused with job_running, unless overlap allows. */
  readonly queue: boolean;
  /** `mode: all`: name or id of the worker that is to run it; absent: each that matches. */
  readonly worker?: string | undefined;
  readonly env?: Readonly<Record<string, string>> | undefined;
  readonly payload?: TriggerRecord['payload'];
}

export interface RunsAsked {
  /** At least one. */
  readonly runs: readonly { readonly runId: string; readonly worker?: string }[];
  /** After it they can appear. */
  readonly revision: Revision;
  /** Why no worker can take them at the moment. */
  readonly hint?: string;
}

/**
 * `workers`: as they are registered now. Answers the ids that the runs will have. Throws queue_full: etcd cannot
 * compare with a number, so requests are counted as they are made, and taken back when they are too many.
 */
export async function runNow(
  deps: StrictDeps,
  job: string,
  wish: RunNow,
  workers: () => readonly WorkerRecord[],
): Promise<RunsAsked> {
  checkSize(wish);
  const now = deps.clock.now();
  const ask = (worker?: string): AskedRun => ({
    runId: makeRunId(now, randomBytes(worker === undefined ? 3 : 6).toString('hex')),
    trigger: {
      cause: 'manual',
      by: wish.by,
      attempt: 1,
      requestedAt: now,
      whenRunning: wish.queue ? 'queue' : 'skip',
      ...(wish.env && { env: { ...wish.env } }),
      ...(wish.payload !== undefined && { payload: wish.payload }),
      ...(worker !== undefined && { worker }),
    },
  });
  for (let tries = 0; tries < LOST_RACES; tries++) {
    const { found, waiting } = await readJobWithQueue(deps, job);
    if (!found) throw noSuchJob(job);
    if (!found.record) throw brokenJob(job, found.error);
    const { definition } = found.record;
    checkOverrides(definition.task, wish);
    const targets = targetsOf(definition, wish.worker, workers());
    const runs = targets === undefined ? [ask()] : targets.map((worker) => ask(worker));
    const most = MOST_WAITING * runs.length;
    const onlyWhenIdle = !wish.queue && definition.overlap !== 'allow';
    // Refused without a write: who asks again and again costs a read.
    if (!onlyWhenIdle && waiting >= most) throw queueFull(job, most);
    const asked = await askAll(deps, job, found.kv.modRevision, runs, onlyWhenIdle);
    if (asked.ok) {
      const kept = asked.waiting > most ? await takeBack(deps, job, asked.made) : asked.made;
      if (kept.length === 0) throw queueFull(job, most);
      return {
        runs: kept.map(({ runId, worker }) => ({ runId, ...(worker !== undefined && { worker }) })),
        revision: kept[0]!.revision,
        ...hintFor(definition, kept, workers()),
      };
    }
    if (asked.reason === 'running') throw stillRunning(job, asked.locks, asked.requested);
  }
  throw raceLost(job);
}

/** Of several, only when none can be taken. */
function hintFor(
  definition: JobDefinition,
  made: readonly Made[],
  workers: readonly WorkerRecord[],
): Pick<RunsAsked, 'hint'> {
  const reasons = made.map(({ worker }) => whyNobody(definition, worker, workers));
  if (reasons.includes(undefined)) return {};
  const all = [...new Set(reasons)].join('; ');
  return { hint: `${all}. It waits until one can take it; kill it to take it back` };
}

interface Made {
  readonly runId: string;
  readonly worker: string | undefined;
  readonly revision: Revision;
}

/**
 * More than one transaction holds are asked for in several: the job was idle at the first, and a change of it
 * meanwhile ends them.
 */
async function askAll(
  { etcd, keys }: StrictDeps,
  job: string,
  jobRevision: Revision,
  runs: readonly AskedRun[],
  onlyWhenIdle: boolean,
): Promise<{ ok: true; waiting: number; made: Made[] } | Extract<RunRequest, { ok: false }>> {
  const made: Made[] = [];
  let waiting = 0;
  for (let from = 0; from < runs.length; from += RUNS_PER_REQUEST) {
    const some = runs.slice(from, from + RUNS_PER_REQUEST);
    const request = { job, jobRevision, runs: some, onlyWhenIdle: onlyWhenIdle && from === 0 };
    const asked = await perform(etcd, requestRun(keys, request));
    if (!asked.ok && from === 0) return asked;
    if (!asked.ok) break;
    waiting = asked.waiting;
    for (const { runId, trigger } of some)
      made.push({ runId, worker: trigger.worker, revision: asked.revision });
  }
  return { ok: true, waiting, made };
}

/** Answers those that a worker has claimed already: they run. */
async function takeBack({ etcd, keys }: StrictDeps, job: string, made: readonly Made[]): Promise<Made[]> {
  const withdrawn = await Promise.all(
    made.map(({ runId, revision }) => perform(etcd, withdrawRequest(keys, { job, runId, revision }))),
  );
  return made.filter((_, index) => !withdrawn[index]);
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

const queueFull = (job: string, most: number): ProblemError =>
  new ProblemError(
    'queue_full',
    `${most} requests to run ${job} are waiting already: ask again when some of them have run, or take them back by killing the job's runs`,
    { retryAfterSeconds: FULL_RETRY_SECONDS },
  );

/** Ids of the workers that are asked; undefined: whichever schedules the job. */
function targetsOf(
  definition: JobDefinition,
  wanted: string | undefined,
  workers: readonly WorkerRecord[],
): string[] | undefined {
  const { name } = definition;
  if (definition.workers.mode === 'one') {
    if (wanted === undefined) return undefined;
    const message = `${name} runs on one of the workers that match, whichever has its turn: only of a job with workers.mode all a worker can be chosen`;
    throw invalidInput([{ path: 'worker', message }]);
  }
  const wish = wishOf(definition);
  const matching = workers.filter((worker) => worker.state !== 'draining' && mayRun(wish, worker));
  const chosen = matching.filter(
    ({ id, name: own }) => wanted === undefined || id === wanted || own === wanted,
  );
  if (chosen.length > 0) return chosen.map(({ id }) => id);
  throw new ProblemError(
    'no_matching_worker',
    `${name} cannot run now: ${whyNoTarget(wish, wanted, workers)}`,
  );
}

function whyNoTarget(wish: Wish, wanted: string | undefined, workers: readonly WorkerRecord[]): string {
  const named = workers.filter(({ id, name }) => wanted === undefined || id === wanted || name === wanted);
  const matching = named.filter((worker) => mayRun(wish, worker));
  // All of them drain: any other would have been chosen.
  if (matching.length === 1)
    return `worker ${matching[0]!.id} is draining, and takes no work until it is resumed`;
  if (matching.length > 1) return `all ${matching.length} workers that may run it are draining: resume one`;
  if (wanted === undefined) return `no worker${missing(wish, workers)} is there`;
  return named.length === 0
    ? `no worker of the name or id ${wanted} is there`
    : named.map((worker) => `worker ${worker.id} ${lackOf(wish, worker)}`).join('; ');
}

function stillRunning(job: string, locks: readonly HeldLock[], requested: readonly string[]): ProblemError {
  const runs = [...locks.flatMap((lock) => lock.record?.runId ?? []), ...requested];
  return new ProblemError(
    'job_running',
    `${job} is running or about to (${runs.join(', ') || 'unknown run'}): queue=true runs it after that`,
  );
}
