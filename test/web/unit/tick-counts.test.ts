// What became of the ticks of a day, as parts of a bar.
import { expect, it } from 'vitest';
import { tickCounts } from '../../../src/common/api/ticks.ts';
import { TICK_OUTCOMES } from '../../../src/common/core/outcomes.ts';
import { partsOf, ranWell, type Counts } from '../../../web/src/features/job/tick-counts.ts';

const none = Object.fromEntries(Object.keys(tickCounts.shape).map((key) => [key, 0])) as unknown as Counts;

it('has no part of what there is none of', () => {
  expect(partsOf(none)).toEqual([]);
  expect(partsOf({ ...none, due: 3, ran: 3 })).toMatchObject([
    { key: 'ran', count: 3, filter: { outcome: ['ran'] } },
  ]);
});

it('shows what is wrong first, and what is still to come last', () => {
  const counts = { ...none, ran: 5, notYet: 4, missed: 2, unexplained: 1, skipped: 3 };
  expect(partsOf(counts).map(({ key }) => key)).toEqual([
    'unexplained',
    'missed',
    'skipped',
    'ran',
    'notYet',
  ]);
});

it('has every tick that was due in a part, and every outcome in one', () => {
  const all = Object.fromEntries(Object.keys(none).map((key) => [key, 1])) as unknown as Counts;
  const asked = partsOf({ ...all, ran: 3 }).flatMap(({ filter }) => filter.outcome ?? []);
  expect(new Set(asked).size).toBe(asked.length);
  expect(asked.toSorted()).toEqual([...TICK_OUTCOMES].toSorted());
});

it('tells those that failed, and those that did not run on all workers, apart from those that ran well', () => {
  const counts = { ...none, due: 10, ran: 10, failed: 4, partly: 3 };
  expect(partsOf(counts).map(({ key, count }) => [key, count])).toEqual([
    ['failed', 4],
    ['partly', 3],
    ['ran', 3],
  ]);
  // A tick may be both.
  const both = partsOf({ ...none, due: 2, ran: 2, failed: 2, partly: 2 });
  expect(both.map(({ key, count }) => [key, count])).toEqual([['failed', 2]]);
});

it('takes a run that was tried again elsewhere by how that ended', () => {
  const run = (id: string, state: 'failed' | 'succeeded', retryOf?: string) => ({
    run: id,
    state,
    cause: 'schedule' as const,
    ...(retryOf !== undefined && { retryOf }),
  });
  expect(ranWell({ runs: [run('a', 'failed'), run('b', 'succeeded', 'a')] })).toBe(true);
  expect(ranWell({ runs: [run('a', 'failed')] })).toBe(false);
  expect(ranWell({ runs: [run('a', 'succeeded'), run('b', 'failed')] })).toBe(false);
});
