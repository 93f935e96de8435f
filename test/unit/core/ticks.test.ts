// The calculator against the oracle, in every zone, around every change of the clock from 2020 to 2030. By
// default one change per zone and a few expressions; with ETCRON_FULL=1 all changes.
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fnv1a } from '../../../src/common/core/hash.ts';
import { createScheduleCompiler, type Schedule } from '../../../src/common/core/schedule.ts';
import { instant } from '../../../src/common/model/time.ts';
import {
  changesOf,
  days,
  expressionNear,
  policies,
  ticksIn,
  wallOf,
  windowAround,
  type Policy,
  type Window,
} from './ticks-oracle.ts';

const HOUR = 3_600_000;
const isFull = process.env['ETCRON_FULL'] === '1';
const seed = Number(process.env['ETCRON_SEED'] ?? Date.now() % 2 ** 31);
const FROM = Date.UTC(2020, 0, 1);
const TO = Date.UTC(2031, 0, 1);
/** Near the ends of a window the oracle does not see what lies outside. */
const MARGIN = 4 * HOUR;

const compiler = createScheduleCompiler();

function compile(schedule: string | string[], timezone: string, dst: Policy): Schedule {
  const compiled = compiler.compile({ name: 'job', schedule, timezone, dst, anchor: instant(0) });
  if (!compiled.ok) throw new Error(`${String(schedule)}: ${JSON.stringify(compiled.issues)}`);
  return compiled.value;
}

const iso = (ms: number | undefined): string | undefined =>
  ms === undefined ? ms : new Date(ms).toISOString();

/** The first difference says enough; a comparison of thousands of ticks takes minutes to print. */
function expectSame(what: string, actual: readonly number[], expected: readonly number[]): void {
  const length = Math.max(actual.length, expected.length);
  for (let i = 0; i < length; i++) {
    if (actual[i] !== expected[i])
      throw new Error(`${what}: tick ${i} is ${iso(actual[i])}, the oracle says ${iso(expected[i])}`);
  }
}

/** Every answer that the schedule can give in [from, to) follows from these ticks. */
function expectTicks(
  schedule: Schedule,
  ticks: readonly number[],
  from: number,
  to: number,
  probes: readonly number[],
): void {
  const forward: number[] = [];
  for (
    let at = schedule.nextAfter(instant(from - 1));
    at !== undefined && at < to;
    at = schedule.nextAfter(at)
  ) {
    forward.push(at);
    if (forward.length > ticks.length) break;
  }
  expectSame('forward', forward, ticks);
  const backward: number[] = [];
  for (
    let at = schedule.atOrBefore(instant(to - 1));
    at !== undefined && at >= from;
    at = schedule.atOrBefore(instant(at - 1))
  ) {
    backward.push(at);
    if (backward.length > ticks.length) break;
  }
  expectSame('backward', backward.toReversed(), ticks);
  let last = from - 1;
  for (const probe of [...probes].sort((a, b) => a - b)) {
    const next = ticks.find((tick) => tick > probe);
    const before = ticks.findLast((tick) => tick <= probe);
    if (next !== undefined) expectSame(`after ${iso(probe)}`, [schedule.nextAfter(instant(probe))!], [next]);
    if (before !== undefined)
      expectSame(`up to ${iso(probe)}`, [schedule.atOrBefore(instant(probe))!], [before]);
    const between = ticks.filter((tick) => tick > last && tick <= probe).length;
    expect(
      schedule.countBetween(instant(last), instant(probe)),
      `ticks in (${iso(last)}, ${iso(probe)}]`,
    ).toBe(between);
    last = probe;
  }
}

/** The hours that the wall clock shows just before and after the middle of the window, and those it skips. */
function hoursNear({ shown }: Window): number[] {
  const middle = shown.length / 2;
  const around = shown.slice(middle - 61, middle + 61).map(({ wall }) => new Date(wall).getUTCHours());
  return [...new Set(around.flatMap((hour) => [hour, (hour + 1) % 24]))];
}

const run = (numRuns: number, salt: number): fc.Parameters<unknown> => ({
  numRuns,
  seed: (seed + salt) | 0,
  endOnFailure: isFull,
});

function checkAround(zone: string, change: number, numRuns: number, salt: number): void {
  const window = windowAround(wallOf(zone), change, 32);
  const from = window.from + MARGIN;
  const to = window.to - MARGIN;
  const probe = fc.oneof(
    fc.integer({ min: from, max: to - 1 }),
    fc.integer({ min: change - 2 * HOUR, max: change + 2 * HOUR }),
  );
  fc.assert(
    fc.property(
      expressionNear(hoursNear(window)),
      policies,
      fc.array(probe, { maxLength: 5 }),
      (expression, policy, probes) => {
        const compiled = compiler.compile({
          name: 'job',
          schedule: expression.text,
          timezone: zone,
          dst: policy,
          anchor: instant(0),
        });
        fc.pre(compiled.ok); // some dates never come: 31 February
        const ticks = ticksIn(expression, policy, window).filter((tick) => tick >= from && tick < to);
        expectTicks(compile(expression.text, zone, policy), ticks, from, to, probes);
      },
    ),
    run(numRuns, salt),
  );
}

const zones = Intl.supportedValuesOf('timeZone');
const regions = [...new Set(zones.map((zone) => zone.split('/')[0]!))];

describe('the ticks of a random expression are those of the oracle', () => {
  it.each(regions)('around changes of the clock in %s', { timeout: 600_000 }, (region) => {
    const ofRegion = zones.filter((name) => name.split('/')[0] === region);
    expect(ofRegion).not.toEqual([]);
    for (const zone of ofRegion) {
      const salt = fnv1a(zone);
      const changes = changesOf(wallOf(zone), FROM, TO);
      const [only = Date.UTC(2024, 1, 29)] =
        changes.length === 0 ? [] : [changes[(seed + salt) % changes.length]!];
      for (const change of isFull && changes.length > 0 ? changes : [only]) {
        try {
          checkAround(zone, change, isFull ? 12 : 8, salt);
        } catch (error) {
          throw new Error(
            `${zone}, around ${iso(change)}, ETCRON_SEED=${seed}: ${(error as Error).message}`,
            { cause: error },
          );
        }
      }
    }
  });

  it.each([
    ['a day that was skipped', 'Pacific/Apia', '2011-12-30T10:00:00Z'],
    ['a change of half an hour, back', 'Australia/Lord_Howe', '2027-04-03T15:00:00Z'],
    ['a change of half an hour, forward', 'Australia/Lord_Howe', '2027-10-02T15:30:00Z'],
    ['a change of two hours', 'Antarctica/Troll', '2027-03-28T01:00:00Z'],
    ['a change of three hours', 'Antarctica/Casey', '2010-03-04T15:00:00Z'],
    ['a clock set back for a month', 'Africa/Casablanca', '2026-02-15T02:00:00Z'],
    ['a gap at midnight', 'America/Havana', '2027-03-14T05:00:00Z'],
    ['a repeated midnight', 'America/Havana', '2027-11-07T05:00:00Z'],
    ['a gap that ends the day', 'America/Scoresbysund', '2026-03-29T01:00:00Z'],
    ['a zone that knows Ramadan', 'Asia/Gaza', '2026-03-28T00:00:00Z'],
    ['a change by a quarter', 'Asia/Kathmandu', '1985-12-31T18:30:00Z'],
  ])('around %s', { timeout: 120_000 }, (_, zone, at) => {
    const changes = changesOf(wallOf(zone), Date.parse(at) - 5 * 24 * HOUR, Date.parse(at) + 5 * 24 * HOUR);
    expect(changes.length).toBeGreaterThan(0);
    for (const [i, change] of changes.entries()) checkAround(zone, change, isFull ? 500 : 60, i);
  });
});

it('a date that comes seldom is found, however far it lies ahead or behind', { timeout: 120_000 }, () => {
  const from = Date.UTC(1990, 0, 1);
  const to = Date.UTC(2050, 0, 1);
  fc.assert(
    fc.property(
      days(1),
      fc.constantFrom('UTC', 'Europe/Berlin', 'Pacific/Apia'),
      fc.array(fc.integer({ min: from, max: to }), { maxLength: 5 }),
      (day, zone, probes) => {
        const wall = wallOf(zone);
        const ticks: number[] = [];
        for (let at = from; at < to; at += 24 * HOUR) {
          if (!day.matches(new Date(at))) continue;
          const noon = at + 12 * HOUR;
          const tick = noon - (wall.at(noon - (wall.at(noon) - noon)) - (noon - (wall.at(noon) - noon)));
          if (wall.at(tick) === noon) ticks.push(tick);
        }
        const compiled = compiler.compile({
          name: 'job',
          schedule: `0 12 ${day.text}`,
          timezone: zone,
          dst: { gap: 'skip', repeat: 'both' },
          anchor: instant(0),
        });
        expect(compiled.ok).toBe(ticks.length > 0);
        const inside = ticks.slice(1, -1);
        if (compiled.ok && inside.length > 2)
          expectTicks(
            compiled.value,
            inside,
            inside[0]!,
            inside.at(-1)! + 1,
            probes.filter((p) => p > inside[0]! && p < inside.at(-1)!),
          );
      },
    ),
    run(isFull ? 300 : 40, 1),
  );
});
