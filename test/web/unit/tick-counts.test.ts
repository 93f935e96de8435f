// What became of the ticks of a day, as parts of a bar.
import { expect, it } from 'vitest';
import { tickCounts } from '../../../src/common/api/ticks.ts';
import { TICK_OUTCOMES } from '../../../src/common/core/outcomes.ts';
import { partsOf, type Counts } from '../../../web/src/features/job/tick-counts.ts';

const none = Object.fromEntries(Object.keys(tickCounts.shape).map((key) => [key, 0])) as unknown as Counts;

it('has no part of what there is none of', () => {
  expect(partsOf(none)).toEqual([]);
  expect(partsOf({ ...none, due: 3, ran: 3 })).toMatchObject([{ key: 'ran', count: 3, outcomes: ['ran'] }]);
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
  const asked = partsOf(all).flatMap(({ outcomes }) => outcomes);
  expect(new Set(asked).size).toBe(asked.length);
  expect(asked.toSorted()).toEqual([...TICK_OUTCOMES].toSorted());
});
