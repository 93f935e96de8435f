// The timeline's pure parts: which bars it knows, where they go, which one is meant, what comes when.
import { describe, expect, it } from 'vitest';
import type { EventBatch } from '../../../src/common/api/events.ts';
import type { RunBrief } from '../../../src/common/api/overview.ts';
import type { Timeline } from '../../../src/common/api/timeline.ts';
import { barOf, createBars } from '../../../web/src/features/overview/timeline/bars.ts';
import { binComing } from '../../../web/src/features/overview/timeline/coming.ts';
import {
  layOut,
  ROW_PX,
  rowsTop,
  type LayoutInput,
} from '../../../web/src/features/overview/timeline/lanes.ts';
import { barAt, countAround, step } from '../../../web/src/features/overview/timeline/pick.ts';

const NOW = Date.parse('2026-11-23T12:00:00.000Z');
const iso = (at: number): string => new Date(at).toISOString();
const second = 1_000;

/** A run that began `ago` seconds before now; without `took` it is on. */
function run(job: string, ago: number, took?: number, more: Partial<RunBrief> = {}): RunBrief {
  const start = NOW - ago * second;
  return {
    id: `${job}-${ago}`,
    job,
    state: took === undefined ? 'running' : 'succeeded',
    cause: 'schedule',
    worker: 'alpha-1',
    scheduledFor: iso(start),
    startedAt: iso(start),
    ...(took !== undefined && { endedAt: iso(start + took * second), durationMs: took * second }),
    ...more,
  };
}

const answer = (runs: readonly RunBrief[], at = NOW): Timeline => ({
  at: iso(at),
  from: iso(at - 900 * second),
  to: iso(at),
  since: null,
  runs: [...runs],
  total: runs.length,
  cut: false,
  coming: { until: iso(at + 900 * second), jobs: [], totalJobs: 0 },
});

const batch = (runs: readonly RunBrief[], at = NOW, gone: EventBatch['gone'] = []): EventBatch => ({
  at: iso(at),
  fresh: true,
  jobs: [],
  workers: [],
  runs: [...runs],
  gone,
  ended: { succeeded: 0, failed: 0, timed_out: 0, killed: 0, lost: 0, skipped: 0, missed: 0 },
  more: { jobs: 0, workers: 0, runs: 0 },
});

describe('the bars of the timeline', () => {
  it('are those of the answer, by start, until news tells of others', () => {
    const bars = createBars();
    bars.renew(answer([run('b', 10, 1), run('a', 20, 1)]));
    expect(bars.all().map(({ run }) => run.job)).toEqual(['a', 'b']);
    bars.take(batch([run('c', 15)]));
    expect(bars.all().map(({ run }) => run.job)).toEqual(['a', 'c', 'b']);
  });

  it('stay the same array while nothing changes, so that nothing is laid out anew', () => {
    const bars = createBars();
    bars.renew(answer([run('a', 20, 1)]));
    const before = bars.all();
    bars.take(batch([]));
    expect(bars.all()).toBe(before);
    bars.take(batch([run('b', 2)]));
    expect(bars.all()).not.toBe(before);
  });

  it('end when news says so, and never begin again by an older answer', () => {
    const bars = createBars();
    bars.take(batch([run('a', 20)]));
    bars.take(batch([run('a', 20, 5)]));
    bars.renew(answer([run('a', 20)]));
    expect(bars.all()[0]?.end).toBe(NOW - 15 * second);
  });

  it('go when their claim was given back: by news, or by an answer that knows them no more', () => {
    const bars = createBars();
    bars.take(batch([run('a', 20), run('b', 20), run('c', 20)]));
    bars.take(batch([], NOW, [{ job: 'a', id: 'a-20' }]));
    // Of c news came after the answer was made.
    bars.take(batch([run('c', 20)], NOW + 2 * second));
    bars.renew(answer([], NOW + second));
    expect(bars.all().map(({ run }) => run.job)).toEqual(['c']);
  });

  it('are bounded: what went well and was short gives way first', () => {
    const bars = createBars(100);
    const many = Array.from({ length: 400 }, (_, i) => run(`short-${i}`, 100 - i / 10, 0.01));
    bars.take(
      batch([...many, run('failed', 200, 0.01, { state: 'failed' }), run('on', 300), run('long', 150, 60)]),
    );
    expect(bars.all()).toHaveLength(100);
    const jobs = bars.all().map(({ run }) => run.job);
    expect(jobs).toEqual(expect.arrayContaining(['failed', 'on', 'long']));
  });

  it('are forgotten when they ended long ago, not when they are on', () => {
    const bars = createBars();
    bars.take(batch([run('old', 3_600, 10), run('on', 3_600)]));
    expect(bars.all().map(({ run }) => run.job)).toEqual(['on']);
  });

  it('are marks where nothing ran', () => {
    const { startedAt: _, ...missed } = run('a', 10, 0, { state: 'missed' });
    expect(barOf(missed)).toMatchObject({ isMark: true, isWrong: true, start: NOW - 10 * second });
  });
});

function laidOut(runs: readonly RunBrief[], more: Partial<LayoutInput> = {}) {
  return layOut({
    bars: runs.map(barOf).sort((a, b) => a.start - b.start),
    coming: undefined,
    grouping: 'worker',
    workers: new Map(),
    nobody: 'no worker',
    leastMs: second,
    binMs: 10 * second,
    from: NOW - 900 * second,
    rowsSeen: new Map(),
    ...more,
  });
}

describe('lanes by worker', () => {
  it('are there for each worker that is alive, by name, with those of the gone behind their ids', () => {
    const { lanes } = laidOut([run('a', 10, 1, { worker: 'gone-9' })], {
      workers: new Map([
        ['beta-2', 'beta'],
        ['alpha-1', 'alpha'],
      ]),
    });
    expect(lanes.map(({ label }) => label)).toEqual(['alpha', 'beta', 'gone-9']);
  });

  it('are one for a worker that is gone and the one that came in its place', () => {
    const { lanes } = laidOut(
      [run('a', 60, 1, { worker: 'alpha-0b1c2d' }), run('b', 10, 1, { worker: 'alpha-3e4f5a' })],
      { workers: new Map([['alpha-3e4f5a', 'alpha']]) },
    );
    expect(lanes.map(({ label }) => label)).toEqual(['alpha']);
    expect(lanes[0]?.rows.flat().map(({ run }) => run.job)).toEqual(['a', 'b']);
  });

  it('put what no worker ran last', () => {
    const { worker: _, ...none } = run('z', 10, 0, { state: 'missed' });
    const { lanes } = laidOut([none], { workers: new Map([['zeta-1', 'zeta']]) });
    expect(lanes.map(({ label }) => label)).toEqual(['zeta', 'no worker']);
  });

  it('have a row for each run that was on at once, and share rows one after the other', () => {
    const { lanes } = laidOut([run('a', 60, 30), run('b', 50, 5), run('c', 20, 5)]);
    expect(lanes[0]?.rows.map((row) => row.map(({ run }) => run.job))).toEqual([['a', 'c'], ['b']]);
  });

  it('have no more rows than can be drawn: the rest lies over what is there', () => {
    const { lanes } = laidOut(Array.from({ length: 100 }, (_, i) => run(`j-${i}`, 60, 30)));
    expect(lanes[0]?.rows).toHaveLength(8);
    expect(lanes[0]?.rows.flat()).toHaveLength(100);
  });

  it('never shrink while one looks', () => {
    const rowsSeen = new Map<string, number>();
    const before = laidOut([run('a', 60, 30), run('b', 50, 30), run('c', 45, 30)], { rowsSeen });
    const after = laidOut([run('d', 5, 1)], { rowsSeen });
    expect(after.lanes[0]?.height).toBe(before.lanes[0]?.height);
  });
});

describe('lanes by job', () => {
  it('show those in which something went wrong first, then all by name, with the ticks that come', () => {
    const at = iso(NOW + 60 * second);
    const { lanes } = laidOut(
      [run('beta', 60, 1), run('alpha', 50, 1), run('zeta', 40, 1, { state: 'failed' })],
      {
        grouping: 'job',
        coming: { until: at, jobs: [{ job: 'coming', ticks: [at], count: 1 }], totalJobs: 1 },
      },
    );
    expect(lanes.map(({ label }) => label)).toEqual(['zeta', 'alpha', 'beta', 'coming']);
    expect(lanes[3]?.coming).toEqual([NOW + 60 * second]);
  });
});

describe('runs of a job that are too close to be bars', () => {
  const often = (every: number, took: number, count = 60): RunBrief[] =>
    Array.from({ length: count }, (_, i) => run('often', 300 - i * every, took));
  const laneOf = (runs: readonly RunBrief[], grouping: 'job' | 'worker' = 'job') =>
    laidOut(runs, { grouping, leastMs: 5 * second }).lanes[0];

  it('are counted over time, in one lane of one height', () => {
    const lane = laneOf(often(1, 0.2));
    expect(lane.rows).toEqual([]);
    expect(lane.dense).toHaveLength(60);
    expect(lane.height).toBe(laneOf([run('often', 10, 1)]).height);
    const sum = lane.density.bins.reduce((all, { amount }) => all + amount, 0);
    expect(sum).toBeCloseTo(60);
    // As many each time: no bin but those at the ends shows more or fewer than the others.
    for (const { amount } of lane.density.bins.slice(2, -2)) expect(amount).toBeCloseTo(10);
  });

  it('stay bars where they can be told apart, are few, are on, or took their time', () => {
    expect(laneOf(often(6, 0.2)).dense).toEqual([]);
    expect(laneOf(often(1, 0.2, 3)).dense).toEqual([]);
    expect(laneOf(often(1, 8)).dense).toEqual([]);
    const { rows, dense } = laneOf([...often(1, 0.2), run('often', 100.5)]);
    expect(dense).toHaveLength(60);
    expect(rows.flat().map(({ end }) => end)).toEqual([undefined]);
  });

  it('leave their bar to the few that went wrong', () => {
    const failed = run('often', 280.5, 0.2, { id: 'failed', state: 'failed' });
    const lane = laneOf([...often(1, 0.2), failed]);
    expect(lane.rows.flat().map(({ run }) => run.id)).toEqual(['failed']);
    const all = laneOf(often(1, 0.2).map((each) => ({ ...each, state: 'failed' as const })));
    expect(all.density.bins[1]?.parts.map(([tone]) => tone)).toEqual(['bad']);
  });

  it('have their bars by worker, where rows keep them apart', () => {
    expect(laneOf(often(1, 0.2), 'worker').dense).toEqual([]);
  });

  it('are pointed at and gone through one by one all the same', () => {
    const layout = laidOut(often(1, 0.2), { grouping: 'job', leastMs: 5 * second });
    const aim = { y: layout.lanes[0].top + 3, at: NOW - 279.9 * second, msPerPx: 100, now: NOW };
    const meant = barAt(layout, aim);
    expect(meant?.run.id).toBe('often-280');
    expect(countAround(layout.lanes[0], meant!)).toBe(11);
    expect(step(layout, meant!.key, 'later')?.run.id).toBe('often-279');
  });
});

describe('the ticks that come of a job', () => {
  const until = NOW + 900 * second;
  const lane = (listed: number, count: number) => {
    const ticks = Array.from({ length: listed }, (_, i) => iso(NOW + i * second));
    const coming = { until: iso(until), jobs: [{ job: 'a', ticks, count }], totalJobs: 1 };
    return laidOut([], { grouping: 'job', coming }).lanes[0];
  };

  it('go on to the end of what is shown where more come than are listed', () => {
    expect(lane(20, 900)?.moreUntil).toBe(until);
  });

  it('are all there are where all are listed', () => {
    expect(lane(20, 20)?.moreUntil).toBeUndefined();
  });
});

describe('the bar that is meant', () => {
  const layout = laidOut([run('long', 60, 30), run('short', 50, 5), run('on', 20)], {
    workers: new Map([['alpha-1', 'alpha']]),
  });
  const [first] = layout.lanes;
  if (!first) throw new Error('there is no lane');
  const aim = (ago: number, row: number) => ({
    y: rowsTop(first) + row * ROW_PX + 1,
    at: NOW - ago * second,
    msPerPx: 100,
    now: NOW,
  });

  it('is the one under the pointer, in its row, or just beside it', () => {
    expect(barAt(layout, aim(48, 0))?.run.job).toBe('long');
    expect(barAt(layout, aim(48, 1))?.run.job).toBe('short');
    expect(barAt(layout, aim(60.4, 0))?.run.job).toBe('long');
    expect(barAt(layout, aim(62, 0))).toBeUndefined();
  });

  it('is on until now when it has not ended', () => {
    expect(barAt(layout, aim(1, 0))?.run.job).toBe('on');
  });

  it('is none below the last lane', () => {
    expect(barAt(layout, { ...aim(48, 0), y: 10_000 })).toBeUndefined();
  });

  it('is found by the arrow keys: earlier, later, to the ends, and in the next lane the nearest', () => {
    const two = laidOut(
      [run('a', 60, 1), run('b', 40, 1), run('c', 20, 1), run('x', 45, 1, { worker: 'beta-2' })],
      { workers: new Map() },
    );
    const from = (job: string, ago: number): string => `${job} ${job}-${ago}`;
    expect(step(two, undefined, 'earlier')?.run.job).toBe('c');
    expect(step(two, from('c', 20), 'earlier')?.run.job).toBe('b');
    expect(step(two, from('c', 20), 'later')?.run.job).toBe('c');
    expect(step(two, from('c', 20), 'first')?.run.job).toBe('a');
    expect(step(two, from('a', 60), 'last')?.run.job).toBe('c');
    expect(step(two, from('b', 40), 'down')?.run.job).toBe('x');
    expect(step(two, from('x', 45), 'up')?.run.job).toBe('b');
    expect(step(two, 'gone gone-1', 'up')?.run.job).toBe('c');
  });

  it('is none where there is no run', () => {
    expect(step(laidOut([]), undefined, 'later')).toBeUndefined();
  });
});

describe('the ticks that come', () => {
  it('are counted bin by bin', () => {
    const coming = {
      until: iso(NOW + 60 * second),
      jobs: [
        { job: 'a', ticks: [iso(NOW + 5 * second), iso(NOW + 15 * second)], count: 2 },
        { job: 'b', ticks: [iso(NOW + 6 * second)], count: 1 },
      ],
      totalJobs: 2,
    };
    expect(binComing(coming, NOW, 10 * second, 6)).toMatchObject({ counts: [2, 1, 0, 0, 0, 0], most: 2 });
  });

  it('are laid evenly where more are counted than listed', () => {
    const ticks = Array.from({ length: 20 }, (_, i) => iso(NOW + i * second));
    const coming = { until: iso(NOW + 100 * second), jobs: [{ job: 'a', ticks, count: 100 }], totalJobs: 1 };
    const { counts } = binComing(coming, NOW, 10 * second, 10);
    expect(counts.reduce((sum, count) => sum + count, 0)).toBeCloseTo(100);
    for (const count of counts) expect(count).toBeGreaterThan(5);
    for (const count of counts) expect(count).toBeLessThan(15);
  });
});
