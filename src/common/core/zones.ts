// The offset of a time zone from UTC at any instant, from `Intl`, as stretches of constant offset.
// `Intl` is asked a few hundred times per zone and year, then never again: what it said is kept in blocks of
// about a year. Bounded: a zone keeps at most MAX_BLOCKS blocks, and no formatter outlives its block.
import type { Instant } from '../model/time.ts';

const DAY = 86_400_000;

/** About a year, in whole seconds. */
const BLOCK_MS = 2 ** 25 * 1000;
const MAX_BLOCKS = 64;

/** Shorter than the shortest time between two changes of offset in any zone (7 days, in test/unit/core/zones). */
const SAMPLE_MS = 4 * DAY;

/** Longer than any change of offset: Pacific/Apia skipped a whole day, others repeated one. */
const LONGEST_CHANGE = 2 * DAY;

/**
 * Stretches of constant offset, in the order of time; all times in ms, local times counted as if they were
 * UTC. The first stretch begins at `from`, where the offset need not have changed.
 */
export interface ZoneBlock {
  readonly from: Instant;
  readonly to: Instant;
  /** Instant at which each stretch begins. */
  readonly starts: readonly number[];
  /** Local time less UTC. */
  readonly offsets: readonly number[];
  /** Local time at which the stretch before ended. Less than this stretch's first local time: a gap lies between. */
  readonly gaps: readonly number[];
  /** From this local time on, nothing in the stretch has been seen before. */
  readonly floors: readonly number[];
}

/**
 * What becomes of a fixed local time that a change of offset skips (`shift`: the first instant after the gap)
 * or shows twice.
 */
export interface DstPolicy {
  readonly gap: 'shift' | 'skip';
  readonly repeat: 'first' | 'both';
}

export interface Zone {
  /** The name as `Intl` writes it. */
  readonly name: string;
  /** The block with this instant. */
  blockAt(at: number): ZoneBlock;
}

export interface Zones {
  /** undefined when there is no such zone. Offsets such as `+02:00` are no zones: they know no daylight saving. */
  get(name: string): Zone | undefined;
}

/** The stretch of the block that holds the instant. */
export function stretchAt(block: ZoneBlock, at: number): number {
  let i = block.starts.length - 1;
  while (i > 0 && block.starts[i]! > at) i--;
  return i;
}

/** First instant after the stretch. */
export const stretchEnd = (block: ZoneBlock, stretch: number): number =>
  block.starts[stretch + 1] ?? block.to;

/** Local time less UTC, in ms. */
export function offsetAt(zone: Zone, at: number): number {
  const block = zone.blockAt(at);
  return block.offsets[stretchAt(block, at)]!;
}

type OffsetAt = (at: number) => number;

const formatterOf = (zone: string): Intl.DateTimeFormat =>
  new Intl.DateTimeFormat('en-US', {
    timeZone: zone,
    calendar: 'gregory',
    numberingSystem: 'latn',
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  });

/** Asks `Intl`: about 3 us a call. `format` and a scan for digits is a third of the cost of `formatToParts`. */
function askIntl(zone: string): OffsetAt {
  const formatter = formatterOf(zone);
  const fields = [0, 0, 0, 0, 0, 0];
  return (at) => {
    const text = formatter.format(at); // 11/22/2026, 14:30:00
    let field = 0;
    let value = -1;
    for (let i = 0; i <= text.length; i++) {
      const digit = text.charCodeAt(i) - 48;
      if (digit >= 0 && digit <= 9) {
        value = Math.max(value, 0) * 10 + digit;
      } else if (value >= 0) {
        fields[field++] = value;
        value = -1;
      }
    }
    const [month, day, year, hour, minute, second] = fields as [
      number,
      number,
      number,
      number,
      number,
      number,
    ];
    return Date.UTC(year, month - 1, day, hour, minute, second) - Math.floor(at / 1000) * 1000;
  };
}

/** The first change of offset in (after, until], given the offsets at both ends: by bisection, to the second. */
function bisect(offsetAt: OffsetAt, after: number, until: number, before: number): number {
  let low = after / 1000;
  let high = until / 1000;
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (offsetAt(middle * 1000) === before) low = middle;
    else high = middle;
  }
  return high * 1000;
}

interface Change {
  readonly at: number;
  readonly before: number;
  readonly after: number;
}

/** Changes of offset in (after, until]. */
function changesIn(offsetAt: OffsetAt, after: number, until: number): Change[] {
  const changes: Change[] = [];
  let at = after;
  let before = offsetAt(at);
  while (at < until) {
    const next = Math.min(at + SAMPLE_MS, until);
    if (offsetAt(next) === before) {
      at = next;
      continue;
    }
    at = bisect(offsetAt, at, next, before);
    const change = { at, before, after: offsetAt(at) };
    changes.push(change);
    before = change.after;
  }
  return changes;
}

function readBlock(from: number, offsetAt: OffsetAt): ZoneBlock {
  const to = from + BLOCK_MS;
  const changes = changesIn(offsetAt, from - LONGEST_CHANGE, to - 1000);
  // The block's first stretch goes on from the block before, with what that has left behind.
  let offset = changes.length > 0 ? changes[0]!.before : offsetAt(from);
  let gap = NaN;
  let seen = -Infinity;
  const earlier = changes.filter((change) => change.at <= from);
  for (const change of earlier) {
    seen = Math.max(seen, change.at + change.before);
    gap = change.at === from ? from + change.before : NaN;
    offset = change.after;
  }
  const starts = [from];
  const offsets = [offset];
  const gaps = [Number.isNaN(gap) ? from + offset : gap];
  const floors = [Math.max(from + offset, seen)];
  for (const change of changes.slice(earlier.length)) {
    seen = Math.max(seen, change.at + change.before);
    starts.push(change.at);
    offsets.push(change.after);
    gaps.push(change.at + change.before);
    floors.push(Math.max(change.at + change.after, seen));
  }
  return { from: from as Instant, to: to as Instant, starts, offsets, gaps, floors };
}

function zoneOf(name: string): Zone {
  const blocks = new Map<number, ZoneBlock>();
  let last: ZoneBlock | undefined;
  return {
    name,
    blockAt(at) {
      if (last !== undefined && at >= last.from && at < last.to) return last;
      const index = Math.floor(at / BLOCK_MS);
      let block = blocks.get(index);
      if (block === undefined) {
        if (blocks.size >= MAX_BLOCKS) blocks.clear();
        block = readBlock(index * BLOCK_MS, name === 'UTC' ? () => 0 : askIntl(name));
        blocks.set(index, block);
      }
      last = block;
      return block;
    },
  };
}

/** Names in any case and links (`US/Pacific`) lead to the same zone; more spellings than these are forgotten. */
const MAX_SPELLINGS = 2000;

export function createZones(): Zones {
  const zones = new Map<string, Zone>();
  const spellings = new Map<string, Zone>();
  return {
    get(name) {
      const known = spellings.get(name);
      if (known !== undefined) return known;
      if (!/^[A-Za-z]/.test(name)) return undefined;
      let canonical: string;
      try {
        canonical = formatterOf(name).resolvedOptions().timeZone;
      } catch {
        return undefined;
      }
      const zone = zones.get(canonical) ?? zoneOf(canonical);
      zones.set(canonical, zone);
      if (spellings.size >= MAX_SPELLINGS) spellings.clear();
      spellings.set(name, zone);
      return zone;
    },
  };
}
