// Where each bar goes: lanes by worker or by job, in each as many rows as runs were on at once, up to a few. Pure; an
// order that a reader can rely on, and lanes that never shrink while one looks.
import type { Timeline } from '../../../../../src/common/api/timeline.ts';
import { nameOfWorker } from '../../../components/worker-name.ts';
import type { Bar } from './bars.ts';
import { densityOf, splitDense, type Density } from './density.ts';

export type Grouping = 'worker' | 'job';

export const ROW_PX = 10;
const LANE_PAD_PX = 6;
const LEAST_LANE_PX = 24;
const MOST_ROWS: Readonly<Record<Grouping, number>> = { worker: 8, job: 3 };

export interface Lane {
  readonly key: string;
  readonly label: string;
  readonly top: number;
  readonly height: number;
  /** By start, in each row. */
  readonly rows: readonly (readonly Bar[])[];
  /** By start: those too close to each other to be bars. By job only. */
  readonly dense: readonly Bar[];
  readonly density: Density;
  /** Ticks that come, by job only: the first of them. */
  readonly coming: readonly number[];
  /** More come than are listed, until then. */
  readonly moreUntil: number | undefined;
}

export interface Layout {
  readonly lanes: readonly Lane[];
  readonly height: number;
  readonly grouping: Grouping;
}

export interface LayoutInput {
  readonly bars: readonly Bar[];
  readonly coming: Timeline['coming'] | undefined;
  readonly grouping: Grouping;
  /** Workers that are alive, id and name: each has a lane, also without a run. */
  readonly workers: ReadonlyMap<string, string>;
  /** For bars of no worker. */
  readonly nobody: string;
  /** Narrower ones are drawn as wide as this, and need that much room. */
  readonly leastMs: number;
  /** Of the bins in which those are counted that are too close to each other. */
  readonly binMs: number;
  /** Only what was on from here on. */
  readonly from: number;
  /** Rows that each lane had before; kept up to date here. */
  readonly rowsSeen: Map<string, number>;
}

interface Open {
  readonly key: string;
  readonly label: string;
  readonly bars: Bar[];
  coming: readonly number[];
  moreUntil: number | undefined;
  isWrong: boolean;
}

export function layOut(input: LayoutInput): Layout {
  const { bars, coming, grouping, workers, leastMs, binMs, from, rowsSeen } = input;
  const open = new Map<string, Open>();
  const laneOf = (key: string, label: string): Open => {
    let lane = open.get(key);
    if (!lane) {
      lane = { key, label, bars: [], coming: [], moreUntil: undefined, isWrong: false };
      open.set(key, lane);
    }
    return lane;
  };
  // One that is gone and its successor are one lane: who looks for `berlin-1` wants all that ran there.
  if (grouping === 'worker') for (const name of workers.values()) laneOf(name, name);

  for (const bar of bars) {
    if (bar.end !== undefined && bar.end < from) continue;
    const { job, worker } = bar.run;
    const place = grouping === 'job' ? job : worker === undefined ? '' : nameOf(worker, workers);
    const lane = laneOf(place, place || input.nobody);
    lane.bars.push(bar);
    if (bar.isWrong) lane.isWrong = true;
  }
  if (grouping === 'job')
    for (const { job, ticks, count } of coming?.jobs ?? []) {
      const lane = laneOf(job, job);
      lane.coming = ticks.map((at) => Date.parse(at));
      if (coming && count > ticks.length) lane.moreUntil = Date.parse(coming.until);
    }

  const ordered = [...open.values()].sort(
    (a, b) =>
      // By job there are many: those that need a look come first.
      (grouping === 'job'
        ? Number(b.isWrong) - Number(a.isWrong)
        : Number(a.key === '') - Number(b.key === '')) ||
      compare(a.label, b.label) ||
      compare(a.key, b.key),
  );
  let top = 0;
  const lanes = ordered.map(({ key, label, bars, coming, moreUntil }) => {
    const { apart, dense } = grouping === 'job' ? splitDense(bars, leastMs) : { apart: bars, dense: [] };
    const rows = inRows(apart, leastMs, MOST_ROWS[grouping]);
    const seen = Math.max(rowsSeen.get(`${grouping} ${key}`) ?? 1, rows.length);
    rowsSeen.set(`${grouping} ${key}`, seen);
    const height = Math.max(LEAST_LANE_PX, seen * ROW_PX + LANE_PAD_PX);
    const density = densityOf(dense, binMs);
    const lane = { key, label, top, height, rows, dense, density, coming, moreUntil };
    top += height;
    return lane;
  });
  return { lanes, height: top, grouping };
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** Each in the first row that is free; when none is, in the one that is soonest, over what is there. */
function inRows(bars: readonly Bar[], leastMs: number, most: number): Bar[][] {
  const rows: Bar[][] = [];
  const ends: number[] = [];
  for (const bar of bars) {
    let row = ends.findIndex((until) => until <= bar.start);
    if (row === -1) {
      if (rows.length < most) row = rows.push([]) - 1;
      else row = ends.indexOf(Math.min(...ends));
    }
    rows[row]!.push(bar);
    ends[row] = Math.max(bar.end ?? Infinity, bar.start + leastMs);
  }
  return rows;
}

/** Of a worker that is gone only its id is known. */
const nameOf = (id: string, workers: ReadonlyMap<string, string>): string =>
  workers.get(id) ?? nameOfWorker(id);

/** Where the rows of a lane begin: in its middle when it has few. */
export const rowsTop = ({ top, height, rows }: Lane): number =>
  top + (height - Math.max(1, rows.length) * ROW_PX) / 2;

/** The lane at a height; -1: below the last. Lanes lie close together, so the last that begins above it. */
export function laneAt(lanes: readonly Lane[], y: number): number {
  let low = 0;
  let high = lanes.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (lanes[middle]!.top <= y) low = middle;
    else high = middle - 1;
  }
  const lane = lanes[low];
  return lane && y >= lane.top && y < lane.top + lane.height ? low : -1;
}
