// The only place that knows how keys look. Names hold no slash (model/ids), so a family's prefix with its
// trailing slash never covers another family, and `lock/a` is never a prefix of `lock/ab`.
import type { z } from 'zod';
import { jobRecord, type JobRecord } from '../model/job.ts';
import {
  killRecord,
  lockRecord,
  runRecord,
  triggerRecord,
  type KillRecord,
  type LockRecord,
  type RunRecord,
  type TriggerRecord,
} from '../model/run.ts';
import {
  drainRecord,
  masterRecord,
  workerRecord,
  type DrainRecord,
  type MasterRecord,
  type WorkerRecord,
} from '../model/worker.ts';
import { LAST_STORED } from '../model/time.ts';
import { underPrefix, type KeyRange } from './etcd.ts';

type Range = Required<KeyRange>;

/** Of the largest number that JSON carries exactly. */
const GENERATION_DIGITS = 16;

export interface Keyspace {
  readonly prefix: string;
  /** Every key of this cluster. */
  readonly all: Range;
  job(job: string): string;
  readonly jobs: Range;
  /** What stood under `jobs/<job>` at that generation, before it was changed. Sorted by generation. */
  version(job: string, generation: number): string;
  versionsOf(job: string): Range;
  /** Of the key of a version; NaN: it is none. */
  generationOf(key: string): number;
  readonly versions: Range;
  cursor(job: string): string;
  /** Under `mode: all`: how far any worker has got. */
  cursorOfAll(job: string): string;
  /** Under `mode: all`: a worker's own, under its lease. No run id or job name begins with @. */
  cursorOf(job: string, workerId: string): string;
  /** The own cursors of all workers, for `mode: all`. */
  cursorsOfWorkers(job: string): Range;
  /**
   * Under `mode: all`, without a lease: how far a session that began at `since` got while the cursor of all was behind
   * it. What lies between has outcomes of that worker.
   */
  cursorOfSession(job: string, workerId: string, since: number): string;
  cursorsOfSessions(job: string): Range;
  /** Of the key of a session's cursor; `since` NaN: it is none. */
  sessionOf(key: string): { readonly workerId: string; readonly since: number };
  /** Those of `mode: all`; the job's own cursor is not among them. */
  cursorsOf(job: string): Range;
  readonly cursors: Range;
  lock(job: string): string;
  /** A lock of one run, for `overlap: allow`. */
  lockOfRun(job: string, runId: string): string;
  /** A worker's lock, for `mode: all`. */
  lockOfWorker(job: string, workerId: string): string;
  /** The locks of single runs of the job; neither the job's own lock nor those of workers are among them. */
  locksOfRuns(job: string): Range;
  /** All locks of the job but its own. */
  locksBelow(job: string): Range;
  readonly locks: Range;
  active(workerId: string, job: string, runId: string): string;
  activeOf(workerId: string): Range;
  activeOfJob(workerId: string, job: string): Range;
  readonly actives: Range;
  run(job: string, runId: string): string;
  runsOf(job: string): Range;
  readonly runs: Range;
  output(job: string, runId: string): string;
  outputsOf(job: string): Range;
  readonly outputs: Range;
  trigger(job: string, runId: string): string;
  triggersOf(job: string): Range;
  readonly triggers: Range;
  kill(job: string, runId: string): string;
  killsOf(job: string): Range;
  readonly kills: Range;
  worker(workerId: string): string;
  readonly workers: Range;
  drain(workerId: string): string;
  readonly drains: Range;
  master(masterId: string): string;
  readonly masters: Range;
  readonly housekeeper: string;
  /** When histories were last cut for want of space, ms: what was before it may be gone. */
  readonly historyCut: string;
  /** The parts of a key after its family: `jobs/a` -> ['a'], `active/w/j/r` -> ['w','j','r']. */
  partsOf(key: string): readonly string[];
}

/** `prefix` ends with a slash, such as `/cron/`. */
export function keyspace(prefix: string): Keyspace {
  const family = (name: string): Range => underPrefix(`${prefix}${name}/`);
  return {
    prefix,
    all: underPrefix(prefix),
    job: (job) => `${prefix}jobs/${job}`,
    jobs: family('jobs'),
    version: (job, generation) =>
      `${prefix}versions/${job}/${String(generation).padStart(GENERATION_DIGITS, '0')}`,
    versionsOf: (job) => underPrefix(`${prefix}versions/${job}/`),
    generationOf: (key) => Number(key.slice(key.lastIndexOf('/') + 1)),
    versions: family('versions'),
    cursor: (job) => `${prefix}cursor/${job}`,
    cursorOfAll: (job) => `${prefix}cursor/${job}/@`,
    cursorOf: (job, workerId) => `${prefix}cursor/${job}/@${workerId}`,
    cursorsOfWorkers: (job) => ({ key: `${prefix}cursor/${job}/@\0`, rangeEnd: `${prefix}cursor/${job}/A` }),
    cursorOfSession: (job, workerId, since) => `${prefix}cursor/${job}/~${since}/${workerId}`,
    cursorsOfSessions: (job) => underPrefix(`${prefix}cursor/${job}/~`),
    sessionOf: (key) => {
      const [, since = '', workerId = ''] = key.slice(prefix.length).split('/').slice(1);
      return { workerId, since: Number(since.slice(1)) };
    },
    cursorsOf: (job) => underPrefix(`${prefix}cursor/${job}/`),
    cursors: family('cursor'),
    lock: (job) => `${prefix}lock/${job}`,
    lockOfRun: (job, runId) => `${prefix}lock/${job}/${runId}`,
    lockOfWorker: (job, workerId) => `${prefix}lock/${job}/@${workerId}`,
    locksOfRuns: (job) => ({ key: `${prefix}lock/${job}/`, rangeEnd: `${prefix}lock/${job}/@` }),
    // As underPrefix() would have it: asked for at each claim. After the slash comes 0.
    locksBelow: (job) => ({ key: `${prefix}lock/${job}/`, rangeEnd: `${prefix}lock/${job}0` }),
    locks: family('lock'),
    active: (workerId, job, runId) => `${prefix}active/${workerId}/${job}/${runId}`,
    activeOf: (workerId) => underPrefix(`${prefix}active/${workerId}/`),
    activeOfJob: (workerId, job) => underPrefix(`${prefix}active/${workerId}/${job}/`),
    actives: family('active'),
    run: (job, runId) => `${prefix}runs/${job}/${runId}`,
    runsOf: (job) => underPrefix(`${prefix}runs/${job}/`),
    runs: family('runs'),
    output: (job, runId) => `${prefix}output/${job}/${runId}`,
    outputsOf: (job) => underPrefix(`${prefix}output/${job}/`),
    outputs: family('output'),
    trigger: (job, runId) => `${prefix}trigger/${job}/${runId}`,
    triggersOf: (job) => underPrefix(`${prefix}trigger/${job}/`),
    triggers: family('trigger'),
    kill: (job, runId) => `${prefix}kill/${job}/${runId}`,
    killsOf: (job) => underPrefix(`${prefix}kill/${job}/`),
    kills: family('kill'),
    worker: (workerId) => `${prefix}workers/${workerId}`,
    workers: family('workers'),
    drain: (workerId) => `${prefix}drain/${workerId}`,
    drains: family('drain'),
    master: (masterId) => `${prefix}masters/${masterId}`,
    masters: family('masters'),
    housekeeper: `${prefix}housekeeper`,
    historyCut: `${prefix}history-cut`,
    partsOf: (key) => key.slice(prefix.length).split('/').slice(1),
  };
}

/** A value of etcd that is not what its key promises: reported and passed over, never thrown. */
export type Decoded<T> =
  { readonly ok: true; readonly value: T } | { readonly ok: false; readonly error: string };

export interface Codec<T> {
  encode(value: T): string;
  decode(text: string): Decoded<T>;
}

export interface JsonCodec<T> extends Codec<T> {
  /**
   * What stands in a value beside the fields that we know: of a version to come. Put into what is written in its place,
   * so that nobody loses it by us.
   */
  unknownIn(text: string): object;
}

function jsonCodec<T>(schema: z.ZodType<T> & { readonly shape: object }): JsonCodec<T> {
  return {
    unknownIn(text) {
      let json: unknown;
      try {
        json = JSON.parse(text);
      } catch {
        return {};
      }
      if (typeof json !== 'object' || json === null || Array.isArray(json)) return {};
      return Object.fromEntries(Object.entries(json).filter(([key]) => !Object.hasOwn(schema.shape, key)));
    },
    encode: (value) => JSON.stringify(value),
    decode: (text) => {
      let json: unknown;
      try {
        json = JSON.parse(text);
      } catch (error) {
        return { ok: false, error: `not JSON: ${(error as Error).message}` };
      }
      let parsed: z.ZodSafeParseResult<T>;
      try {
        parsed = schema.safeParse(json);
      } catch (error) {
        // Nested so deep that it overflows the stack.
        return { ok: false, error: `cannot be looked at: ${(error as Error).message}` };
      }
      if (parsed.success) return { ok: true, value: parsed.data };
      const issues = parsed.error.issues.map(
        (issue) => `${issue.path.join('.') || '(value)'}: ${issue.message}`,
      );
      return { ok: false, error: issues.join('; ') };
    },
  };
}

export const codecs = {
  job: jsonCodec<JobRecord>(jobRecord),
  lock: jsonCodec<LockRecord>(lockRecord),
  run: jsonCodec<RunRecord>(runRecord),
  trigger: jsonCodec<TriggerRecord>(triggerRecord),
  kill: jsonCodec<KillRecord>(killRecord),
  worker: jsonCodec<WorkerRecord>(workerRecord),
  master: jsonCodec<MasterRecord>(masterRecord),
  drain: jsonCodec<DrainRecord>(drainRecord),
  /** A cursor is its instant in ms, as decimal digits. */
  cursor: {
    encode: (tick: number) => String(tick),
    decode: (text: string): Decoded<number> =>
      /^\d{1,15}$/.test(text) && Number(text) <= LAST_STORED
        ? { ok: true, value: Number(text) }
        : { ok: false, error: 'a cursor is a whole number of milliseconds, up to the year 9999' },
  } satisfies Codec<number>,
};
