// A task as the dispatcher sees it, whatever its kind: a handle to one attempt, and how it ended.
import type { Task } from '../../common/model/job.ts';
import type { RunState, Shard } from '../../common/model/run.ts';
import type { Instant, Millis, Monotonic } from '../../common/model/time.ts';

export type TaskOutcome = Extract<RunState, 'succeeded' | 'failed' | 'timed_out' | 'killed' | 'lost'>;

export interface TaskEnd {
  /** `lost`: killed because the worker's claim ended. Otherwise what came first: its end, a timeout or a kill. */
  readonly outcome: TaskOutcome;
  readonly exitCode?: number;
  readonly signal?: string;
  /** Of an http task: the status of the last answer. */
  readonly httpStatus?: number;
  /** Why it did not succeed, in words; for a refused field its path, what is wrong and what would be right. */
  readonly error?: string | undefined;
  readonly startedAt: Instant;
  /** When the task itself ended; what it left behind is gone when this is told. */
  readonly endedAt: Instant;
  /** A handler that ignores its signal: nobody can end it, and it is on still. */
  readonly isStillOn?: boolean;
  /** Bytes written, kept or not. */
  readonly outputBytes: number;
  readonly outputTruncated: boolean;
  /** The last 4 KiB. */
  readonly tail: string;
}

export interface TaskHandle {
  /** When it started; of one that could not start, when that was known. Never rejects. */
  readonly started: Promise<Instant>;
  /** Resolves when nothing of it runs any more (but a handler that ignores its signal). Never rejects. */
  readonly ended: Promise<TaskEnd>;
  /** SIGTERM, and SIGKILL after the grace; a handler's signal is aborted. Again, or after the end: nothing. */
  kill(): void;
  /** SIGKILL at once. */
  killNow(): void;
}

/** A task that runs in the worker's own process, where nobody but the worker can end it at the fence. */
export interface InProcessTask extends TaskHandle {
  /** Its end is known: nothing of it is left to be fenced. */
  readonly isOver: boolean;
  /** The fence: stopped as `lost`, whatever it was being stopped as. */
  fence(): void;
}

/** What one attempt is told besides its definition. Of one shape for all: it is made at every start. */
export interface TaskContext {
  readonly job: string;
  readonly runId: string;
  readonly scheduledFor: Instant;
  readonly attempt: number;
  readonly fencingToken: number;
  readonly worker: string;
  /** `mode: all`. */
  readonly shard?: Shard | undefined;
  readonly timeoutMs?: Millis | undefined;
  readonly killGraceMs: Millis;
  readonly outputLimit: number;
  /** Of a run by hand: over the definition's own. */
  readonly env?: Readonly<Record<string, string>> | undefined;
  readonly payload?: unknown;
  /** `onLostLease: continue`: the fence ends it only as long as it has not started. */
  readonly outlivesClaim?: boolean | undefined;
  /** How far a handler says it is: 0 to 1. */
  readonly onProgress?: ((fraction: number) => void) | undefined;
}

/** What the dispatcher uses, for tasks of every kind. */
export interface TaskPort {
  /** Never throws: what cannot start ends as failed, with the reason. */
  startTask(task: Task, context: TaskContext): TaskHandle;
  /**
   * The fence: past it every task is killed, as `lost`, but for those that outlive their claim, and none starts.
   * Moves in either direction.
   */
  setDeadline(deadline: Monotonic): void;
  /** Kills every task at once, as `lost`; resolves when all have ended. */
  killAll(): Promise<void>;
}
