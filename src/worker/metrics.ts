// What a worker tells Prometheus of its scheduling.
import { Gauge, type Registry } from 'prom-client';
import type { Batcher } from '../common/store/batcher.ts';
import type { Clocks } from '../common/runtime/clocks.ts';
import type { Scheduler } from './scheduler.ts';

export function registerWorkerMetrics(
  registry: Registry,
  scheduler: Scheduler,
  clocks: Clocks,
  batcher: Batcher,
): void {
  const gauge = (name: string, help: string, read: () => number): void => {
    // Registering is all that is wanted of it.
    void new Gauge({
      name,
      help,
      registers: [registry],
      collect() {
        this.set(read());
      },
    });
  };
  gauge('etcron_worker_runs_running', 'Runs that are on', () => scheduler.load().running);
  gauge('etcron_worker_runs_armed', 'Runs claimed ahead of their tick', () => scheduler.load().armed);
  gauge('etcron_worker_jobs_waiting', 'Jobs that wait for a free slot', () => scheduler.waiting()?.jobs ?? 0);
  gauge('etcron_worker_longest_wait_seconds', 'For how long the first of them has waited', () => {
    const waiting = scheduler.waiting();
    return waiting ? Math.max(0, clocks.clock.now() - waiting.since) / 1000 : 0;
  });
  gauge('etcron_worker_jobs', 'Jobs known', () => scheduler.table.entries.size);
  gauge(
    'etcron_worker_jobs_broken',
    'Keys under jobs/ that are no job definition',
    () => scheduler.table.broken.size,
  );
  gauge(
    'etcron_worker_values_unreadable',
    'Values of etcd, but those of jobs, that this worker met and could not read; its log names them',
    () => scheduler.unreadable.size,
  );
  gauge(
    'etcron_worker_clock_offset_seconds',
    'How far this clock is ahead of the median of all clocks',
    () => clocks.offset().offset / 1000,
  );
  gauge(
    'etcron_worker_clock_correction_seconds',
    'What is taken off this clock, because the others say otherwise or its last step is not confirmed yet',
    () => clocks.correction / 1000,
  );
  gauge('etcron_worker_transactions_waiting', 'Transactions waiting or under way', () => batcher.depth);
}
