// Asking for the end of runs, and taking requests to run back. A master only asks: workers kill and record.
import type { RunRef } from '../../common/api/values.ts';
import { ProblemError } from '../../common/api/problems.ts';
import type { JobRecord } from '../../common/model/job.ts';
import type { KillRecord, RunRecord } from '../../common/model/run.ts';
import type { Instant } from '../../common/model/time.ts';
import type { KeyValue } from '../../common/store/etcd.ts';
import { perform } from '../../common/store/intent.ts';
import type { HeldLock } from '../../common/store/transactions/claims.ts';
import { codecs } from '../../common/store/keyspace.ts';
import { settleTrigger } from '../../common/store/transactions/endings.ts';
import { requestKill } from '../../common/store/transactions/jobs.ts';
import { showClaim } from '../shown.ts';
import type { StrictDeps } from '../strict.ts';
import { jobNow, LOST_RACES, noSuchJob } from './jobs.ts';
import { readJobWithLocks } from './locks.ts';

/** A request to kill that nobody answers goes away with its lease. */
const KILL_TTL_SECONDS = 60;

export interface Kill {
  readonly by: string;
  readonly reason?: string | undefined;
}

const killRecordOf = ({ by, reason }: Kill, at: Instant): KillRecord => ({
  by,
  at,
  ...(reason !== undefined && { reason }),
});

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
  const record = killRecordOf(kill, deps.clock.now());
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
    killedBy: killRecordOf(kill, now),
    reason: `taken back before a worker claimed it, by ${kill.by}${kill.reason === undefined ? '' : `: ${kill.reason}`}`,
    generation: record?.generation ?? 1,
    jobCreated: kv.createRevision,
  };
  return perform(deps.etcd, settleTrigger(deps.keys, run, trigger.modRevision));
}
