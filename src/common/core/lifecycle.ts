// A run's record from claim to end: every change of state is one function here, and nothing else makes a
// record. See model/run for the states.
import { makeRunId } from '../model/ids.ts';
import type { Attempt, KillRecord, RunCause, RunRecord, Shard, Stretch } from '../model/run.ts';
import { instant, toIso, type Instant } from '../model/time.ts';

/** The definition a run goes by: generation, and create revision of its key. */
export interface JobVersion {
  readonly job: string;
  readonly generation: number;
  readonly jobCreated: number;
}

export interface ArmedRun extends JobVersion {
  readonly id: string;
  readonly cause: RunCause;
  readonly worker: string;
  readonly scheduledFor: Instant;
  readonly now: Instant;
  /** First attempt: more than 1 when a lost run is retried elsewhere. */
  readonly attempt: number;
  readonly overrides?: RunRecord['overrides'] | undefined;
  readonly shard?: Shard | undefined;
  readonly onLostLease?: RunRecord['onLostLease'];
}

export const armedRun = (run: ArmedRun): RunRecord => ({
  id: run.id,
  job: run.job,
  state: 'armed',
  cause: run.cause,
  worker: run.worker,
  scheduledFor: run.scheduledFor,
  armedAt: run.now,
  attempt: run.attempt,
  attempts: [],
  generation: run.generation,
  jobCreated: run.jobCreated,
  overrides: run.overrides,
  shard: run.shard,
  onLostLease: run.onLostLease,
});

type Draft = { -readonly [K in keyof Required<RunRecord>]: RunRecord[K] };

/**
 * A copy, all of one shape whatever is set. Not `{ ...run, more }`: what is added to a copy that a spread has made
 * takes V8 5 us and 1 KiB (Node 20), twenty times as long as this, and a herd does it ten thousand times in a
 * second.
 */
const copyOf = (run: RunRecord): Draft => ({
  id: run.id,
  job: run.job,
  state: run.state,
  cause: run.cause,
  worker: run.worker,
  scheduledFor: run.scheduledFor,
  armedAt: run.armedAt,
  startedAt: run.startedAt,
  endedAt: run.endedAt,
  startLagMs: run.startLagMs,
  durationMs: run.durationMs,
  attempt: run.attempt,
  attempts: run.attempts,
  nextAttemptAt: run.nextAttemptAt,
  exitCode: run.exitCode,
  signal: run.signal,
  httpStatus: run.httpStatus,
  progress: run.progress,
  error: run.error,
  reason: run.reason,
  killedBy: run.killedBy,
  onLostLease: run.onLostLease,
  mayHaveOverlapped: run.mayHaveOverlapped,
  fencingToken: run.fencingToken,
  outputBytes: run.outputBytes,
  outputTruncated: run.outputTruncated,
  generation: run.generation,
  jobCreated: run.jobCreated,
  ticks: run.ticks,
  shard: run.shard,
  overrides: run.overrides,
});

const extended = (run: RunRecord, more: Partial<RunRecord>): RunRecord => Object.assign(copyOf(run), more);

/** The first attempt starts, or the next. */
export function startedRun(run: RunRecord, at: Instant, attempt: number, fencingToken: number): RunRecord {
  const started = copyOf(run);
  started.state = 'running';
  started.startedAt ??= at;
  started.startLagMs ??= at - run.scheduledFor;
  started.attempt = attempt;
  started.nextAttemptAt = undefined;
  started.fencingToken = fencingToken;
  return started;
}

/** The first of its attempts tells when the run started. */
export function attemptEnded(run: RunRecord, attempt: Attempt): RunRecord {
  const ended = copyOf(run);
  if (run.attempts.length === 0) {
    ended.startedAt = attempt.startedAt;
    ended.startLagMs = attempt.startedAt - run.scheduledFor;
  }
  ended.attempts = [...run.attempts, attempt];
  return ended;
}

/** An attempt failed, and the next is waited for. */
export const waitingRun = (run: RunRecord, nextAttemptAt: Instant): RunRecord =>
  extended(run, { nextAttemptAt });

/** As far as it says it is, in steps of a thousandth. */
export const progressed = (run: RunRecord, fraction: number): RunRecord =>
  extended(run, { progress: Math.round(fraction * 1_000) / 1_000 });

/** A further attempt begins anew. */
export const withoutProgress = (run: RunRecord): RunRecord => extended(run, { progress: undefined });

/** Its claim has ended and its task runs on: what is said of it from then on. */
export const outlivingRun = (run: RunRecord, since: Instant, why: string): RunRecord =>
  extended(run, {
    mayHaveOverlapped: true,
    reason: `${why} at ${toIso(since)} and the task ran on (onLostLease: continue): another run of the job may have been on since`,
  });

/** Its task was told to end, does not, and nobody can make it. */
export const unendedRun = (run: RunRecord): RunRecord =>
  extended(run, {
    mayHaveOverlapped: true,
    reason:
      'the handler ignored its signal and went on: another run of the job, or a further attempt, may have been on beside it',
  });

/** A run that outlives its claim is held by its worker's next registration. */
export const adoptedRun = (run: RunRecord, worker: string): RunRecord => extended(run, { worker });

export interface RunEnd {
  readonly state: 'succeeded' | 'failed' | 'timed_out' | 'killed' | 'lost';
  readonly at: Instant;
  readonly reason?: string | undefined;
  readonly killedBy?: KillRecord | undefined;
  readonly outputBytes?: number;
  readonly outputTruncated?: boolean;
}

/** The last attempt has ended, or a run that never started is told so. */
export function endedRun(run: RunRecord, end: RunEnd): RunRecord {
  const last = run.attempts.at(-1);
  const ended = copyOf(run);
  ended.state = end.state;
  ended.endedAt = end.at;
  ended.overrides = undefined;
  ended.nextAttemptAt = undefined;
  if (run.startedAt !== undefined) ended.durationMs = Math.max(0, end.at - run.startedAt);
  if (last) {
    ended.exitCode = last.exitCode ?? run.exitCode;
    ended.signal = last.signal ?? run.signal;
    ended.httpStatus = last.httpStatus ?? run.httpStatus;
    ended.error = last.error ?? run.error;
  }
  if (end.reason !== undefined) ended.reason = reasonOf(run, end);
  if (end.killedBy !== undefined) ended.killedBy = end.killedBy;
  if (end.outputBytes !== undefined) ended.outputBytes = end.outputBytes;
  if (end.outputTruncated) ended.outputTruncated = true;
  return ended;
}

const reasonOf = (run: RunRecord, { state, reason }: RunEnd): string | undefined =>
  run.shard && (state === 'lost' || (run.nextAttemptAt !== undefined && state !== 'killed'))
    ? `${reason}; under mode all it is not tried again elsewhere`
    : reason;

/**
 * Its worker leaves, or has lost it, between two attempts: it ended as the last of them did. `why`: such as "the
 * worker was lost".
 */
export const endedBetween = (
  run: RunRecord,
  end: Pick<RunEnd, 'at' | 'outputBytes' | 'outputTruncated'>,
  why: string,
): RunRecord =>
  endedRun(run, {
    ...end,
    state: run.attempts.at(-1)?.outcome ?? 'failed',
    reason: `${why} before attempt ${run.attempt + 1}`,
  });

/** One record for ticks that nothing runs for. `id` of an earlier record replaces that one. */
export function passedTicks(
  version: JobVersion,
  state: 'skipped' | 'missed',
  ticks: Stretch,
  told: {
    readonly reason: string;
    readonly at: Instant;
    readonly suffix?: string;
    readonly id?: string;
    /** `mode: all`: whose ticks they were. */
    readonly worker?: string | undefined;
  },
): RunRecord {
  return {
    id: told.id ?? makeRunId(instant(ticks.to), told.suffix!),
    job: version.job,
    state,
    cause: { kind: 'schedule', tick: ticks.from },
    scheduledFor: ticks.from,
    endedAt: told.at,
    attempt: 0,
    attempts: [],
    reason: told.reason,
    generation: version.generation,
    jobCreated: version.jobCreated,
    ticks,
    ...(told.worker === undefined ? {} : { worker: told.worker }),
  };
}

/**
 * What stands for a run whose worker is gone. `armed`: whether it started is not known, which is not the
 * same as not started. Between two attempts nothing ran: how it ended is known.
 */
export function lostRun(
  run: RunRecord,
  at: Instant,
  how: 'worker-gone' | 'claim-unknown' = 'worker-gone',
): RunRecord {
  if (run.nextAttemptAt !== undefined) return endedBetween(run, { at }, 'the worker was lost');
  return endedRun(run, { state: 'lost', at, reason: whyLost(run, how) });
}

function whyLost({ state, onLostLease }: RunRecord, how: 'worker-gone' | 'claim-unknown'): string {
  if (how === 'claim-unknown')
    return 'its claim was carried out after its worker had been told that it failed: it never started';
  const why =
    state === 'armed'
      ? 'worker lost before it told of a start: the task may not have started'
      : 'worker lost while the task was running';
  return onLostLease === undefined
    ? why
    : `${why}, or may be running on (onLostLease: continue); when its worker comes back it tells`;
}
