// The jobs of the cluster under test: one of each kind of overlap, catch-up, mode, retry and lost lease, at
// about twelve ticks a second together. Each task writes marks to the one journal.
import type { JobDefinitionInput } from '../../src/common/model/job.ts';
import { beatFor, type Journal } from '../support/journal.ts';

/** In the environment of every task: what carries it at the end was left behind. */
export const TASK_MARK = 'CHAOS_RUN';

export interface Workload {
  readonly jobs: readonly JobDefinitionInput[];
  /** Jobs with short tasks of every second: their lag is the lag of the cluster. */
  readonly prompt: ReadonlySet<string>;
  /** Jobs that people change, delete and create again. */
  readonly edited: readonly JobDefinitionInput[];
}

const EVERY_SECOND = '* * * * * *';
const every = (seconds: number): string => (seconds === 1 ? EVERY_SECOND : `*/${seconds} * * * * *`);

/** Beats for so many seconds. */
const during = (seconds: number): string => beatFor(Math.round(seconds / 0.25), 0.25);

export function workloadOf(journal: Journal, mark: string): Workload {
  const job = (
    name: string,
    seconds: number,
    what: string,
    more: Partial<JobDefinitionInput> = {},
  ): JobDefinitionInput => ({
    name,
    schedule: every(seconds),
    history: { keep: 1_000 },
    killGrace: '1s',
    ...more,
    task: { kind: 'shell', command: journal.task(what), env: { [TASK_MARK]: mark } },
  });

  const quick = ['quick1', 'quick2', 'quick3'].map((name) => job(name, 1, 'true'));
  const each = ['each1', 'each2'].map((name) =>
    job(name, 1, 'true', { overlap: 'queue', catchUp: { policy: 'all', window: '10m' } }),
  );
  const none = job('none', 1, 'true', { catchUp: { policy: 'none' } });
  const zone = job('zone', 1, 'true', { workers: { labels: { zone: 'b' } } });
  const edited = ['edited1', 'edited2', 'edited3'].map((name) => job(name, 1, 'true'));
  const failing = '[ "$ETCRON_ATTEMPT" -gt 1 ] || { note end; exit 3; }';
  const jobs = [
    ...quick,
    ...each,
    none,
    zone,
    ...edited,
    job('slow', 2, during(3)),
    job('slow-each', 4, during(2.5), { overlap: 'queue', catchUp: { policy: 'all', window: '1m' } }),
    job('slow-latest', 3, during(5), { overlap: 'queue' }),
    job('replaced', 6, during(30), { overlap: 'replace' }),
    job('beside', 3, during(4), { overlap: 'allow' }),
    job('failing', 4, failing, { retry: { limit: 2, delay: '500ms', factor: 1 } }),
    job('retried', 5, during(3), { retry: { limit: 1, delay: '1s' } }),
    job('outliving', 12, during(8), { onLostLease: 'continue' }),
    job('forking', 5, `( ${during(2)} ) & wait`),
    job('timed', 10, during(30), { timeout: '4s' }),
    job('everywhere', 5, 'true', { workers: { mode: 'all' } }),
    job('by-hand', 1, during(1.5), { schedule: '@manual', overlap: 'queue' }),
  ];
  const prompt = new Set([...quick, ...each, none, zone].map(({ name }) => name));
  return { jobs, prompt, edited };
}
