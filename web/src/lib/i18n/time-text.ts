// Instants in words, in the language of the page. Formatters are made once for each language: making one costs
// more than a thousand uses.
import type { Language } from './language.ts';

const known = new Map<string, Intl.DateTimeFormat | Intl.RelativeTimeFormat>();

function once<T extends Intl.DateTimeFormat | Intl.RelativeTimeFormat>(key: string, make: () => T): T {
  const there = known.get(key) as T | undefined;
  if (there) return there;
  const made = make();
  known.set(key, made);
  return made;
}

const FULL = {
  year: 'numeric',
  month: 'short',
  day: 'numeric',
  weekday: 'short',
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
  hourCycle: 'h23',
} as const;

/** `Mon, Nov 23, 2026, 09:15:59` with the zone behind it; `zone` absent: the browser's. */
export function instantText(at: number, language: Language, zone?: string): string {
  const format = once<Intl.DateTimeFormat>(
    `full ${language} ${zone ?? ''}`,
    () =>
      new Intl.DateTimeFormat(language, {
        ...FULL,
        timeZoneName: 'short',
        ...(zone !== undefined && { timeZone: zone }),
      }),
  );
  return format.format(at);
}

/** `09:15:59 GMT+1`: where the day is told beside it. The zone tells apart what comes twice when clocks go back. */
export function timeText(at: number, language: Language, zone: string): string {
  const { hour, minute, second, hourCycle } = FULL;
  const format = once<Intl.DateTimeFormat>(
    `time ${language} ${zone}`,
    () =>
      new Intl.DateTimeFormat(language, {
        hour,
        minute,
        second,
        hourCycle,
        timeZoneName: 'short',
        timeZone: zone,
      }),
  );
  return format.format(at);
}

/** As short as it can be told apart: the time today, with the day on others. */
export function clockText(at: number, now: number, language: Language, zone?: string): string {
  const isToday = new Date(at).toDateString() === new Date(now).toDateString();
  const time = { hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23' } as const;
  const format = once<Intl.DateTimeFormat>(
    `clock ${isToday} ${language} ${zone ?? ''}`,
    () =>
      new Intl.DateTimeFormat(language, {
        ...time,
        ...(!isToday && { month: 'short', day: 'numeric' }),
        ...(zone !== undefined && { timeZone: zone }),
      }),
  );
  return format.format(at);
}

const STEPS = [
  ['day', 86_400_000],
  ['hour', 3_600_000],
  ['minute', 60_000],
  ['second', 1_000],
] as const;

/** `3 minutes ago`, `in 2 hours`; within a second of now: `now`. */
export function relativeText(at: number, now: number, language: Language): string {
  const format = once<Intl.RelativeTimeFormat>(
    `relative ${language}`,
    () => new Intl.RelativeTimeFormat(language, { numeric: 'auto' }),
  );
  const ms = at - now;
  const [unit, size] = STEPS.find(([, step]) => Math.abs(ms) >= step) ?? STEPS[3];
  return format.format(Math.trunc(ms / size), unit);
}
