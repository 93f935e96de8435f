// Ends of runs, minute by minute, for a day.
import { describe, expect, it } from 'vitest';
import { createActivityLog, MINUTE, MINUTES_KEPT } from '../../../src/common/core/activity.ts';

const NOON = Date.UTC(2026, 10, 23, 12);
const succeeded = (endedAt: number, startLagMs?: number) => ({
  state: 'succeeded' as const,
  endedAt,
  count: 1,
  startedAt: endedAt,
  startLagMs,
});

describe('the log of ends', () => {
  it('counts each end in its minute, and gathers minutes into buckets', () => {
    const log = createActivityLog();
    const now = NOON + 10 * MINUTE;
    log.note(succeeded(NOON), now);
    log.note(succeeded(NOON + MINUTE - 1), now);
    log.note({ state: 'failed', endedAt: NOON + MINUTE, count: 1 }, now);
    const minutes = log.read(NOON, NOON + 2 * MINUTE, 1);
    expect(minutes.map(({ at }) => at)).toEqual([NOON, NOON + MINUTE, NOON + 2 * MINUTE]);
    expect(minutes.map(({ counts }) => [counts.succeeded, counts.failed])).toEqual([
      [2, 0],
      [0, 1],
      [0, 0],
    ]);
    const [quarter, ...more] = log.read(NOON, NOON + 2 * MINUTE, 15);
    expect(more).toEqual([]);
    expect(quarter).toMatchObject({ at: NOON, counts: { succeeded: 2, failed: 1 } });
  });

  it('forgets what is a day old, and takes nothing that is older or far ahead', () => {
    const log = createActivityLog();
    log.note(succeeded(NOON), NOON);
    const tomorrow = NOON + MINUTES_KEPT * MINUTE;
    log.note(succeeded(NOON), tomorrow);
    log.note(succeeded(NOON + 10 * MINUTE), NOON);
    expect(log.read(NOON, NOON, 1)[0]!.counts.succeeded).toBe(1);
    log.note(succeeded(tomorrow), tomorrow);
    expect(log.read(NOON, NOON, 1)[0]!.counts.succeeded).toBe(0);
    expect(log.read(tomorrow, tomorrow, 1)[0]!.counts.succeeded).toBe(1);
    expect(log.read(NOON + 10 * MINUTE, NOON + 10 * MINUTE, 1)[0]!.counts.succeeded).toBe(0);
    // The place of that minute has been given to tomorrow's.
    log.note(succeeded(NOON), NOON);
    expect(log.read(tomorrow, tomorrow, 1)[0]!.counts.succeeded).toBe(1);
  });

  it('lays ticks that one record stands for over their minutes', () => {
    const log = createActivityLog();
    const stretch = { from: NOON, to: NOON + 9 * MINUTE };
    log.note({ state: 'missed', endedAt: NOON + 20 * MINUTE, count: 600, stretch }, NOON + 20 * MINUTE);
    const missed = log.read(NOON, NOON + 20 * MINUTE, 1).map(({ counts }) => counts.missed);
    expect(missed.slice(0, 10)).toEqual(Array.from({ length: 10 }, () => 60));
    expect(missed.slice(10).every((count) => count === 0)).toBe(true);
  });

  it('tells lags within 13 %, the largest exactly, and nothing where none started', () => {
    const log = createActivityLog();
    const lags = Array.from({ length: 1_000 }, (_, i) => i + 1);
    for (const lag of lags) log.note(succeeded(NOON, lag), NOON);
    const [bucket, empty] = log.read(NOON, NOON + MINUTE, 1);
    expect(bucket).toMatchObject({ started: 1_000, lagMaxMs: 1_000 });
    expect(Math.abs(bucket!.lagP50Ms! / 500 - 1)).toBeLessThan(0.13);
    expect(Math.abs(bucket!.lagP99Ms! / 990 - 1)).toBeLessThan(0.13);
    expect(empty).toMatchObject({ started: 0, lagP50Ms: undefined, lagMaxMs: undefined });
  });

  it('counts a lag in the minute of the start, whenever the run ended', () => {
    const log = createActivityLog();
    const end = { state: 'succeeded' as const, endedAt: NOON + 5 * MINUTE, count: 1, startedAt: NOON };
    log.note({ ...end, startLagMs: 7 }, NOON + 5 * MINUTE);
    const buckets = log.read(NOON, NOON + 5 * MINUTE, 1);
    expect(buckets.map(({ started }) => started)).toEqual([1, 0, 0, 0, 0, 0]);
    expect(buckets[5]!.counts.succeeded).toBe(1);
  });
});
