import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { offsetFromMedian } from '../../../src/common/core/clock-offset.ts';

describe('the offset of our clock from the median of all', () => {
  test.each([
    ['is nothing when there is no other', [], 0],
    ['is half the difference from the only other, for neither is more right', [400], -200],
    ['is nothing when ours is the middle one', [-300, 300], 0],
    ['is positive when ours is ahead of both others', [-5_000, -5_010], 5_000],
    ['is negative when ours is behind both others', [3_000, 3_004], -3_000],
    ['hardly notices one clock that is far off', [0, 1, 3_600_000], -0.5],
    ['hardly notices two clocks that are far off among five', [2, 4, 9_999_999, -9_999_999], -2],
  ])('%s', (_, others, offset) => {
    expect(offsetFromMedian(others)).toBe(offset);
  });

  const millis = fc.integer({ min: -1e9, max: 1e9 });

  test('does not depend on the order of the others', () => {
    fc.assert(
      fc.property(fc.array(millis), (others) => {
        expect(offsetFromMedian(others.toReversed())).toBe(offsetFromMedian(others));
      }),
    );
  });

  test('is what the majority says, whatever the others claim', () => {
    fc.assert(
      fc.property(millis, fc.array(millis, { maxLength: 8 }), (theirs, liars) => {
        const majority = Array.from({ length: liars.length + 2 }, () => theirs);
        expect(offsetFromMedian([...majority, ...liars])).toBe(theirs === 0 ? 0 : -theirs);
      }),
    );
  });

  test('is the same but for its sign when every clock is mirrored', () => {
    fc.assert(
      fc.property(fc.array(millis), (others) => {
        const mirrored = others.map((other) => -other);
        expect(offsetFromMedian(mirrored) + offsetFromMedian(others)).toBe(0);
      }),
    );
  });
});
