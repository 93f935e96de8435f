// One frame of the timeline on a canvas: only the lanes and bars that can be seen, and of bars that would lie on the
// same pixels one. Reads nothing but what it is given; keeps nothing.
import type { Tone } from '../../../components/tone.ts';
import type { Bar } from './bars.ts';
import type { ComingBins } from './coming.ts';
import { laneAt, ROW_PX, rowsTop, type Lane, type Layout } from './lanes.ts';

export const AXIS_PX = 22;
const BAR_PX = 7;
export const LEAST_BAR_PX = 2;
/** Of the height, for the ticks that come when they are drawn as a landscape. */
const COMING_SHARE = 0.45;
/** Rings closer together than this would be one bar. */
const RING_ROOM_PX = 9;
/** Of the lane, above and below what is counted in it. */
const DENSE_PAD_PX = 4;
/** Between the strokes that stand for ticks too close to be rings. */
const STROKE_ROOM_PX = 5;

export interface Look {
  readonly tones: Readonly<Record<Tone, string>>;
  readonly ground: string;
  readonly rule: string;
  readonly text: string;
  readonly quiet: string;
  readonly accent: string;
  readonly font: string;
}

export interface Frame {
  readonly width: number;
  readonly height: number;
  readonly gutter: number;
  readonly scrollTop: number;
  readonly now: number;
  /** Shown before now, and after it. */
  readonly spanMs: number;
  readonly layout: Layout;
  readonly bins: ComingBins | undefined;
  readonly binsFrom: number;
  readonly chosen: string | undefined;
  readonly look: Look;
  readonly clock: (at: number) => string;
  readonly nowWord: string;
}

export const msPerPx = ({ width, gutter, spanMs }: Pick<Frame, 'width' | 'gutter' | 'spanMs'>): number =>
  (2 * spanMs) / Math.max(1, width - gutter);

export function paint(ctx: CanvasRenderingContext2D, frame: Frame): void {
  const { width, height, gutter, layout, scrollTop, look } = frame;
  const scale = msPerPx(frame);
  const xOf = (at: number): number => gutter + (at - frame.now + frame.spanMs) / scale;
  ctx.fillStyle = look.ground;
  ctx.fillRect(0, 0, width, height);
  ctx.font = look.font;
  ctx.textBaseline = 'middle';

  const first = Math.max(0, laneAt(layout.lanes, scrollTop));
  const shown: Lane[] = [];
  for (let at = first; at < layout.lanes.length; at++) {
    const lane = layout.lanes[at]!;
    if (lane.top - scrollTop > height - AXIS_PX) break;
    shown.push(lane);
  }

  ctx.save();
  ctx.beginPath();
  ctx.rect(gutter, 0, width - gutter, height);
  ctx.clip();
  gridLines(ctx, frame, xOf);
  ctx.beginPath();
  ctx.rect(gutter, AXIS_PX, width - gutter, height - AXIS_PX);
  ctx.clip();
  if (layout.grouping === 'worker') landscape(ctx, frame, xOf);
  for (const lane of shown) {
    ctx.fillStyle = look.rule;
    ctx.fillRect(gutter, AXIS_PX + lane.top + lane.height - 1 - scrollTop, width - gutter, 1);
    laneDensity(ctx, frame, lane, xOf);
    laneBars(ctx, frame, lane, xOf);
  }
  ctx.restore();

  laneNames(ctx, frame, shown);
  nowLine(ctx, frame, xOf(frame.now));
}

const STEPS_MS = [60_000, 5 * 60_000, 15 * 60_000];

function gridLines(ctx: CanvasRenderingContext2D, frame: Frame, xOf: (at: number) => number): void {
  const { now, spanMs, look, height, width, gutter } = frame;
  const room = (width - gutter) / 80;
  const step = STEPS_MS.find((each) => (2 * spanMs) / each <= room) ?? STEPS_MS[2]!;
  ctx.textAlign = 'center';
  for (let at = Math.ceil((now - spanMs) / step) * step; at <= now + spanMs; at += step) {
    const x = xOf(at);
    ctx.fillStyle = look.rule;
    ctx.fillRect(x, AXIS_PX - 4, 1, height);
    // Not under the word at the middle.
    if (Math.abs(at - now) < step * 0.28) continue;
    ctx.fillStyle = look.quiet;
    ctx.fillText(frame.clock(at), x, AXIS_PX / 2 - 1);
  }
}

/** The ticks that come, as one landscape behind all lanes: nobody knows yet which worker takes them. */
function landscape(ctx: CanvasRenderingContext2D, frame: Frame, xOf: (at: number) => number): void {
  const { bins, binsFrom, look, height } = frame;
  if (!bins || bins.most === 0) return;
  const scale = ((height - AXIS_PX) * COMING_SHARE) / bins.most;
  ctx.fillStyle = look.tones.paused;
  for (const [bin, count] of bins.counts.entries()) {
    const from = binsFrom + bin * bins.widthMs;
    if (count === 0 || from + bins.widthMs < frame.now) continue;
    const x = xOf(Math.max(from, frame.now));
    const wide = Math.max(1, xOf(from + bins.widthMs) - x - 1);
    const tall = Math.max(2, count * scale);
    // Pale, with a ridge: it lies behind the lanes, and is no run.
    ctx.globalAlpha = 0.2;
    ctx.fillRect(x, height - tall, wide, tall);
    ctx.globalAlpha = 0.75;
    ctx.fillRect(x, height - tall, wide, 1.5);
  }
  ctx.globalAlpha = 1;
}

/** Runs too close to be bars: as high as there are many, with a ridge, so that it is no long run. */
function laneDensity(
  ctx: CanvasRenderingContext2D,
  frame: Frame,
  { density, dense, top, height }: Lane,
  xOf: (at: number) => number,
): void {
  const { look, now, scrollTop, chosen } = frame;
  const { bins, widthMs, most } = density;
  const foot = AXIS_PX + top + height - DENSE_PAD_PX - scrollTop;
  const room = height - 2 * DENSE_PAD_PX;
  for (const { from, parts } of bins) {
    const x = xOf(from);
    const wide = xOf(Math.min(from + widthMs, now)) - x;
    if (wide <= 0) continue;
    let below = foot;
    for (const [tone, amount] of parts) {
      const tall = Math.max(2, (amount / most) * room);
      ctx.fillStyle = look.tones[tone];
      ctx.globalAlpha = 0.4;
      ctx.fillRect(x, below - tall, wide, tall);
      ctx.globalAlpha = 1;
      ctx.fillRect(x, below - tall, wide, 1.5);
      below -= tall;
    }
  }
  const bar = chosen === undefined ? undefined : dense.find(({ key }) => key === chosen);
  if (!bar) return;
  ctx.fillStyle = look.text;
  ctx.fillRect(xOf(bar.start) - 0.75, foot - room - 2, 1.5, room + 4);
}

function laneBars(
  ctx: CanvasRenderingContext2D,
  frame: Frame,
  lane: Lane,
  xOf: (at: number) => number,
): void {
  const { look, now, width, gutter, scrollTop, chosen } = frame;
  const top = AXIS_PX + rowsTop(lane) - scrollTop;
  for (const [row, bars] of lane.rows.entries()) {
    const y = top + row * ROW_PX + (ROW_PX - BAR_PX) / 2;
    const drawnTo = new Map<Tone, number>();
    for (const bar of bars) {
      const x = xOf(bar.start);
      const end = bar.isMark ? x : xOf(bar.end ?? now);
      if (end < gutter - 4 || x > width + 4) continue;
      if (bar.key === chosen) halo(ctx, frame, x, Math.max(end, x + LEAST_BAR_PX), y);
      const right = Math.max(end, x + LEAST_BAR_PX);
      // What lies where one of its kind was drawn cannot be seen.
      if (right <= (drawnTo.get(bar.tone) ?? -Infinity) + 0.25) continue;
      drawnTo.set(bar.tone, right);
      ctx.fillStyle = look.tones[bar.tone];
      if (bar.isMark) mark(ctx, bar, x, y + BAR_PX / 2);
      else solid(ctx, bar, x, right, y);
    }
  }
  if (lane.coming.length > 0) comingTicks(ctx, frame, lane, xOf);
}

/** Rings; where they would touch, strokes: each stands for several ticks. A thin line where more come than are known. */
function comingTicks(
  ctx: CanvasRenderingContext2D,
  frame: Frame,
  { coming, moreUntil, top, height }: Lane,
  xOf: (at: number) => number,
): void {
  const { look, now, scrollTop } = frame;
  const middle = AXIS_PX + top + height / 2 - scrollTop;
  const first = coming[0]!;
  const last = coming.at(-1)!;
  const every = coming.length > 1 ? (last - first) / (coming.length - 1) : Infinity;
  const room = every / msPerPx(frame);
  ctx.strokeStyle = ctx.fillStyle = look.tones.paused;
  if (room < RING_ROOM_PX) {
    const step = every * Math.ceil(STROKE_ROOM_PX / room);
    const end = moreUntil ?? last;
    for (let at = first + Math.max(0, Math.ceil((now - first) / step)) * step; at <= end; at += step)
      ctx.fillRect(xOf(at) - 0.5, middle - 3, 1, 6);
    return;
  }
  ctx.lineWidth = 1.5;
  for (const at of coming) {
    if (at < now) continue;
    ctx.beginPath();
    ctx.arc(xOf(at), middle, 3, 0, Math.PI * 2);
    ctx.stroke();
  }
  if (moreUntil === undefined) return;
  const from = Math.max(xOf(last) + RING_ROOM_PX, xOf(now));
  for (let x = from; x < xOf(moreUntil); x += RING_ROOM_PX) ctx.fillRect(x, middle - 0.5, 3, 1);
}

/** What went wrong is higher than the rest, what is on fades out at now: not by its colour alone. */
function solid(ctx: CanvasRenderingContext2D, bar: Bar, x: number, right: number, y: number): void {
  if (bar.isWrong) ctx.fillRect(x, y - 1, right - x, BAR_PX + 2);
  else ctx.fillRect(x, y + 0.5, right - x, BAR_PX - 1);
  if (bar.end !== undefined) return;
  ctx.beginPath();
  ctx.moveTo(right, y - 1);
  ctx.lineTo(right + 4, y + BAR_PX / 2);
  ctx.lineTo(right, y + BAR_PX + 1);
  ctx.fill();
}

/** A cross: missed. A bar that stands: skipped. A ring: armed. */
function mark(ctx: CanvasRenderingContext2D, { run, isWrong }: Bar, x: number, y: number): void {
  ctx.strokeStyle = ctx.fillStyle;
  ctx.lineWidth = 1.75;
  ctx.beginPath();
  if (run.state === 'armed') ctx.arc(x, y, 3, 0, Math.PI * 2);
  else if (isWrong) {
    ctx.moveTo(x - 3, y - 3);
    ctx.lineTo(x + 3, y + 3);
    ctx.moveTo(x + 3, y - 3);
    ctx.lineTo(x - 3, y + 3);
  } else {
    ctx.moveTo(x, y - 3.5);
    ctx.lineTo(x, y + 3.5);
  }
  ctx.stroke();
}

function halo(ctx: CanvasRenderingContext2D, { look }: Frame, x: number, right: number, y: number): void {
  ctx.strokeStyle = look.text;
  ctx.lineWidth = 1.5;
  ctx.strokeRect(x - 3.5, y - 3.5, right - x + 7, BAR_PX + 7);
}

function laneNames(ctx: CanvasRenderingContext2D, frame: Frame, lanes: readonly Lane[]): void {
  const { gutter, look, scrollTop, height } = frame;
  ctx.save();
  ctx.beginPath();
  ctx.rect(0, AXIS_PX, gutter - 6, height - AXIS_PX);
  ctx.clip();
  ctx.textAlign = 'left';
  ctx.fillStyle = look.text;
  for (const { label, top, height: tall } of lanes)
    ctx.fillText(fitted(ctx, label, gutter - 12), 2, AXIS_PX + top + tall / 2 - scrollTop);
  ctx.restore();
}

function nowLine(ctx: CanvasRenderingContext2D, { look, height, nowWord }: Frame, x: number): void {
  ctx.fillStyle = look.accent;
  ctx.fillRect(x - 0.75, AXIS_PX - 4, 1.5, height);
  ctx.textAlign = 'center';
  ctx.fillText(nowWord, x, AXIS_PX / 2 - 1);
}

/** The text, or what there is room for of it. */
function fitted(ctx: CanvasRenderingContext2D, text: string, room: number): string {
  if (ctx.measureText(text).width <= room) return text;
  let low = 0;
  let high = text.length;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (ctx.measureText(`${text.slice(0, middle)}…`).width <= room) low = middle;
    else high = middle - 1;
  }
  return `${text.slice(0, low)}…`;
}
