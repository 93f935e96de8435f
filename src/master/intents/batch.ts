// Many puts and deletes. Each hundred operations (fewer when what they write is large) are one transaction
// of etcd, in which every operation stands or falls by itself: its own compare decides it.
import { BATCH_CHUNK, type BatchItem, type BatchResult } from '../../common/api/batch.ts';
import { invalidInput, ProblemError } from '../../common/api/problems.ts';
import { jobName } from '../../common/model/ids.ts';
import type { Op, Revision } from '../../common/store/etcd.ts';
import type { Intent } from '../../common/store/intent.ts';
import { writeJob, type JobWrite } from '../../common/store/transactions/jobs.ts';
import { startedMeanwhile } from '../strict.ts';
import { changedJobRecord } from '../job-record.ts';
import type { Ask } from './batch-asks.ts';
import { deleteJob, unlessClaimedSince } from './delete.ts';
import {
  brokenJob,
  checkConditions,
  jobNow,
  noSuchJob,
  pauseJob,
  putJob,
  recordOver,
  superseded,
  type Conditions,
  type JobDeps,
  type JobNow,
} from './jobs.ts';
import { jobWithLocksTxn, toJobWithLocks, type JobWithLocks } from './locks.ts';

export interface BatchDeps extends JobDeps {
  /** Who asks. */
  readonly by: string;
}

/** While etcd writes one, the next is being checked; no two of them name the same job. */
const CHUNKS_AT_ONCE = 3;
/** etcd refuses requests above 1.5 MiB. */
const MOST_BYTES = 1024 * 1024;

interface Put {
  readonly op: 'put';
  readonly name: string;
  readonly definition: object;
  readonly conditions: Conditions;
}
interface Remove {
  readonly op: 'delete';
  readonly name: string;
  readonly conditions: Conditions;
}
interface Pause {
  readonly op: 'pause' | 'resume';
  readonly name: string;
  readonly conditions: Conditions;
}
type Step = Put | Remove | Pause;
export type Outcome = Omit<BatchResult, 'op' | 'name'>;

export interface BatchDone {
  readonly results: BatchResult[];
  /** The newest revision that was written; 0: nothing was. */
  readonly revision: Revision;
}

const refused = (problem: ProblemError): Outcome => ({ outcome: 'refused', problem: problem.toProblem() });

/**
 * `ask`: asks for runs and kills, once all that writes is written. Rejects with EtcdError when etcd goes away before:
 * repeating the batch is then right, it changes nothing twice.
 */
export async function runBatch(
  deps: BatchDeps,
  items: readonly BatchItem[],
  ask: (items: readonly Ask[]) => Promise<Outcome[]>,
): Promise<BatchDone> {
  refuseDoubles(items);
  const outcomes = new Map<number, Promise<Outcome> | Outcome>();
  const steps: { readonly index: number; readonly step: Step }[] = [];
  const asked: { readonly index: number; readonly item: Ask }[] = [];
  for (const [index, item] of items.entries()) {
    if (item.op === 'run' || item.op === 'kill') {
      asked.push({ index, item });
      continue;
    }
    const step = toStep(item);
    if (step instanceof ProblemError) outcomes.set(index, refused(step));
    else steps.push({ index, step });
  }
  let revision = 0;
  let next = 0;
  const lane = async (): Promise<void> => {
    while (next < steps.length) {
      const chunk = steps.slice(next, (next += BATCH_CHUNK));
      const done = await runChunk(
        deps,
        chunk.map(({ step }) => step),
      );
      for (const [offset, outcome] of done.outcomes.entries()) {
        // Waiting for armed claims goes on beside the next chunks; a failure is met when all are gathered.
        if (outcome instanceof Promise) outcome.catch(() => {});
        outcomes.set(chunk[offset]!.index, outcome);
      }
      revision = Math.max(revision, done.revision);
    }
  };
  const lanes = Array.from({ length: CHUNKS_AT_ONCE }, () =>
    lane().catch((error: unknown) => {
      next = steps.length;
      throw error;
    }),
  );
  // All that is on its way is over before the answer, a failure included.
  for (const ended of await Promise.allSettled(lanes)) if (ended.status === 'rejected') throw ended.reason;
  for (const [at, outcome] of (await ask(asked.map(({ item }) => item))).entries())
    outcomes.set(asked[at]!.index, outcome);
  const results: BatchResult[] = [];
  for (const [index, item] of items.entries()) {
    const outcome = (await outcomes.get(index))!;
    revision = Math.max(revision, outcome.modRevision ?? 0);
    results.push({ op: item.op, name: nameOf(item), ...outcome });
  }
  return { results, revision };
}

const nameOf = (item: BatchItem): string => (item.op === 'put' ? item.definition.name : item.name);

/** Two writes of one key in a transaction are refused by etcd, and what the caller meant is anyone's guess. */
function refuseDoubles(items: readonly BatchItem[]): void {
  const seen = new Set<string>();
  const issues = items.flatMap((item, index) => {
    const name = nameOf(item);
    if (!seen.has(name)) return seen.add(name) && [];
    const path = item.op === 'put' ? `operations[${index}].definition.name` : `operations[${index}].name`;
    return [{ path, message: `${name} is there twice: a batch names a job once` }];
  });
  if (issues.length > 0) throw invalidInput(issues);
}

function toStep(item: Exclude<BatchItem, Ask>): Step | ProblemError {
  if (item.op !== 'put' && item.op !== 'delete') return { ...item, conditions: {} };
  const { ifMatch } = item;
  const conditions: Conditions =
    ifMatch === undefined ? {} : ifMatch === 0 ? { mustBeNew: true } : { ifMatch: [ifMatch] };
  if (item.op === 'delete') return { op: 'delete', name: item.name, conditions };
  // The rest of a definition is checked when it is known what it replaces.
  const name = jobName.safeParse(item.definition.name);
  if (!name.success) return invalidInput([{ path: 'name', message: name.error.issues[0]!.message }]);
  return { op: 'put', name: name.data, definition: item.definition, conditions };
}

interface ChunkDone {
  readonly outcomes: readonly (Promise<Outcome> | Outcome)[];
  readonly revision: Revision;
}

async function runChunk(deps: BatchDeps, steps: readonly Step[]): Promise<ChunkDone> {
  const read = await deps.etcd.txn({
    compare: [],
    success: steps.map(({ name }): Op => ({ type: 'txn', txn: jobWithLocksTxn(deps.keys, name) })),
    failure: [],
  });
  const plans = steps.map((step, index): Plan => {
    const response = read.responses[index];
    if (response?.type !== 'txn') throw new Error('a nested transaction was answered by something else');
    return plan(deps, step, toJobWithLocks(response.result, read.revision));
  });
  const written = await write(
    deps,
    plans.flatMap((each) => (each.kind === 'write' ? [each.intent] : [])),
  );
  let next = 0;
  const outcomes = plans.map((each, index): Promise<Outcome> | Outcome => {
    const step = steps[index]!;
    if (each.kind === 'done') return each.outcome;
    if (each.kind === 'alone') return alone(deps, step);
    const result = written[next++]!;
    return result.ok ? succeed(deps, step, each.existed, result) : alone(deps, step);
  });
  const revisions = written.map((result) => (result.ok ? result.revision : 0));
  return { outcomes, revision: Math.max(0, ...revisions) };
}

/** In one transaction, or in as many as their bytes need. */
async function write({ etcd }: BatchDeps, intents: readonly Intent<JobWrite>[]): Promise<JobWrite[]> {
  const results: JobWrite[] = [];
  for (let from = 0; from < intents.length;) {
    let to = from;
    for (let bytes = 0; to < intents.length; to++) {
      bytes += bytesOf(intents[to]!);
      if (bytes > MOST_BYTES && to > from) break;
    }
    const part = intents.slice(from, to);
    const { responses, revision } = await etcd.txn({
      compare: [],
      success: part.map((intent): Op => ({ type: 'txn', txn: intent.txn })),
      failure: [],
    });
    for (const [index, intent] of part.entries()) {
      const response = responses[index];
      if (response?.type !== 'txn') throw new Error('a nested transaction was answered by something else');
      // Inside a batch the header of a nested answer may carry no revision: the request's is the one.
      results.push(intent.read({ ...response.result, revision }));
    }
    from = to;
  }
  return results;
}

/** A job is written with the version that it supersedes. */
const bytesOf = ({ txn }: Intent<JobWrite>): number =>
  txn.success.reduce((bytes, op) => bytes + (op.type === 'put' ? Buffer.byteLength(op.value) : 0), 0);

type Plan =
  | { readonly kind: 'done'; readonly outcome: Outcome }
  | { readonly kind: 'write'; readonly intent: Intent<JobWrite>; readonly existed: boolean }
  /** What needs more than one transaction: an armed claim to wait for before a deletion, a value to make sense of. */
  | { readonly kind: 'alone' };

function plan(deps: BatchDeps, step: Step, seen: JobWithLocks): Plan {
  const found: JobNow | undefined = seen.kv && jobNow(seen.kv);
  try {
    checkConditions(step.name, step.conditions, seen.kv?.modRevision);
    if (step.op === 'delete') {
      if (!found) throw new ProblemError('job_not_found', `there is no job ${step.name}`);
      if (seen.locks.length > 0) return { kind: 'alone' };
      return { kind: 'write', intent: unlessClaimedSince(deps.keys, step.name, seen), existed: true };
    }
    if (step.op !== 'put') return planPause(deps, step, found, seen);
    if (found && found.generation === undefined) return { kind: 'alone' };
    const record = recordOver(deps, found?.record, step.definition, { by: deps.by }, found?.generation);
    if (!record) return { kind: 'alone' };
    return {
      kind: 'write',
      intent: writeJob(deps.keys, record, seen.kv?.modRevision ?? 0, found && superseded(found)),
      existed: found !== undefined,
    };
  } catch (error) {
    if (error instanceof ProblemError) return { kind: 'done', outcome: refused(error) };
    throw error;
  }
}

/** As a pause by itself: what it waits for when nothing changes needs more than one transaction. */
function planPause(deps: BatchDeps, step: Pause, found: JobNow | undefined, seen: JobWithLocks): Plan {
  if (!found) throw noSuchJob(step.name);
  const { record, generation } = found;
  if (!record) throw brokenJob(step.name, found.error);
  const paused = step.op === 'pause';
  if (record.definition.paused === paused) {
    if (seen.locks.length > 0) return { kind: 'alone' };
    return {
      kind: 'done',
      outcome: { outcome: 'unchanged', modRevision: found.kv.modRevision, started: [] },
    };
  }
  if (generation === undefined) return { kind: 'alone' };
  const changed = changedJobRecord(record, { ...record.definition, paused }, deps.clock.now(), {
    by: deps.by,
  });
  const intent = writeJob(deps.keys, changed, found.kv.modRevision, superseded(found));
  return { kind: 'write', intent, existed: true };
}

const PAUSED = { pause: 'paused', resume: 'resumed' } as const;

async function succeed(
  deps: JobDeps,
  step: Step,
  existed: boolean,
  written: Extract<JobWrite, { ok: true }>,
): Promise<Outcome> {
  if (step.op === 'delete') return { outcome: 'deleted', modRevision: written.revision, started: [] };
  const started = await startedMeanwhile(deps, step.name, written.locks, written.revision);
  const outcome = step.op === 'put' ? (existed ? 'replaced' : 'created') : PAUSED[step.op];
  return { outcome, modRevision: written.revision, started };
}

/** By itself, in as many transactions as it needs. */
async function alone(deps: BatchDeps, step: Step): Promise<Outcome> {
  try {
    if (step.op === 'delete') {
      const { started, revision } = await deleteJob(deps, step.name, step.conditions, deps.by);
      return { outcome: 'deleted', modRevision: revision, started: [...started] };
    }
    if (step.op !== 'put') {
      const { job, previous, started } = await pauseJob(deps, step.name, step.op === 'pause', deps.by);
      const { modRevision } = job.kv;
      const isChanged = modRevision !== previous?.kv.modRevision;
      return { outcome: isChanged ? PAUSED[step.op] : 'unchanged', modRevision, started: [...started] };
    }
    const { definition, conditions } = step;
    const { job, previous, started } = await putJob(deps, step.name, definition, conditions, deps.by);
    return {
      outcome: previous ? 'replaced' : 'created',
      modRevision: job.kv.modRevision,
      started: [...started],
    };
  } catch (error) {
    if (error instanceof ProblemError) return refused(error);
    throw error;
  }
}
