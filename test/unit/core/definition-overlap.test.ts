import { describe, expect, test } from 'vitest';
import { overlapIssues } from '../../../src/common/core/definition-overlap.ts';
import { dueAt, type TickSource } from '../../../src/common/core/due.ts';
import {
  catchUpPolicy,
  overlapPolicy,
  type CatchUpPolicy,
  type OverlapPolicy,
} from '../../../src/common/model/job.ts';
import { instant } from '../../../src/common/model/time.ts';
import { acceptedRows, overlapTable } from '../../support/overlap-table.ts';

const rules = (overlap: OverlapPolicy, policy: CatchUpPolicy, window = '1h') => ({
  overlap,
  catchUp: { policy, window },
});
const pathsOf = (...args: Parameters<typeof overlapIssues>): string[] =>
  overlapIssues(...args).map(({ path }) => path);

describe('the table of overlap and catch-up', () => {
  const table = overlapTable();

  test('has each combination once', () => {
    const all = overlapPolicy.options.flatMap((overlap) =>
      catchUpPolicy.options.map((policy) => `${overlap} ${policy}`),
    );
    expect(table.map(({ overlap, policy }) => `${overlap} ${policy}`)).toEqual(all);
  });

  test.each(table)(
    'tells whether $overlap with $policy is refused',
    ({ overlap, policy, whileOn, nobody, full }) => {
      const isRefused = overlapIssues(rules(overlap, policy), undefined).length > 0;
      expect([whileOn, nobody, full].map((cell) => cell === 'refused')).toEqual([
        isRefused,
        isRefused,
        isRefused,
      ]);
    },
  );

  const SECOND = 1_000;
  const everySecond: TickSource = {
    nextAfter: (at) => instant((Math.floor(at / SECOND) + 1) * SECOND),
    atOrBefore: (at) => instant(Math.floor(at / SECOND) * SECOND),
    countBetween: (after, until) => Math.floor(until / SECOND) - Math.floor(after / SECOND),
  };

  /** Ticks 1 to 60 have passed, the newest 5 s ago; the window reaches back to tick 45: what runs, by and by? */
  const runsOf = (policy: CatchUpPolicy): { ran: number[]; missed: number } => {
    const ran: number[] = [];
    let missed = 0;
    let cursor = instant(0);
    const ticks = {
      ...everySecond,
      atOrBefore: (at: number) => instant(Math.min(60_000, Math.floor(at / SECOND) * SECOND)),
    };
    for (;;) {
      const due = dueAt(
        { ticks, since: instant(0), cursor, catchUp: { policy, window: 20_000 } },
        instant(65_000),
      );
      if (due.kind !== 'now' || cursor >= 60_000) return { ran, missed };
      missed += due.missed?.count ?? 0;
      if (due.run !== undefined) ran.push(due.run / SECOND);
      cursor = instant(due.run ?? due.missed!.to);
    }
  };

  test.each(acceptedRows())('tells what $policy catches up, under $overlap', ({ policy, nobody, full }) => {
    const { ran, missed } = runsOf(policy);
    const said =
      { 'the newest runs': [60], 'none runs': [] }[nobody] ?? Array.from({ length: 16 }, (_, i) => 45 + i);
    expect(ran).toEqual(said);
    expect(missed).toBe(60 - ran.length);
    expect(full.startsWith('all run')).toBe(nobody.startsWith('all run'));
  });
});

describe('a window', () => {
  test.each([
    ['that says nothing is refused', rules('forbid', 'none', '5m'), ['catchUp.window']],
    ['as filled in is not, when a job is read and sent back', rules('forbid', 'none'), []],
    ['within which a start is on time is refused', rules('queue', 'latest', '900ms'), ['catchUp.window']],
    ['of nothing is refused', rules('forbid', 'all', '0s'), ['catchUp.window']],
    ['of a second is fine', rules('forbid', 'all', '1s'), []],
  ])('%s', (_, given, paths) => {
    expect(pathsOf(given, undefined)).toEqual(paths);
  });
});

describe('a job that is stored with what is refused now', () => {
  const stored = rules('replace', 'none');

  test('may be written again as it is', () => {
    expect(pathsOf(rules('replace', 'none'), stored)).toEqual([]);
  });

  test('may not be changed into something else that is refused', () => {
    expect(pathsOf(rules('replace', 'all'), stored)).toEqual(['catchUp.policy']);
    expect(pathsOf(rules('replace', 'none', '5m'), stored)).toEqual(['catchUp.policy', 'catchUp.window']);
  });
});
