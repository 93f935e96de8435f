// How many ticks a stretch of time holds, for one cron expression or several at once (a tick of two of them
// counts once). By arithmetic over whole days: a year of missed seconds costs no more than a few missed ones.
import type { CronSpec } from './cron.ts';
import { dayTableIndex } from './cron-days.ts';
import {
  dateOf,
  dayOf,
  FIRST_INSTANT,
  LAST_INSTANT,
  monthLength,
  monthOf,
  nextLocal,
  popcount,
  yearOf,
} from './ticks.ts';
import { stretchAt, stretchEnd, type DstPolicy, type Zone } from './zones.ts';

const SECONDS_PER_DAY = 86_400;

const belowBit = (n: number): number => 2 ** n - 1;

/** Members of a set of 60 within [from, to]. */
function clip60(low: number, high: number, from: number, to: number): number {
  const lower = low & belowBit(Math.min(to + 1, 30)) & ~belowBit(Math.min(from, 30));
  const upper = high & belowBit(Math.max(to - 29, 0)) & ~belowBit(Math.max(from - 30, 0));
  return popcount(lower) + popcount(upper);
}

const hasOf60 = (low: number, high: number, n: number): boolean =>
  (n < 30 ? low & (1 << n) : high & (1 << (n - 30))) !== 0;

/** Seconds within [from, to] of a day that match any of the specs chosen by the bits of `chosen`. */
function countSeconds(specs: readonly CronSpec[], chosen: number, from: number, to: number): number {
  let count = 0;
  for (let minute = Math.floor(from / 60); minute <= Math.floor(to / 60); minute++) {
    let low = 0;
    let high = 0;
    for (let k = 0; k < specs.length; k++) {
      const spec = specs[k]!;
      if ((chosen & (1 << k)) === 0 || (spec.hours & (1 << Math.floor(minute / 60))) === 0) continue;
      if (!hasOf60(spec.minutesLow, spec.minutesHigh, minute % 60)) continue;
      low |= spec.secondsLow;
      high |= spec.secondsHigh;
    }
    if (low !== 0 || high !== 0)
      count += clip60(low, high, Math.max(from - minute * 60, 0), Math.min(to - minute * 60, 59));
  }
  return count;
}

/** Which specs match on a day, as bits. */
function chosenOn(specs: readonly CronSpec[], month: number, tableIndex: number, day: number): number {
  let chosen = 0;
  for (let k = 0; k < specs.length; k++) {
    const spec = specs[k]!;
    if ((spec.months & (1 << (month - 1))) !== 0 && (spec.days[tableIndex]! & (1 << (day - 1))) !== 0)
      chosen |= 1 << k;
  }
  return chosen;
}

/** Matching local times in [from, to], ms. `perDay` keeps what a whole day holds, by the specs chosen on it. */
function countLocal(
  specs: readonly CronSpec[],
  from: number,
  to: number,
  perDay: Map<number, number>,
): number {
  const first = Math.ceil(from / 1000);
  const last = Math.floor(to / 1000);
  if (first > last || specs.length === 0) return 0;
  const firstDay = Math.floor(first / SECONDS_PER_DAY);
  const lastDay = Math.floor(last / SECONDS_PER_DAY);
  const date = dateOf(firstDay);
  let year = yearOf(date);
  let month = monthOf(date);
  let day = dayOf(date);
  let length = monthLength(year, month);
  let tableIndex = dayTableIndex(length, (((firstDay - day + 5) % 7) + 7) % 7);
  let count = 0;
  for (let number = firstDay; number <= lastDay; number++) {
    const chosen = chosenOn(specs, month, tableIndex, day);
    if (chosen !== 0) {
      if (number === firstDay || number === lastDay) {
        const start = number === firstDay ? first - number * SECONDS_PER_DAY : 0;
        const end = number === lastDay ? last - number * SECONDS_PER_DAY : SECONDS_PER_DAY - 1;
        count += countSeconds(specs, chosen, start, end);
      } else {
        let whole = perDay.get(chosen);
        if (whole === undefined) {
          whole = countSeconds(specs, chosen, 0, SECONDS_PER_DAY - 1);
          perDay.set(chosen, whole);
        }
        count += whole;
      }
    }
    if (++day > length) {
      day = 1;
      if (++month > 12) {
        month = 1;
        year++;
      }
      length = monthLength(year, month);
      tableIndex = dayTableIndex(length, (((number + 5) % 7) + 7) % 7);
    }
  }
  return count;
}

const hasIn = (spec: CronSpec, from: number, to: number): boolean => nextLocal(spec, from) <= to;

/** Distinct ticks of all the specs in (after, until]. All share the zone and the policy. At most 31 specs. */
export function countTicks(
  specs: readonly CronSpec[],
  zone: Zone,
  dst: DstPolicy,
  after: number,
  until: number,
): number {
  const open = dst.repeat === 'both' ? specs : specs.filter((spec) => spec.isOpen);
  const shifted = dst.gap === 'shift' ? specs.filter((spec) => !spec.isOpen) : [];
  const perDay = new Map<number, number>();
  const perDayOpen = new Map<number, number>();
  const last = Math.min(until, LAST_INSTANT);
  let at = Math.max(after + 1, FIRST_INSTANT);
  let count = 0;
  while (at <= last) {
    const block = zone.blockAt(at);
    const i = stretchAt(block, at);
    const offset = block.offsets[i]!;
    const start = block.starts[i]!;
    const end = Math.min(stretchEnd(block, i) - 1, last);
    let from = at + offset;
    const gap = block.gaps[i]!;
    if (at === start && gap < from && shifted.some((spec) => hasIn(spec, gap, from - 1))) {
      count++; // one tick at the first instant after the gap, whether or not something else is due just then
      from++;
    }
    const floor = Math.min(Math.max(block.floors[i]!, from), end + offset + 1);
    count += countLocal(open, from, floor - 1, perDayOpen);
    count += countLocal(specs, floor, end + offset, perDay);
    at = end + 1;
  }
  return count;
}
