// Which pages of a long list are to be loaded where one has jumped to. Pure.
import type { JobSummary } from '../../../../src/common/api/jobs.ts';
import { PAGE } from './jobs-search.ts';

/** Rows beyond those on the screen that are loaded with them, for who scrolls on. */
const AHEAD = 20;

export interface RowsLookedAt {
  readonly first: number;
  readonly last: number;
  /** So many from the start are loaded one after the other. */
  readonly loaded: number;
  /** All that there are. */
  readonly total: number;
}

/** Those of the rows that the pages loaded one after the other do not reach soon. */
export function pagesToJumpTo({ first, last, loaded, total }: RowsLookedAt): readonly number[] {
  if (last < loaded + PAGE) return [];
  const from = Math.floor(Math.max(first - AHEAD, loaded) / PAGE);
  const to = Math.floor(Math.min(last + AHEAD, total - 1) / PAGE);
  return Array.from({ length: to - from + 1 }, (_, i) => from + i);
}

/** All that is known, by its place: what is read on one page after the other goes first. */
export function withFar(
  near: readonly JobSummary[],
  pages: ReadonlyMap<number, readonly JobSummary[]>,
): readonly (JobSummary | undefined)[] {
  if (pages.size === 0) return near;
  const all: (JobSummary | undefined)[] = [...near];
  for (const [page, items] of pages) for (const [i, job] of items.entries()) all[page * PAGE + i] ??= job;
  return all;
}
