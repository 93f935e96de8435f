// Which jobs a selection from one row to another means, as far as they are known. Pure.
import { MOST_NAMES, type JobSummary } from '../../../../src/common/api/jobs.ts';

export interface RowAt {
  readonly index: number;
  readonly name: string;
}

export type Range =
  | { readonly kind: 'known'; readonly names: readonly string[] }
  /** Not all between have been loaded: their names have to be asked for, and begin and end with these. */
  | { readonly kind: 'ask'; readonly offset: number; readonly limit: number; readonly ends: Ends }
  | { readonly kind: 'too-long'; readonly length: number };
export type Ends = readonly [first: string, last: string];

/** `from` is of the same list, or of another that was shown before: then it counts only if it is known here, too. */
export function rangeOf(
  jobs: readonly (JobSummary | undefined)[],
  from: RowAt,
  to: RowAt,
  isSameList: boolean,
): Range {
  const start = placeOf(jobs, from, isSameList);
  if (start === undefined) return { kind: 'known', names: [to.name] };
  const [first, last] = start < to.index ? [start, to.index] : [to.index, start];
  const between = Array.from({ length: last - first + 1 }, (_, i) => jobs[first + i]?.name);
  const names = between.filter((name) => name !== undefined);
  if (names.length === between.length) return { kind: 'known', names };
  if (between.length > MOST_NAMES) return { kind: 'too-long', length: between.length };
  const ends: Ends = start < to.index ? [from.name, to.name] : [to.name, from.name];
  return { kind: 'ask', offset: first, limit: between.length, ends };
}

/** Where the job is now. One that is not loaded any more is taken to be where it was: who is asked finds out. */
function placeOf(
  jobs: readonly (JobSummary | undefined)[],
  { index, name }: RowAt,
  isSameList: boolean,
): number | undefined {
  if (jobs[index]?.name === name) return index;
  const found = jobs.findIndex((job) => job?.name === name);
  if (found >= 0) return found;
  return isSameList && jobs[index] === undefined ? index : undefined;
}
