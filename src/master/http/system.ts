// Routes of the cluster and of the process itself.
import { ProblemError } from '../../common/api/problems.ts';
import { EtcdError, type Etcd } from '../../common/store/etcd.ts';
import type { Metrics } from '../../common/runtime/metrics.ts';
import type { Comparison } from '../comparison.ts';
import type { ClusterReader } from '../reads/cluster.ts';
import type { Views } from '../views/views.ts';
import type { Handlers } from './operations.ts';

type SystemRoutes = 'getCluster' | 'healthz' | 'readyz' | 'metrics' | 'getOpenApi';

/** A probe waits a second or so, not for the deadline of a request. */
const PROBE_MS = 1_000;

export interface SystemDeps {
  readonly etcd: Etcd;
  readonly probeKey: string;
  readonly views: Views;
  readonly cluster: ClusterReader;
  readonly metrics: Metrics;
  readonly comparison: Comparison | undefined;
  readonly openApi: Record<string, never>;
}

export function systemRoutes(deps: SystemDeps): Pick<Handlers, SystemRoutes> {
  return {
    getCluster: async () => ({ status: 200, body: await deps.cluster.read() }),
    healthz: () => ({ status: 200, body: { status: 'ok' } }),
    async readyz() {
      try {
        await deps.etcd.range({ key: deps.probeKey, limit: 1, countOnly: true }, { timeoutMs: PROBE_MS });
      } catch (error) {
        if (!(error instanceof EtcdError)) throw error;
        throw new ProblemError('not_ready', 'etcd does not answer', { cause: error, retryAfterSeconds: 1 });
      }
      if (!deps.views.isFresh)
        throw new ProblemError('not_ready', 'the lists are being loaded', { retryAfterSeconds: 1 });
      if (deps.comparison?.isDone === false)
        throw new ProblemError('not_ready', "the clock is being compared with the others'", {
          retryAfterSeconds: 1,
        });
      return { status: 200, body: { status: 'ok' } };
    },
    metrics: async () => ({
      status: 200,
      body: await deps.metrics.render(),
      headers: { 'content-type': deps.metrics.contentType },
    }),
    getOpenApi: () => ({ status: 200, body: deps.openApi }),
  };
}
