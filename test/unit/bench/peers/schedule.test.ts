import { Cron } from 'croner';
import { expect, test } from 'vitest';
import { cronOf, nearestTick, ticksFrom } from '../../../../bench/peers/schedule.ts';

const NOON = Date.UTC(2026, 10, 23, 12);

test.each([1, 5, 10, 15, 60])('the expression for every %d s is due at just these ticks', (periodS) => {
  const ticks = ticksFrom(NOON, 1, periodS, 5);
  expect(ticks[0]! - NOON).toBe(periodS * 1_000);
  const due = new Cron(cronOf(periodS), { timezone: 'UTC' }).nextRuns(5, new Date(NOON));
  expect(ticks).toEqual(due.map(Number));
});

test('a period that divides no minute is refused', () => {
  expect(() => cronOf(45)).toThrow('45');
});

test('the first tick is no sooner than the lead', () => {
  expect(ticksFrom(NOON + 1, 9_999, 10, 1)).toEqual([NOON + 10_000]);
  expect(ticksFrom(NOON + 1, 10_000, 10, 1)).toEqual([NOON + 20_000]);
});

test('a start belongs to the nearest tick, before it or after', () => {
  expect(nearestTick(NOON - 3_000, 10)).toBe(NOON);
  expect(nearestTick(NOON + 4_900, 10)).toBe(NOON);
  expect(nearestTick(NOON + 5_100, 10)).toBe(NOON + 10_000);
});
