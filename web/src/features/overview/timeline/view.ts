// The timeline on its canvas: lays out anew when something changed, draws when something moved, and rests otherwise.
// Nothing of it goes through React: a thousand runs a second must not draw the page anew.
import type { Timeline } from '../../../../../src/common/api/timeline.ts';
import type { Bar, Bars } from './bars.ts';
import { binComing, type ComingBins } from './coming.ts';
import { layOut, type Grouping, type Layout } from './lanes.ts';
import { AXIS_PX, LEAST_BAR_PX, msPerPx, paint, type Look } from './paint.ts';
import { barAt, countAround, placeOf, step, type Step } from './pick.ts';

export interface Settings {
  readonly grouping: Grouping;
  readonly spanMs: number;
  readonly workers: ReadonlyMap<string, string>;
  readonly coming: Timeline['coming'] | undefined;
  readonly look: Look;
  readonly nobody: string;
  readonly nowWord: string;
  readonly clock: (at: number) => string;
  /** By how much the masters' clock is ahead of this one. */
  readonly clockOffsetMs: number;
  /** The system asks for less motion: whole pixels at a time. */
  readonly isStill: boolean;
}

export interface Chosen {
  readonly bar: Bar;
  /** How many are counted together with it in place of their bars; 0: it has its own. */
  readonly around: number;
  /** On the canvas. */
  readonly x: number;
  readonly y: number;
}

export interface View {
  readonly set: (settings: Settings) => void;
  /** By the pointer, on the canvas. */
  readonly point: (x: number, y: number) => Chosen | undefined;
  readonly move: (how: Step) => Chosen | undefined;
  readonly clear: () => void;
  readonly stop: () => void;
}

/** Between two layouts: news comes four times a second. */
const CALM_MS = 240;
/** Old bars leave, and lanes with them. */
const SWEEP_MS = 5_000;
/** Moved by less, it looks the same. */
const LEAST_MOVE_PX = 0.1;
const BIN_PX = 6;
const EMPTY: Layout = { lanes: [], height: 0, grouping: 'worker' };

export interface ViewParts {
  readonly canvas: HTMLCanvasElement;
  readonly scroller: HTMLElement;
  /** Takes the height of all lanes, so that there is something to scroll. */
  readonly filler: HTMLElement;
  readonly bars: Bars;
  /** What was chosen is told anew when news changed it; undefined when it is gone. */
  readonly onChange: (chosen: Chosen | undefined) => void;
}

export function startView({ canvas, scroller, filler, bars, onChange }: ViewParts): View {
  const ctx = canvas.getContext('2d')!;
  const rowsSeen = new Map<string, number>();
  let settings: Settings | undefined;
  let layout = EMPTY;
  let bins: ComingBins | undefined;
  let binsFrom = 0;
  let laidOut: { readonly bars: readonly Bar[]; readonly at: number } | undefined;
  let size = { width: 0, height: 0 };
  let chosen: Bar | undefined;
  let drawn: { readonly now: number; readonly scrollTop: number } | undefined;
  let frame = 0;

  const now = (): number => Date.now() + (settings?.clockOffsetMs ?? 0);
  const gutterOf = (width: number): number => Math.min(150, Math.round(width * 0.22));
  const scaleOf = ({ spanMs }: Settings): number =>
    msPerPx({ width: size.width, gutter: gutterOf(size.width), spanMs });
  const whereIs = (bar: Bar): Chosen | undefined => {
    const place = settings && placeOf(layout, bar.key);
    if (!place || !settings) return undefined;
    const until = place.bar.isMark ? place.bar.start : (place.bar.end ?? now());
    const middle = (Math.max(place.bar.start, now() - settings.spanMs) + until) / 2;
    const x = gutterOf(size.width) + (middle - now() + settings.spanMs) / scaleOf(settings);
    const y = AXIS_PX + place.lane.top + place.lane.height / 2 - scroller.scrollTop;
    return { bar: place.bar, around: countAround(place.lane, place.bar), x, y };
  };

  const arrange = (given: Settings, at: number): void => {
    const all = bars.all();
    if (laidOut?.bars === all && at - laidOut.at < SWEEP_MS) return;
    if (laidOut && at - laidOut.at < CALM_MS) return;
    laidOut = { bars: all, at };
    const scale = scaleOf(given);
    layout = layOut({
      ...given,
      bars: all,
      leastMs: (LEAST_BAR_PX + 1) * scale,
      binMs: BIN_PX * scale,
      from: at - given.spanMs - 60_000,
      rowsSeen,
    });
    const widthMs = BIN_PX * scale;
    binsFrom = Math.floor(at / widthMs) * widthMs;
    const count = Math.ceil(given.spanMs / widthMs) + 1;
    bins = given.coming && binComing(given.coming, binsFrom, widthMs, count);
    const height = `${AXIS_PX + layout.height}px`;
    if (filler.style.height !== height) filler.style.height = height;
    drawn = undefined;
    if (!chosen) return;
    const there = whereIs(chosen);
    if (there?.bar === chosen) return;
    chosen = there?.bar;
    onChange(there);
  };

  const draw = (): void => {
    frame = requestAnimationFrame(draw);
    if (!settings || size.width === 0) return;
    const at = now();
    arrange(settings, at);
    const { scrollTop } = scroller;
    const least = (settings.isStill ? 1 : LEAST_MOVE_PX) * scaleOf(settings);
    if (drawn && drawn.scrollTop === scrollTop && at - drawn.now < least && at >= drawn.now) return;
    drawn = { now: at, scrollTop };
    const ratio = devicePixelRatio;
    ctx.setTransform(ratio, 0, 0, ratio, 0, 0);
    paint(ctx, {
      ...settings,
      ...size,
      gutter: gutterOf(size.width),
      scrollTop,
      now: at,
      layout,
      bins,
      binsFrom,
      chosen: chosen?.key,
    });
  };

  const fit = (): void => {
    const { clientWidth: width, clientHeight: height } = scroller;
    size = { width, height };
    canvas.style.width = `${width}px`;
    canvas.style.height = `${height}px`;
    // It takes no room of its own: what is scrolled is the filler.
    canvas.style.marginBottom = `${-height}px`;
    canvas.width = Math.round(width * devicePixelRatio);
    canvas.height = Math.round(height * devicePixelRatio);
    laidOut = undefined;
    drawn = undefined;
  };
  const resized = new ResizeObserver(fit);
  resized.observe(scroller);
  frame = requestAnimationFrame(draw);

  const choose = (bar: Bar | undefined): Chosen | undefined => {
    if (bar?.key !== chosen?.key) drawn = undefined;
    chosen = bar;
    return bar && whereIs(bar);
  };

  return {
    set(given) {
      settings = given;
      laidOut = undefined;
    },
    point(x, y) {
      if (!settings || y < AXIS_PX || x < gutterOf(size.width)) return choose(undefined);
      const scale = scaleOf(settings);
      const at = now() - settings.spanMs + (x - gutterOf(size.width)) * scale;
      const aim = { y: y - AXIS_PX + scroller.scrollTop, at, msPerPx: scale, now: now() };
      const told = choose(barAt(layout, aim));
      return told && { ...told, x, y };
    },
    move(how) {
      const bar = step(layout, chosen?.key, how);
      const lane = bar && placeOf(layout, bar.key)?.lane;
      if (lane) {
        const room = scroller.clientHeight - AXIS_PX;
        if (lane.top < scroller.scrollTop) scroller.scrollTop = lane.top;
        else if (lane.top + lane.height > scroller.scrollTop + room)
          scroller.scrollTop = lane.top + lane.height - room;
      }
      return choose(bar);
    },
    clear: () => void choose(undefined),
    stop() {
      cancelAnimationFrame(frame);
      resized.disconnect();
    },
  };
}
