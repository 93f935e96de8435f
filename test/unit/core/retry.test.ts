import { describe, expect, test } from 'vitest';
import type { Attempt } from '../../../src/common/model/run.ts';
import { retryAfter, type RetryPolicy } from '../../../src/common/core/retry.ts';

const retryDelay = (rule: RetryPolicy, attempt: number, outcome: Attempt['outcome']) => {
  const next = retryAfter(rule, attempt, { outcome });
  return next.ok ? next.delay : undefined;
};

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

  test('without maxDelay grows up to 10m, and is never shorter than the delay', () => {
    const { maxDelay: _, ...open } = policy({ limit: 100 });
    expect([1, 2, 20].map((attempt) => retryDelay(open, attempt, 'failed'))).toEqual([
      10_000, 20_000, 600_000,
    ]);
    const long = { ...open, delay: '1h' };
    expect([1, 2, 20].map((attempt) => retryDelay(long, attempt, 'failed'))).toEqual([
      3_600_000, 3_600_000, 3_600_000,
    ]);
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

describe('with `retry.on`', () => {
  const on: RetryPolicy['on'] = { exitCodes: [1, '64-78'], statuses: [429, '500-599'] };
  const judge = (
    end: Partial<Pick<Attempt, 'outcome' | 'exitCode' | 'httpStatus'>>,
    named: RetryPolicy['on'] = on,
  ) => retryAfter(policy({ on: named }), 1, { outcome: 'failed', ...end });
  const again = { ok: true, delay: 10_000 };
  const no = (what: string) => ({ ok: false, reason: `not tried again: retry.on does not name ${what}` });

  test.each([1, 64, 70, 78])('exit code %d is tried again', (exitCode) => {
    expect(judge({ exitCode })).toEqual(again);
  });

  test.each([0, 2, 63, 79, 164])('exit code %d is not, and it says why', (exitCode) => {
    expect(judge({ exitCode })).toEqual(no(`exit code ${exitCode}`));
  });

  test.each([429, 500, 599])('status %d is tried again', (httpStatus) => {
    expect(judge({ httpStatus })).toEqual(again);
  });

  test.each([200, 428, 499])('status %d is not, and it says why', (httpStatus) => {
    expect(judge({ httpStatus })).toEqual(no(`status ${httpStatus}`));
  });

  test.each([500, 599])('status %d is of 5xx', (httpStatus) => {
    expect(judge({ httpStatus }, { statuses: ['5xx'] })).toEqual(again);
  });

  test.each([499, 600])('status %d is not of 5xx', (httpStatus) => {
    expect(judge({ httpStatus }, { statuses: ['5xx'] })).toEqual(no(`status ${httpStatus}`));
  });

  test('a timeout is tried again only when it is named', () => {
    expect(judge({ outcome: 'timed_out', exitCode: 1 })).toEqual(no('a timeout'));
    expect(judge({ outcome: 'timed_out', exitCode: 3 }, { timeout: true })).toEqual(again);
  });

  test('a failure without exit code or status is tried again only when `error` is named', () => {
    expect(judge({})).toEqual(no('an error without exit code or status'));
    expect(judge({}, { error: true })).toEqual(again);
  });

  test('a lost run is tried again unless it says otherwise', () => {
    expect(judge({ outcome: 'lost' })).toEqual(again);
    expect(judge({ outcome: 'lost' }, { ...on, lost: false })).toEqual(no('the loss of the worker'));
  });

  test('no reason is given where nothing was left to try', () => {
    expect(retryAfter(policy({ on }), 4, { outcome: 'failed', exitCode: 2 })).toEqual({ ok: false });
    expect(judge({ outcome: 'killed' })).toEqual({ ok: false });
  });
});
