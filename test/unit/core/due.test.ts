import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  dueAt,
  lapsedAt,
  ON_TIME,
  settledUntil,
  type DueState,
  type TickSource,
} from '../../../src/common/core/due.ts';
import { createScheduleCompiler, type ScheduleInput } from '../../../src/common/core/schedule.ts';
import type { CatchUpPolicy } from '../../../src/common/model/job.ts';
import { instant, toIso, type Instant } from '../../../src/common/model/time.ts';

/** Ticks at these instants and no others; says when more is asked of it than arithmetic. */
function ticksAt(all: readonly number[]): TickSource & { readonly asked: number } {
  const ticks = [...all].sort((a, b) => a - b);
  let asked = 0;
  const ask = <T>(answer: T): T => (asked++, answer);
  return {
    nextAfter: (at) => ask(ticks.find((tick) => tick > at) as Instant | undefined),
    atOrBefore: (at) => ask(ticks.findLast((tick) => tick <= at) as Instant | undefined),
    countBetween: (after, until) => ask(ticks.filter((tick) => tick > after && tick <= until).length),
    get asked() {
      return asked;
    },
  };
}

const compiler = createScheduleCompiler();

function schedule(expression: string, more: Partial<ScheduleInput> = {}): TickSource {
  const compiled = compiler.compile({
    name: 'job',
    schedule: expression,
    timezone: 'UTC',
    dst: { gap: 'shift', repeat: 'first' },
    anchor: instant(0),
    ...more,
  });
  if (!compiled.ok) throw new Error(JSON.stringify(compiled.issues));
  return compiled.value;
}

const at = (iso: string): Instant => instant(Date.parse(iso));

const state = (ticks: TickSource, more: Partial<Omit<DueState, 'ticks'>> = {}): DueState => ({
  ticks,
  since: instant(0),
  cursor: undefined,
  catchUp: { policy: 'latest', window: 3_600_000 },
  ...more,
});

const minutes = (n: number): number => n * 60_000;

describe('a job with nothing due', () => {
  test('never is again when its schedule has ended', () => {
    expect(dueAt(state(ticksAt([1_000]), { cursor: instant(1_000) }), instant(5_000))).toEqual({
      kind: 'never',
    });
  });

  test('never is when it is manual', () => {
    expect(dueAt(state(schedule('@manual')), at('2026-11-22T12:00:00Z'))).toEqual({ kind: 'never' });
  });

  test('is due at its next tick', () => {
    const daily = schedule('0 3 * * *', { timezone: 'Europe/Berlin' });
    const due = dueAt(state(daily, { since: at('2026-11-22T12:00:00Z') }), at('2026-11-22T13:00:00Z'));
    expect(due).toEqual({ kind: 'at', tick: at('2026-11-23T02:00:00Z') });
  });

  test('is due at the tick after the one that was claimed ahead of its time', () => {
    const each = schedule('* * * * *');
    const due = dueAt(state(each, { cursor: at('2026-11-22T12:01:00Z') }), at('2026-11-22T12:00:59.900Z'));
    expect(due).toEqual({ kind: 'at', tick: at('2026-11-22T12:02:00Z') });
  });
});

describe('a tick that has just come', () => {
  test.each(['latest', 'all', 'none'] as const)('runs on time under catch-up %s', (policy) => {
    const due = dueAt(state(ticksAt([1_000]), { catchUp: { policy, window: 0 } }), instant(1_000 + ON_TIME));
    expect(due).toEqual({ kind: 'now', run: 1_000, late: false, missed: undefined });
  });

  test('more than a second ago is late: caught up, or missed when nothing is caught up', () => {
    const second = instant(2_001);
    const due = (policy: CatchUpPolicy) =>
      dueAt(state(ticksAt([1_000]), { catchUp: { policy, window: 60_000 } }), second);
    expect(due('latest')).toMatchObject({ run: 1_000, late: true });
    expect(due('all')).toMatchObject({ run: 1_000, late: true });
    expect(due('none')).toMatchObject({ run: undefined, missed: { count: 1 } });
  });

  test('runs at its very instant', () => {
    expect(dueAt(state(ticksAt([1_000])), instant(1_000))).toMatchObject({
      kind: 'now',
      run: 1_000,
      late: false,
    });
  });

  test('is not run at the very instant of `since`: that tick is before the job', () => {
    const due = dueAt(state(ticksAt([1_000, 2_000]), { since: instant(1_000) }), instant(1_000));
    expect(due).toEqual({ kind: 'at', tick: 2_000 });
  });
});

describe('of a job that nobody is there to run', () => {
  const ticks = ticksAt([10_000, 20_000, 30_000]);
  const lapsed = (policy: CatchUpPolicy, window: number, now: number) =>
    lapsedAt(state(ticks, { catchUp: { policy, window } }), instant(now));
  const first = { count: 1, from: 10_000, to: 10_000 };

  test('latest leaves the newest within the window to who comes', () => {
    expect(lapsed('latest', 60_000, 5_000)).toEqual({ missed: undefined, next: 20_000 });
    expect(lapsed('latest', 60_000, 15_000)).toEqual({ missed: undefined, next: 20_000 });
    expect(lapsed('latest', 4_000, 13_000)).toEqual({ missed: undefined, next: 14_001 });
    expect(lapsed('latest', 4_000, 15_000)).toEqual({ missed: first, next: 24_001 });
    expect(lapsed('latest', 60_000, 35_000)).toEqual({
      missed: { count: 2, from: 10_000, to: 20_000 },
      next: 90_001,
    });
  });

  test('all leaves each within the window to who comes', () => {
    expect(lapsed('all', 60_000, 35_000)).toEqual({ missed: undefined, next: 70_001 });
    expect(lapsed('all', 60_000, 70_001)).toEqual({ missed: first, next: 80_001 });
  });

  test('none leaves what would be on time', () => {
    expect(lapsed('none', 60_000, 10_500)).toEqual({ missed: undefined, next: 11_001 });
    expect(lapsed('none', 60_000, 11_001)).toEqual({ missed: first, next: 21_001 });
  });

  test('nothing more comes of a schedule that is over', () => {
    expect(lapsed('none', 60_000, 90_000)).toEqual({
      missed: { count: 3, from: 10_000, to: 30_000 },
      next: undefined,
    });
  });
});

describe('ticks from before the job, its last change or its resume', () => {
  const each = schedule('* * * * * *');
  const now = at('2026-11-22T12:00:00.500Z');

  test('never fire, however many there were and whatever the policy', () => {
    for (const policy of ['latest', 'all', 'none'] as const) {
      const due = dueAt(state(each, { since: now, catchUp: { policy, window: 3_600_000 } }), now);
      expect(due).toEqual({ kind: 'at', tick: at('2026-11-22T12:00:01Z') });
    }
  });

  test('do not count as missed when there are later ones that do', () => {
    const since = at('2026-11-22T11:00:00Z');
    const due = dueAt(state(schedule('* * * * *'), { since }), at('2026-11-22T11:05:10Z'));
    expect(due).toMatchObject({
      run: at('2026-11-22T11:05:00Z'),
      missed: { count: 4, from: at('2026-11-22T11:01:00Z') },
    });
  });

  test('stay settled though the cursor is older than a resume', () => {
    const resumed = state(each, { cursor: at('2026-11-01T00:00:00Z'), since: now });
    expect(settledUntil(resumed)).toBe(now);
    expect(dueAt(resumed, now)).toEqual({ kind: 'at', tick: at('2026-11-22T12:00:01Z') });
  });
});

describe('after an outage of ten ticks, one a minute', () => {
  const each = schedule('* * * * *');
  const cursor = at('2026-11-22T12:00:00Z');
  const now = at('2026-11-22T12:10:30Z');
  const after = (policy: CatchUpPolicy, windowMs: number) =>
    dueAt(state(each, { cursor, catchUp: { policy, window: windowMs } }), now);

  test('`latest` runs the newest and misses nine', () => {
    expect(after('latest', minutes(60))).toEqual({
      kind: 'now',
      run: at('2026-11-22T12:10:00Z'),
      late: true,
      missed: { count: 9, from: at('2026-11-22T12:01:00Z'), to: at('2026-11-22T12:09:00Z') },
    });
  });

  test('`latest` misses all ten when the newest is out of the window', () => {
    expect(after('latest', 20_000)).toEqual({
      kind: 'now',
      run: undefined,
      late: false,
      missed: { count: 10, from: at('2026-11-22T12:01:00Z'), to: at('2026-11-22T12:10:00Z') },
    });
  });

  test('`latest` runs the newest when it is as old as the window exactly', () => {
    expect(after('latest', 30_000)).toMatchObject({ run: at('2026-11-22T12:10:00Z') });
  });

  test('`all` begins with the oldest and misses none', () => {
    expect(after('all', minutes(60))).toEqual({
      kind: 'now',
      run: at('2026-11-22T12:01:00Z'),
      late: true,
      missed: undefined,
    });
  });

  test('`all` begins with the oldest in the window and misses those before it', () => {
    expect(after('all', minutes(3.5))).toEqual({
      kind: 'now',
      run: at('2026-11-22T12:07:00Z'),
      late: true,
      missed: { count: 6, from: at('2026-11-22T12:01:00Z'), to: at('2026-11-22T12:06:00Z') },
    });
  });

  test('`none` runs nothing and misses all ten', () => {
    expect(after('none', minutes(60))).toMatchObject({ run: undefined, missed: { count: 10 } });
  });

  test('`none` still runs the newest when that has just come', () => {
    const due = dueAt(
      state(each, { cursor, catchUp: { policy: 'none', window: minutes(60) } }),
      at('2026-11-22T12:10:00.400Z'),
    );
    expect(due).toMatchObject({ run: at('2026-11-22T12:10:00Z'), late: false, missed: { count: 9 } });
  });
});

describe('after years without a worker', () => {
  test('a job of every second is judged by arithmetic, its 94 million missed ticks counted exactly', () => {
    const cursor = at('2023-11-22T12:00:00Z');
    const now = at('2026-11-22T12:00:00Z');
    const due = dueAt(state(schedule('* * * * * *'), { cursor }), now);
    expect(due).toEqual({
      kind: 'now',
      run: now,
      late: false,
      missed: { count: (now - cursor) / 1_000 - 1, from: cursor + 1_000, to: now - 1_000 },
    });
  });

  test('no policy asks its schedule more than a handful of questions', () => {
    for (const policy of ['latest', 'all', 'none'] as const) {
      const ticks = ticksAt(Array.from({ length: 1_000 }, (_, i) => i * 10));
      dueAt(state(ticks, { catchUp: { policy, window: 100 } }), instant(9_000));
      expect(ticks.asked).toBeLessThanOrEqual(6);
    }
  });
});

describe('every tick has exactly one outcome', () => {
  interface Applied {
    readonly run: readonly number[];
    readonly missed: readonly number[];
    readonly cursor: Instant | undefined;
    /** What was told that is not so. */
    readonly wrong: readonly unknown[];
  }

  /** What a worker does at `now`: acts, moves the cursor, asks again, until nothing is due. */
  function apply(from: DueState, ticks: readonly number[], now: Instant): Applied {
    const run: number[] = [];
    const missed: number[] = [];
    const wrong: unknown[] = [];
    let { cursor } = from;
    for (let round = 0; round <= ticks.length; round++) {
      const due = dueAt({ ...from, cursor }, now);
      if (due.kind !== 'now') return { run, missed, cursor, wrong };
      if (due.run === undefined && due.missed === undefined) wrong.push(due);
      if (due.missed) {
        const { count, from: first, to: last } = due.missed;
        const gone = ticks.filter((tick) => tick >= first && tick <= last);
        if (count !== gone.length || gone[0] !== first || gone.at(-1) !== last) wrong.push(due);
        missed.push(...gone);
        cursor = instant(last);
      }
      if (due.run !== undefined) {
        if (due.run > now || due.late !== now - due.run > ON_TIME) wrong.push(due);
        run.push(due.run);
        cursor = due.run;
      }
    }
    throw new Error('it never comes to an end');
  }

  const scenario = fc.record({
    ticks: fc
      .uniqueArray(fc.integer({ min: 0, max: 60_000 }), { maxLength: 40 })
      .map((all) => all.sort((a, b) => a - b)),
    since: fc.integer({ min: 0, max: 40_000 }),
    cursor: fc.option(fc.integer({ min: 0, max: 60_000 }), { nil: undefined }),
    policy: fc.constantFrom('latest' as const, 'all' as const, 'none' as const),
    window: fc.integer({ min: 0, max: 30_000 }),
    // A worker looks now and then: after a pause of its own, after an outage.
    nows: fc
      .array(fc.integer({ min: 0, max: 70_000 }), { minLength: 1, maxLength: 8 })
      .map((all) => all.sort((a, b) => a - b)),
  });

  test('over any life: run, missed, or left for later, and never one from before', () => {
    fc.assert(
      fc.property(scenario, ({ ticks, since, cursor, policy, window, nows }) => {
        const source = ticksAt(ticks);
        const first = state(source, {
          since: instant(since),
          cursor: cursor === undefined ? undefined : instant(cursor),
          catchUp: { policy, window },
        });
        const base = settledUntil(first);
        const outcomes: number[] = [];
        let current = first;
        for (const now of nows) {
          const { run, missed, cursor: moved, wrong } = apply(current, ticks, instant(now));
          expect(wrong).toEqual([]);
          const allowed = now - Math.max(ON_TIME, policy === 'none' ? 0 : window);
          expect(run.filter((tick) => tick < allowed)).toEqual([]);
          expect(run.length).toBeLessThanOrEqual(policy === 'all' ? Infinity : 1);
          // Within the window `all` gives up nothing.
          expect(missed.filter((tick) => policy === 'all' && tick >= allowed)).toEqual([]);
          outcomes.push(...run, ...missed);
          current = { ...current, cursor: moved };
        }
        const expected = ticks.filter((tick) => tick > base && tick <= nows.at(-1)!);
        expect(outcomes.sort((a, b) => a - b)).toEqual(expected);
      }),
      { numRuns: 500 },
    );
  });

  test('of what nobody is there for, given up is what no later look would run, and the next look is when there is more', () => {
    fc.assert(
      fc.property(scenario, ({ ticks, since, cursor, policy, window, nows }) => {
        const source = ticksAt(ticks);
        const first = state(source, {
          since: instant(since),
          cursor: cursor === undefined ? undefined : instant(cursor),
          catchUp: { policy, window },
        });
        const now = instant(nows[0]!);
        const { missed, next } = lapsedAt(first, now);
        const { run, missed: passed } = apply(first, ticks, now);
        expect(ticks.filter((tick) => missed && tick >= missed.from && tick <= missed.to)).toEqual(
          // By who comes under `all` it is run one after the other.
          passed.filter((tick) => run.length === 0 || tick < run[0]!),
        );
        const settled = missed ? { ...first, cursor: instant(missed.to) } : first;
        expect(next === undefined).toBe(ticks.every((tick) => tick <= settledUntil(settled)));
        const isLapsed = (at: number): boolean => lapsedAt(settled, instant(at)).missed !== undefined;
        expect(next === undefined || (next > now && !isLapsed(next - 1) && isLapsed(next))).toBe(true);
      }),
      { numRuns: 500 },
    );
  });

  test('also for a real schedule through a change of clocks', () => {
    const berlin = schedule('30 */20 1-4 * * *', { timezone: 'Europe/Berlin' });
    const from = at('2026-10-24T00:00:00Z');
    const until = at('2026-10-26T00:00:00Z');
    const ticks: number[] = [];
    for (
      let tick = berlin.nextAfter(from);
      tick !== undefined && tick <= until;
      tick = berlin.nextAfter(tick)
    )
      ticks.push(tick);
    expect(ticks.map((tick) => toIso(instant(tick)))).toContain('2026-10-25T00:00:30.000Z');
    fc.assert(
      fc.property(fc.array(fc.integer({ min: from, max: until }), { maxLength: 12 }), (looks) => {
        const outcomes: number[] = [];
        let current = state(berlin, { since: from, catchUp: { policy: 'latest', window: minutes(45) } });
        for (const now of [...looks, until].sort((a, b) => a - b)) {
          const { run, missed, cursor, wrong } = apply(current, ticks, instant(now));
          expect(wrong).toEqual([]);
          outcomes.push(...run, ...missed);
          current = { ...current, cursor };
        }
        expect(outcomes.sort((a, b) => a - b)).toEqual(ticks);
      }),
    );
  });
});
