// When a cron expression fires, the slow way: walk every minute of real time, ask Intl what the wall clock
// shows, and read the policy off that. Shares nothing with the calculator: another locale of Intl, no bit
// sets, no stretches, and the expressions' meaning comes from their generator, not from a parser.
import * as fc from 'fast-check';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

export interface Wall {
  readonly zone: string;
  /** What the wall clock shows at an instant: ms, as if it were UTC. */
  at(instant: number): number;
}

export function wallOf(zone: string): Wall {
  const format = new Intl.DateTimeFormat('sv-SE', {
    timeZone: zone,
    dateStyle: 'short',
    timeStyle: 'medium',
  });
  return { zone, at: (instant) => Date.parse(`${format.format(instant).replace(' ', 'T')}Z`) };
}

/** Instants in [from, to) at which the wall clock jumps: looked for every two days, then by the minute. */
export function changesOf(wall: Wall, from: number, to: number): number[] {
  const changes: number[] = [];
  const lead = (instant: number): number => wall.at(instant) - instant;
  let before = lead(from);
  for (let at = from; at < to; at += 2 * DAY) {
    const after = lead(at + 2 * DAY);
    const isSame = before === after;
    before = after;
    if (isSame) continue;
    let low = at;
    let high = at + 2 * DAY;
    while (high - low > MINUTE) {
      const middle = low + Math.floor((high - low) / MINUTE / 2) * MINUTE;
      if (lead(middle) === lead(at)) low = middle;
      else high = middle;
    }
    changes.push(high);
  }
  return changes;
}

/** A cron expression with its meaning, both made by the generator. */
export interface Expression {
  readonly text: string;
  readonly seconds: readonly number[];
  readonly isOpen: boolean;
  hasMinute(minute: number, hour: number): boolean;
  /** `day` at midnight, as if UTC. */
  hasDay(day: Date): boolean;
}

export interface Policy {
  readonly gap: 'shift' | 'skip';
  readonly repeat: 'first' | 'both';
}

/** The real minutes of a window with what the wall clock shows. */
export interface Window {
  readonly from: number;
  readonly to: number;
  readonly shown: readonly { readonly instant: number; readonly wall: number }[];
  /** When the wall clock shows that, in order: never, once, or twice. */
  readonly instantsOf: ReadonlyMap<number, readonly number[]>;
}

export function windowAround(wall: Wall, instant: number, hours: number): Window {
  const from = Math.floor((instant - hours * HOUR) / MINUTE) * MINUTE;
  const to = from + 2 * hours * HOUR;
  const shown = [];
  for (let at = from; at < to; at += MINUTE) shown.push({ instant: at, wall: wall.at(at) });
  const instantsOf = new Map<number, number[]>();
  for (const { instant: at, wall: shows } of shown) {
    const known = instantsOf.get(shows);
    if (known) known.push(at);
    else instantsOf.set(shows, [at]);
  }
  return { from, to, shown, instantsOf };
}

/** All ticks of the window. Those within 4 hours of its ends may lack what a change outside would add. */
export function ticksIn(expression: Expression, policy: Policy, { shown, instantsOf }: Window): number[] {
  const walls = shown.map(({ wall }) => wall);
  const ticks = new Set<number>();
  const end = Math.max(...walls);
  for (let wall = Math.min(...walls); wall <= end; wall += MINUTE) {
    const date = new Date(wall);
    if (!expression.hasMinute(date.getUTCMinutes(), date.getUTCHours())) continue;
    if (!expression.hasDay(new Date(wall - (wall % DAY)))) continue;
    const instants = instantsOf.get(wall) ?? [];
    if (expression.isOpen) for (const instant of instants) addSeconds(instant);
    else if (instants.length === 0 && policy.gap === 'shift') ticks.add(firstAfterGap(shown, wall));
    else
      for (const instant of policy.repeat === 'first' ? instants.slice(0, 1) : instants) addSeconds(instant);
  }
  return [...ticks].sort((a, b) => a - b);

  function addSeconds(instant: number): void {
    for (const second of expression.seconds) ticks.add(instant + second * 1000);
  }
}

/** A skipped wall time lies between two real minutes that follow each other: the later of them. */
function firstAfterGap(shown: Window['shown'], skipped: number): number {
  const after = shown.findIndex(({ wall }, i) => i > 0 && shown[i - 1]!.wall < skipped && wall > skipped);
  return shown[after]!.instant;
}

interface Field {
  readonly text: string;
  readonly values: readonly number[];
}

const numbers = (from: number, to: number, step = 1): number[] => {
  const values = [];
  for (let value = from; value <= to; value += step) values.push(value);
  return values;
};

const list = (min: number, max: number): fc.Arbitrary<Field> =>
  fc
    .uniqueArray(fc.integer({ min, max }), { minLength: 1, maxLength: 3 })
    .map((values) => ({ text: values.join(','), values }));

const range = (min: number, max: number): fc.Arbitrary<Field> =>
  fc.tuple(fc.integer({ min, max }), fc.integer({ min, max })).map(([a, b]) => ({
    text: `${Math.min(a, b)}-${Math.max(a, b)}`,
    values: numbers(Math.min(a, b), Math.max(a, b)),
  }));

const steps = (min: number, max: number): fc.Arbitrary<Field> =>
  fc.oneof(
    fc
      .integer({ min: 1, max: Math.floor((max - min) / 2) })
      .map((step) => ({ text: `*/${step}`, values: numbers(min, max, step) })),
    fc.tuple(fc.integer({ min, max: min + 2 }), fc.integer({ min: 1, max: 3 })).map(([from, step]) => ({
      text: `${from}-${max}/${step}`,
      values: numbers(from, max, step),
    })),
  );

const star = (min: number, max: number): fc.Arbitrary<Field> =>
  fc.constant({ text: '*', values: numbers(min, max) });

const field = (min: number, max: number): fc.Arbitrary<Field> =>
  fc.oneof(list(min, max), list(min, max), range(min, max), steps(min, max), star(min, max));

interface DayField {
  readonly text: string;
  matches(day: Date): boolean;
}

const lengthOfMonth = (day: Date): number =>
  new Date(Date.UTC(day.getUTCFullYear(), day.getUTCMonth() + 1, 0)).getUTCDate();
const WEEKDAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'];

const dayOfMonth: fc.Arbitrary<DayField> = fc.oneof(
  field(1, 31).map(({ text, values }) => ({
    text,
    matches: (day: Date) => values.includes(day.getUTCDate()),
  })),
  fc.constant({ text: 'L', matches: (day: Date) => day.getUTCDate() === lengthOfMonth(day) }),
);

const dayOfWeek: fc.Arbitrary<DayField> = fc.oneof(
  field(0, 6).map(({ text, values }) => ({ text, matches: (day: Date) => values.includes(day.getUTCDay()) })),
  fc.tuple(fc.integer({ min: 0, max: 6 }), fc.integer({ min: 1, max: 5 })).map(([weekday, nth]) => ({
    text: `${WEEKDAYS[weekday]}#${nth}`,
    matches: (day: Date) => day.getUTCDay() === weekday && Math.floor((day.getUTCDate() - 1) / 7) + 1 === nth,
  })),
  fc.integer({ min: 0, max: 6 }).map((weekday) => ({
    text: `${weekday}L`,
    matches: (day: Date) => day.getUTCDay() === weekday && day.getUTCDate() + 7 > lengthOfMonth(day),
  })),
);

const everyDay: DayField = { text: '*', matches: () => true };
const often = <T>(usual: T, other: fc.Arbitrary<T>, weight = 3): fc.Arbitrary<T> =>
  fc.oneof({ weight, arbitrary: fc.constant(usual) }, { weight: 1, arbitrary: other });

/** Day fields with what they mean together. */
export const days = (usualWeight: number): fc.Arbitrary<DayField> =>
  fc
    .tuple(
      often(everyDay, dayOfMonth, usualWeight),
      often<Field>({ text: '*', values: numbers(1, 12) }, field(1, 12), usualWeight),
      often(everyDay, dayOfWeek, usualWeight),
    )
    .map(([ofMonth, month, ofWeek]) => {
      const isEither = !ofMonth.text.includes('*') && !ofWeek.text.includes('*');
      return {
        text: `${ofMonth.text} ${month.text} ${ofWeek.text}`,
        matches: (day: Date) =>
          month.values.includes(day.getUTCMonth() + 1) &&
          (isEither
            ? ofMonth.matches(day) || ofWeek.matches(day)
            : ofMonth.matches(day) && ofWeek.matches(day)),
      };
    });

/** Expressions that have something to do at the hours `near`: those around a change of the clock. */
export const expressionNear = (near: readonly number[]): fc.Arbitrary<Expression> => {
  const hour = fc.oneof(
    fc
      .uniqueArray(fc.constantFrom(...near), { minLength: 1, maxLength: 3 })
      .map((values) => ({ text: values.join(','), values })),
    field(0, 23),
  );
  return fc
    .tuple(often<Field>({ text: '0', values: [0] }, list(0, 59)), field(0, 59), hour, days(6), fc.boolean())
    .map(([second, minute, hour, day, isFive]) => {
      const five = `${minute.text} ${hour.text} ${day.text}`;
      return {
        text: isFive && second.text === '0' ? five : `${second.text} ${five}`,
        seconds: second.values,
        isOpen: /[*/]/.test(hour.text),
        hasMinute: (m, h) => minute.values.includes(m) && hour.values.includes(h),
        hasDay: (at) => day.matches(at),
      };
    });
};

export const policies: fc.Arbitrary<Policy> = fc.record({
  gap: fc.constantFrom<Policy['gap'][]>('shift', 'skip'),
  repeat: fc.constantFrom<Policy['repeat'][]>('first', 'both'),
});
