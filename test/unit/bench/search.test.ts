import { expect, test } from 'vitest';
import { highestRate } from '../../../bench/support/search.ts';

interface Machine {
  readonly holds: number;
  readonly endures?: number;
  readonly from?: number;
  readonly most?: number;
}

async function search({ holds, endures = holds, from = 500, most = 64_000 }: Machine) {
  const tried: number[] = [];
  const asked = (limit: number) => (rate: number) => {
    tried.push(rate);
    return Promise.resolve(rate <= limit);
  };
  const rate = await highestRate({
    from,
    most,
    grain: 100,
    holds: asked(holds),
    endures: asked(endures),
  });
  return { rate, tried };
}

test('doubles until it does not hold, halves the gap, and holds what it found', async () => {
  expect(await search({ holds: 3_300 })).toEqual({
    rate: 3_300,
    tried: [500, 1_000, 2_000, 4_000, 3_000, 3_500, 3_300, 3_300],
  });
});

test('a rate that does not endure is tried with a tenth less, twice', async () => {
  expect(await search({ holds: 3_000, endures: 2_600 })).toMatchObject({ rate: 2_400 });
  expect(await search({ holds: 3_000, endures: 1_000 })).toMatchObject({ rate: 0 });
});

test.each<[string, Machine, { rate: number; tried: number[] }]>([
  ['nothing when not even the first holds', { holds: 400 }, { rate: 0, tried: [500] }],
  [
    'no more than it may try',
    { holds: 9_000, from: 1_000, most: 2_000 },
    { rate: 2_000, tried: [1_000, 2_000, 2_000] },
  ],
  ['what is below the grain', { holds: 20, from: 20, most: 20 }, { rate: 20, tried: [20, 20] }],
])('finds %s', async (_, machine, expected) => {
  expect(await search(machine)).toEqual(expected);
});
