// The parts of a stretch that nobody has told of.
import { expect, test } from 'vitest';
import { firstGap } from '../../../src/common/core/gaps.ts';
import { instant } from '../../../src/common/model/time.ts';

/** Ticks at 10, 20, 30 and so on. */
const ticks = { nextAfter: (at: number) => instant(Math.floor(at / 10) * 10 + 10) };
const gap = (after: number, until: number, told: { since: number; to: number }[]) =>
  firstGap(ticks, instant(after), instant(until), told);

test.each([
  ['nothing told', [], 0, 90],
  ['told from before its beginning', [{ since: -5, to: 30 }], 30, 90],
  ['told from its middle', [{ since: 44, to: 60 }], 0, 44],
  ['no tick before what is told', [{ since: 5, to: 30 }], 30, 90],
  [
    'one after the other, in any order',
    [
      { since: 36, to: 50 },
      { since: 2, to: 30 },
    ],
    50,
    90,
  ],
  [
    'one within the other',
    [
      { since: 5, to: 60 },
      { since: 12, to: 40 },
    ],
    60,
    90,
  ],
  [
    'a tick between two',
    [
      { since: 5, to: 30 },
      { since: 40, to: 60 },
    ],
    30,
    40,
  ],
  ['told of later ticks alone', [{ since: 90, to: 120 }], 0, 90],
])('the first of a stretch with %s', (_, told, after, until) => {
  expect(gap(0, 90, told)).toEqual({ after, until });
});

test('is empty when all of it is told of', () => {
  const { after, until } = gap(0, 30, [{ since: 0, to: 40 }]);
  expect(after).toBeGreaterThanOrEqual(until);
});
