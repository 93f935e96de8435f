// The output of a run: asked of the worker that has all of it, live while it runs. With the worker gone, the
// tail that etcd keeps, and a word that it is only that. The worker's token stays here.
import { PassThrough, Readable } from 'node:stream';
import type { ReadableStream } from 'node:stream/web';
import { ProblemError } from '../../common/api/problems.ts';
import type { Logger } from '../../common/runtime/logger.ts';
import type { Etcd } from '../../common/store/etcd.ts';
import type { Keyspace } from '../../common/store/keyspace.ts';
import type { RunReader } from '../reads/runs.ts';
import type { Views } from '../views/views.ts';
import type { Handlers } from './operations.ts';
import type { StreamLimit } from './stream-limit.ts';

/** A worker that does not begin to answer in this time is treated as gone. */
const WORKER_PATIENCE_MS = 5_000;

export interface OutputDeps {
  readonly etcd: Etcd;
  readonly keys: Keyspace;
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
      try {
        const body = await askWorker(deps, record.worker, params, query.follow, signal);
        if (body) {
          const finish = (): void => {
            slot.release();
            ended.abort();
          };
          return { status: 200, body: through(body, finish), headers: { 'etcron-output': 'worker' } };
        }
      } catch (error) {
        slot.release();
        throw error;
      }
      slot.release();
      return { status: 200, body: await tailOf(deps, params), headers: { 'etcron-output': 'tail' } };
    },
  };
}

interface RunPath {
  readonly job: string;
  readonly run: string;
}

/** undefined: the worker is gone, cannot be reached, or has the output no more. */
async function askWorker(
  deps: OutputDeps,
  workerId: string | undefined,
  { job, run }: RunPath,
  follow: boolean,
  signal: AbortSignal,
): Promise<Readable | undefined> {
  const worker = workerId === undefined ? undefined : deps.views.workers.get(workerId)?.record;
  if (!worker) return undefined;
  const url = new URL(
    `v1/runs/${encodeURIComponent(job)}/${encodeURIComponent(run)}/output`,
    `${worker.http.replace(/\/$/, '')}/`,
  );
  if (follow) url.searchParams.set('follow', 'true');
  const late = new AbortController();
  const timer = setTimeout(() => late.abort(), WORKER_PATIENCE_MS);
  try {
    const answer = await fetch(url, {
      headers: { authorization: `Bearer ${worker.token}` },
      // A worker that answers with another address would be handed the token there.
      redirect: 'error',
      signal: AbortSignal.any([signal, late.signal]),
    });
    if (answer.ok && answer.body) return Readable.fromWeb(answer.body as ReadableStream<Uint8Array>);
    await answer.body?.cancel();
    deps.logger.debug({ worker: worker.id, job, run, status: answer.status }, 'worker has no output');
    return undefined;
  } catch (error) {
    deps.logger.info(
      { worker: worker.id, job, run, reason: (error as Error).message },
      'worker cannot be asked for output',
    );
    return undefined;
  } finally {
    clearTimeout(timer);
  }
}

/** A worker that dies in the middle ends the text with a word about it, not with a broken connection. */
function through(body: Readable, finish: () => void): Readable {
  const out = new PassThrough();
  body.on('error', () => out.end('\n[etcron: the worker went away; this is not all]\n'));
  body.pipe(out);
  out.once('close', () => {
    body.destroy();
    finish();
  });
  return out;
}

async function tailOf({ etcd, keys }: OutputDeps, { job, run }: RunPath): Promise<string> {
  const { kvs } = await etcd.range({ key: keys.output(job, run) });
  if (!kvs[0]) {
    throw new ProblemError(
      'output_not_found',
      `the worker that has the output of ${run} is gone, and etcd keeps only the tail of the last runs`,
    );
  }
  return `${kvs[0].value}\n[etcron: the worker is gone; this is the end of the output as etcd keeps it]\n`;
}
