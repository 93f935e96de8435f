import { describe, expect, test } from 'vitest';
import { evidenceOf } from '../../../src/common/core/outcome-evidence.ts';
import {
  historyEdge,
  historyHint,
  instantOfRunId,
  type HistoryLimits,
} from '../../../src/common/core/outcome-history.ts';
import { makeRunId } from '../../../src/common/model/ids.ts';
import type { RunRecord } from '../../../src/common/model/run.ts';
import { instant } from '../../../src/common/model/time.ts';

const DAY = 86_400_000;
const MINUTE = 60_000;
const NOW = Date.parse('2026-03-01T00:00:00Z');
const ago = (minutes: number): number => NOW - minutes * MINUTE;

let serial = 0;
const record = (
  minutes: number,
  cause: Partial<RunRecord['cause']> = {},
  more: Partial<RunRecord> = {},
): RunRecord => ({
  id: makeRunId(instant(ago(minutes)), (serial++).toString(16).padStart(6, '0')),
  job: 'j',
  state: 'succeeded',
  cause: { kind: 'schedule', tick: ago(minutes), ...cause },
  scheduledFor: ago(minutes),
  attempt: 1,
  attempts: [],
  generation: 1,
  jobCreated: 1,
  ...more,
});
const manual = (minutes: number): RunRecord => {
  const made = record(minutes);
  return { ...made, cause: { kind: 'manual' } };
};
/** Its id is that of its first tick. */
const skipped = (from: number, to: number): RunRecord =>
  record(from, {}, { state: 'skipped', ticks: { count: from - to + 1, from: ago(from), to: ago(to) } });

const known = (records: readonly RunRecord[], limits: Partial<HistoryLimits> = {}): number => {
  const { knownAfter: after } = historyEdge({
    limits: {
      keep: 4,
      maxAge: 30 * DAY,
      limitsSince: -Infinity,
      cutAt: -Infinity,
      createdAt: NOW - DAY,
      ...limits,
    },
    ids: records.map(({ id }) => id),
    evidence: evidenceOf(records, []),
    now: instant(NOW),
  });
  return after === -Infinity || after === Infinity ? after : (NOW - after) / MINUTE;
};

describe('a history is known', () => {
  test.each<[string, RunRecord[], Partial<HistoryLimits>, number]>([
    ['from the beginning when it holds fewer than it may', [record(3), record(2), record(1)], {}, -Infinity],
    ['after the oldest of those that are surely kept', [5, 4, 3, 2, 1].map((at) => record(at)), {}, 4],
    [
      'after that one, although an older one was recorded late',
      [900, 4, 3, 2, 1].map((at) => record(at)),
      {},
      4,
    ],
    [
      'after the first tick on record behind runs by hand: skipped ones may reach there',
      [skipped(9, 6), manual(8), manual(7), record(5), record(4)],
      {},
      5,
    ],
    ['not at all when only runs by hand are left', [4, 3, 2, 1].map(manual), {}, Infinity],
    [
      'after the first tick of its own, not that of a retry',
      [record(9, { kind: 'retry' }), record(3), record(2), record(1)],
      {},
      3,
    ],
    [
      'from the beginning when the job is younger than its records last',
      [record(2)],
      { maxAge: 2 * DAY },
      -Infinity,
    ],
    [
      'after the first tick on record that is young enough',
      [record(90), record(50)],
      { maxAge: 60 * MINUTE },
      50,
    ],
    [
      'after a day beyond what is too old at the latest',
      [record(1)],
      { maxAge: 3 * DAY, createdAt: NOW - 9 * DAY },
      (2 * DAY) / MINUTE - 5 / 60,
    ],
    [
      'after the first tick on record since histories were cut for want of space',
      [record(30), record(8)],
      { cutAt: ago(10) },
      8,
    ],
    [
      'after the first tick on record since the limits became larger',
      [record(30), record(8)],
      { limitsSince: ago(10) },
      8,
    ],
    [
      'from the beginning when space was short before the job was made',
      [record(30)],
      { cutAt: NOW - 2 * DAY },
      -Infinity,
    ],
  ])('%s', (_, records, limits, minutes) => {
    expect(known(records, limits)).toBeCloseTo(minutes, 6);
  });
});

test('what cut a history last is named, with what would reach further back', () => {
  const four = [record(4), record(3), record(2), record(1)];
  const limits = {
    keep: 4,
    maxAge: 30 * DAY,
    limitsSince: -Infinity,
    cutAt: -Infinity,
    createdAt: NOW - DAY,
  };
  const cutBy = (more: Partial<HistoryLimits>) =>
    historyEdge({
      limits: { ...limits, ...more },
      ids: four.map(({ id }) => id),
      evidence: evidenceOf(four, []),
      now: instant(NOW),
    }).cutBy;
  expect(cutBy({ keep: 5 })).toBeUndefined();
  expect(cutBy({})).toBe('keep');
  expect(cutBy({ keep: 5, maxAge: 2 * MINUTE })).toBe('for');
  expect(cutBy({ keep: 5, limitsSince: ago(2) })).toBe('changed');
  expect(cutBy({ cutAt: ago(2) })).toBe('space');
  expect(historyHint('keep', { keep: 20, for: '30d' })).toMatch(/last 20 .* history\.keep \(1000 at most\)/);
  expect(historyHint('keep', { keep: 1000, for: '30d' })).toMatch(/the most/);
  expect(historyHint('for', { keep: 20, for: '12h' })).toMatch(/for 12h: a longer history\.for/);
});

test('a run id tells its instant', () => {
  const at = instant(Date.parse('2026-11-22T14:30:00.125Z'));
  expect(instantOfRunId(makeRunId(at, '7f3a9c'))).toBe(at);
});
