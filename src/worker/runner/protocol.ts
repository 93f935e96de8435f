// What a worker and its runner say to each other over the IPC channel. Types only: the runner imports
// nothing of the worker at run time. Monotonic times are CLOCK_MONOTONIC ms, the same in both processes.

/** Set in the environment of the runner and of all it starts, so that they are found if the runner dies. */
export const MARKER = 'ETCRON_RUNNER';

/** How one task ended, as the runner saw it. Times in ms since the epoch. */
export interface EndReport {
  readonly outcome: 'succeeded' | 'failed' | 'timed_out' | 'killed' | 'lost';
  readonly exitCode?: number;
  readonly signal?: string;
  readonly error?: string;
  readonly startedAt: number;
  readonly endedAt: number;
  readonly outputBytes: number;
  readonly outputTruncated: boolean;
  readonly tail: string;
}

export interface StartOrder {
  readonly type: 'start';
  readonly key: string;
  readonly argv: readonly string[];
  /** Field of the definition that `argv[0]` comes from, for error messages: `task.shell`. */
  readonly programField: string;
  readonly cwd?: string;
  readonly env: Readonly<Record<string, string>>;
  readonly user?: string;
  readonly timeoutMs?: number;
  readonly killGraceMs: number;
  readonly outputLimit: number;
  /** Absent: the first. */
  readonly attempt?: number;
  /** The fence ends it only as long as it has not started. The end of the channel does at any time. */
  readonly outlivesClaim?: boolean;
  /** File that output is appended to; made, with its folder, when there is output. */
  readonly spool: string;
}

export type ToRunner =
  | StartOrder
  /** `now`: SIGKILL at once; else SIGTERM, and SIGKILL after the grace. */
  | { readonly type: 'kill'; readonly key: string; readonly now: boolean }
  | { readonly type: 'deadline'; readonly at: number }
  /** SIGKILL everything as lost; answered by `empty`. */
  | { readonly type: 'killAll' }
  /** As killAll, then exit. */
  | { readonly type: 'stop' }
  | { readonly type: 'ping' };

export type FromRunner =
  | { readonly type: 'ready' }
  /** `pid` leads the process group; `birth` is its start time in /proc, which tells it from a later bearer. */
  | {
      readonly type: 'started';
      readonly key: string;
      readonly pid: number;
      readonly birth: string;
      readonly at: number;
    }
  | { readonly type: 'ended'; readonly key: string; readonly end: EndReport }
  | { readonly type: 'empty' }
  | { readonly type: 'pong' };
