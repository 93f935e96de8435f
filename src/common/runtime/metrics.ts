// A registry of metrics for one process, with node's own. Never the global registry: a test, or a library
// user with metrics of his own, may start several of us in one process.
import { collectDefaultMetrics, Gauge, Registry } from 'prom-client';

export interface Metrics {
  /** To register counters, gauges and histograms with: `registers: [metrics.registry]`. */
  readonly registry: Registry;
  readonly contentType: string;
  /** The text that Prometheus reads. */
  render(): Promise<string>;
}

/** Event loop delay is sampled this often: the default of 10 ms alone keeps an idle process awake. */
const SAMPLING_MS = 100;

/** `role` becomes a label of every metric, `version` that of `etcron_build_info`. */
export function createMetrics(role: 'master' | 'worker', version: string): Metrics {
  const registry = new Registry();
  registry.setDefaultLabels({ role });
  collectDefaultMetrics({ register: registry, eventLoopMonitoringPrecision: SAMPLING_MS });
  new Gauge({
    name: 'etcron_build_info',
    help: 'Always 1; the version is in its label',
    labelNames: ['version'],
    registers: [registry],
  }).set({ version }, 1);
  return { registry, contentType: registry.contentType, render: () => registry.metrics() };
}
