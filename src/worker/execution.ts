// One claimed run from its start to the end of its last attempt. It never touches etcd: the dispatcher
// records what comes out of it.
import type { Clock, Timer } from '../common/core/clock.ts';
import {
  adoptedRun,
  attemptEnded,
  endedBetween,
  endedRun,
  outlivingRun,
  progressed,
  startedRun,
  unendedRun,
  waitingRun,
  withoutProgress,
} from '../common/core/lifecycle.ts';
import { retryAfter, type Retrying } from '../common/core/retry.ts';
import { durationMs, sizeBytes } from '../common/model/duration.ts';
import type { KillRecord, RunRecord } from '../common/model/run.ts';
import { instant, type Instant } from '../common/model/time.ts';
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
  /** As kill, for its worker ends: the attempts that are left are made elsewhere. */
  shutDown(by: KillRecord, why: string): void;
  /** Its worker leaves: the attempt that is on goes on, and further ones are made elsewhere, now or at its end. */
  leave(): void;
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
  /**
   * It failed with attempts left that this worker may not make: another run has to, not before that instant.
   * `as-lost`: nobody knows what its task did; whether it is tried again is for the policy.
   */
  readonly further: Instant | 'as-lost' | undefined;
}

/** Shared by all executions of a worker; `owner` is what each was started for. */
export interface ExecutionPorts<Owner> {
  readonly clock: Clock;
  readonly tasks: TaskPort;
  /** An attempt failed and a further one is waited for, as the record then says. */
  readonly onWaiting: (owner: Owner, run: RunRecord) => void;
  /**
   * Tells of a further attempt before it starts: until then etcd says that nothing of the run is on. False: it must not
   * start. Never rejects. `isWanted`: false ends it.
   */
  readonly announce: (owner: Owner, run: RunRecord, isWanted: () => boolean) => Promise<boolean>;
  /** It is a step further, as its record then says. */
  readonly onProgress: (owner: Owner) => void;
}

/** Less is not worth telling. */
const PROGRESS_STEP = 0.01;

/** Nothing is tried again, and nobody asks why. */
const LAST: Retrying = { ok: false };

const CLAIM_LOST = 'the claim was lost: the task was killed at the fence deadline';

export function startExecution<Owner>(
  assignment: Assignment,
  ports: ExecutionPorts<Owner>,
  owner: Owner,
): Execution {
  const execution = new RunExecution(assignment, ports, owner);
  execution.attempt(assignment.run.attempt);
  return execution;
}

interface Stop {
  readonly state: 'killed' | 'lost';
  readonly isShutdown?: boolean;
  readonly reason: string;
  readonly by?: KillRecord;
}

/** A class: with closures for its methods each start of a herd would take 3 KiB, and the collector the time. */
class RunExecution<Owner> implements Execution {
  readonly ended: Promise<ExecutionEnd>;
  isOutliving = false;
  private readonly assignment: Assignment;
  private readonly ports: ExecutionPorts<Owner>;
  private readonly owner: Owner;
  private readonly outlivesClaim: boolean;
  private known: RunRecord;
  private handle: TaskHandle | undefined = undefined;
  private waiting: { readonly timer: Timer; readonly go: () => void } | undefined = undefined;
  private stop: Stop | undefined = undefined;
  private isLastAttempt = false;
  private isLeaving = false;
  private hasStarted = false;
  /** The record without the mark, and when the claim was lost: the task may have ended before that. */
  private unmarked: { readonly record: RunRecord; readonly lostAt: Instant } | undefined = undefined;
  /** Of the attempt under way; kept apart, so that telling it copies no record. */
  private progress: number | undefined = undefined;
  private finish!: (end: ExecutionEnd) => void;

  constructor(assignment: Assignment, ports: ExecutionPorts<Owner>, owner: Owner) {
    this.assignment = assignment;
    this.ports = ports;
    this.owner = owner;
    this.known = assignment.run;
    this.outlivesClaim = assignment.definition.onLostLease === 'continue';
    this.ended = new Promise((resolve) => (this.finish = resolve));
  }

  get record(): RunRecord {
    return this.progress === undefined ? this.known : progressed(this.known, this.progress);
  }

  attempt(number: number): void {
    const { definition, fencingToken, trigger, membership } = this.assignment;
    const { clock, tasks } = this.ports;
    this.progress = undefined;
    if (this.known.progress !== undefined) this.known = withoutProgress(this.known);
    this.known = startedRun(this.known, clock.now(), number, fencingToken);
    const { id, job, scheduledFor, shard } = this.known;
    const handle = tasks.startTask(definition.task, {
      job,
      runId: id,
      scheduledFor: instant(scheduledFor),
      attempt: number,
      fencingToken,
      worker: membership.workerId,
      killGraceMs: durationMs(definition.killGrace)!,
      outputLimit: sizeBytes(definition.output.limit)!,
      outlivesClaim: this.outlivesClaim,
      timeoutMs: definition.timeout === undefined ? undefined : durationMs(definition.timeout),
      shard,
      env: trigger?.env,
      payload: trigger?.payload,
      onProgress: definition.task.kind === 'handler' ? (fraction) => this.takeProgress(fraction) : undefined,
    });
    this.handle = handle;
    if (this.outlivesClaim) {
      this.hasStarted = false;
      void handle.started.then(() => (this.hasStarted = true));
    }
    void handle.ended.then((end) => this.attemptOver(number, end));
  }

  kill(by: KillRecord, reason: string): void {
    this.stopAs({ state: 'killed', reason, by });
    this.handle?.kill();
  }

  shutDown(by: KillRecord, reason: string): void {
    this.stopAs({ state: 'killed', reason, by, isShutdown: true });
    this.handle?.kill();
  }

  leave(): void {
    this.isLeaving = true;
    if (this.mustHandOver()) this.endWait();
  }

  fence(reason: string): void {
    if (this.isOutliving) return;
    if (this.outlivesClaim && this.hasStarted && this.handle) return this.outlive(reason);
    this.stopAs({ state: 'lost', reason });
    this.handle?.killNow();
  }

  endAttempts(): void {
    this.isLastAttempt = true;
    this.endWait();
  }

  adopt(workerId: string): void {
    this.known = adoptedRun(this.known, workerId);
    if (this.unmarked)
      this.unmarked = { ...this.unmarked, record: adoptedRun(this.unmarked.record, workerId) };
  }

  private takeProgress(fraction: number): void {
    const { progress } = this;
    if (progress !== undefined && fraction !== 1 && Math.abs(fraction - progress) < PROGRESS_STEP) return;
    if (fraction === progress) return;
    this.progress = fraction;
    this.ports.onProgress(this.owner);
  }

  /** By the wall clock; in the future while it holds. */
  private claimEnd(): Instant {
    const { clock } = this.ports;
    return instant(clock.now() + (this.assignment.membership.deadline - clock.monotonic()));
  }

  private outlive(why: string): void {
    if (this.isOutliving) return;
    this.isOutliving = true;
    const lostAt = instant(Math.min(this.claimEnd(), this.ports.clock.now()));
    this.unmarked = { record: this.known, lostAt };
    this.known = outlivingRun(this.known, lostAt, why);
  }

  private attemptOver(number: number, end: TaskEnd): void {
    this.handle = undefined;
    // A worker that was frozen may hear of the end before it finds its claim lost, or after an end in time.
    if (this.outlivesClaim && end.outcome !== 'lost' && end.endedAt > this.claimEnd())
      this.outlive('the claim was lost');
    else if (this.unmarked && end.endedAt < this.unmarked.lostAt) this.known = this.unmarked.record;
    this.known = attemptEnded(this.known, {
      number,
      startedAt: end.startedAt,
      endedAt: end.endedAt,
      outcome: end.outcome,
      exitCode: end.exitCode,
      signal: end.signal,
      httpStatus: end.httpStatus,
      error: end.error,
    });
    if (this.progress !== undefined) this.known = progressed(this.known, this.progress);
    if (end.isStillOn && !this.isOutliving) this.known = unendedRun(this.known);
    const next =
      this.stop || end.outcome === 'lost' ? LAST : retryAfter(this.assignment.definition.retry, number, end);
    if (!next.ok || this.isOutliving || this.isLastAttempt) return this.conclude(end, next);
    this.known = waitingRun(this.known, instant(this.ports.clock.now() + next.delay));
    if (this.mustHandOver()) return this.conclude(end, next);
    this.ports.onWaiting(this.owner, this.known);
    const go = (): void => {
      this.waiting = undefined;
      if (this.isOver()) this.conclude(end, next);
      else void this.begin(number + 1, end, next);
    };
    this.waiting = { timer: this.ports.clock.setTimer(next.delay, go), go };
  }

  /** Of `mode: all`: it is its worker's own. */
  private mustHandOver(): boolean {
    return this.isLeaving && this.known.shard === undefined;
  }

  private isOver(): boolean {
    return this.stop !== undefined || this.isLastAttempt || this.mustHandOver();
  }

  /** A further attempt. While it is being told, the record says that it is on: what is told later must not say less. */
  private async begin(number: number, end: TaskEnd, next: Retrying): Promise<void> {
    const before = this.known;
    const { clock } = this.ports;
    this.progress = undefined;
    this.known = startedRun(withoutProgress(before), clock.now(), number, this.assignment.fencingToken);
    const mayStart = await this.ports.announce(this.owner, this.known, () => !this.isOver());
    if (mayStart && !this.isOver()) return this.attempt(number);
    this.known = before;
    if (!this.isOver()) this.stop = { state: 'lost', reason: 'the claim was lost' };
    this.conclude(end, next);
  }

  private conclude(end: TaskEnd, next: Retrying): void {
    const { known, stop, isOutliving, ports } = this;
    const { outputBytes, outputTruncated, tail } = end;
    const isKilled = stop?.state === 'killed' && !(stop.isShutdown && known.shard === undefined);
    if (known.nextAttemptAt !== undefined && !isKilled && !this.isLastAttempt) {
      const why = stop?.reason ?? 'the worker was shut down';
      const run = endedBetween(known, { at: ports.clock.now(), outputBytes, outputTruncated }, why);
      return this.finish({ run, tail, further: known.shard ? undefined : instant(known.nextAttemptAt) });
    }
    const state = end.outcome === 'succeeded' ? 'succeeded' : (stop?.state ?? end.outcome);
    const why = stop?.reason ?? (state === 'lost' ? CLAIM_LOST : next.ok ? undefined : next.reason);
    const run = endedRun(known, {
      state,
      at: next.ok && !isOutliving ? ports.clock.now() : end.endedAt,
      reason: why !== undefined && known.mayHaveOverlapped ? `${why}; ${known.reason}` : why,
      killedBy: state === 'killed' ? stop?.by : undefined,
      outputBytes,
      outputTruncated,
    });
    const isAsLost = state === 'lost' || (state === 'killed' && stop?.isShutdown === true);
    const at = next.ok && isOutliving ? instant(end.endedAt + next.delay) : undefined;
    this.finish({ run, tail, further: isAsLost ? 'as-lost' : at });
  }

  private endWait(): void {
    const { waiting } = this;
    waiting?.timer.cancel();
    waiting?.go();
  }

  private stopAs(how: Stop): void {
    this.stop ??= how;
    this.endWait();
  }
}
