// Instants in words, in the language of the page. Formatters are made once for each shape, language and zone: making
// one costs more than a thousand uses.
import { createKept } from '../kept.ts';
import type { Language } from './language.ts';

const MINUTE = { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' } as const;
const TIME = { ...MINUTE, second: '2-digit' } as const;
const DAY = { month: 'short', day: 'numeric' } as const;

const SHAPES = {
  minute: MINUTE,
  clock: TIME,
  dayAndClock: { ...DAY, ...TIME },
  time: { ...TIME, timeZoneName: 'short' },
  day: { ...DAY, weekday: 'short' },
  dayOfYear: { ...DAY, weekday: 'short', year: 'numeric' },
  full: { ...DAY, weekday: 'short', year: 'numeric', ...TIME, timeZoneName: 'short' },
  fullDay: { dateStyle: 'full' },
  month: { month: 'short' },
  weekday: { weekday: 'short' },
  numericDay: { year: 'numeric', month: '2-digit', day: '2-digit' },
} as const satisfies Record<string, Intl.DateTimeFormatOptions>;

const formats = createKept<Intl.DateTimeFormat>();

/** `zone` absent: the browser's. */
function written(shape: keyof typeof SHAPES, at: number, language: Language, zone?: string): string {
  const make = () => new Intl.DateTimeFormat(language, { ...SHAPES[shape], ...(zone && { timeZone: zone }) });
  return formats(`${shape} ${language} ${zone ?? ''}`, make).format(at);
}

const isSameDay = (a: number, b: number, zone?: string): boolean =>
  written('numericDay', a, 'en', zone) === written('numericDay', b, 'en', zone);

/** `Mon, Nov 23, 2026, 09:15:59 GMT+1` */
export const instantText = (at: number, language: Language, zone?: string): string =>
  written('full', at, language, zone);

/** `09:15:59 GMT+1`: where the day is told beside it. The zone tells apart what comes twice when clocks go back. */
export const timeText = (at: number, language: Language, zone?: string): string =>
  written('time', at, language, zone);

/** `09:15`: on axes, where the day is no question. */
export const minuteText = (at: number, language: Language, zone?: string): string =>
  written('minute', at, language, zone);

/** As short as it can be told apart: the time today, with the day on others. */
export const clockText = (at: number, now: number, language: Language, zone?: string): string =>
  written(isSameDay(at, now, zone) ? 'clock' : 'dayAndClock', at, language, zone);

/** `Mon, Nov 23`, with the year when it is another than that of now. */
export const dayText = (at: number, now: number, language: Language, zone?: string): string => {
  const yearOf = (ms: number): string => written('numericDay', ms, 'en', zone).slice(-4);
  return written(yearOf(at) === yearOf(now) ? 'day' : 'dayOfYear', at, language, zone);
};

/** A day itself is in no zone: it is written as one of UTC. */
const noon = (date: string): number => Date.parse(`${date}T12:00:00Z`);

/** `2026-11-23` -> `Monday, November 23, 2026`, `Nov`, `Mon` */
export const dateText = (date: string, language: Language, part: 'fullDay' | 'month' | 'weekday'): string =>
  written(part, noon(date), language, 'UTC');

const relative = createKept<Intl.RelativeTimeFormat>();
const STEPS = [
  ['day', 86_400_000],
  ['hour', 3_600_000],
  ['minute', 60_000],
  ['second', 1_000],
] as const;

/** `3 minutes ago`, `in 2 hours`; within a second of now: `now`. */
export function relativeText(at: number, now: number, language: Language): string {
  const format = relative(language, () => new Intl.RelativeTimeFormat(language, { numeric: 'auto' }));
  const ms = at - now;
  const [unit, size] = STEPS.find(([, step]) => Math.abs(ms) >= step) ?? STEPS[3];
  return format.format(Math.trunc(ms / size), unit);
}
