// Searching a cron expression's bit sets along the local calendar: the next, the last, how many. Knows no
// zone: a local time is a number of ms, counted as if the local clock were UTC. Never allocates in a loop,
// never loops over ticks.
import type { CronSpec } from './cron.ts';
import { dayTableIndex } from './cron-days.ts';

const DAY = 86_400_000;
const SECONDS_PER_DAY = 86_400;

/** Ticks exist from 1970 to the end of the year 9999. */
export const FIRST_INSTANT = 0;
export const LAST_INSTANT = 253_402_300_799_999;

/** 9999-12-31, as a day since 1970-01-01. */
const LAST_DAY = 2_932_896;

const lowestBit = (set: number): number => 31 - Math.clz32(set & -set);
const highestBit = (set: number): number => 31 - Math.clz32(set);

/** Number of bits set. */
export function popcount(set: number): number {
  let n = set - ((set >>> 1) & 0x55555555);
  n = (n & 0x33333333) + ((n >>> 2) & 0x33333333);
  return Math.imul((n + (n >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
}

/** Lowest member at or above `from` of a set of 60 kept in two halves; -1 when there is none. */
function nextOf60(low: number, high: number, from: number): number {
  if (from < 30) {
    const rest = (low >>> from) << from;
    if (rest !== 0) return lowestBit(rest);
    return high === 0 ? -1 : 30 + lowestBit(high);
  }
  if (from > 59) return -1;
  const rest = (high >>> (from - 30)) << (from - 30);
  return rest === 0 ? -1 : 30 + lowestBit(rest);
}

/** Highest member at or below `from`; -1 when there is none. */
function lastOf60(low: number, high: number, from: number): number {
  if (from >= 30) {
    const rest = high & (2 ** (from - 29) - 1);
    if (rest !== 0) return 30 + highestBit(rest);
    return low === 0 ? -1 : highestBit(low);
  }
  if (from < 0) return -1;
  const rest = low & (2 ** (from + 1) - 1);
  return rest === 0 ? -1 : highestBit(rest);
}

/** First second of the day at or after `from` that matches; -1 when there is none. */
function nextSecond(spec: CronSpec, from: number): number {
  let hour = Math.floor(from / 3600);
  let minute = Math.floor(from / 60) % 60;
  let second = nextOf60(spec.secondsLow, spec.secondsHigh, from % 60);
  if (second < 0) minute++;
  if ((spec.hours & (1 << hour)) !== 0) {
    const nextMinute = nextOf60(spec.minutesLow, spec.minutesHigh, minute);
    if (nextMinute >= 0) {
      if (nextMinute !== minute || second < 0) second = nextOf60(spec.secondsLow, spec.secondsHigh, 0);
      return hour * 3600 + nextMinute * 60 + second;
    }
  }
  hour++;
  const hours = hour > 23 ? 0 : (spec.hours >>> hour) << hour;
  if (hours === 0) return -1;
  minute = nextOf60(spec.minutesLow, spec.minutesHigh, 0);
  return lowestBit(hours) * 3600 + minute * 60 + nextOf60(spec.secondsLow, spec.secondsHigh, 0);
}

/** Last second of the day at or before `from` that matches; -1 when there is none. */
function lastSecond(spec: CronSpec, from: number): number {
  const hour = Math.floor(from / 3600);
  let minute = Math.floor(from / 60) % 60;
  let second = lastOf60(spec.secondsLow, spec.secondsHigh, from % 60);
  if (second < 0) minute--;
  if ((spec.hours & (1 << hour)) !== 0) {
    const lastMinute = lastOf60(spec.minutesLow, spec.minutesHigh, minute);
    if (lastMinute >= 0) {
      if (lastMinute !== minute || second < 0) second = lastOf60(spec.secondsLow, spec.secondsHigh, 59);
      return hour * 3600 + lastMinute * 60 + second;
    }
  }
  const hours = spec.hours & (2 ** hour - 1);
  if (hours === 0) return -1;
  minute = lastOf60(spec.minutesLow, spec.minutesHigh, 59);
  return highestBit(hours) * 3600 + minute * 60 + lastOf60(spec.secondsLow, spec.secondsHigh, 59);
}

const isLeap = (year: number): boolean => year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);

/** Month 1 to 12. */
export const monthLength = (year: number, month: number): number =>
  month === 2 ? (isLeap(year) ? 29 : 28) : 30 + ((month + (month >> 3)) & 1);

/** `year * 512 + month * 32 + day` of a day since 1970-01-01 (H. Hinnant's civil_from_days), without an object. */
export function dateOf(dayNumber: number): number {
  const z = dayNumber + 719_468;
  const era = Math.floor(z / 146_097);
  const dayOfEra = z - era * 146_097;
  const yearOfEra = Math.floor(
    (dayOfEra -
      Math.floor(dayOfEra / 1460) +
      Math.floor(dayOfEra / 36_524) -
      Math.floor(dayOfEra / 146_096)) /
      365,
  );
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const shifted = Math.floor((5 * dayOfYear + 2) / 153);
  const month = shifted < 10 ? shifted + 3 : shifted - 9;
  const year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0);
  return year * 512 + month * 32 + (dayOfYear - Math.floor((153 * shifted + 2) / 5) + 1);
}

export const yearOf = (date: number): number => Math.floor(date / 512);
export const monthOf = (date: number): number => (date >> 5) & 15;
export const dayOf = (date: number): number => date & 31;

/** 0 is Sunday; 1970-01-01 was a Thursday. */
const weekdayOf = (dayNumber: number): number => (((dayNumber + 4) % 7) + 7) % 7;

/** Days of the month that begins on day `first`. */
function daysOf(spec: CronSpec, month: number, length: number, first: number): number {
  return (spec.months & (1 << (month - 1))) === 0 ? 0 : spec.days[dayTableIndex(length, weekdayOf(first))]!;
}

/** First matching day at or after; Infinity past the year 9999. */
function nextDay(spec: CronSpec, from: number): number {
  const date = dateOf(from);
  let year = yearOf(date);
  let month = monthOf(date);
  let skip = dayOf(date) - 1;
  let first = from - skip;
  while (first <= LAST_DAY) {
    const length = monthLength(year, month);
    const rest = (daysOf(spec, month, length, first) >>> skip) << skip;
    if (rest !== 0) return first + lowestBit(rest);
    skip = 0;
    first += length;
    if (++month > 12) {
      month = 1;
      year++;
    }
  }
  return Infinity;
}

/** Last matching day at or before; -Infinity before the year 1969. */
function lastDay(spec: CronSpec, from: number): number {
  const date = dateOf(from);
  let year = yearOf(date);
  let month = monthOf(date);
  let upTo = dayOf(date);
  let first = from - upTo + 1;
  while (first >= -366) {
    const days = daysOf(spec, month, monthLength(year, month), first) & (2 ** upTo - 1);
    if (days !== 0) return first + highestBit(days);
    if (--month < 1) {
      month = 12;
      year--;
    }
    upTo = 31;
    first -= monthLength(year, month);
  }
  return -Infinity;
}

/** First matching local time at or after `local`; Infinity past the year 9999. */
export function nextLocal(spec: CronSpec, local: number): number {
  const seconds = Math.ceil(local / 1000);
  const day = Math.floor(seconds / SECONDS_PER_DAY);
  const matching = nextDay(spec, day);
  if (matching === day) {
    const second = nextSecond(spec, seconds - day * SECONDS_PER_DAY);
    if (second >= 0) return day * DAY + second * 1000;
    return nextDay(spec, day + 1) * DAY + nextSecond(spec, 0) * 1000;
  }
  return matching * DAY + nextSecond(spec, 0) * 1000;
}

/** Last matching local time at or before `local`; -Infinity before the year 1969. */
export function lastLocal(spec: CronSpec, local: number): number {
  const seconds = Math.floor(local / 1000);
  const day = Math.floor(seconds / SECONDS_PER_DAY);
  const matching = lastDay(spec, day);
  if (matching === day) {
    const second = lastSecond(spec, seconds - day * SECONDS_PER_DAY);
    if (second >= 0) return day * DAY + second * 1000;
    return lastDay(spec, day - 1) * DAY + lastSecond(spec, SECONDS_PER_DAY - 1) * 1000;
  }
  return matching * DAY + lastSecond(spec, SECONDS_PER_DAY - 1) * 1000;
}
