import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { localText, nextTicks, previewSchedule } from '../../../src/common/core/preview.ts';
import { createScheduleCompiler, type ScheduleInput } from '../../../src/common/core/schedule.ts';
import { createZones } from '../../../src/common/core/zones.ts';
import { instant, instantFromIso } from '../../../src/common/model/time.ts';

const zones = createZones();
const compiler = createScheduleCompiler(zones);

function preview(input: Partial<ScheduleInput>, after: string, count: number) {
  const full: ScheduleInput = {
    name: 'job-1',
    schedule: '@daily',
    timezone: 'Europe/Berlin',
    dst: { gap: 'shift', repeat: 'first' },
    anchor: instant(0),
    ...input,
  };
  const checked = previewSchedule(full, { compiler, zones, after: instantFromIso(after), count });
  if (!checked.ok) throw new Error(JSON.stringify(checked.issues));
  return checked.value;
}

const shown = (input: Partial<ScheduleInput>, after: string, count: number): string[] =>
  preview(input, after, count).ticks.map(({ local, remark }) =>
    remark === undefined ? local : `${local} ${remark}`,
  );

describe('a preview', () => {
  it('shows the next ticks in the zone, and remarks on the day without the hour', () => {
    expect(shown({ schedule: '30 2 * * *' }, '2027-03-27T00:00:00Z', 3)).toEqual([
      '2027-03-27T02:30:00+01:00',
      '2027-03-28T03:00:00+02:00 02:30 does not exist on 2027-03-28 in Europe/Berlin: fires at 03:00',
      '2027-03-29T02:30:00+02:00',
    ]);
  });

  it('names the stretch when several times fall into the gap', () => {
    expect(shown({ schedule: '0,15,30 2 * * *' }, '2027-03-28T00:00:00Z', 1)).toEqual([
      '2027-03-28T03:00:00+02:00 02:00 to 02:30 do not exist on 2027-03-28 in Europe/Berlin: fires at 03:00',
    ]);
  });

  it('remarks on the hour that comes twice, by policy', () => {
    const at = '2027-10-31T00:00:00Z';
    const twice = '02:30 occurs twice on 2027-10-31 in Europe/Berlin';
    expect(shown({ schedule: '30 2 * * *' }, at, 1)).toEqual([
      `2027-10-31T02:30:00+02:00 ${twice}: fires at the first`,
    ]);
    const both = [
      `2027-10-31T02:30:00+02:00 ${twice}: fires at both, this is the first`,
      `2027-10-31T02:30:00+01:00 ${twice}: fires at both, this is the second`,
    ];
    expect(shown({ schedule: '30 2 * * *', dst: { gap: 'shift', repeat: 'both' } }, at, 2)).toEqual(both);
    expect(shown({ schedule: '30 * * * *' }, at, 2)).toEqual(both);
  });

  it('remarks on the tick before jitter, and within a list', () => {
    const [tick] = preview(
      { schedule: ['30 2 * * *', '@at 2027-06-01T00:00:00Z'], jitter: '10m' },
      '2027-03-28T00:00:00Z',
      1,
    ).ticks;
    expect(tick?.remark).toContain('02:30 does not exist');
    expect(tick?.local).toMatch(/^2027-03-28T03:0\d:/);
    expect(tick?.local).not.toContain('03:00:00');
  });

  it('ends with the schedule', () => {
    expect(
      shown({ schedule: '@at 2027-06-01T00:00:00Z', timezone: 'Asia/Kathmandu' }, '2027-01-01T00:00:00Z', 5),
    ).toEqual(['2027-06-01T05:45:00+05:45']);
    expect(shown({ schedule: '@manual' }, '2027-01-01T00:00:00Z', 5)).toEqual([]);
  });

  it('refuses what the compiler refuses', () => {
    const input = {
      name: 'j',
      schedule: '',
      timezone: 'UTC',
      dst: { gap: 'shift', repeat: 'first' },
      anchor: instant(0),
    } as const;
    expect(previewSchedule(input, { compiler, zones, after: instant(0), count: 1 })).toMatchObject({
      ok: false,
    });
  });

  it.each([
    ['*/15 9-17 * * 1-5', 'Every 15 minutes, between 09:00 and 17:59, Monday through Friday'],
    ['@daily', 'At 00:00'],
    ['0 0 * * fri#2', 'At 00:00, on the second Friday of the month'],
    ['0 0 1,15 * 1', 'At 00:00, on day 1 and 15 of the month, and on Monday'],
    ['0 0 */2 * 1', 'At 00:00, every 2 days in a month, only on Monday'],
    ['H(3-3) 4 * * *', 'At 04:03'],
    ['@every 90s', 'Every 90s'],
    ['@at 2026-12-24T18:00:00Z', 'Once, at 2026-12-24T18:00:00Z'],
    ['@manual', 'Only by hand'],
  ])('says what %s means', (schedule, words) => {
    expect(preview({ schedule }, '2026-11-22T00:00:00Z', 1).description).toBe(words);
  });

  it('joins the words of several schedules', () => {
    expect(preview({ schedule: ['@hourly', '@every 90s'] }, '2026-11-22T00:00:00Z', 1).description).toBe(
      'Every hour; Every 90s',
    );
  });

  it('writes offsets west of Greenwich, of part hours, and none', () => {
    const text = (zone: string): string =>
      localText(zones.get(zone)!, instantFromIso('2027-01-01T00:00:00Z'));
    expect(text('America/St_Johns')).toBe('2026-12-31T20:30:00-03:30');
    expect(text('UTC')).toBe('2027-01-01T00:00:00+00:00');
  });
});

describe('the table in docs/schedules.md', () => {
  const page = readFileSync(new URL('../../../docs/schedules.md', import.meta.url), 'utf8');
  const rows = [
    ...page.matchAll(/^\| `([^`]+)` +\| ([A-Z]\w+\/\w+) +\| ([^|]*)\| ([\d-]+) +\| ([^|]+)\|$/gm),
  ].map((match) => match.slice(1).map((cell) => cell.trim()));

  it('is there', () => {
    expect(rows.length).toBeGreaterThan(15);
  });

  it.each(rows)('is right: %s in %s, %s, on %s', (schedule, timezone, dst, day, fires) => {
    const policy = {
      gap: dst === 'gap: skip' ? 'skip' : 'shift',
      repeat: dst === 'repeat: both' ? 'both' : 'first',
    } as const;
    expect(['', 'gap: skip', 'repeat: both']).toContain(dst);
    const compiled = compiler.compile({
      name: 'j',
      schedule,
      timezone,
      dst: policy,
      anchor: instant(0),
    });
    if (!compiled.ok) throw new Error(JSON.stringify(compiled.issues));
    const from = instant(Date.parse(`${day}T00:00:00Z`) - 2 * 86_400_000);
    const ticks = nextTicks(compiled.value, zones.get(timezone)!, from, 60).filter(({ local }) =>
      local.startsWith(day),
    );
    const seen = ticks.map(({ local }) => `${local.slice(11, 16)}${local.slice(19)}`);
    expect(seen.length === 0 ? 'never' : seen.join(', ')).toBe(fires);
  });
});
