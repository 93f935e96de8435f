import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fnv1a, hashBelow } from '../../../src/common/core/hash.ts';
import {
  createScheduleCompiler,
  type Schedule,
  type ScheduleInput,
} from '../../../src/common/core/schedule.ts';
import { instant, instantFromIso, toIso, type Instant } from '../../../src/common/model/time.ts';

const compiler = createScheduleCompiler();
const seed = Number(process.env['ETCRON_SEED'] ?? Date.now() % 2 ** 31);
const base: ScheduleInput = {
  name: 'job-1',
  schedule: '@daily',
  timezone: 'UTC',
  dst: { gap: 'shift', repeat: 'first' },
  anchor: instant(0),
};
const at = instantFromIso;

function compile(input: Partial<ScheduleInput>): Schedule {
  const compiled = compiler.compile({ ...base, ...input });
  if (!compiled.ok) throw new Error(JSON.stringify(compiled.issues));
  return compiled.value;
}

function refusals(input: Partial<ScheduleInput>): string[] {
  const compiled = compiler.compile({ ...base, ...input });
  return compiled.ok ? [] : compiled.issues.map(({ path, message }) => `${path}: ${message}`);
}

function next(schedule: Schedule, after: string, count: number): string[] {
  const ticks: string[] = [];
  for (
    let tick = schedule.nextAfter(at(after));
    tick !== undefined && ticks.length < count;
    tick = schedule.nextAfter(tick)
  ) {
    ticks.push(toIso(tick).replace('.000Z', 'Z'));
  }
  return ticks;
}

describe('a form', () => {
  const after = '2027-01-01T00:00:00Z'; // a Friday
  it.each([
    ['30 2 * * *', ['2027-01-01T02:30:00Z', '2027-01-02T02:30:00Z']],
    ['*/20 * * * * *', ['2027-01-01T00:00:20Z', '2027-01-01T00:00:40Z']],
    ['0 0 1 JAN-mar *', ['2027-02-01T00:00:00Z', '2027-03-01T00:00:00Z', '2028-01-01T00:00:00Z']],
    ['0 0 * * Mon,wed', ['2027-01-04T00:00:00Z', '2027-01-06T00:00:00Z']],
    ['0 0 * * 7', ['2027-01-03T00:00:00Z']],
    ['0 0 * * sat-sun', ['2027-01-02T00:00:00Z', '2027-01-03T00:00:00Z', '2027-01-09T00:00:00Z']],
    ['0 0 * * 5-7', ['2027-01-02T00:00:00Z', '2027-01-03T00:00:00Z', '2027-01-08T00:00:00Z']],
    [
      '5/25 0 1 1 *',
      ['2027-01-01T00:05:00Z', '2027-01-01T00:30:00Z', '2027-01-01T00:55:00Z', '2028-01-01T00:05:00Z'],
    ],
    ['0 0 L * *', ['2027-01-31T00:00:00Z', '2027-02-28T00:00:00Z']],
    [
      '0 0 15,L 2 *',
      ['2027-02-15T00:00:00Z', '2027-02-28T00:00:00Z', '2028-02-15T00:00:00Z', '2028-02-29T00:00:00Z'],
    ],
    ['0 0 * * fri#2', ['2027-01-08T00:00:00Z', '2027-02-12T00:00:00Z']],
    ['0 0 * * 1#5', ['2027-03-29T00:00:00Z', '2027-05-31T00:00:00Z']],
    ['0 0 * * friL,sun#1', ['2027-01-03T00:00:00Z', '2027-01-29T00:00:00Z', '2027-02-07T00:00:00Z']],
    ['0 0 ? * mon', ['2027-01-04T00:00:00Z', '2027-01-11T00:00:00Z']],
    ['0 0 13 * fri', ['2027-01-08T00:00:00Z', '2027-01-13T00:00:00Z', '2027-01-15T00:00:00Z']],
    ['0 0 */2 * mon', ['2027-01-11T00:00:00Z', '2027-01-25T00:00:00Z']],
    ['0 0 29 2 *', ['2028-02-29T00:00:00Z', '2032-02-29T00:00:00Z']],
    [
      '1-3,2 0 1 1 *',
      ['2027-01-01T00:01:00Z', '2027-01-01T00:02:00Z', '2027-01-01T00:03:00Z', '2028-01-01T00:01:00Z'],
    ],
    ['  0   3\t* * *  ', ['2027-01-01T03:00:00Z']],
    ['@yearly', ['2028-01-01T00:00:00Z']],
    ['@annually', ['2028-01-01T00:00:00Z']],
    ['@monthly', ['2027-02-01T00:00:00Z']],
    ['@weekly', ['2027-01-03T00:00:00Z']],
    ['@daily', ['2027-01-02T00:00:00Z']],
    ['@midnight', ['2027-01-02T00:00:00Z']],
    ['@Hourly', ['2027-01-01T01:00:00Z', '2027-01-01T02:00:00Z']],
    ['@every 1h30m', ['2027-01-01T01:30:00Z', '2027-01-01T03:00:00Z']],
    ['@at 2027-05-01T12:00:00+02:00', ['2027-05-01T10:00:00Z']],
    ['@at 2026-12-31T00:00:00Z', []],
    ['@manual', []],
  ])('%s ticks when it says', (schedule, ticks) => {
    expect(next(compile({ schedule }), after, Math.max(ticks.length, 1))).toEqual(ticks);
  });

  it('@manual says so, and no other does', () => {
    expect(compile({ schedule: '@manual' }).isManual).toBe(true);
    expect(compile({ schedule: '@manual', jitter: '10s' }).isManual).toBe(true);
    expect(compile({ schedule: ['@daily', '@hourly'] }).isManual).toBe(false);
  });

  it('@every keeps the phase of its anchor, before it and after it', () => {
    const schedule = compile({ schedule: '@every 7s', anchor: at('2027-01-01T00:00:03.250Z') });
    expect(next(schedule, '2026-12-31T23:59:55Z', 3)).toEqual([
      '2026-12-31T23:59:56.250Z',
      '2027-01-01T00:00:03.250Z',
      '2027-01-01T00:00:10.250Z',
    ]);
    expect(schedule.atOrBefore(at('2027-01-01T00:00:03.250Z'))).toBe(at('2027-01-01T00:00:03.250Z'));
  });
});

describe('what is wrong', () => {
  it.each([
    ['', 'is empty'],
    ['   ', 'is empty'],
    ['5', 'has 1 field:'],
    ['* * * *', 'has 4 fields'],
    ['0 0 0 1 1 * 2027', 'years are not supported'],
    ['TZ=UTC 0 0 * * *', 'field timezone'],
    ['0 0 31 2 *', 'never comes'],
    ['0 0 30 2 ?', 'never comes'],
    ['0 0 31 4,6,9,11 *', 'never comes'],
    ['*/0 * * * *', 'step of 0'],
    ['H/0 * * * *', 'step of 0'],
    ['*/90 * * * *', '"@every 90m"'],
    ['* */25 * * *', '"@every 25h"'],
    ['*/1.5 * * * *', 'no whole number after "/"'],
    ['*/ * * * *', 'no whole number after "/"'],
    ['60 * * * *', 'goes from 0 to 59'],
    ['* 24 * * *', 'goes from 0 to 23'],
    ['0 0 0 * *', 'goes from 1 to 31'],
    ['0 0 * 13 *', 'goes from 1 to 12'],
    ['0 0 * * 8', 'goes from 0 to 7'],
    ['22-2 * * * *', '22-59,0-2'],
    ['1,,2 * * * *', 'extra comma'],
    ['1-2-3 * * * *', 'more than one "-"'],
    ['*/2/3 * * * *', 'more than one "/"'],
    ['-5 * * * *', 'is not understood'],
    ['5- * * * *', 'is not understood'],
    ['1.5 * * * *', 'is not understood'],
    ['** * * * *', 'is not understood'],
    ['0 0 * foo *', 'jan-dec'],
    ['0 0 * * mond', 'sun-sat'],
    ['jan * * * *', 'is not understood'],
    ['? 0 * * *', 'write *'],
    ['0 0 1,? * *', 'write *'],
    ['0 0 * * L', 'not which day'],
    ['0 0 15W * *', 'not supported'],
    ['0 0 L-3 * *', 'stands alone'],
    ['0 0 * * fri#6', '1 to 5'],
    ['0 0 * * 1#1-3', '1 to 5'],
    ['H(5) * * * *', 'H stands alone'],
    ['H(5-2) * * * *', 'runs backwards'],
    ['H(0-99) * * * *', 'goes from 0 to 59'],
    ['@every', 'needs an interval'],
    ['@every 999ms', 'the shortest interval is 1s'],
    ['@every 5 minutes', 'is not a duration'],
    ['@at tomorrow', 'is not an instant'],
    ['@at 2027-01-01T00:00:00', 'with its zone'],
    ['@at 2027-02-30T00:00:00Z', 'is not an instant'],
    ['@reboot', 'no event of a distributed cron'],
    ['@dayly', 'is not understood'],
    [`${'0,'.repeat(600)}0 * * * *`, 'longer than 1024'],
  ])('in %j is told', (schedule, words) => {
    const [only, ...more] = refusals({ schedule });
    expect(only).toMatch(/^schedule: /);
    expect(only).toContain(words);
    expect(more).toEqual([]);
  });

  it.each(['', 'Mars/Base', '+02:00', 'Europe/Berlin ', 'CEST'])('in the zone %j is told', (timezone) => {
    expect(refusals({ timezone })).toEqual([expect.stringMatching(/^timezone: .* is not a known time zone/)]);
  });

  it('in a list is told of each entry', () => {
    expect(refusals({ schedule: ['5', '@daily', '@manual'] }).map((text) => text.split(':')[0])).toEqual([
      'schedule[0]',
      'schedule[2]',
    ]);
    expect(refusals({ schedule: [] })).toEqual([expect.stringMatching(/^schedule: /)]);
  });

  it('around the schedule is told by field', () => {
    const wrong = refusals({ jitter: '5', startAt: 'x', endAt: '2027-02-30T00:00:00Z' });
    expect(wrong.map((text) => text.split(':')[0])).toEqual(['startAt', 'endAt', 'jitter']);
  });

  it.each(['__proto__', 'constructor'])('is told of %s, which every object has', (schedule) => {
    expect(refusals({ schedule })).toEqual([expect.stringMatching(/^schedule: /)]);
  });

  it('is told of any text without an exception', () => {
    const piece = fc.constantFrom(
      '*',
      '/',
      '-',
      ',',
      '?',
      '#',
      'L',
      'H',
      '(',
      ')',
      '0',
      '5',
      '31',
      '60',
      'mon',
      'jan',
      '@every',
      '@at',
      ' ',
      '.',
      'W',
    );
    const verdict = fc.check(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.array(piece, { maxLength: 20 }).map((pieces) => pieces.join('')),
        ),
        fc.boolean(),
        (text, isField) => {
          const compiled = compiler.compile({ ...base, schedule: isField ? `${text} * * * *` : text });
          // Whatever is accepted has a tick, unless it is one that is past or none at all.
          if (!compiled.ok) return compiled.issues.length > 0;
          return (
            compiled.value.isManual ||
            text.includes('@at') ||
            compiled.value.nextAfter(instant(0)) !== undefined
          );
        },
      ),
      { numRuns: 2000, seed },
    );
    expect(verdict).toMatchObject({ failed: false, seed });
  });
});

describe('H', () => {
  const names = Array.from({ length: 600 }, (_, i) => `job-${i}`);
  const firsts = (schedule: string): Date[] =>
    names.map((name) => new Date(compile({ name, schedule }).nextAfter(at('2026-12-31T23:59:59Z'))!));

  it('spreads the jobs evenly over its range', () => {
    const minutes = firsts('H * * * *').map((date) => date.getUTCMinutes());
    expect(new Set(minutes).size).toBe(60);
    const most = Math.max(
      ...Array.from({ length: 60 }, (_, minute) => minutes.filter((m) => m === minute).length),
    );
    expect(most).toBeLessThan(30);
  });

  it('never changes: these values are a promise', () => {
    expect(fnv1a('a')).toBe(0xe40c292c);
    expect(hashBelow('nightly-backup', 'minute', 60)).toBe(24);
    expect(hashBelow('nightly-backup', 'hour', 24)).toBe(23);
  });

  it('differs by field', () => {
    expect(firsts('H H * * *').some((date) => date.getUTCMinutes() !== date.getUTCHours())).toBe(true);
    expect(new Set(firsts('H H * * *').map((date) => date.getTime())).size).toBeGreaterThan(450);
  });

  it('stays within its own range, and within the days that every month has', () => {
    for (const date of firsts('H(10-19) 0 H * *')) {
      expect(date.getUTCMinutes()).toBeGreaterThanOrEqual(10);
      expect(date.getUTCMinutes()).toBeLessThanOrEqual(19);
      expect(date.getUTCDate()).toBeLessThanOrEqual(28);
      expect(date.getUTCMonth()).toBe(0);
    }
    expect(new Set(firsts('0 0 * * H').map((date) => date.getUTCDay())).size).toBe(7);
  });

  it('with a step keeps the step', () => {
    const ticks = next(compile({ schedule: 'H/15 * * * *' }), '2027-01-01T00:00:00Z', 5);
    const gaps = ticks.slice(1).map((tick, i) => at(tick) - at(ticks[i]!));
    expect(gaps).toEqual([900_000, 900_000, 900_000, 900_000]);
  });
});

describe('jitter and bounds', () => {
  it('shifts every tick of a job by the same amount below the jitter', () => {
    const shift = compile({ jitter: '30s' }).nextAfter(at('2027-01-01T00:00:00Z'))! % 86_400_000;
    expect(shift).toBeGreaterThan(0);
    expect(shift).toBeLessThan(30_000);
    for (const day of ['2027-01-05', '2029-06-05'])
      expect(compile({ jitter: '30s' }).nextAfter(at(`${day}T01:00:00Z`))! % 86_400_000).toBe(shift);
    expect(
      compile({ jitter: '30s', name: 'job-2' }).nextAfter(at('2027-01-01T00:00:00Z'))! % 86_400_000,
    ).not.toBe(shift);
  });

  it('take both bounds as within', () => {
    const schedule = compile({ startAt: '2027-01-02T00:00:00Z', endAt: '2027-01-04T00:00:00Z' });
    expect(next(schedule, '2020-01-01T00:00:00Z', 9)).toEqual([
      '2027-01-02T00:00:00Z',
      '2027-01-03T00:00:00Z',
      '2027-01-04T00:00:00Z',
    ]);
    expect(schedule.atOrBefore(at('2030-01-01T00:00:00Z'))).toBe(at('2027-01-04T00:00:00Z'));
    expect(schedule.atOrBefore(at('2027-01-01T23:59:59Z'))).toBeUndefined();
    expect(schedule.countBetween(at('2020-01-01T00:00:00Z'), at('2030-01-01T00:00:00Z'))).toBe(3);
  });

  it('bound the shifted tick', () => {
    expect(
      next(compile({ jitter: '30s', endAt: '2027-01-04T00:00:00Z' }), '2027-01-01T12:00:00Z', 9),
    ).toHaveLength(2);
  });
});

describe('the three questions', () => {
  const one = fc.constantFrom(
    '*/7 * * * *',
    '13 H * * *',
    '@every 97s',
    '@every 36h',
    '@at 2027-03-28T01:00:00Z',
    '30 2 * * *',
    '0 */2 * * *',
    '*/20 2,3 * * *',
    '0 0 L * fri#2',
    '* * * * * *',
    '0 9-17 * * 1-5',
    '@hourly',
  );
  const from = Date.UTC(2027, 2, 27);
  const to = Date.UTC(2027, 2, 30);
  const time = fc.integer({ min: from, max: to });

  it('agree with each other for lists, jitter, bounds and any policy', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(one, { minLength: 1, maxLength: 4 }),
        fc.record({
          gap: fc.constantFrom('shift' as const, 'skip' as const),
          repeat: fc.constantFrom('first' as const, 'both' as const),
        }),
        fc.option(fc.constantFrom('30s', '3h'), { nil: undefined }),
        fc.option(time, { nil: undefined }),
        fc.constantFrom(-217, 0), // spring, or the autumn of the same year
        time,
        fc.integer({ min: 0, max: 7_200_000 }),
        (schedule, dst, jitter, start, days, a, length) => {
          const move = (ms: number): Instant => instant(ms - days * 86_400_000);
          const whole = compile({
            schedule,
            dst,
            jitter,
            timezone: 'Europe/Berlin',
            startAt: start === undefined ? undefined : toIso(move(start)),
          });
          const singles = schedule.map((text) =>
            compile({ schedule: text, dst, jitter, timezone: 'Europe/Berlin' }),
          );
          const after = move(a);
          const until = instant(after + length);
          const expected = new Set<number>();
          for (const single of singles) {
            for (
              let tick = single.nextAfter(after);
              tick !== undefined && tick <= until;
              tick = single.nextAfter(tick)
            ) {
              if (start === undefined || tick >= move(start)) expected.add(tick);
            }
          }
          const sorted = [...expected].sort((x, y) => x - y);
          expect(whole.countBetween(after, until)).toBe(sorted.length);
          const walked: number[] = [];
          for (
            let tick = whole.nextAfter(after);
            tick !== undefined && tick <= until;
            tick = whole.nextAfter(tick)
          )
            walked.push(tick);
          expect(walked.length === sorted.length && walked.every((tick, i) => tick === sorted[i])).toBe(true);
          const last = whole.atOrBefore(until);
          expect(last !== undefined && last > after ? last : undefined).toBe(sorted.at(-1));
        },
      ),
      { numRuns: 300, seed },
    );
  });

  it('count a year of seconds, and of a list of them, without walking them', () => {
    const year = [at('2027-01-01T00:00:00Z'), at('2028-01-01T00:00:00Z')] as const;
    expect(compile({ schedule: '* * * * * *', timezone: 'Europe/Berlin' }).countBetween(...year)).toBe(
      365 * 86_400,
    );
    expect(compile({ schedule: ['* * * * * *', '*/2 * * * * *', '0 0 * * *'] }).countBetween(...year)).toBe(
      365 * 86_400,
    );
    expect(compile({ schedule: ['* 1 * * *', '* * 1 * *'] }).countBetween(...year)).toBe(
      365 * 60 + 12 * 23 * 60,
    );
    expect(compile({ schedule: '@every 1s' }).countBetween(...year)).toBe(365 * 86_400);
  });

  it('have an answer at the ends of time', () => {
    const schedule = compile({});
    expect(schedule.nextAfter(instant(-1e15))).toBe(0);
    expect(schedule.atOrBefore(instant(-1))).toBeUndefined();
    expect(schedule.atOrBefore(instant(0))).toBe(0);
    expect(schedule.nextAfter(at('9999-12-31T12:00:00Z'))).toBeUndefined();
    expect(schedule.atOrBefore(instant(8e15))).toBe(at('9999-12-31T00:00:00Z'));
    expect(compile({ timezone: 'Europe/Berlin' }).nextAfter(instant(8e15))).toBeUndefined();
    expect(
      compile({ startAt: '9998-06-01T00:00:00Z', timezone: 'Europe/Berlin' }).nextAfter(instant(0)),
    ).toBe(at('9998-06-01T22:00:00Z'));
  });
});

describe('equal schedules', () => {
  it('share one object, whatever the job', () => {
    expect(compile({ name: 'a' })).toBe(compile({ name: 'b', schedule: '0 0 * * *' }));
    expect(compile({ timezone: 'Europe/Berlin' })).toBe(compile({ timezone: 'europe/berlin' }));
    expect(compile({ schedule: 'H(3-3) * * * *', name: 'a' })).toBe(
      compile({ schedule: '3 * * * *', name: 'b' }),
    );
  });

  it('in another zone or under another policy do not', () => {
    const schedules = [
      compile({}),
      compile({ timezone: 'Europe/Berlin' }),
      compile({ dst: { gap: 'skip', repeat: 'first' } }),
      compile({ dst: { gap: 'shift', repeat: 'both' } }),
    ];
    expect(new Set(schedules).size).toBe(4);
  });
});
