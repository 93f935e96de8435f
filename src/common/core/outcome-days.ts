// The outcomes of a stretch, day by day in a zone, for a calendar. Arithmetic over segments and days, never over ticks.
import { instant, type Instant } from '../model/time.ts';
import { countsOf, type OutcomeCounts } from './outcome-pages.ts';
import type { Segment } from './outcomes.ts';
import { dateOf, dayOf, monthOf, yearOf } from './ticks.ts';
import { offsetAt, type Zone } from './zones.ts';

const DAY = 86_400_000;

export interface LocalDay {
  /** `2026-11-23` */
  readonly date: string;
  /** First instant. */
  readonly from: Instant;
  /** First instant of the next. */
  readonly until: Instant;
}

export interface DayOfOutcomes extends LocalDay {
  readonly counts: OutcomeCounts;
}

const two = (n: number): string => String(n).padStart(2, '0');
const localDay = (zone: Zone, at: number): number => Math.floor((at + offsetAt(zone, at)) / DAY);

/** The first instant of a day, also where its midnight does not exist. */
function startOf(zone: Zone, day: number): Instant {
  let before = day * DAY - 2 * DAY;
  let within = day * DAY + 2 * DAY;
  while (within - before > 1) {
    const middle = Math.floor((before + within) / 2);
    if (localDay(zone, middle) >= day) within = middle;
    else before = middle;
  }
  return instant(within);
}

/** The day of `now` and the `days - 1` before it, oldest first. A day that a zone left out is not among them. */
export function daysUpTo(zone: Zone, now: Instant, days: number): LocalDay[] {
  const today = localDay(zone, now);
  const found: LocalDay[] = [];
  let from = startOf(zone, today - days + 1);
  for (let day = today - days + 1; day <= today; day++) {
    const until = startOf(zone, day + 1);
    const date = dateOf(day);
    if (until > from)
      found.push({ date: `${yearOf(date)}-${two(monthOf(date))}-${two(dayOf(date))}`, from, until });
    from = until;
  }
  return found;
}

/** Of a stretch whose schedule is not kept all counts on the day of its first tick. */
export function outcomesByDay(
  segments: readonly Segment[],
  days: readonly LocalDay[],
  now: Instant,
): DayOfOutcomes[] {
  const parts: Segment[][] = days.map(() => []);
  let first = 0;
  for (const segment of segments) {
    // Segments come in order, but for those that overlap: these never reach far back.
    while (first > 0 && days[first]!.from > segment.from) first--;
    while (first < days.length && days[first]!.until <= segment.from) first++;
    for (let i = first; i < days.length && days[i]!.from <= segment.to; i++) {
      const part = within(segment, days[i]!);
      if (part) parts[i]!.push(part);
    }
    first = Math.min(first, days.length - 1);
  }
  return days.map((day, i) => ({ ...day, counts: countsOf(parts[i]!, now) }));
}

function within(segment: Segment, { from, until }: LocalDay): Segment | undefined {
  const { ticks } = segment;
  const isBegun = segment.from >= from && segment.from < until;
  if (ticks === undefined || segment.count === 1) return isBegun ? segment : undefined;
  if (isBegun && segment.to < until) return segment;
  const low = instant(Math.max(segment.from, from));
  const high = instant(Math.min(segment.to, until - 1));
  const count = ticks.countBetween(instant(low - 1), high);
  return count === 0 ? undefined : { ...segment, from: low, to: high, count };
}
