// What planning needs of a stored job, read without the schema: loading 100,000 jobs spent a quarter of its time in
// that. It takes only what stands there just as this program writes it, and never more than the schema would take of
// these fields; of anything else it says nothing, and the schema is asked. What it does not look at is checked
// before the job is first acted on.
import { durationMs } from '../common/model/duration.ts';
import { JOB_NAME } from '../common/model/ids.ts';
import {
  MAX_GENERATION,
  catchUpPolicy,
  overlapPolicy,
  workersMode,
  type JobDefinition,
  type JobRecord,
} from '../common/model/job.ts';
import { FIRST_STORED, LAST_STORED } from '../common/model/time.ts';

/** Of a record with the defaults filled in. */
export interface PlannedJob extends Pick<JobRecord, 'since' | 'anchor' | 'generation'> {
  readonly definition: Pick<
    JobDefinition,
    | 'name'
    | 'schedule'
    | 'timezone'
    | 'dst'
    | 'jitter'
    | 'startAt'
    | 'endAt'
    | 'anchor'
    | 'paused'
    | 'task'
    | 'overlap'
    | 'catchUp'
    | 'workers'
  >;
}

type Unknown = Readonly<Record<string, unknown>>;

const isObject = (value: unknown): value is Unknown =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const isStored = (value: unknown): boolean =>
  Number.isInteger(value) && (value as number) >= FIRST_STORED && (value as number) <= LAST_STORED;
const isGeneration = (value: unknown): boolean =>
  Number.isInteger(value) && (value as number) >= 1 && (value as number) <= MAX_GENERATION;
const among = (options: readonly string[]): ReadonlySet<unknown> => new Set(options);

const GAPS = among(['shift', 'skip']);
const REPEATS = among(['first', 'both']);
const OVERLAPS = among(overlapPolicy.options);
const MODES = among(workersMode.options);
const CATCH_UPS = among(catchUpPolicy.options);
const KINDS = among(['shell', 'exec', 'http']);
const LONGEST_HANDLER = 128;
const LONGEST_WINDOW = durationMs('366d')!;

const isDst = (dst: unknown): boolean => isObject(dst) && GAPS.has(dst['gap']) && REPEATS.has(dst['repeat']);

/** Its kind, and the name of a handler: what it needs of a worker. */
function isTask(task: unknown): boolean {
  if (!isObject(task)) return false;
  const { kind, name } = task;
  if (kind !== 'handler') return KINDS.has(kind);
  return typeof name === 'string' && name.length > 0 && name.length <= LONGEST_HANDLER;
}

function isCatchUp(catchUp: unknown): boolean {
  if (!isObject(catchUp) || !CATCH_UPS.has(catchUp['policy'])) return false;
  const { window } = catchUp;
  const ms = typeof window === 'string' ? durationMs(window) : undefined;
  return ms !== undefined && ms <= LONGEST_WINDOW;
}

/** Undefined: not so plain that it can be told without the schema. */
export function glanceAt(text: string): PlannedJob | undefined {
  let record: unknown;
  try {
    record = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (!isObject(record) || !isObject(record['definition'])) return undefined;
  const { definition, since, anchor, generation } = record;
  const { name, schedule, timezone, paused, task, dst, overlap, catchUp, workers } = definition;
  const isPlain =
    isStored(since) &&
    isStored(anchor) &&
    isGeneration(generation) &&
    typeof name === 'string' &&
    JOB_NAME.test(name) &&
    typeof schedule === 'string' &&
    typeof timezone === 'string' &&
    typeof paused === 'boolean' &&
    isTask(task) &&
    isDst(dst) &&
    OVERLAPS.has(overlap) &&
    isCatchUp(catchUp) &&
    isObject(workers) &&
    MODES.has(workers['mode']) &&
    workers['labels'] === undefined &&
    definition['jitter'] === undefined &&
    definition['startAt'] === undefined &&
    definition['endAt'] === undefined &&
    definition['anchor'] === undefined;
  return isPlain ? (record as unknown as PlannedJob) : undefined;
}
