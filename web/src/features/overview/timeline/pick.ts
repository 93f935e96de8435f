// Which bar is meant: by the pointer, and by the arrow keys. Pure.
import type { Bar } from './bars.ts';
import { laneAt, ROW_PX, rowsTop, type Lane, type Layout } from './lanes.ts';

/** A bar is hit this near to it. */
const NEAR_PX = 5;

export interface Aim {
  /** In the layout, not on the screen. */
  readonly y: number;
  readonly at: number;
  readonly msPerPx: number;
  readonly now: number;
}

export function barAt(layout: Layout, { y, at, msPerPx, now }: Aim): Bar | undefined {
  const lane = layout.lanes[laneAt(layout.lanes, y)];
  if (!lane) return undefined;
  const row = Math.floor((y - rowsTop(lane)) / ROW_PX);
  const near = NEAR_PX * msPerPx;
  const inRow = lane.rows[Math.min(Math.max(row, 0), lane.rows.length - 1)] ?? [];
  // Those that are only counted lie behind.
  return nearestTo(inRow, at, near, now) ?? nearestTo(lane.dense, at, near, now);
}

function nearestTo(bars: readonly Bar[], at: number, near: number, now: number): Bar | undefined {
  let best: Bar | undefined;
  let bestAway = near;
  for (const bar of bars) {
    const end = bar.end ?? (bar.isMark ? bar.start : now);
    const away = at < bar.start ? bar.start - at : at > end ? at - end : 0;
    // Of several the last: it is drawn on top.
    if (away <= bestAway) {
      best = bar;
      bestAway = away;
    }
  }
  return best;
}

export interface Place {
  readonly lane: Lane;
  readonly bar: Bar;
}

const barsOf = ({ rows, dense }: Lane): Bar[] => [...rows.flat(), ...dense].sort((a, b) => a.start - b.start);

/** How many are counted in place of their bars as near as a bin is wide; 0: it has a bar of its own. */
export function countAround(lane: Lane, bar: Bar): number {
  if (!lane.dense.includes(bar)) return 0;
  const half = lane.density.widthMs / 2;
  return lane.dense.filter(({ start }) => Math.abs(start - bar.start) <= half).length;
}

/** Where a bar is now: news may have moved it. */
export function placeOf(layout: Layout, key: string): Place | undefined {
  for (const lane of layout.lanes)
    for (const row of [...lane.rows, lane.dense])
      for (const bar of row) if (bar.key === key) return { lane, bar };
  return undefined;
}

export type Step = 'earlier' | 'later' | 'up' | 'down' | 'first' | 'last';

/** The bar to go to; the newest of the first lane that has any when none was chosen. Undefined: there is none. */
export function step(layout: Layout, from: string | undefined, how: Step): Bar | undefined {
  const place = from === undefined ? undefined : placeOf(layout, from);
  const filled = layout.lanes.filter(({ rows, dense }) => rows.length + dense.length > 0);
  if (!place) return filled[0] && barsOf(filled[0]).at(-1);
  if (how === 'up' || how === 'down') {
    const next = filled[filled.indexOf(place.lane) + (how === 'up' ? -1 : 1)];
    return next ? nearest(barsOf(next), place.bar.start) : place.bar;
  }
  const bars = barsOf(place.lane);
  if (how === 'first') return bars[0];
  if (how === 'last') return bars.at(-1);
  return bars[bars.indexOf(place.bar) + (how === 'earlier' ? -1 : 1)] ?? place.bar;
}

function nearest(bars: readonly Bar[], at: number): Bar | undefined {
  let best = bars[0];
  for (const bar of bars) if (Math.abs(bar.start - at) < Math.abs((best?.start ?? Infinity) - at)) best = bar;
  return best;
}
