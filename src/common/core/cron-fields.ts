// One field of a cron expression: text -> the values it means, or what is wrong with it. The only importer
// of cron-parser, which expands and validates each item of a list; what it would let pass (`*/1.5`, `?` in
// any field, `*/90` minutes) or refuse for no reason (`1-5,3`) is decided here, before it.
import { CronExpressionParser } from 'cron-parser';
import { hashBelow } from './hash.ts';

export type FieldName = 'second' | 'minute' | 'hour' | 'day of month' | 'month' | 'day of week';

interface FieldKind {
  readonly name: FieldName;
  readonly min: number;
  readonly max: number;
  /** Range of a bare `H`. */
  readonly hashMax: number;
  readonly names: readonly string[];
  /** Its place in an expression of six. */
  readonly place: number;
  readonly example: string;
}

const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
const DAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'];

const kind = (
  name: FieldName,
  place: number,
  min: number,
  max: number,
  example: string,
  rest: Partial<FieldKind> = {},
): FieldKind => ({
  name,
  place,
  min,
  max,
  hashMax: max,
  names: [],
  example,
  ...rest,
});

export const FIELD_KINDS: readonly FieldKind[] = [
  kind('second', 0, 0, 59, '0, */15 or 5,35'),
  kind('minute', 1, 0, 59, '0, */15 or 5,35'),
  kind('hour', 2, 0, 23, '3, 9-17 or */2'),
  // H stays within the days that every month has.
  kind('day of month', 3, 1, 31, '1, 1-7, L or 15,L', { hashMax: 28 }),
  kind('month', 4, 1, 12, '1, jan-mar or */3', { names: MONTHS }),
  kind('day of week', 5, 0, 7, '1-5, mon,thu, fri#2 or friL', { hashMax: 6, names: DAYS }),
];

/** A value that depends on the job's name: one of `lo` to `hi`, or with a step that one and each `step` on. */
export interface HashItem {
  readonly lo: number;
  readonly hi: number;
  readonly step: number;
}

export interface FieldValues {
  /** Values as they stand; for days of the week 0 is Sunday. */
  readonly values: readonly number[];
  readonly hashed: readonly HashItem[];
  /** `L` of the days of the month. */
  readonly last: boolean;
  /** `5L`: the last Friday of the month. */
  readonly lastWeekdays: readonly number[];
  /** `5#2`: the second Friday of the month. */
  readonly nthWeekdays: readonly { readonly weekday: number; readonly nth: number }[];
  /** Contains `*` or is `?`: in the rule of cron, this field restricts nothing. */
  readonly isStar: boolean;
  /** Contains `*` or a step. */
  readonly isOpen: boolean;
}

/** Says what is wrong; caught in core/cron only. */
export class FieldError extends Error {
  override readonly name = 'FieldError';
}

const fail = (kind: FieldKind, item: string, why: string): never => {
  throw new FieldError(`the ${kind.name} ${JSON.stringify(item)} ${why}`);
};

function numberOf(kind: FieldKind, item: string, text: string): number {
  const named = kind.names.indexOf(text.toLowerCase());
  if (named >= 0) return named + kind.min;
  if (!/^\d{1,4}$/.test(text)) {
    const names = kind.names.length > 0 ? ` or ${kind.names[0]}-${kind.names.at(-1)}` : '';
    return fail(
      kind,
      item,
      `is not understood: ${JSON.stringify(text)} is none of ${kind.min}-${kind.max}${names}; write for example ${kind.example}`,
    );
  }
  const value = Number(text);
  if (value < kind.min || value > kind.max)
    return fail(kind, item, `is out of range: it goes from ${kind.min} to ${kind.max}`);
  return value;
}

function stepOf(kind: FieldKind, item: string, text: string, lo: number, hi: number): number {
  const step = /^\d{1,5}$/.test(text) ? Number(text) : NaN;
  if (Number.isNaN(step)) return fail(kind, item, `has no whole number after "/"; write for example */5`);
  if (step === 0)
    return fail(kind, item, 'has a step of 0, which would never move on: the step must be at least 1');
  // A step of the whole range is idle but clear: `*/60` minutes means hourly.
  if (step > hi - lo + 1) {
    const every = { second: 's', minute: 'm', hour: 'h', 'day of month': 'd' }[kind.name as string];
    const instead =
      every === undefined
        ? ''
        : `; for every ${step}${every} whatever the clock says, write "@every ${step}${every}"`;
    return fail(
      kind,
      item,
      `has a step larger than its range ${lo}-${hi}, so it would only ever mean ${lo}${instead}`,
    );
  }
  return step;
}

function rangeOf(kind: FieldKind, item: string, from: string, to: string): [number, number] {
  const lo = numberOf(kind, item, from);
  let hi = numberOf(kind, item, to);
  // sat-sun: a week that ends with Sunday.
  if (kind.name === 'day of week' && hi === 0 && lo > 0 && to.toLowerCase() === 'sun') hi = 7;
  if (lo > hi) {
    return fail(
      kind,
      item,
      `runs backwards; write it as two ranges: ${from}-${kind.max === 7 ? 6 : kind.max},${kind.min}-${to}`,
    );
  }
  return [lo, hi];
}

const HASHED = /^H(?:\(([^()-]*)-([^()-]*)\))?(?:\/(.*))?$/;

function hashItem(kind: FieldKind, item: string): HashItem {
  const match = HASHED.exec(item);
  if (match === null)
    return fail(kind, item, 'is not understood: H stands alone or as H(0-29), H/15 or H(0-29)/10');
  const [, from, to, step] = match;
  const [lo, hi] =
    from === undefined || to === undefined ? [kind.min, kind.hashMax] : rangeOf(kind, item, from, to);
  return { lo, hi, step: step === undefined ? 0 : stepOf(kind, item, step, lo, hi) };
}

/** The numbers of `item` (no names, no H) as cron-parser reads them. */
function expand(kind: FieldKind, item: string): number[] {
  const fields = ['0', '0', '0', '*', '*', '*'];
  fields[kind.place] = item;
  const parsed = CronExpressionParser.parse(fields.join(' ')).fields;
  const field = [
    parsed.second,
    parsed.minute,
    parsed.hour,
    parsed.dayOfMonth,
    parsed.month,
    parsed.dayOfWeek,
  ][kind.place]!;
  return field.values.map((value) => {
    if (typeof value !== 'number' || !Number.isInteger(value))
      return fail(kind, item, `is not understood; write for example ${kind.example}`);
    return kind.name === 'day of week' ? value % 7 : value;
  });
}

function plainItem(kind: FieldKind, item: string): number[] {
  const [range = '', step, ...more] = item.split('/');
  if (more.length > 0) return fail(kind, item, 'has more than one "/"');
  const ends = range.split('-');
  if (ends.length > 2) return fail(kind, item, 'has more than one "-"');
  let lo = kind.min;
  let hi = kind.max;
  if (ends.length === 2) [lo, hi] = rangeOf(kind, item, ends[0]!, ends[1]!);
  else if (range !== '*') {
    lo = numberOf(kind, item, range);
    hi = step === undefined ? lo : kind.max;
  }
  const by = step === undefined ? 1 : stepOf(kind, item, step, lo, hi === 7 && range === '*' ? 6 : hi);
  // Sunday as 7 would be counted twice over a whole week: `*` of the weekdays ends with 6.
  if (kind.name === 'day of week' && range === '*') hi = 6;
  return expand(kind, lo === hi ? `${lo}` : `${lo}-${hi}/${by}`);
}

function weekday(kind: FieldKind, item: string, text: string): number {
  return numberOf(kind, item, text) % 7;
}

/** Throws FieldError. */
export function parseField(kind: FieldKind, text: string): FieldValues {
  const isDay = kind.name === 'day of month' || kind.name === 'day of week';
  const values: number[] = [];
  const hashed: HashItem[] = [];
  const lastWeekdays: number[] = [];
  const nthWeekdays: { weekday: number; nth: number }[] = [];
  let last = false;
  for (const item of text.split(',')) {
    if (item === '') fail(kind, text, 'has an empty place in its list: remove the extra comma');
    else if (item.includes('?')) {
      if (text !== '?' || !isDay)
        fail(kind, text, 'has a "?", which may only stand alone as day of month or day of week; write *');
      values.push(...plainItem(kind, '*'));
    } else if (item.startsWith('H')) hashed.push(hashItem(kind, item));
    else if (/W$/i.test(item) && kind.name === 'day of month') {
      fail(
        kind,
        item,
        'asks for the nearest weekday (W), which is not supported; for the first weekday of a month combine several schedules',
      );
    } else if (kind.name === 'day of month' && item === 'L') last = true;
    else if (kind.name === 'day of month' && item.startsWith('L')) {
      fail(kind, item, 'is not understood: L, the last day of the month, stands alone');
    } else if (kind.name === 'day of week' && item === 'L') {
      fail(
        kind,
        item,
        'says last, but not which day; write for example 5L or friL for the last Friday of the month',
      );
    } else if (kind.name === 'day of week' && /^[^#/-]+L$/.test(item))
      lastWeekdays.push(weekday(kind, item, item.slice(0, -1)));
    else if (kind.name === 'day of week' && item.includes('#')) {
      const [day = '', nth = ''] = item.split('#');
      if (!/^[1-5]$/.test(nth) || item.split('#').length > 2)
        fail(kind, item, 'needs one of 1 to 5 after "#", such as fri#2 for the second Friday');
      nthWeekdays.push({ weekday: weekday(kind, item, day), nth: Number(nth) });
    } else values.push(...plainItem(kind, item));
  }
  return {
    values: [...new Set(values)],
    hashed,
    last,
    lastWeekdays,
    nthWeekdays,
    isStar: text.includes('*') || text === '?',
    isOpen: text.includes('*') || text.includes('/'),
  };
}

/** The field's plain values and those that `H` means for this job. */
export function resolveField(kind: FieldKind, field: FieldValues, job: string): readonly number[] {
  if (field.hashed.length === 0) return field.values;
  const values = [...field.values];
  for (const { lo, hi, step } of field.hashed) {
    if (step === 0) values.push(lo + hashBelow(job, kind.name, hi - lo + 1));
    else
      for (let value = lo + hashBelow(job, kind.name, step); value <= hi; value += step) values.push(value);
  }
  return kind.name === 'day of week' ? values.map((value) => value % 7) : values;
}
