// The calculator beside cron-parser and croner: the same ticks where the clocks stand still, and a table of
// every known difference. A peer that changes its mind makes this fail: then the table and docs/schedules.md
// are to be corrected.
import { CronExpressionParser } from 'cron-parser';
import { Cron } from 'croner';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createScheduleCompiler } from '../../../src/common/core/schedule.ts';
import { instant } from '../../../src/common/model/time.ts';
import { expressionNear } from './ticks-oracle.ts';

const compiler = createScheduleCompiler();
type Ask = (text: string, zone: string, after: number, count: number) => string[] | 'refused';

const ours: Ask = (schedule, timezone, after, count) => {
  const compiled = compiler.compile({
    name: 'j',
    schedule,
    timezone,
    dst: { gap: 'shift', repeat: 'first' },
    anchor: instant(0),
  });
  if (!compiled.ok) return 'refused';
  const ticks: string[] = [];
  for (
    let at = compiled.value.nextAfter(instant(after));
    at !== undefined && ticks.length < count;
    at = compiled.value.nextAfter(at)
  ) {
    ticks.push(new Date(at).toISOString());
  }
  return ticks;
};

const cronParser: Ask = (text, tz, after, count) => {
  try {
    const iterator = CronExpressionParser.parse(text, { tz, currentDate: new Date(after) });
    return Array.from({ length: count }, () => iterator.next().toDate().toISOString());
  } catch {
    return 'refused';
  }
};

const croner: Ask = (text, timezone, after, count) => {
  try {
    return new Cron(text, { timezone, paused: true })
      .nextRuns(count, new Date(after))
      .map((date) => date.toISOString());
  } catch {
    return 'refused';
  }
};

const seed = Number(process.env['ETCRON_SEED'] ?? Date.now() % 2 ** 31);

/** Both peers let a day match either field although one of them contains a star. */
const isOurRuleOfDays = (text: string): boolean => {
  const [dayOfMonth = '', , dayOfWeek = ''] = text.split(' ').slice(-3);
  return /\*\//.test(dayOfMonth + dayOfWeek) && dayOfMonth !== '*' && dayOfWeek !== '*';
};

describe.each([
  ['cron-parser', cronParser],
  ['croner', croner],
] as const)('%s', (_, peer) => {
  it.each(['UTC', 'Asia/Kolkata', 'America/Sao_Paulo'])(
    'answers the same where no clock changes, in %s',
    (zone) => {
      const compared = { count: 0 };
      fc.assert(
        fc.property(
          expressionNear([0, 3, 12, 23]),
          fc.integer({ min: Date.UTC(2021, 0, 1), max: Date.UTC(2030, 0, 1) }),
          ({ text }, after) => {
            fc.pre(!isOurRuleOfDays(text));
            const theirs = peer(text, zone, after, 4);
            // cron-parser gives up on rare dates, and refuses what no month of the list has.
            fc.pre(theirs !== 'refused' && theirs.length === 4);
            compared.count++;
            expect(ours(text, zone, after, 4)).toEqual(theirs);
          },
        ),
        { numRuns: 60, seed },
      );
      expect(compared.count).toBeGreaterThan(30);
    },
  );
});

type Row = readonly [
  why: string,
  text: string,
  zone: string,
  after: string,
  us: string[] | 'refused',
  parser: string[] | 'refused',
  croner: string[] | 'refused',
];

const SPRING = '2027-03-27T22:00:00.000Z';
const differences: readonly Row[] = [
  [
    'a time in the gap fires at its end; cron-parser moves it by the size of the gap',
    '30 2 * * *',
    'Europe/Berlin',
    SPRING,
    ['2027-03-28T01:00:00.000Z'],
    ['2027-03-28T01:30:00.000Z'],
    ['2027-03-28T01:00:00.000Z'],
  ],
  [
    'several times in the gap are one tick; cron-parser moves each, croner drops all',
    '0,15,30 2 * * *',
    'Europe/Berlin',
    SPRING,
    ['2027-03-28T01:00:00.000Z', '2027-03-29T00:00:00.000Z'],
    ['2027-03-28T01:00:00.000Z', '2027-03-28T01:15:00.000Z'],
    ['2027-03-29T00:00:00.000Z', '2027-03-29T00:15:00.000Z'],
  ],
  [
    'a step of hours is not shifted; cron-parser shifts it',
    '0 */2 * * *',
    'Europe/Berlin',
    '2027-03-27T23:00:00.000Z',
    ['2027-03-28T02:00:00.000Z'],
    ['2027-03-28T01:00:00.000Z'],
    ['2027-03-28T02:00:00.000Z'],
  ],
  [
    'a step of hours fires in both repeated hours; cron-parser in the first',
    '0 0-4/2 * * *',
    'Europe/Berlin',
    '2027-10-31T00:00:00.000Z',
    ['2027-10-31T01:00:00.000Z'],
    ['2027-10-31T03:00:00.000Z'],
    ['2027-10-31T01:00:00.000Z'],
  ],
  [
    'a gap of half an hour; cron-parser loses the day',
    '15 2 * * *',
    'Australia/Lord_Howe',
    '2027-10-02T00:00:00.000Z',
    ['2027-10-02T15:30:00.000Z'],
    ['2027-10-03T15:15:00.000Z'],
    ['2027-10-02T15:30:00.000Z'],
  ],
  [
    'a day field with a star and the other one: both must match; the peers take either',
    '0 0 */2 * 1',
    'UTC',
    '2027-01-01T00:00:00.000Z',
    ['2027-01-11T00:00:00.000Z'],
    ['2027-01-03T00:00:00.000Z'],
    ['2027-01-03T00:00:00.000Z'],
  ],
  [
    'a value given twice is no error; cron-parser refuses it',
    '1-5,3 * * * *',
    'UTC',
    '2027-01-01T00:00:00.000Z',
    ['2027-01-01T00:01:00.000Z'],
    'refused',
    ['2027-01-01T00:01:00.000Z'],
  ],
  [
    'a list of n#k; cron-parser refuses it',
    '0 0 * * mon#1,wed#3',
    'UTC',
    '2027-01-01T00:00:00.000Z',
    ['2027-01-04T00:00:00.000Z'],
    'refused',
    ['2027-01-04T00:00:00.000Z'],
  ],
  [
    'a range of days that ends with Sunday; cron-parser refuses it',
    '0 0 * * sat-sun',
    'UTC',
    '2027-01-01T00:00:00.000Z',
    ['2027-01-02T00:00:00.000Z'],
    'refused',
    ['2027-01-02T00:00:00.000Z'],
  ],
  [
    'a step beyond the range is refused; cron-parser takes it for hourly',
    '*/90 * * * *',
    'UTC',
    '2027-01-01T00:00:00.000Z',
    'refused',
    ['2027-01-01T01:00:00.000Z'],
    'refused',
  ],
  [
    'nothing is refused; cron-parser takes it for every minute',
    '',
    'UTC',
    '2027-01-01T00:00:00.000Z',
    'refused',
    ['2027-01-01T00:01:00.000Z'],
    'refused',
  ],
  [
    'one field is refused; cron-parser fills up the others',
    '5',
    'UTC',
    '2027-01-01T00:00:00.000Z',
    'refused',
    ['2027-01-01T00:01:00.000Z'],
    'refused',
  ],
  [
    'a question mark outside the days is refused; croner and cron-parser take it',
    '? 0 * * *',
    'UTC',
    '2027-01-01T00:00:00.000Z',
    'refused',
    ['2027-01-01T00:01:00.000Z'],
    ['2027-01-01T00:01:00.000Z'],
  ],
  [
    'a date that never comes is refused; croner answers with nothing',
    '0 0 31 2 *',
    'UTC',
    '2027-01-01T00:00:00.000Z',
    'refused',
    'refused',
    [],
  ],
];

it.each(differences)('known difference: %s', (_, text, zone, after, us, parser, other) => {
  const count = Array.isArray(us) ? us.length : 1;
  expect(ours(text, zone, Date.parse(after), count)).toEqual(us);
  expect(cronParser(text, zone, Date.parse(after), count)).toEqual(parser);
  expect(croner(text, zone, Date.parse(after), count)).toEqual(other);
});
