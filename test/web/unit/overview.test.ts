// Figures, curves and the grid of the overview: pure.
import { describe, expect, it } from 'vitest';
import type { ActivityView } from '../../../src/common/api/overview.ts';
import {
  countTop,
  lagHeight,
  lagMarks,
  lagTop,
  linePath,
  rateFloor,
} from '../../../web/src/features/overview/activity/curves.ts';
import { percentText, rateOf, totalOf, worstLag } from '../../../web/src/features/overview/figures.ts';
import {
  crowdOf,
  heatGrid,
  heatLegend,
  heatScale,
  heatStep,
  measureOf,
} from '../../../web/src/features/overview/forecast/heat-grid.ts';

type Bucket = ActivityView['buckets'][number];
const bucket = (more: Partial<Bucket>): Bucket => ({
  at: '2026-11-23T12:00:00.000Z',
  succeeded: 0,
  failed: 0,
  timed_out: 0,
  killed: 0,
  lost: 0,
  skipped: 0,
  missed: 0,
  started: 0,
  lagP50Ms: null,
  lagP99Ms: null,
  lagMaxMs: null,
  ...more,
});

describe('the rate of success', () => {
  it('is of what was to succeed: what was skipped or killed on purpose does not count', () => {
    const buckets = [
      bucket({ succeeded: 6, failed: 1, skipped: 50 }),
      bucket({ succeeded: 2, lost: 1, killed: 9 }),
    ];
    expect(totalOf(buckets)).toEqual({ good: 8, wrong: 2, other: 59 });
    expect(rateOf(totalOf(buckets))).toBe(0.8);
  });

  it('is none when nothing ran', () => {
    expect(rateOf(totalOf([bucket({ skipped: 3 })]))).toBeUndefined();
  });

  it('is never told as 100 % when something went wrong', () => {
    expect(percentText(1)).toBe('100 %');
    expect(percentText(0.999_999)).toBe('99.99 %');
    expect(percentText(0.984_56)).toBe('98.4 %');
  });
});

describe('the curves', () => {
  it('have gaps where nothing was, and a point where one stands alone', () => {
    expect(linePath([0, 1, undefined, 0.5])).toBe('M0.125 1L0.375 0M0.875 0.5L0.9375 0.5');
  });

  it('begin near the worst rate, so that a difference can be seen', () => {
    expect(rateFloor([1, undefined, 0.995])).toBe(0.99);
    expect(rateFloor([1, 0.6])).toBe(0.5);
    expect(rateFloor([0])).toBe(0);
  });

  it('show lags by decades, up to the one above the worst', () => {
    expect(lagTop([3, null, 250])).toBe(1_000);
    expect(lagTop([])).toBe(100);
    expect(lagMarks(1_000)).toEqual([10, 100, 1_000]);
    expect(lagHeight(10, 1_000)).toBeCloseTo(1 / 3);
    expect(lagHeight(0, 1_000)).toBe(0);
    expect(worstLag([bucket({ lagP99Ms: 4 }), bucket({})])).toBe(4);
    expect(worstLag([bucket({})])).toBeUndefined();
  });

  it('count up to a round number', () => {
    expect([0, 1, 3, 7, 12, 130].map(countTop)).toEqual([1, 1, 5, 10, 20, 200]);
  });
});

const slotsFrom = (from: string, count: number, ticks = 1) =>
  Array.from({ length: count }, (_, i) => {
    const at = new Date(Date.parse(from) + i * 300_000).toISOString();
    return { at, ticks, busiest: { at, ticks } };
  });

describe('the grid of the next day', () => {
  it('has hours across and minutes down, and leaves out what lies before the first slot', () => {
    const { rows, columns } = heatGrid(slotsFrom('2026-11-23T12:50:00.000Z', 5), 300, 'UTC');
    expect(rows).toHaveLength(12);
    expect(rows.slice(0, 3)).toEqual([':00', ':05', ':10']);
    expect(columns.map(({ hour }) => hour)).toEqual(['12', '13']);
    expect(columns[0]?.cells.filter((slot) => slot !== undefined).map(({ at }) => at.slice(11, 16))).toEqual([
      '12:50',
      '12:55',
    ]);
    expect(columns[1]?.cells[0]?.at).toBe('2026-11-23T13:00:00.000Z');
  });

  it('has two columns for an hour that is repeated, and none for one that is left out', () => {
    const autumn = heatGrid(slotsFrom('2026-10-24T23:00:00.000Z', 48), 300, 'Europe/Berlin');
    expect(autumn.columns.map(({ hour }) => hour)).toEqual(['01', '02', '02', '03']);
    const spring = heatGrid(slotsFrom('2027-03-28T00:00:00.000Z', 36), 300, 'Europe/Berlin');
    expect(spring.columns.map(({ hour }) => hour)).toEqual(['01', '03', '04']);
  });

  it('fits zones whose offset is no whole hour', () => {
    const { columns } = heatGrid(slotsFrom('2026-11-23T12:00:00.000Z', 12), 300, 'Asia/Kathmandu');
    expect(columns.map(({ hour, cells }) => [hour, cells.findIndex((slot) => slot !== undefined)])).toEqual([
      ['17', 9],
      ['18', 0],
    ]);
  });

  it('is not blind to fifty beside a thousand', () => {
    const scale = heatScale([0, 1, 50, 1_000]);
    expect(scale).toEqual({ least: 1, bounds: [4, 20, 60, 300, 1_000] });
    expect([0, 1, 50, 1_000].map((value) => heatStep(value, scale))).toEqual([0, 1, 3, 5]);
    expect(measureOf(undefined, 'ticks')).toBe(0);
  });

  it('has colours from the least to the most there is, each for more than the one before', () => {
    for (let most = 1; most <= 3_000; most += 7)
      for (const least of [1, 2, 5, most / 2, most - 9, most].map(Math.round)) {
        if (least < 1 || least > most) continue;
        const { bounds } = heatScale([0, most, least]);
        expect(bounds.length).toBeLessThanOrEqual(5);
        expect(bounds.at(-1)).toBe(most);
        expect(bounds[0]).toBeGreaterThanOrEqual(least);
        expect(bounds.every((bound, i) => i === 0 || bound > bounds[i - 1])).toBe(true);
      }
    expect(heatScale([0, 0]).bounds).toEqual([]);
  });

  it('tells few figures apart by themselves, and says what each colour stands for', () => {
    expect(heatScale([3, 4, 6, 0]).bounds).toEqual([3, 4, 5, 6]);
    const told = heatLegend(heatScale([12, 24, 39])).map(({ step, from, to }) => [step, from, to]);
    expect(told).toEqual([
      [0, 0, 0],
      [1, 12, 15],
      [2, 16, 19],
      [3, 20, 24],
      [4, 25, 31],
      [5, 32, 39],
    ]);
  });

  it('calls a crowd what is many times the usual, and not a job that ticks each second', () => {
    const at = '2026-11-23T13:00:00.000Z';
    const forecast = {
      at,
      from: at,
      to: at,
      slotSeconds: 300,
      jobs: 1,
      approximate: false,
      slots: slotsFrom(at, 288, 300),
    };
    expect(crowdOf({ ...forecast, ticks: 86_400, crowded: [{ at, ticks: 1 }] })).toEqual([]);
    expect(
      crowdOf({
        ...forecast,
        ticks: 86_400,
        crowded: [
          { at, ticks: 40 },
          { at, ticks: 3 },
        ],
      }),
    ).toEqual([{ at, ticks: 40 }]);
  });
});
