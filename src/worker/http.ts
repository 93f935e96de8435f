// The worker's own http server: health and metrics for whoever watches it, output for the masters, who know
// its token. Nothing here changes anything.
import { createHash, timingSafeEqual } from 'node:crypto';
import { Readable } from 'node:stream';
import fastify, {
  LogController,
  type FastifyBaseLogger,
  type FastifyReply,
  type FastifyRequest,
} from 'fastify';
import type { Registry } from 'prom-client';
import type { Clock } from '../common/core/clock.ts';
import { JOB_NAME, RUN_ID } from '../common/model/ids.ts';
import type { Millis } from '../common/model/time.ts';
import { listening } from '../common/runtime/listen.ts';
import { WITHOUT_COMPILERS } from '../common/runtime/without-compilers.ts';
import type { Outputs } from './output.ts';
import { startStreams } from './output-streams.ts';

export interface WorkerHttpOptions {
  readonly host?: string;
  /** 0, the default: any free one. */
  readonly port?: number;
  /** What outputs are asked for with, as `authorization: Bearer <token>`. */
  readonly token: string;
  readonly logger: FastifyBaseLogger;
  readonly clock: Clock;
  readonly readiness: () => { readonly ok: boolean; readonly reason?: string };
  readonly metrics: Registry;
  readonly outputs: Outputs;
  /** Outputs read at the same time. */
  readonly maxStreams?: number;
  /** A reader that takes nothing for this long is cut off. */
  readonly stallTimeout?: Millis;
  /** How long a stop waits for readers. */
  readonly closeGrace?: Millis;
}

export interface WorkerHttp {
  /** `http://127.0.0.1:41234`. */
  readonly url: string;
  stop(): Promise<void>;
}

interface OutputQuery {
  readonly follow?: string;
  readonly offset?: string;
  readonly limit?: string;
  readonly tail?: string;
}

/** Only masters ask, who have looked at it: what is no number was not asked for. */
function readingOf({ follow, offset, limit, tail }: OutputQuery, size: number) {
  const bytes = (text: string | undefined): number | undefined =>
    text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : undefined;
  const last = bytes(tail);
  const most = bytes(limit);
  return {
    follow: follow === 'true',
    offset: last === undefined ? (bytes(offset) ?? 0) : Math.max(0, size - last),
    ...(most !== undefined && { limit: most }),
  };
}

/** Digests have one length, so the comparison tells neither content nor length of the token. */
const digest = (text: string): Buffer => createHash('sha256').update(text).digest();

function refuse(reply: FastifyReply, status: number, code: string, detail: string): FastifyReply {
  return reply.code(status).type('application/problem+json').send({ status, code, title: detail });
}

/** Rejects when it cannot listen. */
export async function startWorkerHttp(options: WorkerHttpOptions): Promise<WorkerHttp> {
  const { host = '127.0.0.1', port = 0, logger, clock, metrics, outputs } = options;
  const { maxStreams = 64, stallTimeout = 60_000, closeGrace = 2_000 } = options;
  const app = fastify({
    // Its own word of where it listens is told by who started it.
    loggerInstance: logger.level === 'info' ? logger.child({}, { level: 'warn' }) : logger,
    logController: new LogController({ disableRequestLogging: true }),
    schemaController: WITHOUT_COMPILERS,
    bodyLimit: 1024,
    requestTimeout: 10_000,
    keepAliveTimeout: 5_000,
    forceCloseConnections: 'idle',
  });
  const streams = startStreams({ clock, most: maxStreams, stallTimeout });
  const expected = digest(`Bearer ${options.token}`);
  const isAllowed = (request: FastifyRequest): boolean =>
    timingSafeEqual(digest(request.headers.authorization ?? ''), expected);

  app.addHook('onSend', async (_request, reply) => {
    reply.header('x-content-type-options', 'nosniff').header('cache-control', 'no-store');
  });
  app.setNotFoundHandler((_request, reply) =>
    refuse(reply, 404, 'not-found', 'there is nothing at this path'),
  );

  app.get('/healthz', () => ({ ok: true }));
  app.get('/readyz', (_request, reply) => {
    const { ok, reason } = options.readiness();
    return reply.code(ok ? 200 : 503).send({ ok, ...(reason !== undefined && { reason }) });
  });
  app.get('/metrics', async (_request, reply) =>
    reply.type(metrics.contentType).send(await metrics.metrics()),
  );

  app.get<{ Params: { job: string; runId: string }; Querystring: OutputQuery }>(
    '/v1/runs/:job/:runId/output',
    async (request, reply) => {
      if (!isAllowed(request)) {
        reply.header('www-authenticate', 'Bearer');
        return refuse(reply, 401, 'unauthorized', "this worker's token is needed");
      }
      const { job, runId } = request.params;
      const unknown = (): FastifyReply =>
        refuse(reply, 404, 'run-not-found', 'this worker has no output of that run');
      if (!JOB_NAME.test(job) || !RUN_ID.test(runId)) return unknown();
      const stream = streams.open();
      if (!stream) {
        reply.header('retry-after', '5');
        return refuse(reply, 503, 'too-many-streams', `at most ${maxStreams} outputs are read at a time`);
      }
      // Also closed when the reader goes away; nothing is read for nobody.
      reply.raw.once('close', stream.close);
      const size = await outputs.size(job, runId);
      const reading = size === undefined ? undefined : readingOf(request.query, size);
      const output = reading && (await outputs.read(job, runId, { ...reading, signal: stream.signal }));
      if (!output) {
        stream.close();
        return unknown();
      }
      void reply.headers({ 'etcron-output-offset': reading.offset, 'etcron-output-size': size });
      const body = Readable.from(stream.guard(output), { objectMode: false, highWaterMark: 64 * 1024 });
      stream.signal.addEventListener('abort', () => body.destroy());
      return reply.type('text/plain; charset=utf-8').send(body);
    },
  );

  const url = await listening({ host, port }, () => app.listen({ host, port }));
  return {
    url,
    async stop() {
      const grace = clock.setTimer(closeGrace, () => {
        streams.closeAll();
        app.server.closeAllConnections();
      });
      await app.close();
      grace.cancel();
    },
  };
}
