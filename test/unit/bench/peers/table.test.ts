import { expect, test } from 'vitest';
import type { Figure, Measured } from '../../../../bench/peers/contestant.ts';
import { remarksOf, rowsOf, settingsOf, type Outcome, type Result } from '../../../../bench/peers/table.ts';

const measured = (figures: Record<string, Figure>, more: Partial<Measured> = {}): Outcome => ({
  kind: 'measured',
  measured: { figures, twice: 0, missing: 0, detail: {}, ...more },
});

const result = (contestant: string, part: string, outcome: Outcome, settings = 'as it comes'): Result => ({
  part,
  contestant,
  settings,
  outcome,
});

const cellOf = (own: Outcome, others: Outcome): string | undefined =>
  rowsOf([result('ours', 'herd', own), result('theirs', 'herd', others)], 'ours')[1]?.['herd: p99'];

test('a line for each contestant, a column for each figure of each part', () => {
  const rows = rowsOf(
    [
      result('ours', 'herd', measured({ p99: { ms: 50 }, done: { ms: 900 } })),
      result('theirs', 'herd', measured({ p99: { ms: 75.4 }, done: { ms: 90_000 } })),
      result('ours', 'failover', measured({ kill: { ms: 8_000 } })),
      result('theirs', 'failover', { kind: 'none', reason: 'keeps nothing' }),
    ],
    'ours',
  );
  expect(rows).toEqual([
    { '': 'ours', 'herd: p99': '50 ms', 'herd: done': '900 ms', 'failover: kill': '8000 ms' },
    { '': 'theirs', 'herd: p99': '75 ms x1.5', 'herd: done': '90000 ms x100', 'failover: kill': '-' },
  ]);
});

test.each<[string, Figure, Figure, string]>([
  ['a peer that wins has a ratio below one', { ms: 50 }, { ms: 20 }, '20 ms x0.4'],
  ['a bound has a bound for a ratio', { ms: 50 }, { ms: 5_000, isBound: true }, '> 5000 ms > x100'],
  ['nothing is divided by zero', { ms: 0 }, { ms: 2_900 }, '2900 ms'],
  ['nor by what is only a bound', { ms: 50, isBound: true }, { ms: 2_900 }, '2900 ms'],
  ['what never happened has no ratio', { ms: 50 }, { ms: Number.NaN }, 'never'],
])('%s', (_, own, theirs, expected) => {
  expect(cellOf(measured({ p99: own }), measured({ p99: theirs }))).toBe(expected);
});

test('a failure is told in its cell, and where etcron failed others stand without ratio', () => {
  const failed: Outcome = { kind: 'failed', reason: 'no such server' };
  expect(cellOf(measured({ p99: { ms: 1 } }), failed)).toBe('failed');
  expect(cellOf(failed, measured({ p99: { ms: 7 } }))).toBe('7 ms');
});

test('remarks tell why there is no figure, and of ticks that ran twice or not at all', () => {
  expect(
    remarksOf([
      result('a', 'herd', measured({}, { twice: 2, missing: 1 })),
      result('b', 'herd', measured({})),
      result('c', 'failover', { kind: 'none', reason: 'it keeps nothing' }),
      result('d', 'herd', { kind: 'failed', reason: 'no server' }),
    ]),
  ).toEqual([
    'a, herd: 2 ticks started twice',
    'a, herd: 1 ticks not started',
    'c, failover: none: it keeps nothing',
    'd, herd: failed: no server',
  ]);
});

test('settings that several parts share are told once, those of what was not measured not at all', () => {
  expect(
    settingsOf([
      result('a', 'herd', measured({}), 'fast'),
      result('a', 'steady', measured({}), 'fast'),
      result('a', 'skew', measured({}), 'slow'),
      result('a', 'failover', { kind: 'none', reason: '' }, 'any'),
    ]),
  ).toEqual(['a: fast (herd; steady)', 'a: slow (skew)']);
});
