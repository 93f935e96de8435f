// The HTTP server of the master, built but not listening: tests inject requests into it, main.ts lends it a
// port. Everything it needs is handed in.
import Fastify, { type FastifyInstance } from 'fastify';
import type { Clock } from '../common/core/clock.ts';
import { scheduleIssues } from '../common/core/definition.ts';
import { createScheduleCompiler } from '../common/core/schedule.ts';
import { createZones } from '../common/core/zones.ts';
import { openApiDocument } from '../common/api/openapi.ts';
import type { Clocks } from '../common/runtime/clocks.ts';
import type { Logger } from '../common/runtime/logger.ts';
import type { Metrics } from '../common/runtime/metrics.ts';
import { WITHOUT_COMPILERS } from '../common/runtime/without-compilers.ts';
import type { Etcd } from '../common/store/etcd.ts';
import type { Keyspace } from '../common/store/keyspace.ts';
import { registerApiDocs } from './http/api-docs.ts';
import { batchRoutes } from './http/batch.ts';
import { limitConnections, refuseConnection } from './http/connections.ts';
import { sendProblem, toProblem } from './http/errors.ts';
import { eventRoutes } from './http/events.ts';
import { jobRoutes } from './http/jobs.ts';
import { takeJsonBodies } from './http/json-body.ts';
import { watchRequests } from './http/log.ts';
import { answerNotFound } from './http/not-found.ts';
import { registerOperations, type BodyCheck, type Handlers } from './http/operations.ts';
import { overviewRoutes } from './http/overview.ts';
import { outputRoutes } from './http/output.ts';
import { runRoutes } from './http/runs.ts';
import { scheduleRoutes } from './http/schedules.ts';
import { accessControl, securityHeaders, type AccessRules } from './http/security.ts';
import { streamLimit } from './http/stream-limit.ts';
import { systemRoutes } from './http/system.ts';
import { timelineRoutes } from './http/timeline.ts';
import { tickRoutes } from './http/ticks.ts';
import { versionRoutes } from './http/versions.ts';
import { registerWebPage, webPage } from './http/web-page.ts';
import { workerRoutes } from './http/workers.ts';
import { clusterReader } from './reads/cluster.ts';
import type { Comparison } from './comparison.ts';
import { jobReader } from './reads/jobs.ts';
import { nextTicks } from './reads/next-ticks.ts';
import { outcomeReader } from './reads/outcomes.ts';
import { overviewReader } from './reads/overview.ts';
import { runReader } from './reads/runs.ts';
import { forecastReader } from './reads/forecast.ts';
import { timelineReader } from './reads/timeline.ts';
import { tickReader } from './reads/ticks.ts';
import { versionReader } from './reads/versions.ts';
import { waitingRuns } from './reads/waiting.ts';
import type { Activity } from './views/activity.ts';
import type { Views } from './views/views.ts';

/** A definition is at most 64 KiB; JSON may escape each character. Batches have a limit of their own. */
const BODY_LIMIT = 512 * 1024;
/** To send the whole request; answers may take longer. */
const REQUEST_TIMEOUT_MS = 30_000;
const KEEP_ALIVE_MS = 65_000;
/** How often connections are looked at for those that are too slow. */
const LOOK_EVERY_MS = 5_000;
/** Some 14 KB of ours each. */
const MOST_STREAMS = 2_000;
/** Streams, and room for others beside them. */
const MOST_CONNECTIONS = 4_000;

export interface AppDeps {
  readonly etcd: Etcd;
  readonly keys: Keyspace;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly views: Views;
  readonly activity: Activity;
  readonly access: AccessRules;
  readonly version: string;
  readonly quotaBytes: number;
  readonly mostStreams?: number;
  readonly mostConnections?: number;
  /** To send a request in. */
  readonly requestTimeoutMs?: number;
  /** How this master's clock and those of others compare; absent: not measured. */
  readonly clocks?: Clocks;
  readonly masterId?: string;
  /** Of this master's clock with the others'; absent: nothing waits for it. */
  readonly comparison?: Comparison;
}

export async function buildApp(deps: AppDeps): Promise<FastifyInstance> {
  const { etcd, keys, clock, logger, views } = deps;
  const requestTimeout = deps.requestTimeoutMs ?? REQUEST_TIMEOUT_MS;
  const app = Fastify({
    logger: false,
    schemaController: WITHOUT_COMPILERS,
    bodyLimit: BODY_LIMIT,
    requestTimeout,
    http: {
      connectionsCheckingInterval: Math.min(LOOK_EVERY_MS, requestTimeout),
      // Whose host it is not is told by our own check, in our own words.
      requireHostHeader: false,
    },
    clientErrorHandler: refuseConnection,
    keepAliveTimeout: KEEP_ALIVE_MS,
    forceCloseConnections: true,
    exposeHeadRoutes: false,
    frameworkErrors: (error, _request, reply) => void sendProblem(reply, toProblem(error).problem),
    routerOptions: { maxParamLength: 256 },
  });

  // Node exchanges the two when this one is the longer, and a body might then come for a minute.
  app.server.headersTimeout = requestTimeout;
  limitConnections(app.server, deps.mostConnections ?? MOST_CONNECTIONS, { clock, logger });
  takeJsonBodies(app);
  app.addHook('onRequest', async (_, reply) => securityHeaders(reply));
  const streams = streamLimit(deps.mostStreams ?? MOST_STREAMS);
  watchRequests(app, { logger, metrics: deps.metrics, streams });
  app.setErrorHandler((error, request, reply) => {
    const { problem, unexpected } = toProblem(error, request.routeOptions.bodyLimit);
    if (unexpected)
      logger.error({ err: error, method: request.method, url: request.routeOptions.url }, 'a request failed');
    return sendProblem(reply, problem);
  });
  const page = webPage();
  app.setNotFoundHandler((request, reply) =>
    page.isFor(request) ? page.send(request, reply) : answerNotFound(request, reply),
  );

  const zones = createZones();
  const compiler = createScheduleCompiler(zones);
  const waiting = waitingRuns({ etcd, keys, views });
  const runs = runReader({ etcd, keys, views, waiting });
  const ticks = tickReader(compiler);
  const clockOffsetOf = (worker: string): number | null => {
    // By what this master goes by now; the view tells by what it went by when the news came.
    const measured = deps.clocks?.offsetOf(keys.worker(worker));
    if (measured !== undefined) return Math.round(measured);
    return views.workers.get(worker)?.clockOffsetMs ?? null;
  };
  const { activity } = deps;
  const base = { etcd, keys, clock, logger, views, compiler, zones, runs, waiting, streams, clockOffsetOf };
  const shared = { ...base, activity, nextTicks: nextTicks({ clock, views }) };
  const events = eventRoutes(shared);
  const handlers: Handlers = {
    ...jobRoutes({ ...shared, jobs: jobReader({ ...shared, ticks }) }),
    ...versionRoutes({ ...shared, versions: versionReader(shared) }),
    ...runRoutes(shared),
    ...tickRoutes(outcomeReader(shared), zones),
    ...overviewRoutes(overviewReader(shared)),
    ...timelineRoutes({ timeline: timelineReader(shared), forecast: forecastReader(shared) }),
    ...outputRoutes(shared),
    ...batchRoutes(shared),
    ...workerRoutes(shared),
    ...scheduleRoutes(shared),
    ...events.routes,
    ...systemRoutes({
      etcd,
      views,
      probeKey: keys.housekeeper,
      comparison: deps.comparison,
      metrics: deps.metrics,
      cluster: clusterReader({
        etcd,
        keys,
        views,
        quotaBytes: deps.quotaBytes,
        clockOffsetOf,
        clocks: deps.clocks,
        masterId: deps.masterId,
      }),
      openApi: openApiDocument(deps.version) as Record<string, never>,
    }),
  };
  const check: BodyCheck = (body) => scheduleIssues(body, clock.now(), compiler);
  const checks = { createJob: check, putJob: check, previewSchedule: check };
  registerOperations(app, handlers, accessControl(deps.access), {
    checks,
    beforeChange: async () => deps.comparison?.wait(),
  });
  await registerApiDocs(app);
  await registerWebPage(app, page);
  app.addHook('preClose', async () => events.close());
  await app.ready();
  return app;
}
