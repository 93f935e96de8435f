import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { dueBehind, type DueBehind } from '../../../src/common/core/due-behind.ts';
import { dueAt, type DueState, type TickSource } from '../../../src/common/core/due.ts';
import { instant, type Instant } from '../../../src/common/model/time.ts';

const MINUTE = 60_000;
const at = (minute: number): Instant => instant(minute * MINUTE);

/** A tick each minute. */
const minutely: TickSource = {
  nextAfter: (after) => at(Math.floor(after / MINUTE) + 1),
  atOrBefore: (until) => at(Math.floor(until / MINUTE)),
  countBetween: (after, until) => Math.floor(until / MINUTE) - Math.floor(after / MINUTE),
};

const state = (more: Partial<DueState> = {}): DueState => ({
  ticks: minutely,
  since: at(0),
  cursor: undefined,
  catchUp: { policy: 'latest', window: 60 * MINUTE },
  ...more,
});

/** In minutes: what is run, and what is passed as `missed 1-2`. */
const told = (due: DueBehind | undefined) =>
  due && {
    run: due.run === undefined ? undefined : due.run / MINUTE,
    late: due.late,
    passed: due.passed.map(
      (each) => `${each.state} ${each.ticks.from / MINUTE}-${each.ticks.to / MINUTE} (${each.ticks.count})`,
    ),
  };

/** A run was on from 3:30 to 6:30. */
const blocked = { after: at(3.5), until: at(6.5) };

describe('after a run, before which a tick was overdue', () => {
  test('the newest of those from before it is caught up, and what came during it is left for later', () => {
    expect(told(dueBehind(state(), at(6.5), blocked))).toEqual({
      run: 3,
      late: true,
      passed: ['missed 1-2 (2)'],
    });
  });

  test('what came during it is skipped once those from before it are settled', () => {
    expect(told(dueBehind(state({ cursor: at(3) }), at(6.5), blocked))).toEqual({
      run: undefined,
      late: false,
      passed: ['skipped 4-6 (3)'],
    });
  });

  test('a tick that has come since takes the place of those from before it', () => {
    expect(told(dueBehind(state(), at(8.5), blocked))).toEqual({
      run: 8,
      late: true,
      passed: ['missed 1-3 (3)', 'skipped 4-6 (3)', 'missed 7-7 (1)'],
    });
    expect(told(dueBehind(state({ cursor: at(3) }), at(7), blocked))).toEqual({
      run: 7,
      late: false,
      passed: ['skipped 4-6 (3)'],
    });
  });

  test.each([
    ['beyond the window', { policy: 'latest', window: 2 * MINUTE }],
    ['without catching up', { policy: 'none', window: 60 * MINUTE }],
  ] as const)('those from before it are missed, %s', (_, catchUp) => {
    expect(told(dueBehind(state({ catchUp }), at(6.5), blocked))).toEqual({
      run: undefined,
      late: false,
      passed: ['missed 1-3 (3)', 'skipped 4-6 (3)'],
    });
  });

  test('a single tick from before it is run with nothing before', () => {
    expect(told(dueBehind(state({ cursor: at(2) }), at(6.5), blocked))).toEqual({
      run: 3,
      late: true,
      passed: [],
    });
  });

  test('nothing is said once all up to its end is settled', () => {
    expect(dueBehind(state({ cursor: at(6) }), at(9), blocked)).toBeUndefined();
    expect(dueBehind(state({ since: at(7) }), at(9), blocked)).toBeUndefined();
  });
});

test('settled step by step, each tick has one outcome, whatever the run and the policy', () => {
  const minutes = fc.integer({ min: 0, max: 40 });
  const given = fc.record({
    cursor: minutes,
    start: minutes,
    lasted: minutes,
    since: minutes,
    policy: fc.constantFrom('latest' as const, 'none' as const),
    window: fc.integer({ min: 1, max: 40 }),
  });
  fc.assert(
    fc.property(given, ({ cursor, start, lasted, since, policy, window }) => {
      const after = at(cursor + start + 0.5);
      const until = instant(after + lasted * MINUTE);
      const now = instant(until + since * MINUTE);
      let settled = at(cursor);
      const outcomes = new Map<number, string>();
      const tell = (tick: number, outcome: string): void => {
        expect(outcomes.has(tick)).toBe(false);
        outcomes.set(tick, outcome);
      };
      for (let step = 0; step < 4; step++) {
        const asked = state({ cursor: settled, catchUp: { policy, window: window * MINUTE } });
        let due: Pick<DueBehind, 'run' | 'passed'> | undefined = dueBehind(asked, now, { after, until });
        if (!due) {
          const plain = dueAt(asked, now);
          if (plain.kind !== 'now') break;
          due = { run: plain.run, passed: plain.missed ? [{ state: 'missed', ticks: plain.missed }] : [] };
        }
        for (const { state: outcome, ticks } of due.passed) {
          expect(ticks.from).toBe(settled + MINUTE);
          for (let tick = ticks.from; tick <= ticks.to; tick += MINUTE) tell(tick, outcome);
          expect((ticks.to - ticks.from) / MINUTE + 1).toBe(ticks.count);
          settled = instant(ticks.to);
        }
        if (due.run === undefined) continue;
        expect(due.run).toBe(settled + MINUTE);
        tell(due.run, 'ran');
        settled = due.run;
      }
      for (let tick = at(cursor + 1); tick <= now; tick = instant(tick + MINUTE)) {
        const outcome = outcomes.get(tick);
        expect(outcome).toBeDefined();
        expect(outcome === 'skipped').toBe(tick > after && tick <= until);
      }
      expect([...outcomes.values()].filter((outcome) => outcome === 'ran').length).toBeLessThanOrEqual(1);
    }),
  );
});
