import { describe, expect, test } from 'vitest';
import { retryDelay, type RetryPolicy } from '../../../src/common/core/retry.ts';

const policy = (more: Partial<RetryPolicy> = {}): RetryPolicy => ({
  limit: 3,
  delay: '10s',
  factor: 2,
  maxDelay: '10m',
  ...more,
});

describe('the wait before the next attempt', () => {
  test('grows by the factor from attempt to attempt', () => {
    expect([1, 2, 3].map((attempt) => retryDelay(policy(), attempt, 'failed'))).toEqual([
      10_000, 20_000, 40_000,
    ]);
  });

  test('stays the same with a factor of 1', () => {
    expect([1, 2, 3].map((attempt) => retryDelay(policy({ factor: 1 }), attempt, 'failed'))).toEqual([
      10_000, 10_000, 10_000,
    ]);
  });

  test('never exceeds maxDelay, however many attempts there were', () => {
    const patient = policy({ limit: 100, factor: 10, maxDelay: '15s' });
    expect([1, 2, 3, 100].map((attempt) => retryDelay(patient, attempt, 'failed'))).toEqual([
      10_000, 15_000, 15_000, 15_000,
    ]);
  });

  test('is maxDelay when the first delay is longer already', () => {
    expect(retryDelay(policy({ delay: '1h' }), 1, 'failed')).toBe(600_000);
  });
});

describe('another attempt', () => {
  test('comes as often as the limit says and not once more', () => {
    expect(retryDelay(policy(), 3, 'failed')).toBeDefined();
    expect(retryDelay(policy(), 4, 'failed')).toBeUndefined();
  });

  test('never comes with a limit of 0', () => {
    expect(retryDelay(policy({ limit: 0 }), 1, 'failed')).toBeUndefined();
  });

  test.each(['failed', 'timed_out', 'lost'] as const)(
    'comes after an attempt that ended as %s',
    (outcome) => {
      expect(retryDelay(policy(), 1, outcome)).toBe(10_000);
    },
  );

  test.each(['succeeded', 'killed'] as const)(
    'never comes after an attempt that ended as %s, whatever is left of the limit',
    (outcome) => {
      expect(retryDelay(policy(), 1, outcome)).toBeUndefined();
    },
  );
});
