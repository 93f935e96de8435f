// The jobs of the list, page after page, kept true without reading all of it again: of those on the screen that news
// tells of, what is shown is renewed; the pages themselves only when jobs came, went or may have changed places.
import {
  keepPreviousData,
  replaceEqualDeep,
  useInfiniteQuery,
  useQueryClient,
  type InfiniteData,
  type UseInfiniteQueryResult,
} from '@tanstack/react-query';
import { useEffect, useEffectEvent, useMemo, useRef, useState } from 'react';
import { MOST_WITH_RECENT, type JobSummary } from '../../../../src/common/api/jobs.ts';
import { call, type Body } from '../../lib/api.ts';
import { readPages } from '../../lib/query.ts';
import { useNews } from '../../lib/use-live.ts';
import { withFar } from './far-pages.ts';
import { listGiven, type JobsSearch } from './jobs-search.ts';
import { useFarPages, type Failure } from './use-far-pages.ts';

type Pages = InfiniteData<Body<'listJobs'>>;

/** Between two times that the same jobs are asked for. */
const CALM_MS = 1_000;
/** The same for all pages; each that is loaded makes it longer. */
const CALM_PAGES_MS = 2_000;
const CALM_EACH_PAGE_MS = 500;

export interface JobList {
  readonly query: UseInfiniteQueryResult<Pages>;
  /** By their place; undefined where one has not been loaded. */
  readonly jobs: readonly (JobSummary | undefined)[];
  /** So many from the start are loaded one after the other. */
  readonly loaded: number;
  /** Where one has jumped to is not loaded. */
  readonly failure: Failure | undefined;
  /** All that match; more than are loaded. */
  readonly total: number | undefined;
  /** Told by the table: the names on the screen. */
  readonly onShown: (names: readonly string[]) => void;
  /** Told by the table: the rows on the screen. */
  readonly onLook: (first: number, last: number) => void;
}

export function useJobList(wanted: JobsSearch): JobList {
  const client = useQueryClient();
  const options = readPages('listJobs', listGiven(wanted));
  const query = useInfiniteQuery({
    ...options,
    placeholderData: keepPreviousData,
    meta: { renewsItself: true },
  });
  const pages = query.data?.pages;
  const total = pages?.at(-1)?.total;
  const [keep] = useState(createKeeper);
  const near = useMemo(() => keep(pages?.flatMap(({ items }) => items) ?? []), [keep, pages]);
  const far = useFarPages(wanted);
  const jobs = withFar(near, far.pages);
  const shown = useRef<readonly string[]>([]);

  const renewPages = useCalm(CALM_PAGES_MS + CALM_EACH_PAGE_MS * (pages?.length ?? 0), () =>
    client.invalidateQueries({ queryKey: options.queryKey, exact: true }),
  );
  const stale = useRef(new Set<string>());
  const renewShown = useCalm(CALM_MS, async () => {
    const name = shown.current.filter((each) => stale.current.has(each)).slice(0, MOST_WITH_RECENT);
    stale.current.clear();
    if (name.length === 0) return;
    const given = { query: { name, include: 'recent', limit: MOST_WITH_RECENT } } as const;
    const told = await call('listJobs', given).catch(() => undefined);
    if (!told) return;
    const byName = new Map(told.items.map((job) => [job.name, job]));
    client.setQueryData<Pages>(options.queryKey, (old) => old && patched(old, byName));
  });

  /** Where a run can change which jobs are listed, or in which order. */
  const dependsOnRuns = (wanted.sort !== undefined && wanted.sort !== 'name') || (wanted.state ?? '') !== '';
  useNews(({ jobs: changed, runs, gone, workers, more }) => {
    // Too much to be told one by one: anything may have changed.
    if (more.jobs + more.runs > 0) for (const name of shown.current) stale.current.add(name);
    for (const { job } of runs) stale.current.add(job);
    for (const { job } of gone) stale.current.add(job);
    for (const { name } of changed) stale.current.add(name);
    renewShown();
    const hasJobs = changed.length + more.jobs > 0;
    const hasRuns = runs.length + gone.length + more.runs > 0;
    // Whether a worker is there that can run it is told of each job.
    if (hasJobs || (dependsOnRuns && hasRuns) || workers.length > 0) renewPages();
  });

  return {
    query,
    jobs,
    loaded: near.length,
    failure: far.failure,
    total,
    onShown: (names) => {
      shown.current = names;
    },
    onLook: (first, last) => far.look({ first, last, loaded: near.length, total: total ?? 0 }),
  };
}

/** A job that is as it was in the answer before is the same object, so that its row is not drawn anew. */
function createKeeper(): (jobs: readonly JobSummary[]) => readonly JobSummary[] {
  let before = new Map<string, JobSummary>();
  return (jobs) => {
    const kept = jobs.map((job) => {
      const known = before.get(job.name);
      return known ? replaceEqualDeep(known, job) : job;
    });
    before = new Map(kept.map((job) => [job.name, job]));
    return kept;
  };
}

function patched(old: Pages, byName: ReadonlyMap<string, JobSummary>): Pages {
  const pages = old.pages.map((page) =>
    page.items.some(({ name }) => byName.has(name))
      ? { ...page, items: page.items.map((job) => byName.get(job.name) ?? job) }
      : page,
  );
  return { ...old, pages };
}

/** Acts soon, at most once in this time; what is asked for while it acts is done after it. */
function useCalm(ms: number, act: () => Promise<unknown>): () => void {
  const state = useRef<{
    timer?: ReturnType<typeof setTimeout>;
    last: number;
    isBusy: boolean;
    again: boolean;
  }>({
    last: -Infinity,
    isBusy: false,
    again: false,
  });
  const latest = useEffectEvent(act);
  const own = useRef<() => void>(() => undefined);
  useEffect(() => {
    const now = state.current;
    const run = async (): Promise<void> => {
      delete now.timer;
      now.isBusy = true;
      await latest();
      now.isBusy = false;
      now.last = performance.now();
      if (now.again) own.current();
    };
    own.current = () => {
      now.again = now.isBusy;
      if (now.isBusy || now.timer !== undefined) return;
      now.timer = setTimeout(() => void run(), Math.max(0, now.last + ms - performance.now()));
    };
    return () => {
      clearTimeout(now.timer);
      delete now.timer;
    };
  }, [ms]);
  return () => own.current();
}
