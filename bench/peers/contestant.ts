// What a scenario knows of whom it measures: etcron and each peer in the same form, where one code measures both.
import type { FleetOptions, StartWorker } from '../support/fleet.ts';
import type { Scope } from '../support/scope.ts';

export const SCENARIOS = ['herd', 'steady', 'failover', 'skew'] as const;
export type ScenarioName = (typeof SCENARIOS)[number];

export interface Load {
  readonly scenario: ScenarioName;
  readonly jobs: number;
  /** All jobs are due at each multiple of it. Undefined: they run when they are asked for by `enqueue`. */
  readonly periodS?: number;
  /** How long a task takes, waiting. */
  readonly taskMs: number;
  /** Runs at once on a worker; undefined: as is best for throughput. */
  readonly slots?: number;
  /** Tells each start as it happens; otherwise workers keep them until they are asked. */
  readonly onStart?: FleetOptions['onStart'];
}

export interface Crew {
  readonly startWorker: StartWorker;
  /** One run of the job, at once, and again elsewhere when it does not end well. */
  enqueue(job: number): Promise<void>;
  readonly registerMs: number;
}

export interface Contestant {
  readonly name: string;
  /** The shortest period that its cron knows. */
  readonly finestS: number;
  /** One process: what several would share is none of its business. */
  readonly isAlone: boolean;
  /** From the workers' being ready until their clocks have been compared; undefined: they are not, or are by then. */
  readonly settleMs?: number;
  /** Its server is started, and its jobs are registered, when this resolves. */
  open(scope: Scope, load: Load): Promise<Crew>;
}

/** Milliseconds. A bound: it had not happened by then, and nobody waited any longer. */
export interface Figure {
  readonly ms: number;
  readonly isBound?: boolean;
}

export interface Measured {
  readonly figures: Readonly<Record<string, Figure>>;
  /** Ticks that were started more than once, and not at all. */
  readonly twice: number;
  readonly missing: number;
  /** All else that was measured. */
  readonly detail: unknown;
}

export const figuresOf = (ms: Readonly<Record<string, number>>): Measured['figures'] =>
  Object.fromEntries(Object.entries(ms).map(([name, value]) => [name, { ms: value }]));
