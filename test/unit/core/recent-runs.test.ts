// The runs of the last hour: all of them while they are few, the telling ones of many.
import { describe, expect, it } from 'vitest';
import { MINUTE } from '../../../src/common/core/activity.ts';
import { createRecentRuns, RECENT_MINUTES } from '../../../src/common/core/recent-runs.ts';

const NOON = Date.UTC(2026, 10, 23, 12);
const run = (startedAt: number, endedAt: number, state = 'succeeded') => ({
  state,
  scheduledFor: startedAt,
  startedAt,
  endedAt,
});

describe('recent runs', () => {
  it('are those that were on at some time of the stretch', () => {
    const recent = createRecentRuns();
    const now = NOON + 30 * MINUTE;
    const before = run(NOON, NOON + MINUTE);
    const across = run(NOON, NOON + 10 * MINUTE);
    const within = run(NOON + 5 * MINUTE, NOON + 6 * MINUTE);
    const after = run(NOON + 20 * MINUTE, NOON + 21 * MINUTE);
    for (const each of [before, across, within, after]) recent.note(each, now);
    const found = recent.between(NOON + 4 * MINUTE, NOON + 7 * MINUTE);
    expect(found.runs.sort((a, b) => a.startedAt! - b.startedAt!)).toEqual([across, within]);
    expect(found.total).toBe(2);
  });

  it('keep of many in a minute those that went wrong and the longest, and count them all', () => {
    const recent = createRecentRuns<ReturnType<typeof run>>(10);
    for (let i = 0; i < 1_000; i++) recent.note(run(NOON, NOON + i), NOON);
    recent.note(run(NOON, NOON + 1, 'failed'), NOON);
    for (let i = 0; i < 1_000; i++) recent.note(run(NOON, NOON + 500), NOON);
    const { runs, total } = recent.between(NOON, NOON + MINUTE);
    expect(total).toBe(2_001);
    expect(runs.length).toBeLessThan(20);
    expect(runs.some(({ state }) => state === 'failed')).toBe(true);
    expect(runs.some(({ endedAt }) => endedAt === NOON + 999)).toBe(true);
  });

  it('are forgotten after an hour', () => {
    const recent = createRecentRuns();
    recent.note(run(NOON, NOON), NOON);
    const later = NOON + (RECENT_MINUTES + 1) * MINUTE;
    recent.note(run(later, later), later);
    recent.note(run(NOON, NOON), later);
    expect(recent.between(NOON, later).runs).toHaveLength(1);
  });

  it('can be asked for by what they are', () => {
    const recent = createRecentRuns();
    recent.note(run(NOON, NOON + 1), NOON);
    recent.note(run(NOON, NOON + 2, 'failed'), NOON);
    const found = recent.between(NOON, NOON + MINUTE, ({ state }) => state === 'failed');
    expect(found).toMatchObject({ total: 1, runs: [{ state: 'failed' }] });
  });
});
