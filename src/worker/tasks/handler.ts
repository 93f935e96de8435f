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

export interface HandlerPorts {
  readonly clock: Clock;
  /** Where its output goes, once it says anything. */
  readonly spoolOf: (job: string, runId: string) => string;
}

/**
 * The handler's first part, up to its first wait, has run when this returns. Fenced, it ends after the grace at
 * the latest.
 */
export function startHandler(
  handler: Handler,
  payload: unknown,
  context: TaskContext,
  ports: HandlerPorts,
): InProcessTask {
  const task = new HandlerTask(context, ports);
  task.run(handler, payload);
  return task;
}

/** A class, as is what the handler is handed: with closures for its methods each start would take 2 KiB. */
class HandlerTask implements InProcessTask {
  readonly context: TaskContext;
  private readonly ports: HandlerPorts;
  private readonly startedAt: Instant;
  private controller: AbortController | undefined = undefined;
  private spool: Spool | undefined = undefined;
  private cause: AbortCause | undefined = undefined;
  private over = false;
  private isStillOn = false;
  private timeout: Timer | undefined = undefined;
  private grace: Timer | undefined = undefined;
  private how: TaskEnd | undefined = undefined;
  private tell: ((end: TaskEnd) => void) | undefined = undefined;
  private told: Promise<TaskEnd> | undefined = undefined;

  constructor(context: TaskContext, ports: HandlerPorts) {
    this.context = context;
    this.ports = ports;
    this.startedAt = ports.clock.now();
  }

  get started(): Promise<Instant> {
    return Promise.resolve(this.startedAt);
  }

  get isOver(): boolean {
    return this.how !== undefined;
  }

  get ended(): Promise<TaskEnd> {
    this.told ??= this.how ? Promise.resolve(this.how) : new Promise((resolve) => (this.tell = resolve));
    return this.told;
  }

  get signal(): AbortSignal {
    this.controller ??= new AbortController();
    return this.controller.signal;
  }

  run(handler: Handler, payload: unknown): void {
    const { timeoutMs, killGraceMs } = this.context;
    if (timeoutMs !== undefined)
      this.timeout = this.ports.clock.setTimer(timeoutMs, () => this.abort('timed_out', killGraceMs));
    try {
      const result = handler(new Handed(this, payload));
      if (isThenable(result)) {
        result.then(
          () => this.settle(undefined),
          (thrown: unknown) => this.settle({ thrown }),
        );
      } else {
        this.settle(undefined);
      }
    } catch (thrown) {
      this.settle({ thrown });
    }
  }

  log(line: string): void {
    if (this.over) return;
    const { job, runId, attempt, outputLimit: limit } = this.context;
    this.spool ??= openSpool({ path: this.ports.spoolOf(job, runId), limit, attempt });
    this.spool.write(Buffer.from(`${line}\n`));
  }

  progress(fraction: number): void {
    if (!this.over && fraction >= 0 && fraction <= 1) this.context.onProgress?.(fraction);
  }

  kill(): void {
    if (this.cause === undefined) this.abort('killed', this.context.killGraceMs);
  }

  killNow(): void {
    this.abort('killed', 0);
  }

  fence(): void {
    this.abort('lost', this.context.killGraceMs);
  }

  private abort(why: AbortCause, graceMs: number): void {
    if (this.over) return;
    if (this.cause === undefined || why === 'lost') this.cause = why;
    this.grace?.cancel();
    this.grace = this.ports.clock.setTimer(graceMs, () => this.giveUp());
    this.controller ??= new AbortController();
    if (!this.controller.signal.aborted) this.controller.abort(new Error(WHY[why]));
  }

  private giveUp(): void {
    const cause = this.cause!;
    this.isStillOn = true;
    this.end(
      cause,
      `${WHY[cause]}; the handler ignores its signal and is still going on in the worker's process`,
    );
  }

  private settle(failure: { readonly thrown: unknown } | undefined): void {
    const { cause } = this;
    if (cause) this.end(cause, cause === 'killed' ? undefined : WHY[cause]);
    else if (failure) this.end('failed', describe(failure.thrown));
    else this.end('succeeded', undefined);
  }

  private end(outcome: TaskEnd['outcome'], error: string | undefined): void {
    if (this.over) return;
    this.over = true;
    this.timeout?.cancel();
    this.grace?.cancel();
    const endedAt = this.ports.clock.now();
    if (!this.spool) this.report(outcome, error, endedAt, NO_OUTPUT);
    else void this.spool.finish().then((out) => this.report(outcome, error, endedAt, out));
  }

  private report(
    outcome: TaskEnd['outcome'],
    error: string | undefined,
    endedAt: Instant,
    out: SpoolResult,
  ): void {
    const told =
      error !== undefined && out.error !== undefined ? `${error}; ${out.error}` : (error ?? out.error);
    this.how = {
      outcome,
      error: told,
      startedAt: this.startedAt,
      endedAt,
      isStillOn: this.isStillOn,
      outputBytes: out.bytes,
      outputTruncated: out.truncated,
      tail: out.tail,
    };
    this.tell?.(this.how);
  }
}

/** What few handlers ask for is made when they do. */
class Handed implements HandlerContext {
  readonly job: string;
  readonly runId: string;
  readonly attempt: number;
  readonly fencingToken: number;
  readonly shard: HandlerContext['shard'];
  readonly payload: unknown;
  readonly #task: HandlerTask;

  constructor(task: HandlerTask, payload: unknown) {
    const { job, runId, attempt, fencingToken, shard } = task.context;
    this.job = job;
    this.runId = runId;
    this.attempt = attempt;
    this.fencingToken = fencingToken;
    this.shard = shard;
    this.payload = typeof payload === 'object' && payload !== null ? structuredClone(payload) : payload;
    this.#task = task;
  }

  get scheduledFor(): Date {
    return new Date(this.#task.context.scheduledFor);
  }

  get signal(): AbortSignal {
    return this.#task.signal;
  }

  get log(): (line: string) => void {
    return (line) => this.#task.log(line);
  }

  get progress(): (fraction: number) => void {
    return (fraction) => this.#task.progress(fraction);
  }
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
