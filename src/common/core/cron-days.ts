// On which days of a month a schedule falls: a table of 28 bit sets, one for each length of a month and each
// weekday it can begin with. Everything about days (lists, L, n#k, nL, either-rule) is settled here, once,
// when an expression is compiled; finding the next day is then a look at bits.
import type { FieldValues } from './cron-fields.ts';

/** Bit d - 1 for day d; index `(length - 28) * 7 + weekday of the 1st`. */
export type DayTable = readonly number[];

export const dayTableIndex = (monthLength: number, firstWeekday: number): number =>
  (monthLength - 28) * 7 + firstWeekday;

const bit = (day: number): number => 1 << (day - 1);

export interface DayFields {
  readonly daysOfMonth: readonly number[];
  readonly weekdays: readonly number[];
  readonly dayOfMonth: FieldValues;
  readonly dayOfWeek: FieldValues;
}

function monthDays({ daysOfMonth, dayOfMonth }: DayFields, length: number): number {
  let days = dayOfMonth.last ? bit(length) : 0;
  for (const day of daysOfMonth) if (day <= length) days |= bit(day);
  return days;
}

function weekDays({ weekdays, dayOfWeek }: DayFields, length: number, firstWeekday: number): number {
  let days = 0;
  for (let day = 1; day <= length; day++) {
    const weekday = (firstWeekday + day - 1) % 7;
    const nth = Math.ceil(day / 7);
    const isMatch =
      weekdays.includes(weekday) ||
      (day > length - 7 && dayOfWeek.lastWeekdays.includes(weekday)) ||
      dayOfWeek.nthWeekdays.some((wanted) => wanted.weekday === weekday && wanted.nth === nth);
    if (isMatch) days |= bit(day);
  }
  return days;
}

/**
 * Cron's own rule: when both day fields say something (neither contains `*`), a day that matches either will
 * do; else it must match both.
 */
export function dayTable(fields: DayFields): DayTable {
  const isEither = !fields.dayOfMonth.isStar && !fields.dayOfWeek.isStar;
  const table: number[] = [];
  for (let length = 28; length <= 31; length++) {
    for (let firstWeekday = 0; firstWeekday < 7; firstWeekday++) {
      const ofMonth = monthDays(fields, length);
      const ofWeek = weekDays(fields, length, firstWeekday);
      table.push(isEither ? ofMonth | ofWeek : ofMonth & ofWeek);
    }
  }
  return table;
}

const LENGTHS: readonly (readonly number[])[] = [
  [31],
  [28, 29],
  [31],
  [30],
  [31],
  [30],
  [31],
  [31],
  [30],
  [31],
  [30],
  [31],
];

/** Whether any of these months (bit m - 1) ever has such a day. Every month begins with every weekday sooner or later. */
export function everComes(months: number, table: DayTable): boolean {
  return LENGTHS.some(
    (lengths, month) =>
      (months & (1 << month)) !== 0 &&
      lengths.some((length) =>
        table.slice(dayTableIndex(length, 0), dayTableIndex(length, 0) + 7).some((days) => days !== 0),
      ),
  );
}
