// Outcomes day by day, in days as a zone has them.
import { describe, expect, it } from 'vitest';
import { daysUpTo, outcomesByDay } from '../../../src/common/core/outcome-days.ts';
import type { Segment } from '../../../src/common/core/outcomes.ts';
import { createScheduleCompiler } from '../../../src/common/core/schedule.ts';
import { createZones } from '../../../src/common/core/zones.ts';
import { instant } from '../../../src/common/model/time.ts';

const zones = createZones();
const at = (text: string) => instant(Date.parse(text));
const hours = ({ from, until }: { from: number; until: number }): number => (until - from) / 3_600_000;

describe('days', () => {
  it('begin and end at midnight of the zone, whatever the clocks do', () => {
    const days = daysUpTo(zones.get('Europe/Berlin')!, at('2027-03-29T10:00:00Z'), 3);
    expect(days.map(({ date }) => date)).toEqual(['2027-03-27', '2027-03-28', '2027-03-29']);
    expect(days.map(hours)).toEqual([24, 23, 24]);
    expect(days[0]!.from).toBe(at('2027-03-26T23:00:00Z'));
    expect(days[2]!.until).toBe(at('2027-03-29T22:00:00Z'));
    const autumn = daysUpTo(zones.get('America/New_York')!, at('2026-11-01T12:00:00Z'), 1);
    expect(hours(autumn[0]!)).toBe(25);
  });

  it('begin with the first instant there is where midnight does not exist, and leave out what a zone left out', () => {
    // Beirut sets its clocks forward at midnight.
    const beirut = daysUpTo(zones.get('Asia/Beirut')!, at('2026-03-29T12:00:00Z'), 1);
    expect(beirut).toMatchObject([{ date: '2026-03-29', from: at('2026-03-28T22:00:00Z') }]);
    expect(hours(beirut[0]!)).toBe(23);
    const apia = daysUpTo(zones.get('Pacific/Apia')!, at('2011-12-31T12:00:00Z'), 4);
    expect(apia.map(({ date }) => date)).toEqual(['2011-12-29', '2011-12-31', '2012-01-01']);
  });
});

describe('outcomes by day', () => {
  const compiled = createScheduleCompiler().compile({
    name: 'a',
    schedule: '0 * * * *',
    timezone: 'UTC',
    dst: { gap: 'shift', repeat: 'first' },
    anchor: instant(0),
  });
  if (!compiled.ok) throw new Error('no schedule');
  const ticks = compiled.value;
  const segment = (from: string, to: string, outcome: Segment['outcome'], rest: object = {}): Segment => ({
    from: at(from),
    to: at(to),
    count: ticks.countBetween(instant(at(from) - 1), at(to)),
    outcome,
    runs: [],
    ticks,
    generation: 1,
    ...rest,
  });
  const now = at('2026-11-23T12:30:00Z');
  const days = daysUpTo(zones.get('UTC')!, now, 3);

  it('are shared out among the days that they lie in, none lost and none twice', () => {
    const segments = [
      segment('2026-11-21T00:00:00Z', '2026-11-22T05:00:00Z', 'missed'),
      segment('2026-11-22T06:00:00Z', '2026-11-22T06:00:00Z', 'ran'),
      segment('2026-11-22T07:00:00Z', '2026-11-23T12:00:00Z', 'skipped'),
      segment('2026-11-23T13:00:00Z', '2026-11-23T23:00:00Z', 'not_yet'),
    ];
    const told = outcomesByDay(segments, days, now);
    expect(
      told.map(({ date, counts }) => [date, counts.missed, counts.ran, counts.skipped, counts.notYet]),
    ).toEqual([
      ['2026-11-21', 24, 0, 0, 0],
      ['2026-11-22', 6, 1, 17, 0],
      ['2026-11-23', 0, 0, 13, 11],
    ]);
    expect(told.map(({ counts }) => counts.due)).toEqual([24, 24, 13]);
  });

  it('count what is known by its record alone on its first day', () => {
    const off = segment('2026-11-21T10:00:00Z', '2026-11-22T10:00:00Z', 'missed', {
      ticks: undefined,
      count: 7,
    });
    expect(outcomesByDay([off], days, now).map(({ counts }) => counts.missed)).toEqual([7, 0, 0]);
    // Out of order, as records that contradict each other are.
    const both = [segment('2026-11-23T01:00:00Z', '2026-11-23T01:00:00Z', 'ran'), off];
    expect(outcomesByDay(both, days, now).map(({ counts }) => counts.missed + counts.ran)).toEqual([7, 0, 1]);
  });
});
