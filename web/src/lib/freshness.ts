// News made visible: what is told of a worker is written into what is shown, and whatever shows more than was told is
// asked for again, the sooner the calmer it is. A storm of events costs a request a second for each list that is on
// the screen, however many they are.
import type { Query, QueryClient } from '@tanstack/react-query';
import type { OperationId } from '../../../src/common/api/contract.ts';
import type { EventBatch } from '../../../src/common/api/events.ts';
import type { WorkerView } from '../../../src/common/api/workers.ts';
import type { Body } from './api.ts';
import { aboutJob, aboutRun, keyOf, touchedBy, type QueryKey } from './query-keys.ts';

/** Between two times that the same thing is asked for. */
const CALM_MS = 1_000;

export interface Freshness {
  readonly take: (batch: EventBatch) => void;
  readonly stop: () => void;
}

interface Params {
  readonly job?: string;
  readonly run?: string;
}

export function createFreshness(client: QueryClient, now: () => number = () => performance.now()): Freshness {
  const askedAt = new Map<string, number>();
  const due = new Map<string, ReturnType<typeof setTimeout>>();

  /** Now, or when a second has passed since the last time. */
  const soon = (name: string, refresh: () => Promise<unknown>): void => {
    if (due.has(name)) return;
    const act = (): void => {
      due.delete(name);
      askedAt.set(name, now());
      void refresh();
    };
    const wait = (askedAt.get(name) ?? -Infinity) + CALM_MS - now();
    if (wait <= 0) act();
    else due.set(name, setTimeout(act, wait));
  };

  /** Not those that show many pages and renew what is on the screen of them themselves (see lib/query). */
  const list = (id: OperationId): void => {
    const predicate = ({ meta }: Pick<Query, 'meta'>): boolean => meta?.['renewsItself'] !== true;
    soon(id, () => client.invalidateQueries({ queryKey: [id], predicate }));
  };

  /**
   * What is known of these jobs and runs, or `isAny`, of all: of ten thousand that run, a page shows few. What is not
   * on the screen is only marked, so that it is asked for when it comes back.
   */
  const details = (jobs: ReadonlySet<string>, runs: ReadonlySet<string>, isAny: boolean): void => {
    for (const query of client.getQueryCache().getAll()) {
      const { queryKey } = query;
      const [id, given] = queryKey as QueryKey;
      const { job, run } = (given as { readonly params?: Params }).params ?? {};
      const isTold =
        (aboutJob.has(id) && job !== undefined && (isAny || jobs.has(job))) ||
        (aboutRun.has(id) && run !== undefined && (isAny || runs.has(`${job} ${run}`)));
      if (!isTold) continue;
      if (query.isActive())
        soon(JSON.stringify(queryKey), () => client.invalidateQueries({ queryKey, exact: true }));
      else query.invalidate();
    }
  };

  return {
    take({ jobs, runs, gone, workers, more }) {
      const hasJobs = jobs.length + more.jobs > 0;
      const hasRuns = runs.length + gone.length + more.runs > 0;
      const hasWorkers = workers.length + more.workers > 0;
      if (hasWorkers) {
        client.setQueryData<Body<'listWorkers'>>(
          keyOf('listWorkers', {}),
          (old) => old && { ...old, items: withNews(old.items, workers) },
        );
      }
      const touched = new Set<OperationId>([
        ...(hasJobs ? touchedBy.job : []),
        ...(hasRuns ? touchedBy.run : []),
        ...(hasWorkers ? touchedBy.worker : []),
      ]);
      for (const id of touched) list(id);
      const named = [...runs, ...gone];
      details(
        new Set([...jobs.map(({ name }) => name), ...named.map(({ job }) => job)]),
        new Set(named.map(({ job, id }) => `${job} ${id}`)),
        // Too much to be told one by one: anything may have changed.
        more.jobs + more.runs > 0,
      );
    },
    stop() {
      for (const timer of due.values()) clearTimeout(timer);
      due.clear();
    },
  };
}

function withNews(items: readonly WorkerView[], news: EventBatch['workers']): WorkerView[] {
  const byId = new Map(news.map((told) => [told.id, told]));
  return items.flatMap((worker) => {
    const told = byId.get(worker.id);
    if (!told) return [worker];
    if (told.type === 'delete') return [];
    const { state = worker.state, running = worker.running, drain } = told;
    // Who asked for a drain is not told: until it is known from the list, it is not shown as one.
    const shown =
      drain === null ? null : drain && worker.drain ? { ...worker.drain, ...drain } : worker.drain;
    return [{ ...worker, state, running, drain: shown }];
  });
}
