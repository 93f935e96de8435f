// The ticks of a day, page by page: from its beginning on, or from now backwards.
import { useInfiniteQuery, type UseInfiniteQueryResult } from '@tanstack/react-query';
import { useState } from 'react';
import type { TickView } from '../../../../src/common/api/ticks.ts';
import { TICK_OUTCOMES } from '../../../../src/common/core/outcomes.ts';
import { call } from '../../lib/api.ts';
import { keyOf } from '../../lib/query-keys.ts';
import type { TickFilter } from './tick-counts.ts';
import { windowsOf, type DaySoFar, type TickWindow } from './tick-windows.ts';

const PAGE = 100;
/** Of one request. */
const AT_ONCE = 1_000;
/** What has been, and what is: neither to come nor of a time in which nothing was due. */
const SO_FAR: TickFilter = {
  outcome: TICK_OUTCOMES.filter((outcome) => outcome !== 'not_yet' && outcome !== 'paused'),
};

export interface Ticks {
  readonly query: UseInfiniteQueryResult;
  readonly items: readonly TickView[];
}

const given = ({ outcome, ...rest }: TickFilter) => ({ ...rest, ...(outcome && { outcome: [...outcome] }) });
const iso = (at: number): string => new Date(at).toISOString();

/** Oldest first. */
export function useTicksOfDay(job: string, day: TickWindow, filter: TickFilter): Ticks {
  const query = { from: iso(day.from), to: iso(day.to), limit: PAGE, ...given(filter) };
  const pages = useInfiniteQuery({
    queryKey: [...keyOf('listTicks', { params: { job }, query }), 'pages'],
    initialPageParam: undefined as string | undefined,
    queryFn: ({ signal, pageParam }) =>
      call('listTicks', { params: { job }, query: { ...query, cursor: pageParam } }, signal),
    getNextPageParam: ({ nextCursor }) => nextCursor ?? undefined,
  });
  return { query: pages, items: pages.data?.pages.flatMap(({ items }) => items) ?? [] };
}

/** Newest first, of a day that is not over; those to come are left out. `soFar`: as it was when it was opened. */
export function useTicksOfToday(job: string, soFar: DaySoFar, filter: TickFilter = SO_FAR): Ticks {
  const [windows] = useState(() => windowsOf(soFar));
  const pages = useInfiniteQuery({
    queryKey: [...keyOf('listTicks', { params: { job }, query: filter }), 'windows', windows[0]],
    initialPageParam: 0,
    queryFn: ({ signal, pageParam }) => readWindow(job, filter, windows[pageParam]!, signal),
    getNextPageParam: (_, all) => (all.length < windows.length ? all.length : undefined),
  });
  return { query: pages, items: pages.data?.pages.flat() ?? [] };
}

async function readWindow(
  job: string,
  filter: TickFilter,
  { from, to }: TickWindow,
  signal: AbortSignal,
): Promise<readonly TickView[]> {
  const query = { from: iso(from), to: iso(to), limit: AT_ONCE, ...given(filter) };
  const found: TickView[] = [];
  let cursor: string | undefined;
  do {
    const page = await call('listTicks', { params: { job }, query: { ...query, cursor } }, signal);
    found.push(...page.items);
    cursor = page.nextCursor ?? undefined;
  } while (cursor !== undefined);
  return found.toReversed();
}
