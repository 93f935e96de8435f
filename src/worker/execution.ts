// One claimed run from its start to the end of its last attempt. It never touches etcd: the dispatcher
// records what comes out of it.
import type { Clock, Timer } from '../common/core/clock.ts';
import {
  adoptedRun,
  attemptEnded,
  endedRun,
  outlivingRun,
  progressed,
  startedRun,
  withoutProgress,
} from '../common/core/lifecycle.ts';
import { retryAfter, type Retrying } from '../common/core/retry.ts';
import { durationMs, sizeBytes } from '../common/model/duration.ts';
import type { KillRecord, RunRecord } from '../common/model/run.ts';
import { instant, type Instant, type Millis } from '../common/model/time.ts';
import type { Assignment } from './assignment.ts';
import type { TaskEnd, TaskHandle, TaskPort } from './tasks/task.ts';

export interface Execution {
  /** The record as it stands. */
  readonly record: RunRecord;
  /** Never rejects. */
  readonly ended: Promise<ExecutionEnd>;
  /** Its claim is lost and its task runs on. */
  readonly isOutliving: boolean;
  /** SIGTERM, grace, SIGKILL; no further attempt. The first request stands. `why`: it in words. */
  kill(by: KillRecord, why: string): void;
  /**
   * The claim is lost: SIGKILL, no further attempt here. A task that outlives its claim runs on, if it has
   * started; no further attempt is made of it here either.
   */
  fence(reason: string): void;
  /** The job is gone: the attempt that is on goes on, and none comes after it. */
  endAttempts(): void;
  /** Outliving, it is held by this registration of the worker from now on. */
  adopt(workerId: string): void;
}

export interface ExecutionEnd {
  readonly run: RunRecord;
  /** The last attempt's tail of output. */
  readonly tail: string;
  /** It failed after its claim was lost, with attempts left: another run has to make them. */
  readonly isToBeRetried: boolean;
}

export interface ExecutionPorts {
  readonly clock: Clock;
  readonly tasks: TaskPort;
  /** A start, or the start of a further attempt, has become known. */
  readonly onStarted: (run: RunRecord) => void;
  /** It is a step further, as its record then says. */
  readonly onProgress: () => void;
}

/** Less is not worth telling. */
const PROGRESS_STEP = 0.01;

/** Nothing is tried again, and nobody asks why. */
const LAST: Retrying = { ok: false };

export function startExecution(
  assignment: Assignment,
  { clock, tasks, onStarted, onProgress }: ExecutionPorts,
): Execution {
  const { definition, fencingToken, trigger } = assignment;
  let record = assignment.run;
  let handle: TaskHandle | undefined;
  let waiting: { timer: Timer; go: () => void } | undefined;
  let stop: { state: 'killed' | 'lost'; reason: string; by?: KillRecord } | undefined;
  let isLastAttempt = false;
  const outlivesClaim = definition.onLostLease === 'continue';
  let hasStarted = false;
  let isOutliving = false;
  /** The record without the mark, and when the claim was lost: the task may have ended before that. */
  let unmarked: { readonly record: RunRecord; readonly lostAt: Instant } | undefined;

  /** Of the attempt under way; kept apart, so that telling it copies no record. */
  let progress: number | undefined;

  const takeProgress = (fraction: number): void => {
    if (progress !== undefined && fraction !== 1 && Math.abs(fraction - progress) < PROGRESS_STEP) return;
    if (fraction === progress) return;
    progress = fraction;
    onProgress();
  };

  /** By the wall clock; in the future while it holds. */
  const claimEnd = (): Instant => instant(clock.now() + (assignment.membership.deadline - clock.monotonic()));

  const outlive = (why: string): void => {
    if (isOutliving) return;
    isOutliving = true;
    const lostAt = instant(Math.min(claimEnd(), clock.now()));
    unmarked = { record, lostAt };
    record = outlivingRun(record, lostAt, why);
  };

  const attemptOnce = async (number: number): Promise<TaskEnd> => {
    progress = undefined;
    if (record.progress !== undefined) record = withoutProgress(record);
    record = startedRun(record, clock.now(), number, fencingToken);
    const timeout: Millis | undefined =
      definition.timeout === undefined ? undefined : durationMs(definition.timeout);
    handle = tasks.startTask(definition.task, {
      job: record.job,
      runId: record.id,
      scheduledFor: instant(record.scheduledFor),
      attempt: number,
      fencingToken,
      worker: assignment.membership.workerId,
      killGraceMs: durationMs(definition.killGrace)!,
      outputLimit: sizeBytes(definition.output.limit)!,
      ...(outlivesClaim ? { outlivesClaim } : {}),
      ...(timeout === undefined ? {} : { timeoutMs: timeout }),
      ...(record.shard === undefined ? {} : { shard: record.shard }),
      ...(trigger?.env === undefined ? {} : { env: trigger.env }),
      ...(trigger?.payload === undefined ? {} : { payload: trigger.payload }),
      ...(definition.task.kind === 'handler' ? { onProgress: takeProgress } : {}),
    });
    if (outlivesClaim) {
      hasStarted = false;
      void handle.started.then(() => (hasStarted = true));
    }
    const end = await handle.ended;
    handle = undefined;
    // A worker that was frozen may hear of the end before it finds its claim lost, or after an end in time.
    if (outlivesClaim && end.outcome !== 'lost' && end.endedAt > claimEnd()) outlive('the claim was lost');
    else if (unmarked && end.endedAt < unmarked.lostAt) record = unmarked.record;
    const { outcome, exitCode, signal, httpStatus, error, startedAt, endedAt } = end;
    if (record.attempts.length === 0) {
      record = { ...record, startedAt, startLagMs: startedAt - record.scheduledFor };
    }
    record = attemptEnded(record, {
      number,
      startedAt,
      endedAt,
      outcome,
      ...(exitCode === undefined ? {} : { exitCode }),
      ...(signal === undefined ? {} : { signal }),
      ...(httpStatus === undefined ? {} : { httpStatus }),
      ...(error === undefined ? {} : { error }),
    });
    if (progress !== undefined) record = progressed(record, progress);
    return end;
  };

  const wait = (delay: Millis): Promise<void> =>
    new Promise((resolve) => {
      const go = (): void => {
        waiting = undefined;
        resolve();
      };
      waiting = { timer: clock.setTimer(delay, go), go };
    });

  const execute = async (): Promise<ExecutionEnd> => {
    for (let number = assignment.run.attempt; ; number++) {
      const end = await attemptOnce(number);
      const next = stop || end.outcome === 'lost' ? LAST : retryAfter(definition.retry, number, end);
      const isToBeRetried = next.ok && isOutliving;
      if (next.ok && !isOutliving && !isLastAttempt) {
        onStarted(record);
        await wait(next.delay);
        if (!stop && !isLastAttempt) continue;
      }
      const state = end.outcome === 'succeeded' ? 'succeeded' : (stop?.state ?? end.outcome);
      const lost = 'the claim was lost: the task was killed at the fence deadline';
      const why = stop?.reason ?? (state === 'lost' ? lost : next.ok ? undefined : next.reason);
      const run = endedRun(record, {
        state,
        at: next.ok && !isOutliving ? clock.now() : end.endedAt,
        reason: why !== undefined && record.mayHaveOverlapped ? `${why}; ${record.reason}` : why,
        killedBy: state === 'killed' ? stop?.by : undefined,
        outputBytes: end.outputBytes,
        outputTruncated: end.outputTruncated,
      });
      return { run, tail: end.tail, isToBeRetried };
    }
  };

  const endWait = (): void => {
    waiting?.timer.cancel();
    waiting?.go();
  };

  const stopAs = (how: NonNullable<typeof stop>): void => {
    stop ??= how;
    endWait();
  };

  const ended = execute();
  return {
    get record() {
      return progress === undefined ? record : progressed(record, progress);
    },
    ended,
    get isOutliving() {
      return isOutliving;
    },
    kill(by, reason) {
      stopAs({ state: 'killed', reason, by });
      handle?.kill();
    },
    fence(reason) {
      if (isOutliving) return;
      if (outlivesClaim && hasStarted && handle) return outlive(reason);
      stopAs({ state: 'lost', reason });
      handle?.killNow();
    },
    endAttempts() {
      isLastAttempt = true;
      endWait();
    },
    adopt(workerId) {
      record = adoptedRun(record, workerId);
      if (unmarked) unmarked = { ...unmarked, record: adoptedRun(unmarked.record, workerId) };
    },
  };
}
