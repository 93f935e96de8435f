// Which element of the list of jobs shows which row.
import { expect, it } from 'vitest';
import { createRowSlots } from '../../../web/src/features/jobs/row-slots.ts';

it('stays with a job that stays in sight, wherever it moves', () => {
  const slots = createRowSlots();
  expect(slots.of(['a', 'b', 'c'])).toEqual([0, 1, 2]);
  expect(slots.of(['c', 'b', 'a'])).toEqual([2, 1, 0]);
  expect(slots.of(['b'])).toEqual([1]);
});

it('is handed on from those that went to those that come', () => {
  const slots = createRowSlots();
  slots.of(['a', 'b', 'c', 'd']);
  expect(slots.of(['x', 'b', 'y', 'z', 'w'])).toEqual([0, 1, 2, 3, 4]);
});

it('is another for each place where one job is shown twice', () => {
  expect(createRowSlots().of(['a', 'b', 'a'])).toEqual([0, 1, 2]);
});

it('is the same for the same rows, and never that of two', () => {
  const slots = createRowSlots();
  let rows = ['a', 'b', 'c', 'd', 'e'];
  for (let i = 0; i < 50; i++) {
    rows = [...rows.slice(i % 3), `n${i}`, `m${i}`].slice(-6);
    const given = slots.of(rows);
    expect(new Set(given).size).toBe(rows.length);
    expect(slots.of(rows)).toEqual(given);
    expect(Math.max(...given)).toBeLessThan(9);
  }
});
