// Which jobs a selection from one row to another means.
import { expect, it } from 'vitest';
import type { JobSummary } from '../../../src/common/api/jobs.ts';
import { rangeOf } from '../../../web/src/features/jobs/selected-range.ts';

/** `a` to `e`; a dot is one that has not been loaded. */
const list = (rows: string): (JobSummary | undefined)[] =>
  rows.split('').map((name) => (name === '.' ? undefined : ({ name } as JobSummary)));
const at = (index: number, name: string) => ({ index, name });

it('are those between, either way, where all of them are loaded', () => {
  const names = ['b', 'c', 'd'];
  expect(rangeOf(list('abcde'), at(1, 'b'), at(3, 'd'), true)).toEqual({ kind: 'known', names });
  expect(rangeOf(list('abcde'), at(3, 'd'), at(1, 'b'), true)).toEqual({ kind: 'known', names });
});

it('are asked for by their places where some are not, to begin and end with the two', () => {
  const asked = { kind: 'ask', offset: 1, limit: 4, ends: ['b', 'e'] };
  expect(rangeOf(list('ab..e'), at(1, 'b'), at(4, 'e'), true)).toEqual(asked);
  expect(rangeOf(list('ab..e'), at(4, 'e'), at(1, 'b'), true)).toEqual(asked);
});

it('are asked for, too, where the first end is not loaded any more', () => {
  expect(rangeOf(list('ab..e'), at(2, 'c'), at(4, 'e'), true)).toMatchObject({ offset: 2, ends: ['c', 'e'] });
});

it('go by the job where it has moved to another place', () => {
  expect(rangeOf(list('bcda'), at(0, 'a'), at(2, 'd'), true)).toEqual({ kind: 'known', names: ['d', 'a'] });
});

it('are the one alone where the other end is not in this list', () => {
  const alone = { kind: 'known', names: ['d'] };
  expect(rangeOf(list('bcd'), at(0, 'a'), at(2, 'd'), true)).toEqual(alone);
  expect(rangeOf(list('bcd'), at(70, 'x'), at(2, 'd'), false)).toEqual(alone);
});

it('are too many to be asked for beyond what is done at once', () => {
  const jobs: (JobSummary | undefined)[] = [];
  jobs[0] = { name: 'a' } as JobSummary;
  jobs[5_000] = { name: 'z' } as JobSummary;
  expect(rangeOf(jobs, at(0, 'a'), at(5_000, 'z'), true)).toEqual({ kind: 'too-long', length: 5_001 });
  jobs[4_999] = { name: 'y' } as JobSummary;
  expect(rangeOf(jobs, at(0, 'a'), at(4_999, 'y'), true)).toMatchObject({ kind: 'ask', limit: 5_000 });
});
