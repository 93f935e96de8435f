// News made visible: what is told of a run or a worker is written into what is shown, and lists that show more than
// was told are asked again, the sooner the calmer it is. A storm of events costs a request a second for each list
// that is on the screen, however many they are.
import type { QueryClient } from '@tanstack/react-query';
import type { OperationId } from '../../../src/common/api/contract.ts';
import type { Body } from './api.ts';
import type { News } from './news.ts';
import { aboutJob, keyOf, touchedBy, type QueryKey } from './query-keys.ts';

/** Between two times that the same list is asked for. */
const CALM_MS = 1_000;

export interface Freshness {
  readonly take: (news: News) => void;
  readonly stop: () => void;
}

export function createFreshness(client: QueryClient, now: () => number = () => performance.now()): Freshness {
  const askedAt = new Map<string, number>();
  const due = new Map<string, ReturnType<typeof setTimeout>>();

  /** Now, or when a second has passed since the last time. */
  const soon = (name: string, refresh: () => void): void => {
    if (due.has(name)) return;
    const wait = (askedAt.get(name) ?? -Infinity) + CALM_MS - now();
    const act = (): void => {
      due.delete(name);
      askedAt.set(name, now());
      refresh();
    };
    if (wait <= 0) act();
    else due.set(name, setTimeout(act, wait));
  };

  const list = (id: OperationId): void => soon(id, () => void client.invalidateQueries({ queryKey: [id] }));

  const job = (name: string): void =>
    soon(`job ${name}`, () => {
      void client.invalidateQueries({
        predicate: ({ queryKey }) => {
          const [id, given] = queryKey as QueryKey;
          return aboutJob.has(id) && jobOf(given) === name;
        },
      });
    });

  /** Only those on the screen: of ten thousand jobs that run, a page shows few. */
  const shownJobs = (): Set<string> => {
    const names = new Set<string>();
    for (const { queryKey } of client.getQueryCache().findAll({ type: 'active' })) {
      const [id, given] = queryKey as QueryKey;
      const name = aboutJob.has(id) ? jobOf(given) : undefined;
      if (name !== undefined) names.add(name);
    }
    return names;
  };

  const workers = (news: News): void => {
    if (news.workers.size === 0) return;
    client.setQueryData<Body<'listWorkers'>>(
      keyOf('listWorkers', {}),
      (old) =>
        old && {
          ...old,
          items: old.items.flatMap((worker) => {
            const told = news.workers.get(worker.id);
            if (!told) return [worker];
            if (told.type === 'delete') return [];
            const { state = worker.state, running = worker.running } = told;
            return [{ ...worker, state, running }];
          }),
        },
    );
    for (const id of touchedBy.worker) list(id);
  };

  return {
    take(news) {
      const shown = shownJobs();
      for (const run of news.runs.values()) {
        const key = keyOf('getRun', { params: { job: run.job, run: run.id } });
        // What nobody has asked for is not kept.
        client.setQueryData(key, (old: Body<'getRun'> | undefined) => old && run);
        if (shown.has(run.job)) job(run.job);
      }
      for (const { job: name } of news.goneRuns) if (shown.has(name)) job(name);
      for (const name of news.jobs) if (shown.has(name)) job(name);
      if (news.jobs.size > 0) for (const id of touchedBy.job) list(id);
      if (news.runs.size > 0 || news.goneRuns.length > 0) for (const id of touchedBy.run) list(id);
      workers(news);
    },
    stop() {
      for (const timer of due.values()) clearTimeout(timer);
      due.clear();
    },
  };
}

const jobOf = (given: object): string | undefined =>
  (given as { readonly params?: { readonly job?: string } }).params?.job;
