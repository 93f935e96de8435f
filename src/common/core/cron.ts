// A cron expression -> bit sets, for one job (`H` depends on its name). Says what is wrong with an
// expression and what would be right; never guesses. What the sets mean in time is the business of ticks.ts.
import { dayTable, everComes, type DayTable } from './cron-days.ts';
import { FieldError, FIELD_KINDS, parseField, resolveField, type FieldValues } from './cron-fields.ts';

/** Seconds and minutes as two sets of 30 each, so that each is a small integer. */
export interface CronSpec {
  readonly secondsLow: number;
  readonly secondsHigh: number;
  readonly minutesLow: number;
  readonly minutesHigh: number;
  readonly hours: number;
  /** Bit m - 1 for month m. */
  readonly months: number;
  readonly days: DayTable;
  /** The hour field has a `*` or a step: it runs by elapsed time, daylight saving moves nothing. */
  readonly isOpen: boolean;
}

export type Parsed<T> =
  { readonly ok: true; readonly value: T } | { readonly ok: false; readonly message: string };

export interface CronTemplate {
  /** The same for every job: no `H`. */
  readonly isFixed: boolean;
  /** The values for a job; a template without `H` answers the same object always. */
  resolve(job: string): Parsed<CronSpec>;
}

export interface CronParser {
  parse(expression: string): Parsed<CronTemplate>;
}

const LONGEST = 1024;
const MAX_KEPT = 10_000;

/** Without a prototype: `constructor` is no alias. */
export const ALIASES: Readonly<Record<string, string>> = Object.assign(Object.create(null) as object, {
  '@yearly': '0 0 1 1 *',
  '@annually': '0 0 1 1 *',
  '@monthly': '0 0 1 * *',
  '@weekly': '0 0 * * 0',
  '@daily': '0 0 * * *',
  '@midnight': '0 0 * * *',
  '@hourly': '0 * * * *',
});

const FIVE = 'minute hour day-of-month month day-of-week, such as "0 3 * * *"';

function wrongCount(fields: readonly string[]): string {
  const [first = ''] = fields;
  if (/^(CRON_)?TZ=/.test(first))
    return 'a zone does not belong in the expression: write it in the field timezone';
  const counted = `has ${fields.length} field${fields.length === 1 ? '' : 's'}`;
  if (fields.length === 7)
    return `${counted}: years are not supported; write 5 (${FIVE}), or 6 with seconds first, and bound the years by startAt and endAt`;
  return `${counted}: a cron expression has 5 (${FIVE}), or 6 with seconds first`;
}

function lowAndHigh(values: readonly number[]): [number, number] {
  let low = 0;
  let high = 0;
  for (const value of values) {
    if (value < 30) low |= 1 << value;
    else high |= 1 << (value - 30);
  }
  return [low, high];
}

const bits = (values: readonly number[], min: number): number =>
  values.reduce((set, value) => set | (1 << (value - min)), 0);

/** Keeps what was made by key; when full it forgets everything, which costs time and nothing else. */
function kept<T>(make: (key: string) => T): (key: string) => T {
  const values = new Map<string, T>();
  return (key) => {
    const known = values.get(key);
    if (known !== undefined) return known;
    if (values.size >= MAX_KEPT) values.clear();
    const made = make(key);
    values.set(key, made);
    return made;
  };
}

export function createCronParser(): CronParser {
  const fieldsOf = FIELD_KINDS.map((kind) => kept((text) => parseField(kind, text)));
  const tables = new Map<string, DayTable>();

  function tableOf(
    dayOfMonth: FieldValues,
    dayOfWeek: FieldValues,
    daysOfMonth: readonly number[],
    weekdays: readonly number[],
    texts: string,
  ): DayTable {
    const key =
      dayOfMonth.hashed.length + dayOfWeek.hashed.length > 0
        ? `${texts} ${daysOfMonth.join()} ${weekdays.join()}`
        : texts;
    let table = tables.get(key);
    if (table === undefined) {
      table = dayTable({ daysOfMonth, weekdays, dayOfMonth, dayOfWeek });
      if (tables.size >= MAX_KEPT) tables.clear();
      tables.set(key, table);
    }
    return table;
  }

  function specOf(fields: readonly FieldValues[], texts: readonly string[], job: string): CronSpec {
    const values = fields.map((field, i) => resolveField(FIELD_KINDS[i]!, field, job));
    const [secondsLow, secondsHigh] = lowAndHigh(values[0]!);
    const [minutesLow, minutesHigh] = lowAndHigh(values[1]!);
    return {
      secondsLow,
      secondsHigh,
      minutesLow,
      minutesHigh,
      hours: bits(values[2]!, 0),
      months: bits(values[4]!, 1),
      days: tableOf(fields[3]!, fields[5]!, values[3]!, values[5]!, `${texts[3]} ${texts[5]}`),
      isOpen: fields[2]!.isOpen,
    };
  }

  function resolved(fields: readonly FieldValues[], texts: readonly string[], job: string): Parsed<CronSpec> {
    const value = specOf(fields, texts, job);
    if (everComes(value.months, value.days)) return { ok: true, value };
    return {
      ok: false,
      message: `day of month ${texts[3]} with month ${texts[4]} and day of week ${texts[5]} is a date that never comes; for the last day of a month write L`,
    };
  }

  return {
    parse(expression) {
      if (expression.length > LONGEST)
        return {
          ok: false,
          message: `the schedule is longer than ${LONGEST} characters; split it into a list of schedules`,
        };
      const texts = expression.trim().split(/\s+/);
      if (texts[0] === '')
        return {
          ok: false,
          message: `the schedule is empty: write 5 fields (${FIVE}), @daily, "@every 90s", "@at <instant>" or @manual`,
        };
      if (/^(CRON_)?TZ=/i.test(texts[0]!)) {
        return {
          ok: false,
          message: 'a zone does not belong in the schedule: write it in the field timezone',
        };
      }
      if (texts.length === 5) texts.unshift('0');
      if (texts.length !== 6) return { ok: false, message: wrongCount(texts) };
      try {
        const fields = texts.map((text, i) => fieldsOf[i]!(text));
        const isFixed = fields.every((field) => field.hashed.length === 0);
        if (!isFixed) return { ok: true, value: { isFixed, resolve: (job) => resolved(fields, texts, job) } };
        const spec = resolved(fields, texts, '');
        if (!spec.ok) return spec;
        return { ok: true, value: { isFixed, resolve: () => spec } };
      } catch (error) {
        if (error instanceof FieldError) return { ok: false, message: error.message };
        throw error;
      }
    },
  };
}
