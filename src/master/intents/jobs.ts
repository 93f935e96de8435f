// Changing jobs. Every write compares the revision that was read, so two masters that change one job at
// once never mix: the later one starts again from what it finds, or is refused when the caller named a revision.
import type { RunRef } from '../../common/api/values.ts';
import { invalidInput, ProblemError } from '../../common/api/problems.ts';
import { checkDefinition } from '../../common/core/definition.ts';
import type { ScheduleCompiler } from '../../common/core/schedule.ts';
import type { Checked } from '../../common/model/issue.ts';
import { MAX_GENERATION, type JobDefinition, type JobRecord } from '../../common/model/job.ts';
import { instant, type Instant } from '../../common/model/time.ts';
import type { KeyValue, Revision } from '../../common/store/etcd.ts';
import { perform } from '../../common/store/intent.ts';
import { codecs } from '../../common/store/keyspace.ts';
import { VERSIONS_KEPT, writeJob } from '../../common/store/transactions/jobs.ts';
import { changedJobRecord, newJobRecord, sameDefinition, type Origin } from '../job-record.ts';
import { certificateIssues } from './certificates.ts';
import { readJobWithLocks } from './locks.ts';
import { startedMeanwhile, type StrictDeps } from '../strict.ts';

export interface JobDeps extends StrictDeps {
  readonly compiler: ScheduleCompiler;
}

/** Other writers of the same job between two reads of ours; more than this is no accident. */
export const LOST_RACES = 8;

export interface JobNow {
  readonly kv: KeyValue;
  /** undefined: the value does not parse. */
  readonly record: JobRecord | undefined;
  readonly error?: string;
  /** undefined: the value does not even tell that. */
  readonly generation: number | undefined;
}

export interface JobChanged {
  readonly job: { readonly kv: KeyValue; readonly record: JobRecord };
  readonly previous: JobNow | undefined;
  readonly started: readonly RunRef[];
}

export interface Conditions {
  /** Mod revisions of which one must be there; 'any': it must exist. */
  readonly ifMatch?: readonly Revision[] | 'any';
  readonly mustBeNew?: boolean;
}

export function jobNow(kv: KeyValue): JobNow {
  const decoded = codecs.job.decode(kv.value);
  if (decoded.ok) return { kv, record: decoded.value, generation: decoded.value.generation };
  // The parser of JSON may quote the value, and the value may hold secrets.
  const error = decoded.error.startsWith('not JSON') ? 'not JSON' : decoded.error;
  return { kv, record: undefined, error, generation: generationIn(kv.value) };
}

/** Of a record that cannot be read as a whole: one of a newer etcron, say. */
function generationIn(value: string): number | undefined {
  try {
    const { generation } = JSON.parse(value) as { generation?: unknown };
    const given = Number(generation);
    const counts = Number.isSafeInteger(generation) && given > 0 && given <= MAX_GENERATION;
    return counts ? given : undefined;
  } catch {
    return undefined;
  }
}

/** Newest, by quorum: it knows every write that anybody has been answered. */
export async function readJob({ etcd, keys }: StrictDeps, job: string): Promise<JobNow | undefined> {
  const { kvs } = await etcd.range({ key: keys.job(job) });
  return kvs[0] && jobNow(kvs[0]);
}

export const noSuchJob = (job: string): ProblemError =>
  new ProblemError('job_not_found', `there is no job ${job}`);
export const raceLost = (job: string): ProblemError =>
  new ProblemError(
    'job_changed',
    `${job} is being changed by others again and again: read it and decide anew`,
  );
export const brokenJob = (job: string, error: string | undefined): ProblemError =>
  new ProblemError(
    'job_broken',
    `the stored definition of ${job} cannot be read (${error ?? 'unknown'}): put it anew, or delete it`,
  );

/** Throws precondition_failed. `found`: mod revision, undefined when there is no job. */
export function checkConditions(
  job: string,
  { ifMatch, mustBeNew }: Conditions,
  found: Revision | undefined,
): void {
  if (mustBeNew && found !== undefined)
    throw new ProblemError('precondition_failed', `${job} exists, at revision ${found}`);
  if (ifMatch === undefined) return;
  if (found === undefined) throw new ProblemError('precondition_failed', `there is no job ${job}`);
  if (ifMatch !== 'any' && !ifMatch.includes(found)) {
    throw new ProblemError('precondition_failed', `${job} is at revision ${found}`);
  }
}

/** Who puts a definition anew means its work: only a `paused` that is written stops or resumes its ticks. */
const keepPaused = (given: unknown, previous: JobRecord | undefined): unknown =>
  previous?.definition.paused === true &&
  typeof given === 'object' &&
  given !== null &&
  (given as { readonly paused?: unknown }).paused === undefined
    ? { ...given, paused: true }
    : given;

/** What is given, put over what is there by the rules of a PUT: the definition to store, or all that is wrong with it. */
export function checkedOver(
  { compiler }: Pick<JobDeps, 'compiler'>,
  previous: JobRecord | undefined,
  given: unknown,
  now: Instant,
): Checked<JobDefinition> {
  const checked = checkDefinition(keepPaused(given, previous), {
    now,
    anchor: previous && instant(previous.anchor),
    previous: previous?.definition,
    compiler,
  });
  if (!checked.ok) return checked;
  const { definition } = checked.value;
  const untrusted = certificateIssues(definition, previous?.definition);
  return untrusted.length > 0 ? { ok: false, issues: untrusted } : { ok: true, value: definition };
}

/**
 * The record to write over what is there; undefined: it says the same already. Throws invalid_input. Without
 * `paused` in what is given, the job stays paused or not as it is. `generationBefore`: of what is there when it cannot be read.
 */
export function recordOver(
  deps: JobDeps,
  previous: JobRecord | undefined,
  given: unknown,
  origin: Origin,
  generationBefore = 0,
): JobRecord | undefined {
  const now = deps.clock.now();
  const checked = checkedOver(deps, previous, given, now);
  if (!checked.ok) throw invalidInput(checked.issues);
  const definition = checked.value;
  if (previous === undefined) return newJobRecord(definition, now, origin, generationBefore);
  return sameDefinition(previous.definition, definition)
    ? undefined
    : changedJobRecord(previous, definition, now, origin);
}

/** Creates; 409 when there is one. */
export async function createJob(deps: JobDeps, given: unknown, by: string): Promise<JobChanged> {
  const record = recordOver(deps, undefined, given, { by })!;
  const written = await perform(deps.etcd, writeJob(deps.keys, record, 0));
  if (!written.ok)
    throw new ProblemError('job_exists', `there is a job ${record.definition.name} already: PUT replaces it`);
  return {
    job: { kv: writtenKv(deps, record, undefined, written.revision), record },
    previous: undefined,
    started: [],
  };
}

/** Creates or replaces. */
export async function putJob(
  deps: JobDeps,
  job: string,
  given: object,
  conditions: Conditions,
  by: string,
): Promise<JobChanged> {
  return change(deps, job, (found, generation) => {
    checkConditions(job, conditions, found?.kv.modRevision);
    return recordOver(deps, found?.record, { ...given, name: job }, { by }, generation);
  });
}

/** Or resumes. An old definition is taken as it is: what is refused today may be stored from yesterday. */
export async function pauseJob(deps: JobDeps, job: string, paused: boolean, by: string): Promise<JobChanged> {
  return change(deps, job, (found) => {
    if (!found) throw noSuchJob(job);
    if (!found.record) throw brokenJob(job, found.error);
    const { definition } = found.record;
    return definition.paused === paused
      ? undefined
      : changedJobRecord(found.record, { ...definition, paused }, deps.clock.now(), { by });
  });
}

/**
 * Writes what `decide` makes of the job as it stands, again and again until nobody came in between. `generation`:
 * of what stands there; 0: nothing does.
 */
export async function change(
  deps: StrictDeps,
  job: string,
  decide: (found: JobNow | undefined, generation: number) => JobRecord | undefined,
): Promise<JobChanged> {
  let found = await readJob(deps, job);
  for (let tries = 0; tries < LOST_RACES; tries++) {
    const record = decide(found, found ? await generationOf(deps, job, found) : 0);
    if (record === undefined)
      return {
        job: { kv: found!.kv, record: found!.record! },
        previous: found,
        started: await startedBefore(deps, job, found!.kv),
      };
    const written = await perform(
      deps.etcd,
      writeJob(deps.keys, record, found?.kv.modRevision ?? 0, found && superseded(found)),
    );
    if (written.ok) {
      const started = await startedMeanwhile(deps, job, written.locks, written.revision);
      return {
        job: { kv: writtenKv(deps, record, found?.kv, written.revision), record },
        previous: found,
        started,
      };
    }
    found = written.found && jobNow(written.found);
  }
  throw raceLost(job);
}

/** The value that a write over `found` keeps as a version. */
export const superseded = ({ kv, generation }: JobNow): string | undefined =>
  generation === undefined ? undefined : kv.value;

/** A value that tells no generation stands behind the newest version: its successor must not overwrite that one. */
async function generationOf({ etcd, keys }: StrictDeps, job: string, found: JobNow): Promise<number> {
  if (found.generation !== undefined) return found.generation;
  const { kvs } = await etcd.range({
    ...keys.versionsOf(job),
    keysOnly: true,
    descending: true,
    limit: 2 * VERSIONS_KEPT,
  });
  // Among them may stand what is no version, or none that can be followed by another.
  const newest = kvs
    .map(({ key }) => keys.generationOf(key))
    .find((each) => Number.isSafeInteger(each) && each > 0 && each <= MAX_GENERATION - 1);
  return newest === undefined ? 1 : newest + 1;
}

/**
 * Nothing to write: another has just said the same. Claims of the definition before that may still stand
 * armed, and this answer promises what his does.
 */
async function startedBefore(deps: StrictDeps, job: string, kv: KeyValue): Promise<RunRef[]> {
  const { locks, revision } = await readJobWithLocks(deps.etcd, deps.keys, job);
  const older = locks.filter((lock) => lock.createRevision < kv.modRevision);
  return startedMeanwhile(deps, job, older, revision);
}

function writtenKv(
  { keys }: StrictDeps,
  record: JobRecord,
  previous: KeyValue | undefined,
  revision: Revision,
): KeyValue {
  return {
    key: keys.job(record.definition.name),
    value: codecs.job.encode(record),
    createRevision: previous?.createRevision ?? revision,
    modRevision: revision,
    version: (previous?.version ?? 0) + 1,
    lease: '0',
  };
}
