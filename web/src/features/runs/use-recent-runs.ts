// What ended lately, of all jobs, newest first: read from the master once, and then kept by its news. In a storm the
// master tells of some only, and so does this: what went wrong is always among them.
import { useQuery } from '@tanstack/react-query';
import { useEffect, useMemo, useRef, useState } from 'react';
import type { RunBrief } from '../../../../src/common/api/overview.ts';
import { read } from '../../lib/query.ts';
import { useNews } from '../../lib/use-live.ts';

const MINUTE = 60_000;
/** As long as the master remembers them. */
const WINDOW_MINUTES = 60;
/** Of an hour with more than are told, the newest are asked for by themselves. */
const LAST_MINUTES = 2;
const MOST = 2_000;
/** Rows do not move more often. */
const CALM_MS = 1_000;
/** News may leave some out. */
const AGAIN_MS = 15_000;

export interface RecentList {
  readonly query: ReturnType<typeof useLatest>;
  /** Newest first; undefined until they are known. */
  readonly runs: readonly RunBrief[] | undefined;
  /** Some are left out. */
  readonly isCut: boolean;
}

export const keyOfRun = ({ job, id }: RunBrief): string => `${job} ${id}`;
const endOf = ({ endedAt, scheduledFor }: RunBrief): string => endedAt ?? scheduledFor;

/** Newest first, each once, at most so many. */
export function newestFirst(lists: readonly (readonly RunBrief[])[], most = MOST): readonly RunBrief[] {
  const byKey = new Map<string, RunBrief>();
  for (const run of lists.flat()) if (run.endedAt !== undefined) byKey.set(keyOfRun(run), run);
  return [...byKey.values()]
    .sort((a, b) => (endOf(a) === endOf(b) ? (a.id < b.id ? 1 : -1) : endOf(a) < endOf(b) ? 1 : -1))
    .slice(0, most);
}

function useLatest(minutes: number, isWanted: boolean) {
  // As of when the list was opened, so that it stays the same question.
  const [from] = useState(() => new Date(Date.now() - minutes * MINUTE).toISOString());
  return useQuery({
    ...read('getTimeline', { query: { from, ahead: 0, limit: 1_000 } }),
    enabled: isWanted,
    refetchInterval: AGAIN_MS,
  });
}

export function useRecentRuns(): RecentList {
  const query = useLatest(WINDOW_MINUTES, true);
  const last = useLatest(LAST_MINUTES, query.data?.cut === true);
  const [told, setTold] = useState<readonly RunBrief[]>([]);
  const fresh = useRef<RunBrief[]>([]);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  useEffect(() => () => clearTimeout(timer.current), []);
  useNews(({ runs }) => {
    const ended = runs.filter(({ endedAt }) => endedAt !== undefined);
    if (ended.length === 0) return;
    fresh.current.push(...ended);
    timer.current ??= setTimeout(() => {
      timer.current = undefined;
      const news = fresh.current;
      fresh.current = [];
      setTold((old) => newestFirst([old, news]));
    }, CALM_MS);
  });
  const { data } = query;
  const runs = useMemo(
    () => data && newestFirst([data.runs, last.data?.runs ?? [], told]),
    [data, last.data, told],
  );
  return { query, runs, isCut: data?.cut === true };
}
