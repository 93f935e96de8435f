// One claimed run from its start to the end of its last attempt. It never touches etcd: the dispatcher
// records what comes out of it.
import type { Clock, Timer } from '../common/core/clock.ts';
import { attemptEnded, endedRun, progressed, startedRun, withoutProgress } from '../common/core/lifecycle.ts';
import { retryAfter, type Retrying } from '../common/core/retry.ts';
import { durationMs, sizeBytes } from '../common/model/duration.ts';
import type { RunRecord } from '../common/model/run.ts';
import { instant, type Millis } from '../common/model/time.ts';
import type { Assignment } from './assignment.ts';
import type { TaskEnd, TaskHandle, TaskPort } from './tasks/task.ts';

export interface Execution {
  /** The record as it stands. */
  readonly record: RunRecord;
  /** The record of the end, with the last attempt's tail of output. Never rejects. */
  readonly ended: Promise<{ readonly run: RunRecord; readonly tail: string }>;
  /** SIGTERM, grace, SIGKILL; no further attempt. The first reason stands. */
  kill(reason: string): void;
  /** The claim is lost: SIGKILL, no further attempt here. */
  fence(reason: string): void;
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
  let stop: { state: 'killed' | 'lost'; reason: string } | undefined;

  /** Of the attempt under way; kept apart, so that telling it copies no record. */
  let progress: number | undefined;

  const takeProgress = (fraction: number): void => {
    if (progress !== undefined && fraction !== 1 && Math.abs(fraction - progress) < PROGRESS_STEP) return;
    if (fraction === progress) return;
    progress = fraction;
    onProgress();
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
      ...(timeout === undefined ? {} : { timeoutMs: timeout }),
      ...(record.shard === undefined ? {} : { shard: record.shard }),
      ...(trigger?.env === undefined ? {} : { env: trigger.env }),
      ...(trigger?.payload === undefined ? {} : { payload: trigger.payload }),
      ...(definition.task.kind === 'handler' ? { onProgress: takeProgress } : {}),
    });
    const end = await handle.ended;
    handle = undefined;
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

  const execute = async (): Promise<{ run: RunRecord; tail: string }> => {
    for (let number = assignment.run.attempt; ; number++) {
      const end = await attemptOnce(number);
      const next = stop || end.outcome === 'lost' ? LAST : retryAfter(definition.retry, number, end);
      if (next.ok) {
        onStarted(record);
        await wait(next.delay);
        if (!stop) continue;
      }
      const state = end.outcome === 'succeeded' ? 'succeeded' : (stop?.state ?? end.outcome);
      const lost = 'the claim was lost: the task was killed at the fence deadline';
      const run = endedRun(record, {
        state,
        at: next.ok ? clock.now() : end.endedAt,
        reason: stop?.reason ?? (state === 'lost' ? lost : next.ok ? undefined : next.reason),
        outputBytes: end.outputBytes,
        outputTruncated: end.outputTruncated,
      });
      return { run, tail: end.tail };
    }
  };

  const stopAs = (state: 'killed' | 'lost', reason: string): void => {
    stop ??= { state, reason };
    waiting?.timer.cancel();
    waiting?.go();
  };

  const ended = execute();
  return {
    get record() {
      return progress === undefined ? record : progressed(record, progress);
    },
    ended,
    kill(reason) {
      stopAs('killed', reason);
      handle?.kill();
    },
    fence(reason) {
      stopAs('lost', reason);
      handle?.killNow();
    },
  };
}
