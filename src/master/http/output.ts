// The output of a run: asked of the worker that has all of it, live while it runs. With the worker gone, the
// tail that etcd keeps, and a word that it is only that. A text that is not all says so. The worker's token
// stays here.
import type { Readable } from 'node:stream';
import { invalidInput, ProblemError } from '../../common/api/problems.ts';
import type { RunRecord } from '../../common/model/run.ts';
import type { WorkerRecord } from '../../common/model/worker.ts';
import type { Clock } from '../../common/core/clock.ts';
import type { Logger } from '../../common/runtime/logger.ts';
import type { Etcd, KeyValue } from '../../common/store/etcd.ts';
import type { Keyspace } from '../../common/store/keyspace.ts';
import { awaitKey } from '../await-key.ts';
import type { RunReader } from '../reads/runs.ts';
import type { WaitingRuns } from '../reads/waiting.ts';
import type { Views } from '../views/views.ts';
import type { Handlers } from './operations.ts';
import type { StreamLimit } from './stream-limit.ts';
import { askForOutput, type OutputPart, type WorkerAnswer } from './worker-output.ts';
import { watchWorker } from './worker-watch.ts';

/** Workers of one name that are asked in turn for what their predecessor left on the disk. */
const MOST_SUCCESSORS = 3;
/** For a run that is followed before a worker has taken it. */
const TAKEN_PATIENCE_MS = 10_000;

export interface OutputDeps {
  readonly etcd: Etcd;
  readonly keys: Keyspace;
  readonly clock: Clock;
  readonly views: Views;
  readonly runs: RunReader;
  readonly waiting: WaitingRuns;
  readonly logger: Logger;
  readonly streams: StreamLimit;
}

export function outputRoutes(deps: OutputDeps): Pick<Handlers, 'getRunOutput'> {
  return {
    async getRunOutput({ params, query }, caller) {
      const part = partOf(query);
      const slot = deps.streams.take();
      const ended = new AbortController();
      const signal = AbortSignal.any([caller.signal, ended.signal]);
      const finish = (): void => {
        slot.release();
        ended.abort();
      };
      try {
        if (query.follow) await untilTaken(deps, params.job, params.run, signal);
        const record = await recordOf(deps, params.job, params.run);
        const found = await askWorkers(deps, record, query.follow, part, signal);
        if ('body' in found) {
          const body = found.body.once('close', finish);
          return { status: 200, body, headers: { 'etcron-output': 'worker', ...found.headers } };
        }
        const tail = await tailOf(deps, record, found.why);
        finish();
        return { status: 200, body: tail, headers: { 'etcron-output': 'tail' } };
      } catch (error) {
        finish();
        throw error;
      }
    },
  };
}

/** Throws invalid_input for parts that exclude each other. */
function partOf({ follow, offset, limit, tail }: OutputPart & { readonly follow: boolean }): OutputPart {
  if (tail !== undefined && (offset !== undefined || limit !== undefined))
    throw invalidInput([{ path: 'tail', message: 'stands alone: leave out `offset` and `limit`' }]);
  if (follow && limit !== undefined)
    throw invalidInput([{ path: 'limit', message: 'not with follow=true, which goes on to the end' }]);
  return { offset, limit, tail };
}

/** Who asks for a run and follows it at once need not know that a worker takes it a moment later. */
async function untilTaken(
  { etcd, keys, clock }: OutputDeps,
  job: string,
  runId: string,
  signal: AbortSignal,
): Promise<void> {
  const key = keys.trigger(job, runId);
  const { kvs, revision } = await etcd.range({ key, keysOnly: true });
  if (kvs.length === 0) return;
  const until = (kv: KeyValue | undefined): boolean => kv === undefined;
  await awaitKey(etcd, clock, { key, after: revision, until, timeout: TAKEN_PATIENCE_MS, signal });
}

/** Throws run_not_found; output_not_found of a run that waits. */
async function recordOf({ runs, waiting }: OutputDeps, job: string, runId: string): Promise<RunRecord> {
  const record = await runs.find(job, runId);
  if (record) return record;
  const asked = await waiting.find(job, runId);
  if (!asked) return runs.get(job, runId);
  throw new ProblemError('output_not_found', `there is no output yet: ${runId} waits; ${asked.reason}`);
}

/** Why no worker serves it, as it is told. */
type Why = 'is gone' | 'cannot be reached' | 'keeps it no more';

/** Throws too_many_streams, of the worker. */
async function askWorkers(
  deps: OutputDeps,
  record: RunRecord,
  follow: boolean,
  part: OutputPart,
  signal: AbortSignal,
): Promise<{ body: Readable; headers: Readonly<Record<string, string>> } | { why: Why }> {
  let why: Why = 'is gone';
  for (const worker of whoMayHaveIt(deps, record.worker)) {
    const isOwner = worker.id === record.worker;
    const watch = isOwner ? watchWorker(deps, worker) : undefined;
    // A run that has not ended, and whose worker is gone, was cut off there.
    const isCut = !isOwner && record.endedAt === undefined;
    const closingNote = (): string => {
      // It is not the end of the output, or may not be.
      if (part.limit !== undefined) return '';
      // Of any other the worker has killed the task by then, and how that ended is on record.
      if (watch?.hasLostClaim && record.onLostLease === 'continue' && record.endedAt === undefined)
        return note('the worker lost its claim meanwhile, and the run went on; this is all of its output');
      return isCut ? note('the worker went away; this is not all') : '';
    };
    const answer: WorkerAnswer = await askForOutput(worker, {
      job: record.job,
      run: record.id,
      follow,
      part,
      signal,
      gone: watch?.gone,
      brokenNote: note('the worker went away in the middle; this is not all'),
      closingNote,
    });
    if (answer.kind === 'output') {
      const { body, headers } = answer;
      return { body: body.once('close', () => watch?.stop()), headers };
    }
    watch?.stop();
    if (answer.kind === 'busy')
      throw new ProblemError('too_many_streams', 'the worker serves as many outputs as it can: try again', {
        retryAfterSeconds: 5,
      });
    if (isOwner) why = answer.kind === 'none' ? 'keeps it no more' : 'cannot be reached';
    deps.logger.info(
      { worker: worker.id, job: record.job, run: record.id, answer },
      'a worker gives no output of a run',
    );
  }
  return { why };
}

/** The worker that ran it; or others of its name, which may have found its data directory. */
function whoMayHaveIt({ views }: OutputDeps, workerId: string | undefined): WorkerRecord[] {
  if (workerId === undefined) return [];
  const owner = views.workers.get(workerId)?.record;
  if (owner) return [owner];
  const name = nameOf(workerId);
  return views.workers
    .list()
    .flatMap(({ record }) => (record.name === name ? [record] : []))
    .slice(0, MOST_SUCCESSORS);
}

/** `web-1-7f3a9c` -> `web-1`: that of the worker, which it has again when it is back. */
const nameOf = (workerId: string): string => workerId.replace(/-[0-9a-f]{6}$/, '');

const note = (text: string): string => `\n[etcron: ${text}]\n`;

async function tailOf({ etcd, keys }: OutputDeps, record: RunRecord, why: Why): Promise<string> {
  const { job, id, outputBytes } = record;
  if (outputBytes === 0) return '';
  const { kvs } = await etcd.range({ key: keys.output(job, id) });
  const tail = kvs[0]?.value;
  if (tail === undefined) {
    throw new ProblemError('output_not_found', `there is no output: ${whyNone(record, why)}`);
  }
  // What is no UTF-8 takes more room in the tail than it took in the output.
  const isCut = outputBytes !== undefined && outputBytes > Buffer.byteLength(tail);
  const opening = isCut ? `[etcron: this is the end of an output of ${outputBytes} bytes]\n` : '';
  return `${opening}${tail}${note(`the worker ${why}; this is the end of the output as etcd keeps it`)}`;
}

function whyNone({ id, state, worker, startedAt, endedAt }: RunRecord, why: Why): string {
  // Of a run that was lost while it stood armed nobody knows whether it started.
  if (worker === undefined || (endedAt !== undefined && startedAt === undefined && state !== 'lost'))
    return `${id} never started`;
  if (why === 'keeps it no more')
    return `worker ${worker}, which ran ${id}, keeps it no more, and etcd keeps only the tail of the last runs`;
  const tail =
    state === 'lost'
      ? 'a run that is lost leaves no tail in etcd'
      : 'etcd keeps only the tail of the last runs';
  const back =
    why === 'is gone'
      ? `it is in the data directory of worker ${worker}, which is gone, and is served again when a worker of the name ${nameOf(worker)} is back with that directory (--name, --data-dir)`
      : `it is on worker ${worker}, which cannot be reached now: try again when it can`;
  return `${back}; ${tail}`;
}
