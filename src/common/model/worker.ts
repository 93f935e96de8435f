// What processes tell of themselves under their lease.
import { z } from 'zod';
import { labels } from './job.ts';
import { jobName, runId, workerName } from './ids.ts';

/**
 * loading: does not know the jobs yet. ready: takes work. full: no free slot. draining: takes no more.
 * clock_skew: its clock can't be trusted.
 */
export const workerState = z.enum(['loading', 'ready', 'full', 'draining', 'clock_skew']);
export type WorkerState = z.output<typeof workerState>;

/** What a draining worker still waits for. */
export const draining = z.object({
  since: z.int(),
  /** Runs armed or on. */
  left: z.int().min(0),
  /** The first of them. */
  runs: z.array(z.object({ job: jobName, run: runId })),
  /** When they are killed; absent: never. */
  killAt: z.int().optional(),
});
export type Draining = z.output<typeof draining>;

/** Jobs with a tick or a request that wait for a free slot, and since when the first of them does. */
export const waitingJobs = z.object({ jobs: z.int().min(1), since: z.int() });
export type WaitingJobs = Readonly<z.output<typeof waitingJobs>>;

/**
 * What a worker's process can run besides requests, which any can. Fixed when it starts. Absent: of a version that
 * does not tell, and taken to be able to run all.
 */
export const abilities = z.object({
  /** Tasks of the kinds shell and exec. */
  processes: z.boolean(),
  /** Functions that tasks of the kind handler name, in order. */
  handlers: z.array(z.string()),
});
export type Abilities = Readonly<z.output<typeof abilities>>;

const clockStamp = {
  /** The wall clock when this was written: readers estimate its offset from it. */
  wallClock: z.int(),
  /** One more each time the writer asks the others for their time, as after a step of its clock. */
  asks: z.int().optional(),
  /** Up to which revision the writer had been told of registrations: a reader knows its own among them. */
  seen: z.object({ workers: z.int(), masters: z.int() }).optional(),
};

/** What a registration tells of its writer's clock. */
export interface ClockStamp {
  readonly wallClock: number;
  readonly asks?: number | undefined;
  readonly seen?: { readonly workers: number; readonly masters: number } | undefined;
}

/** The value of `workers/<workerId>`; the id is `<name>-<6 hex digits>`, new at every registration. */
export const workerRecord = z.object({
  id: z.string(),
  name: workerName,
  host: z.string(),
  pid: z.int(),
  version: z.string(),
  labels,
  can: abilities.optional(),
  slots: z.int().min(1),
  running: z.int().min(0),
  state: workerState,
  draining: draining.optional(),
  /** As it was when this was written. */
  waiting: waitingJobs.optional(),
  /** Base URL of the worker's own http server, for output and health. */
  http: z.string(),
  /** Bearer token of that server. Never in a log or an answer of the API. */
  token: z.string(),
  startedAt: z.int(),
  /** When this session began: under `mode: all` the worker runs the ticks after it. Absent: of an older version. */
  joinedAt: z.int().optional(),
  ...clockStamp,
});
export type WorkerRecord = z.output<typeof workerRecord>;

/** The value of `masters/<masterId>`. */
export const masterRecord = z.object({
  id: z.string(),
  host: z.string(),
  pid: z.int(),
  version: z.string(),
  http: z.string(),
  startedAt: z.int(),
  ...clockStamp,
});
export type MasterRecord = z.output<typeof masterRecord>;

/** The value of `drain/<workerId>`: a wish of the API; gone when the worker is resumed or gone. */
export const drainRecord = z.object({ by: z.string(), at: z.int() });
export type DrainRecord = z.output<typeof drainRecord>;
