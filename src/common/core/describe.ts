// A schedule in words. For people only: nothing is decided by it, and what has no words is shown as written.
import cronstrue from 'cronstrue';
import { ALIASES } from './cron.ts';
import { FIELD_KINDS, parseField, resolveField } from './cron-fields.ts';

/** The field with what `H` means for this job in its place. */
function withoutHash(text: string, place: number, job: string): string {
  const kind = FIELD_KINDS[place]!;
  const items = text
    .split(',')
    .map((item) => (item.startsWith('H') ? resolveField(kind, parseField(kind, item), job).join(',') : item));
  return items.join(',');
}

/** It holds `H`, whose values depend on the name of the job. */
export const hasHash = (text: string): boolean =>
  !text.trim().startsWith('@') &&
  text
    .trim()
    .split(/[\s,]+/)
    .some((item) => item.startsWith('H'));

function describeCron(expression: string, job: string, { locale, tidy }: ScheduleWords): string {
  const texts = expression.split(/\s+/);
  if (texts.length === 5) texts.unshift('0');
  const plain = texts.map((text, place) => withoutHash(text, place, job));
  // Cron's own rule: both day fields must match when one of them contains a star.
  const isBoth = [plain[3]!, plain[5]!].some((text) => text.includes('*') && text !== '*');
  const how = { use24HourTimeFormat: true, logicalAndDayFields: isBoth, locale };
  return tidy(cronstrue.toString(plain.join(' '), how));
}

/** What a language needs to say a schedule. */
export interface ScheduleWords {
  /** Of cronstrue. Who asks for another than `en` has loaded it: `cronstrue/locales/...`. */
  readonly locale: string;
  /** Mends what cronstrue says in it. */
  readonly tidy: (words: string) => string;
  readonly manual: string;
  readonly every: (interval: string) => string;
  readonly at: (instant: string) => string;
  readonly joint: string;
}

const english: ScheduleWords = {
  locale: 'en',
  tidy: (words) => words,
  manual: 'Only by hand',
  every: (interval) => `Every ${interval}`,
  at: (instant) => `Once, at ${instant}`,
  joint: '; ',
};

function describeOne(text: string, job: string, words: ScheduleWords): string {
  const trimmed = text.trim();
  const [word = '', argument = ''] = trimmed.split(/\s+/);
  if (word === '@manual') return words.manual;
  if (word === '@every') return words.every(argument);
  if (word === '@at') return words.at(argument);
  try {
    return describeCron(ALIASES[trimmed.toLowerCase()] ?? trimmed, job, words);
  } catch {
    return trimmed;
  }
}

/** Words for a schedule that compiles, several joined; English by default. `job`: `H` depends on its name. */
export const describeSchedule = (
  schedule: string | readonly string[],
  job: string,
  words: ScheduleWords = english,
): string =>
  [schedule]
    .flat()
    .map((text) => describeOne(text, job, words))
    .join(words.joint);
