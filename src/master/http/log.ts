// One line and two metrics for each request. Never its query, headers or body: they may hold what is secret.
import type { FastifyInstance } from 'fastify';
import { Counter, Gauge, Histogram } from 'prom-client';
import type { Logger } from '../../common/runtime/logger.ts';
import type { Metrics } from '../../common/runtime/metrics.ts';
import type { StreamLimit } from './stream-limit.ts';

export function watchRequests(
  app: FastifyInstance,
  { logger, metrics, streams }: { logger: Logger; metrics: Metrics; streams: Pick<StreamLimit, 'open'> },
): void {
  const labelNames = ['method', 'route', 'status'] as const;
  const requests = new Counter({
    name: 'etcron_http_requests_total',
    help: 'Requests answered',
    labelNames,
    registers: [metrics.registry],
  });
  const duration = new Histogram({
    name: 'etcron_http_request_duration_seconds',
    help: 'Time from a request to the end of its answer, streams left out',
    labelNames: ['method', 'route'],
    buckets: [0.005, 0.02, 0.1, 0.5, 2, 10],
    registers: [metrics.registry],
  });
  // Registering is all that is wanted of it.
  void new Gauge({
    name: 'etcron_http_streams_open',
    help: 'Streams of events and of outputs that are open',
    registers: [metrics.registry],
    collect() {
      this.set(streams.open);
    },
  });
  app.addHook('onResponse', async (request, reply) => {
    // Paths that no route knows would make a label of whatever anybody asks for.
    const route = request.routeOptions.url ?? 'unknown';
    const { method } = request;
    const status = reply.statusCode;
    const ms = Math.round(reply.elapsedTime);
    requests.inc({ method, route, status });
    if (!/\/(events|output)$/.test(route)) duration.observe({ method, route }, ms / 1_000);
    logger.debug({ method, route, params: request.params, status, ms }, 'request');
  });
}
