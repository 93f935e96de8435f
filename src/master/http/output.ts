// The output of a run: asked of the worker that has all of it, live while it runs. With the worker gone, the
// tail that etcd keeps, and a word that it is only that. A text that is not all says so. The worker's token
// stays here.
import type { Readable } from 'node:stream';
import { ProblemError } from '../../common/api/problems.ts';
import type { RunRecord } from '../../common/model/run.ts';
import type { WorkerRecord } from '../../common/model/worker.ts';
import type { Clock, Timer } from '../../common/core/clock.ts';
import type { Logger } from '../../common/runtime/logger.ts';
import type { Etcd } from '../../common/store/etcd.ts';
import type { Keyspace } from '../../common/store/keyspace.ts';
import type { RunReader } from '../reads/runs.ts';
import type { Views } from '../views/views.ts';
import type { Handlers } from './operations.ts';
import type { StreamLimit } from './stream-limit.ts';
import { askForOutput, type WorkerAnswer } from './worker-output.ts';

/** A worker whose registration went may still be ending its streams; after this it is dead or cut off. */
const GONE_PATIENCE_MS = 5_000;
/** Workers of one name that are asked in turn for what their predecessor left on the disk. */
const MOST_SUCCESSORS = 3;

export interface OutputDeps {
  readonly etcd: Etcd;
  readonly keys: Keyspace;
  readonly clock: Clock;
  readonly views: Views;
  readonly runs: RunReader;
  readonly logger: Logger;
  readonly streams: StreamLimit;
}

export function outputRoutes(deps: OutputDeps): Pick<Handlers, 'getRunOutput'> {
  return {
    async getRunOutput({ params, query }, caller) {
      const record = await deps.runs.get(params.job, params.run);
      const slot = deps.streams.take();
      const ended = new AbortController();
      const signal = AbortSignal.any([caller.signal, ended.signal]);
      const finish = (): void => {
        slot.release();
        ended.abort();
      };
      try {
        const found = await askWorkers(deps, record, query.follow, signal);
        if ('body' in found) {
          const body = found.body.once('close', finish);
          return { status: 200, body, headers: { 'etcron-output': 'worker' } };
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

/** Why no worker serves it, as it is told. */
type Why = 'is gone' | 'cannot be reached' | 'keeps it no more';

/** Throws too_many_streams, of the worker. */
async function askWorkers(
  deps: OutputDeps,
  record: RunRecord,
  follow: boolean,
  signal: AbortSignal,
): Promise<{ body: Readable } | { why: Why }> {
  let why: Why = 'is gone';
  for (const worker of whoMayHaveIt(deps, record.worker)) {
    const isOwner = worker.id === record.worker;
    const gone = new AbortController();
    const forget = isOwner ? watchWorker(deps, worker.id, gone) : () => {};
    // A run that has not ended, and whose worker is gone, was cut off there.
    const closing =
      isOwner || record.endedAt !== undefined ? '' : note('the worker went away; this is not all');
    const answer: WorkerAnswer = await askForOutput(worker, {
      job: record.job,
      run: record.id,
      follow,
      signal,
      gone: gone.signal,
      brokenNote: note('the worker went away in the middle; this is not all'),
      closingNote: closing,
    });
    if (answer.kind === 'output') return { body: answer.body.once('close', forget) };
    forget();
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
  const name = workerId.replace(/-[0-9a-f]{6}$/, '');
  return views.workers
    .list()
    .flatMap(({ record }) => (record.name === name ? [record] : []))
    .slice(0, MOST_SUCCESSORS);
}

/** Aborts `gone` some time after the worker's registration went: a machine that is cut off closes no connection. */
function watchWorker({ views, clock }: OutputDeps, id: string, gone: AbortController): () => void {
  let timer: Timer | undefined;
  const silence = views.listen((family) => {
    if (family === 'workers' && !timer && !views.workers.get(id))
      timer = clock.setTimer(GONE_PATIENCE_MS, () => gone.abort());
  });
  return () => {
    timer?.cancel();
    silence();
  };
}

const note = (text: string): string => `\n[etcron: ${text}]\n`;

async function tailOf({ etcd, keys }: OutputDeps, record: RunRecord, why: Why): Promise<string> {
  const { job, id, outputBytes, startedAt, endedAt } = record;
  if (outputBytes === 0) return '';
  const { kvs } = await etcd.range({ key: keys.output(job, id) });
  const tail = kvs[0]?.value;
  if (tail === undefined) {
    const reason =
      endedAt !== undefined && startedAt === undefined
        ? `${id} never started`
        : `the worker that ran ${id} ${why}, and etcd keeps only the tail of the last runs`;
    throw new ProblemError('output_not_found', `there is no output: ${reason}`);
  }
  // What is no UTF-8 takes more room in the tail than it took in the output.
  const isCut = outputBytes !== undefined && outputBytes > Buffer.byteLength(tail);
  const opening = isCut ? `[etcron: this is the end of an output of ${outputBytes} bytes]\n` : '';
  return `${opening}${tail}${note(`the worker ${why}; this is the end of the output as etcd keeps it`)}`;
}
