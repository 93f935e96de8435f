// Pages in the middle of a long list, where one has jumped to: each is asked for by its place, and only those that are
// looked at. What lies between is not loaded.
import { useQueries } from '@tanstack/react-query';
import { useEffect, useRef, useState } from 'react';
import type { JobSummary } from '../../../../src/common/api/jobs.ts';
import { read } from '../../lib/query.ts';
import { pagesToJumpTo, type RowsLookedAt } from './far-pages.ts';
import { listGiven, PAGE, type JobsSearch } from './jobs-search.ts';

/** A scrollbar that is dragged passes pages that nobody looks at. */
const REST_MS = 120;

export interface Failure {
  readonly error: unknown;
  readonly retry: () => void;
}

export interface FarPages {
  /** By the number of the page. */
  readonly pages: ReadonlyMap<number, readonly JobSummary[]>;
  /** Of a page that is looked at and could not be loaded. */
  readonly failure: Failure | undefined;
  /** Told by who shows them. */
  readonly look: (rows: RowsLookedAt) => void;
}

export function useFarPages(wanted: JobsSearch): FarPages {
  const { query } = listGiven(wanted);
  const list = JSON.stringify(query);
  const [asked, setAsked] = useState<{ readonly list: string; readonly pages: readonly number[] }>();
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  const latest = useRef('');
  useEffect(() => () => clearTimeout(timer.current), []);
  const numbers = asked?.list === list ? asked.pages : [];
  const answers = useQueries({
    queries: numbers.map((page) => read('listJobs', { query: { ...query, offset: page * PAGE } })),
  });
  const pages = new Map<number, readonly JobSummary[]>();
  for (const [i, { data }] of answers.entries()) if (data) pages.set(numbers[i]!, data.items);
  const failed = answers.filter(({ data, isError }) => isError && !data);
  const retry = (): void => {
    for (const { refetch } of failed) void refetch();
  };
  return {
    pages,
    failure: failed[0] && { error: failed[0].error, retry },
    look(rows) {
      const next = pagesToJumpTo(rows);
      const key = `${list} ${next.join()}`;
      if (key === latest.current) return;
      latest.current = key;
      clearTimeout(timer.current);
      timer.current = setTimeout(() => setAsked({ list, pages: next }), REST_MS);
    },
  };
}
