// Tasks of the kind handler: a function of the application, run in the worker's own process. It can be asked
// to stop, not made to. One that does nothing must cost microseconds: what few need is made when it is used.
import type { Clock, Timer } from '../../common/core/clock.ts';
import { instant, type Instant } from '../../common/model/time.ts';
import { openSpool, type Spool, type SpoolResult } from '../runner/spool.ts';
import type { InProcessTask, TaskContext, TaskEnd, TaskHandle } from './task.ts';

export interface HandlerContext {
  readonly job: string;
  readonly runId: string;
  readonly scheduledFor: Date;
  /** 1 for the first. */
  readonly attempt: number;
  /** Larger for each later run of the job: hand it to what you write to, and have it refuse smaller ones. */
  readonly fencingToken: number;
  /**
   * Of a job that runs on all matching workers: which of them this one is, from 0, as it saw them when it
   * claimed. While workers come and go two may see it differently.
   */
  readonly shard: { readonly index: number; readonly total: number } | undefined;
  /** This run's own copy. */
  readonly payload: unknown;
  /** Aborted on kill, timeout and loss of the claim; `reason` is an Error that says which. */
  readonly signal: AbortSignal;
  /** Adds a line to the run's output. After the end it does nothing. */
  readonly log: (line: string) => void;
  /** How far it is, 0 to 1. */
  readonly progress: (fraction: number) => void;
}

/** What it throws, or its promise's rejection, fails the run; what it returns is ignored. */
export type Handler = (context: HandlerContext) => unknown;

type AbortCause = 'killed' | 'timed_out' | 'lost';

const WHY: Record<AbortCause, string> = {
  killed: 'the run was killed',
  timed_out: 'the run reached its timeout',
  lost: "the worker's claim on the run ended",
};

const NO_OUTPUT: SpoolResult = { bytes: 0, truncated: false, tail: '' };

/**
 * The handler's first part, up to its first wait, has run when this returns. Fenced, it ends after the grace at
 * the latest.
 */
export function startHandler(
  handler: Handler,
  payload: unknown,
  context: TaskContext,
  { clock, spool: spoolFile }: { readonly clock: Clock; readonly spool: string },
): InProcessTask {
  const startedAt = clock.now();
  let controller: AbortController | undefined;
  let spool: Spool | undefined;
  let cause: AbortCause | undefined;
  let over = false;
  let timeout: Timer | undefined;
  let grace: Timer | undefined;
  let markEnded: (end: TaskEnd) => void = () => {};
  const ended = new Promise<TaskEnd>((resolve) => (markEnded = resolve));

  const report = (
    outcome: TaskEnd['outcome'],
    error: string | undefined,
    endedAt: Instant,
    out: SpoolResult,
  ): void => {
    const told =
      error !== undefined && out.error !== undefined ? `${error}; ${out.error}` : (error ?? out.error);
    markEnded({
      outcome,
      ...(told && { error: told }),
      startedAt,
      endedAt,
      outputBytes: out.bytes,
      outputTruncated: out.truncated,
      tail: out.tail,
    });
  };
  const end = (outcome: TaskEnd['outcome'], error?: string): void => {
    if (over) return;
    over = true;
    timeout?.cancel();
    grace?.cancel();
    const endedAt = clock.now();
    if (!spool) report(outcome, error, endedAt, NO_OUTPUT);
    else void spool.finish().then((out) => report(outcome, error, endedAt, out));
  };

  const giveUp = (): void => {
    end(
      cause!,
      `${WHY[cause!]}; the handler ignores its signal and is still going on in the worker's process`,
    );
  };
  const abort = (why: AbortCause, graceMs: number): void => {
    if (over) return;
    if (cause === undefined || why === 'lost') cause = why;
    grace?.cancel();
    grace = clock.setTimer(graceMs, giveUp);
    controller ??= new AbortController();
    if (!controller.signal.aborted) controller.abort(new Error(WHY[why]));
  };

  const handed: HandlerContext = {
    job: context.job,
    runId: context.runId,
    scheduledFor: new Date(context.scheduledFor),
    attempt: context.attempt,
    fencingToken: context.fencingToken,
    shard: context.shard,
    payload: typeof payload === 'object' && payload !== null ? structuredClone(payload) : payload,
    get signal() {
      controller ??= new AbortController();
      return controller.signal;
    },
    log(line) {
      if (over) return;
      spool ??= openSpool({
        path: spoolFile,
        limit: context.outputLimit,
        attempt: context.attempt,
      });
      spool.write(Buffer.from(`${line}\n`));
    },
    progress(fraction) {
      if (!over && fraction >= 0 && fraction <= 1) context.onProgress?.(fraction);
    },
  };

  const settle = (failure: { readonly thrown: unknown } | undefined): void => {
    if (cause) end(cause, cause === 'killed' ? undefined : WHY[cause]);
    else if (failure) end('failed', describe(failure.thrown));
    else end('succeeded');
  };

  if (context.timeoutMs !== undefined) {
    timeout = clock.setTimer(context.timeoutMs, () => abort('timed_out', context.killGraceMs));
  }
  try {
    const result = handler(handed);
    if (isThenable(result)) {
      result.then(
        () => settle(undefined),
        (thrown: unknown) => settle({ thrown }),
      );
    } else {
      settle(undefined);
    }
  } catch (thrown) {
    settle({ thrown });
  }

  return {
    started: Promise.resolve(startedAt),
    ended,
    kill() {
      if (cause === undefined) abort('killed', context.killGraceMs);
    },
    killNow: () => abort('killed', 0),
    fence: () => abort('lost', context.killGraceMs),
  };
}

const isThenable = (value: unknown): value is PromiseLike<unknown> =>
  typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function';

function describe(thrown: unknown): string {
  if (!(thrown instanceof Error)) return `the handler threw ${String(thrown)}`;
  return thrown.name === 'Error' ? thrown.message : `${thrown.name}: ${thrown.message}`;
}

/** A handle to what did not start. */
export function endedTask(outcome: 'failed' | 'lost', error: string, at: Instant): TaskHandle {
  const end: TaskEnd = {
    outcome,
    error,
    startedAt: at,
    endedAt: instant(at),
    outputBytes: 0,
    outputTruncated: false,
    tail: '',
  };
  return { started: Promise.resolve(at), ended: Promise.resolve(end), kill() {}, killNow() {} };
}
