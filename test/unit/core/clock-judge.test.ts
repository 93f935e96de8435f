import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createClockJudge, HOLD } from '../../../src/common/core/clock-judge.ts';
import type { ClockBounds } from '../../../src/common/core/clock-samples.ts';
import { monotonic } from '../../../src/common/model/time.ts';

const MAX = 1_000;
const MINUTE = 60_000;

/** True time is monotonic time: a right clock has base 0. The news takes `took` ms, an answer as long again. */
const right = (off = 0, took = 5): ClockBounds => ({ lo: off - took, hi: off + took });
const unanswered = (off = 0, took = 5): ClockBounds => ({ lo: off - took, hi: Infinity });

function rig(base = 0) {
  const judge = createClockJudge(MAX);
  let at = 0;
  let wall = base;
  judge.look(wall, monotonic(at));
  return {
    judge,
    /** How far the time that is told is ahead of true time. */
    ahead: () => wall - judge.correction,
    step: (by: number): void => {
      wall += by;
      judge.look(wall, monotonic(at));
    },
    pass: (ms: number): void => {
      at += ms;
      judge.look(wall, monotonic(at));
    },
    see: (others: readonly ClockBounds[], present = others.length): void =>
      judge.judge({ base: wall, at: monotonic(at), others, present }),
  };
}

describe('a clock that is off from the start', () => {
  test.each([
    ['5 s ahead of two others is put aside, and told by their time', 5_000, [right(), right()], true, 0],
    ['5 s behind two others likewise', -5_000, [right(), right()], true, 0],
    ['0.9 s ahead of two others is believed', 900, [right(), right()], false, 900],
    ['5 s ahead of one other is believed: either may be wrong', 5_000, [right()], false, 5_000],
    ['5 s ahead, alone, is believed', 5_000, [], false, 5_000],
    ['right beside one that is off and one that is right is believed', 0, [right(5_000), right()], false, 0],
    [
      'ahead of two that never answered is believed: it may be the network',
      5_000,
      [unanswered(), unanswered()],
      false,
      5_000,
    ],
    [
      'behind two that never answered is not: no network makes us seem so',
      -5_000,
      [unanswered(), unanswered()],
      true,
      0,
    ],
  ])('%s', (_, base, others, isAside, ahead) => {
    const { judge, see, ahead: told } = rig(base);
    see(others);
    expect(judge.isAside).toBe(isAside);
    expect(Math.abs(told() - ahead)).toBeLessThanOrEqual(10);
  });

  test('slow news of right clocks ask for more, and move nothing', () => {
    const { judge, see, ahead } = rig();
    see([right(0, 3_000), right(0, 3_000)]);
    expect(judge).toMatchObject({ isAside: false, isUnclear: true });
    expect(ahead()).toBe(0);
    see([right(0, 100), right(0, 100)]);
    expect(judge).toMatchObject({ isAside: false, isUnclear: false });
  });

  test('it is believed again when it is within the limit by a good measure', () => {
    const { judge, see } = rig();
    see([right(1_100), right(1_100)]);
    expect(judge.isAside).toBe(true);
    see([right(950), right(950)]);
    expect(judge.isAside).toBe(true);
    see([right(700), right(700)]);
    expect(judge).toMatchObject({ isAside: false, correction: 0 });
  });

  test('it goes on by their time when they go away, for nothing else is known', () => {
    const { judge, see, pass, ahead } = rig(5_000);
    see([right(), right()]);
    pass(MINUTE);
    see([right()]);
    see([]);
    expect(judge.isAside).toBe(true);
    expect(Math.abs(ahead())).toBeLessThanOrEqual(10);
  });
});

describe('a clock that is set forward by ten minutes', () => {
  const stepped = (before = 0) => {
    const all = rig(before);
    all.step(10 * MINUTE);
    return all;
  };

  test('is not believed for the moment: time goes on', () => {
    const { judge, ahead } = stepped();
    expect(judge.isDoubted).toBe(true);
    expect(ahead()).toBe(0);
  });

  test('and read to the millisecond: no time is told that is ahead by a part of one', () => {
    const { judge, step } = rig(-0.1);
    step(10 * MINUTE - 0.8);
    expect(judge.correction).toBeGreaterThanOrEqual(10 * MINUTE);
  });

  test('and wrongly, is put aside when two others say so', () => {
    const { judge, see, ahead } = stepped();
    see([right(), right()]);
    expect(judge).toMatchObject({ isAside: true, isDoubted: false });
    expect(Math.abs(ahead())).toBeLessThanOrEqual(10);
  });

  test('and rightly, is believed as soon as two others confirm it', () => {
    const { judge, see, ahead } = stepped(-10 * MINUTE);
    expect(ahead()).toBe(-10 * MINUTE);
    see([right(), right()]);
    expect(judge).toMatchObject({ isAside: false, isDoubted: false });
    expect(ahead()).toBe(0);
  });

  test('is judged by one other when there is no more: it agreed before, so it is this one', () => {
    const { judge, see, pass, ahead } = stepped();
    see([right()]);
    expect(judge.isAside).toBe(true);
    pass(2 * HOLD);
    see([right()]);
    expect(Math.abs(ahead())).toBeLessThanOrEqual(10);
  });

  test('waits for the second when more are there than have answered', () => {
    const { judge, see } = stepped();
    see([right()], 2);
    expect(judge.isDoubted).toBe(true);
    see([right(10 * MINUTE), right(10 * MINUTE)]);
    expect(judge).toMatchObject({ isAside: false, isDoubted: false, correction: 0 });
  });

  test('alone, is believed after a while, not before', () => {
    const { judge, see, pass, ahead } = stepped();
    pass(HOLD - 1);
    see([]);
    expect(ahead()).toBe(0);
    pass(1);
    see([]);
    expect(judge.isDoubted).toBe(false);
    expect(ahead()).toBe(10 * MINUTE);
  });

  test('and set back while nobody believed it: nothing has happened', () => {
    const { judge, step, ahead } = stepped();
    step(-10 * MINUTE);
    expect(judge).toMatchObject({ isDoubted: false, correction: 0 });
    expect(ahead()).toBe(0);
  });

  test('and set back after it was put aside: time goes on, and the clock is believed again', () => {
    const { judge, see, step, ahead } = stepped();
    see([right(), right()]);
    step(-10 * MINUTE);
    expect(Math.abs(ahead())).toBeLessThanOrEqual(10);
    see([right(), right()]);
    expect(judge).toMatchObject({ isAside: false, isDoubted: false, correction: 0 });
  });
});

describe('a clock that is set back by ten minutes', () => {
  test('alone, is believed at once: late is better than early', () => {
    const { judge, step, see, ahead } = rig();
    step(-10 * MINUTE);
    expect(ahead()).toBe(-10 * MINUTE);
    see([]);
    expect(judge.isAside).toBe(false);
    expect(ahead()).toBe(-10 * MINUTE);
  });

  test('and wrongly, goes by the time of two others', () => {
    const { judge, step, see, ahead } = rig();
    step(-10 * MINUTE);
    see([right(), right()]);
    expect(judge.isAside).toBe(true);
    expect(Math.abs(ahead())).toBeLessThanOrEqual(10);
  });

  test('and rightly, is believed', () => {
    const { judge, step, see, ahead } = rig(10 * MINUTE);
    step(-10 * MINUTE);
    see([right(), right()]);
    expect(judge.isAside).toBe(false);
    expect(ahead()).toBe(0);
  });
});

test('slewing is no step', () => {
  const { judge, step, ahead } = rig();
  for (let i = 0; i < 100; i++) step(10);
  expect(judge.isDoubted).toBe(false);
  expect(ahead()).toBe(1_000);
});

test('however it is set, with two right clocks that answer it never runs ahead of them by more than the limit', () => {
  const moves = fc.array(fc.integer({ min: -3_600_000, max: 3_600_000 }), { maxLength: 12 });
  fc.assert(
    fc.property(moves, fc.integer({ min: 0, max: 200 }), (steps, took) => {
      const { step, pass, see, ahead } = rig();
      see([right(0, took), right(0, took)]);
      for (const by of steps) {
        step(by);
        // Steps below the threshold look like slewing until they are measured.
        expect(ahead()).toBeLessThanOrEqual(MAX + 500);
        see([right(0, took), right(0, took)]);
        expect(Math.abs(ahead())).toBeLessThanOrEqual(MAX + took);
        pass(1_000);
      }
    }),
  );
});
