// Records of etcd as the API shows them: times as text, secrets left out. Pure; the only way into an answer.
import type { RunBrief } from '../common/api/overview.ts';
import type { JobView, RecentRunView } from '../common/api/jobs.ts';
import type { RunRef, RunView } from '../common/api/values.ts';
import type { WorkerView } from '../common/api/workers.ts';
import { redactSecrets } from '../common/core/definition.ts';
import type { JobRecord } from '../common/model/job.ts';
import type { LockRecord, RunRecord } from '../common/model/run.ts';
import { FIRST_STORED, instant, LAST_STORED, toIso } from '../common/model/time.ts';
import type { Draining, DrainRecord, WorkerRecord } from '../common/model/worker.ts';
import type { KeyValue } from '../common/store/etcd.ts';
import type { EndedRun } from './views/ended-run.ts';

/** etcd holds what was written: beyond the years of Date only if somebody wrote it there by hand. */
export const shownTime = (ms: number): string =>
  toIso(instant(Math.max(FIRST_STORED, Math.min(LAST_STORED, ms))));

const optionalTime = <K extends string>(key: K, ms: number | undefined): { [P in K]?: string } =>
  (ms === undefined ? {} : { [key]: shownTime(ms) }) as { [P in K]?: string };

export function showJob(kv: KeyValue, record: JobRecord): JobView {
  return {
    name: record.definition.name,
    definition: redactSecrets(record.definition),
    generation: record.generation,
    createdAt: shownTime(record.createdAt),
    updatedAt: shownTime(record.updatedAt),
    since: shownTime(record.since),
    anchor: shownTime(record.anchor),
    revisions: { create: kv.createRevision, mod: kv.modRevision, version: kv.version },
  };
}

export function showRun(record: RunRecord): RunView {
  const {
    cause,
    scheduledFor,
    armedAt,
    startedAt,
    endedAt,
    attempts,
    nextAttemptAt,
    killedBy,
    ticks,
    overrides: _secret,
    ...plain
  } = record;
  const { tick, ...causePlain } = cause;
  return {
    ...plain,
    cause: { ...causePlain, ...optionalTime('tick', tick) },
    scheduledFor: shownTime(scheduledFor),
    ...optionalTime('armedAt', armedAt),
    ...optionalTime('startedAt', startedAt),
    ...optionalTime('endedAt', endedAt),
    attempts: attempts.map((each) => ({
      ...each,
      startedAt: shownTime(each.startedAt),
      endedAt: shownTime(each.endedAt),
    })),
    ...optionalTime('nextAttemptAt', nextAttemptAt),
    ...(killedBy && { killedBy: { ...killedBy, at: shownTime(killedBy.at) } }),
    ...(ticks && { ticks: { count: ticks.count, from: shownTime(ticks.from), to: shownTime(ticks.to) } }),
  };
}

/** What is longer is on the run's own page. */
const LONGEST_WORDS = 300;

/** What two forms of a run have in common, of which lists of many tell. */
type ToldInBrief = Omit<EndedRun, 'state' | 'cause' | 'ticks' | 'version' | 'endedAt'> & {
  readonly endedAt: number | undefined;
};

const inBrief = (run: ToldInBrief): Omit<RunBrief, 'state' | 'cause'> => {
  const { id, job, worker, startLagMs, durationMs, exitCode, httpStatus, signal, error, reason } = run;
  return {
    id,
    job,
    ...(worker !== undefined && { worker }),
    scheduledFor: shownTime(run.scheduledFor),
    ...optionalTime('startedAt', run.startedAt),
    ...optionalTime('endedAt', run.endedAt),
    ...(startLagMs !== undefined && { startLagMs }),
    ...(durationMs !== undefined && { durationMs }),
    ...(exitCode !== undefined && { exitCode }),
    ...(httpStatus !== undefined && { httpStatus }),
    ...(signal !== undefined && { signal }),
    ...(error !== undefined && { error: error.slice(0, LONGEST_WORDS) }),
    ...(reason !== undefined && { reason: reason.slice(0, LONGEST_WORDS) }),
  };
};

const stretchInBrief = ({ ticks }: Pick<RunRecord, 'ticks'>): Pick<RunBrief, 'ticks' | 'ticksTo'> =>
  ticks ? { ticks: ticks.count, ticksTo: shownTime(ticks.to) } : {};

export const briefOfEnded = (run: EndedRun): RunBrief => ({
  ...inBrief(run),
  state: run.state,
  cause: run.cause,
  ...stretchInBrief(run),
});

export const briefOfRecord = (run: RunRecord): RunBrief => ({
  ...inBrief(run as ToldInBrief),
  state: run.state,
  cause: run.cause.kind,
  ...(run.progress !== undefined && { progress: run.progress }),
  ...stretchInBrief(run),
});

type ToldInStrip = Pick<ToldInBrief, 'id' | 'scheduledFor' | 'startedAt' | 'endedAt' | 'durationMs'> &
  Pick<RunRecord, 'ticks' | 'state'>;

const inStrip = (run: ToldInStrip, cause: RecentRunView['cause']): RecentRunView => ({
  id: run.id,
  state: run.state,
  cause,
  scheduledFor: shownTime(run.scheduledFor),
  ...optionalTime('startedAt', run.startedAt),
  ...optionalTime('endedAt', run.endedAt),
  ...(run.durationMs !== undefined && { durationMs: run.durationMs }),
  ...(run.ticks && { ticks: run.ticks.count }),
});

export const recentOfEnded = (run: EndedRun): RecentRunView => inStrip(run, run.cause);
export const recentOfRecord = (run: RunRecord): RecentRunView => inStrip(run as ToldInStrip, run.cause.kind);

export const showClaim = (lock: LockRecord): RunRef => ({
  run: lock.runId,
  worker: lock.worker,
  startAt: shownTime(lock.startAt),
});

export function showWorker(
  {
    token: _token,
    wallClock: _wallClock,
    asks: _asks,
    seen: _seen,
    joinedAt,
    draining,
    waiting,
    ...plain
  }: WorkerRecord,
  drain: DrainRecord | undefined,
  clockOffsetMs: number | null,
): WorkerView {
  return {
    ...plain,
    startedAt: shownTime(plain.startedAt),
    ...optionalTime('joinedAt', joinedAt),
    ...(waiting && { waiting: { ...waiting, since: shownTime(waiting.since) } }),
    drain: draining || drain ? showDrain(draining, drain) : null,
    clockOffsetMs,
  };
}

/** What the worker tells of it, and the wish of the API. */
const showDrain = (
  told: Draining | undefined,
  wish: DrainRecord | undefined,
): NonNullable<WorkerView['drain']> => ({
  by: wish?.by ?? null,
  askedAt: wish ? shownTime(wish.at) : null,
  since: told ? shownTime(told.since) : null,
  left: told?.left ?? null,
  runs: told?.runs ?? [],
  killAt: told?.killAt === undefined ? null : shownTime(told.killAt),
});
