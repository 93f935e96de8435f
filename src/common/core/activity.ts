// How runs fared, minute by minute, for a day: counts of their ends and how late they started. A ring of fixed size,
// whatever runs; figures of lag are read off a histogram, so they are within 13 %. Knows no clock: it is told the time.
import type { RunState } from '../model/run.ts';
import type { Millis } from '../model/time.ts';

export const MINUTE: Millis = 60_000;
/** A day. */
export const MINUTES_KEPT = 1_440;

export const ENDS = ['succeeded', 'failed', 'timed_out', 'killed', 'lost', 'skipped', 'missed'] as const;
export type End = (typeof ENDS)[number];

const END_INDEX = Object.fromEntries(ENDS.map((end, index) => [end, index])) as Readonly<
  Partial<Record<RunState, number>>
>;

export const isEnd = (state: RunState): state is End => END_INDEX[state] !== undefined;

/** Three bins to each doubling: from 1 ms to 35 minutes. */
const BINS = 64;
const PER_DOUBLING = 3;

const binOf = (lag: Millis): number =>
  lag < 1 ? 0 : Math.min(BINS - 1, 1 + Math.floor(PER_DOUBLING * Math.log2(lag)));

/** The middle of a bin. */
const lagOf = (bin: number): Millis => (bin === 0 ? 0.5 : 2 ** ((bin - 0.5) / PER_DOUBLING));

/** What became of one run, or of a stretch of ticks that nothing ran for. */
export interface EndNoted {
  readonly state: End;
  readonly endedAt: number;
  /** How many ticks it stands for. */
  readonly count: number;
  /** Of these instants, when it stands for several. */
  readonly stretch?: { readonly from: number; readonly to: number } | undefined;
  readonly startedAt?: number | undefined;
  /** Only where it says how late the start was: not of runs by hand. */
  readonly startLagMs?: number | undefined;
}

export interface ActivityBucket {
  readonly at: number;
  readonly counts: Readonly<Record<End, number>>;
  /** Runs whose start lag is known. */
  readonly started: number;
  /** Undefined: none started. */
  readonly lagP50Ms: number | undefined;
  readonly lagP99Ms: number | undefined;
  readonly lagMaxMs: number | undefined;
}

export interface ActivityLog {
  /** What is older than a day, or lies further ahead than a minute, is passed over. */
  note(end: EndNoted, now: number): void;
  /** From `from`, rounded down, to `now`, oldest first; `minutes` a bucket. */
  read(from: number, now: number, minutes: number): ActivityBucket[];
  clear(): void;
}

export function createActivityLog(): ActivityLog {
  const minutes = new Float64Array(MINUTES_KEPT).fill(-1);
  const counts = new Float64Array(MINUTES_KEPT * ENDS.length);
  const lags = new Uint32Array(MINUTES_KEPT * BINS);
  const most = new Float64Array(MINUTES_KEPT);

  /** The place of a minute, emptied when it held another; -1: it is not kept. */
  const placeOf = (at: number, now: number): number => {
    const minute = Math.floor(at / MINUTE);
    const current = Math.floor(now / MINUTE);
    if (minute <= current - MINUTES_KEPT || minute > current + 1) return -1;
    const place = minute % MINUTES_KEPT;
    if (minutes[place] === minute) return place;
    // A late word of a minute whose place has been given to a later one.
    if (minutes[place]! > minute) return -1;
    minutes[place] = minute;
    counts.fill(0, place * ENDS.length, (place + 1) * ENDS.length);
    lags.fill(0, place * BINS, (place + 1) * BINS);
    most[place] = 0;
    return place;
  };

  const add = (state: End, at: number, count: number, now: number): void => {
    const place = placeOf(at, now);
    if (place >= 0) counts[place * ENDS.length + END_INDEX[state]!]! += count;
  };

  /** Ticks that one record stands for are laid over its minutes evenly. */
  const spread = ({ state, count, stretch }: EndNoted, now: number): void => {
    const { from, to } = stretch!;
    const pieces = Math.min(Math.floor(to / MINUTE) - Math.floor(from / MINUTE) + 1, count, MINUTES_KEPT);
    const begin = pieces === MINUTES_KEPT ? Math.max(from, to - MINUTES_KEPT * MINUTE) : from;
    for (let piece = 0; piece < pieces; piece++) {
      const at = pieces === 1 ? to : begin + ((to - begin) * piece) / (pieces - 1);
      add(state, at, count / pieces, now);
    }
  };

  return {
    note(end, now) {
      if (end.stretch && end.count > 1) spread(end, now);
      else add(end.state, end.endedAt, end.count, now);
      if (end.startLagMs === undefined || end.startedAt === undefined) return;
      const place = placeOf(end.startedAt, now);
      if (place < 0) return;
      lags[place * BINS + binOf(end.startLagMs)]!++;
      most[place] = Math.max(most[place]!, end.startLagMs);
    },

    read(from, now, minutesEach) {
      const width = minutesEach * MINUTE;
      const buckets: ActivityBucket[] = [];
      const sum = new Float64Array(ENDS.length);
      const bins = new Float64Array(BINS);
      for (let at = Math.floor(from / width) * width; at <= now; at += width) {
        sum.fill(0);
        bins.fill(0);
        let max = 0;
        for (let minute = at / MINUTE; minute < (at + width) / MINUTE; minute++) {
          const place = minute % MINUTES_KEPT;
          if (minutes[place] !== minute) continue;
          for (let i = 0; i < ENDS.length; i++) sum[i]! += counts[place * ENDS.length + i]!;
          for (let i = 0; i < BINS; i++) bins[i]! += lags[place * BINS + i]!;
          max = Math.max(max, most[place]!);
        }
        const started = bins.reduce((all, count) => all + count, 0);
        const quantile = (share: number): number | undefined =>
          started === 0 ? undefined : Math.min(max, quantileOf(bins, started, share));
        buckets.push({
          at,
          // Parts of a stretch are no whole numbers.
          counts: Object.fromEntries(ENDS.map((end, i) => [end, Math.round(sum[i]!)])) as Record<End, number>,
          started,
          lagP50Ms: quantile(0.5),
          lagP99Ms: quantile(0.99),
          lagMaxMs: started === 0 ? undefined : max,
        });
      }
      return buckets;
    },

    clear() {
      minutes.fill(-1);
    },
  };
}

function quantileOf(bins: Float64Array, total: number, share: number): Millis {
  let left = Math.ceil(total * share);
  for (let bin = 0; bin < bins.length; bin++) {
    left -= bins[bin]!;
    if (left <= 0) return lagOf(bin);
  }
  return lagOf(bins.length - 1);
}
