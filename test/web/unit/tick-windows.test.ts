// Today in stretches from now backwards.
import { expect, it } from 'vitest';
import { windowsOf } from '../../../web/src/features/job/tick-windows.ts';

const from = 1_000_000;
const until = from + 86_400_000;
const now = from + 36_000_007;

it('is one stretch where there are few ticks', () => {
  expect(windowsOf({ from, until, now, count: 0 })).toEqual([{ from, to: until - 1 }]);
  expect(windowsOf({ from, until, now, count: 100 })).toHaveLength(1);
});

it('has each instant of the day in one stretch, the newest first', () => {
  const windows = windowsOf({ from, until, now, count: 1_440 });
  expect(windows).toHaveLength(15);
  expect(windows[0]?.to).toBe(until - 1);
  expect(windows.at(-1)?.from).toBe(from);
  for (const [i, { to }] of windows.slice(1).entries()) expect(to).toBe(windows[i].from - 1);
});

it('does not fall apart in the first moment of a day', () => {
  expect(windowsOf({ from, until, now: from, count: 900 })).toEqual([{ from, to: until - 1 }]);
});
