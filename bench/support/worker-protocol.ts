// What a scenario and its worker processes say to each other.

/** The handler of most benchmarks' jobs. It does nothing but note its start. */
export const NOOP = 'noop';
/** Notes its start, then takes as many milliseconds as its payload says, waiting. */
export const PAUSE = 'pause';

export interface WorkerProcessOptions {
  readonly endpoints: readonly string[];
  readonly prefix: string;
  readonly name: string;
  readonly slots: number;
  readonly ttlMs: number;
  readonly dataDir: string;
  /** Tells each start as it happens; otherwise starts are kept until they are asked for. */
  readonly tellsStarts: boolean;
  /** The first window begins with the process. */
  readonly measuresFromStart: boolean;
  readonly logLevel: string;
  /** Directory for a CPU profile of each window. */
  readonly profileDir?: string | undefined;
}

/** `begin` opens a window of measuring, `end` closes it and asks for its report; `take` asks for the starts so far. */
export type ToWorker = { readonly type: 'begin' } | { readonly type: 'end' } | { readonly type: 'take' };

/** Three columns of the same length. */
export interface Starts {
  readonly jobs: string[];
  /** Instants, ms. */
  readonly ticks: number[];
  readonly at: number[];
  /** Only of peers, which have no other witness: ends as the peer has recorded them. */
  readonly ends?: { readonly ticks: number[]; readonly at: number[] };
}

export const newStarts = (): Starts => ({ jobs: [], ticks: [], at: [] });

export const joinStarts = (all: readonly Starts[]): Starts => ({
  jobs: all.flatMap((each) => each.jobs),
  ticks: all.flatMap((each) => each.ticks),
  at: all.flatMap((each) => each.at),
});

export interface WindowReport {
  /** Since they were asked for last. */
  readonly starts: Starts;
  /** How long the event loop was held up, beyond the sampling interval. */
  readonly loopP50Ms: number;
  readonly loopP99Ms: number;
  readonly loopMaxMs: number;
  readonly cpuMs: number;
  readonly wallMs: number;
}

export type FromWorker =
  | { readonly type: 'ready'; readonly url: string; readonly workerId: string }
  | { readonly type: 'started'; readonly job: string; readonly tick: number; readonly at: number }
  | { readonly type: 'starts'; readonly starts: Starts }
  | { readonly type: 'report'; readonly report: WindowReport };
