// What a scenario and its worker processes say to each other.

/** The handler of every benchmark's jobs. It does nothing but note its start. */
export const NOOP = 'noop';

export interface WorkerProcessOptions {
  readonly endpoint: string;
  readonly prefix: string;
  readonly name: string;
  readonly slots: number;
  readonly ttlMs: number;
  readonly dataDir: string;
  /** Tells each start as it happens; otherwise starts are kept and told by the report. */
  readonly tellsStarts: boolean;
  /** The first window begins with the process. */
  readonly measuresFromStart: boolean;
  readonly logLevel: string;
  /** Directory for a CPU profile of each window. */
  readonly profileDir?: string | undefined;
}

/** `begin` opens a window of measuring, `end` closes it and asks for its report. */
export type ToWorker = { readonly type: 'begin' } | { readonly type: 'end' };

export interface Starts {
  readonly jobs: string[];
  /** Instants, ms. */
  readonly ticks: number[];
  readonly at: number[];
}

export interface WindowReport {
  readonly starts: Starts;
  /** How long the event loop was held up, beyond the sampling interval. */
  readonly loopP99Ms: number;
  readonly loopMaxMs: number;
  readonly cpuMs: number;
  readonly wallMs: number;
}

export type FromWorker =
  | { readonly type: 'ready'; readonly url: string; readonly workerId: string }
  | { readonly type: 'started'; readonly job: string; readonly tick: number; readonly at: number }
  | { readonly type: 'report'; readonly report: WindowReport };
