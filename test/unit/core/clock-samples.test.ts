import { expect, test } from 'vitest';
import { createClockSamples } from '../../../src/common/core/clock-samples.ts';
import { instant, monotonic, type Monotonic } from '../../../src/common/model/time.ts';

const at = (ms: number): Monotonic => monotonic(ms);

/** A clock that is 1,000,000 ahead of our monotonic one, stamped at `stamped`, told `took` ms later. */
const take = (
  samples: ReturnType<typeof createClockSamples>,
  stamped: number,
  took: number,
  seenAfter?: number,
): void =>
  samples.take(
    'a',
    instant(1_000_000 + stamped),
    at(stamped + took),
    seenAfter === undefined ? undefined : at(seenAfter),
  );

test('a stamp is older than its news: that bounds the clock from one side only', () => {
  const samples = createClockSamples();
  take(samples, 100, 30);
  expect(samples.get('a')).toEqual({ lo: 999_970, hi: Infinity });
});

test('an answer was stamped after the question: that bounds it from both sides', () => {
  const samples = createClockSamples();
  take(samples, 100, 30, 60);
  expect(samples.get('a')).toEqual({ lo: 999_970, hi: 1_000_040 });
});

test('the fastest news of the last three counts on each side', () => {
  const samples = createClockSamples();
  take(samples, 100, 5, 50);
  take(samples, 200, 80, 190);
  take(samples, 300, 90);
  expect(samples.get('a')).toEqual({ lo: 999_995, hi: 1_000_010 });
  take(samples, 400, 70);
  expect(samples.get('a')).toEqual({ lo: 999_930, hi: 1_000_010 });
});

test('a clock that contradicts what it said was set, and only the newest counts', () => {
  const samples = createClockSamples();
  take(samples, 100, 5, 90);
  samples.take('a', instant(400_000), at(500), at(450));
  expect(samples.get('a')).toEqual({ lo: 399_500, hi: 399_550 });
});

test('clocks are told apart, and forgotten', () => {
  const samples = createClockSamples();
  take(samples, 100, 5);
  samples.take('b', instant(7_000), at(2_000), undefined);
  expect(samples.all()).toEqual([
    { lo: 999_995, hi: Infinity },
    { lo: 5_000, hi: Infinity },
  ]);
  samples.forget('a');
  expect(samples.all()).toHaveLength(1);
  samples.clear();
  expect(samples.get('b')).toBeUndefined();
});
