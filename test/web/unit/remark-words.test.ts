// What the clocks do to ticks, in Chinese: every remark that the code of the schedules makes has its words.
import { expect, it } from 'vitest';
import { previewSchedule, type NamedOrNot } from '../../../src/common/core/preview.ts';
import { createScheduleCompiler } from '../../../src/common/core/schedule.ts';
import { createZones } from '../../../src/common/core/zones.ts';
import { instant } from '../../../src/common/model/time.ts';
import { remarkText } from '../../../web/src/lib/i18n/remark-words.ts';

const zones = createZones();
const compiler = createScheduleCompiler(zones);

function remarksOf(given: Partial<NamedOrNot>, after: string): string[] {
  const told = previewSchedule(
    {
      name: 'a',
      schedule: '@daily',
      timezone: 'Europe/Berlin',
      dst: { gap: 'shift', repeat: 'first' },
      jitter: undefined,
      startAt: undefined,
      endAt: undefined,
      anchor: instant(Date.parse(after)),
      ...given,
    },
    { compiler, zones, after: instant(Date.parse(after)), count: 30 },
  );
  if (!told.ok) throw new Error(JSON.stringify(told.issues));
  return [told.value.remark ?? [], told.value.ticks.flatMap(({ remark }) => remark ?? [])].flat();
}

const SPRING = '2027-03-27T12:00:00Z';
const AUTUMN = '2027-10-30T12:00:00Z';

it.each([
  ['a time that is left out', { schedule: '30 2 * * *' }, SPRING, '02:30：改在 03:00 触发'],
  ['several of them', { schedule: '15,45 2 * * *' }, SPRING, '02:15 至 02:45：改在 03:00 触发'],
  ['a time that comes twice', { schedule: '30 2 * * *' }, AUTUMN, '只在第一个触发'],
  [
    'one that fires at both',
    { schedule: '30 2 * * *', dst: { gap: 'shift', repeat: 'both' } },
    AUTUMN,
    '这是第二个',
  ],
  [
    'what a name decides',
    { name: undefined, schedule: 'H H * * *', jitter: '5m' },
    SPRING,
    'H 和抖动取决于任务名称',
  ],
  ['what only the jitter decides', { name: undefined, jitter: '5m' }, SPRING, /^抖动取决于任务名称/],
  ['two schedules at once', { schedule: ['30 2 * * *', '40 2 * * *'] }, SPRING, '；'],
] as const)('says %s in Chinese', (_, given, after, words) => {
  const remarks = remarksOf(given, after);
  expect(remarks.length).toBeGreaterThan(0);
  const chinese = remarks.map((remark) => remarkText(remark, 'zh'));
  for (const text of chinese) expect(text).not.toMatch(/[a-z]{3} [a-z]{2}|; /);
  expect(chinese.join('\n')).toMatch(words);
  expect(remarks.map((remark) => remarkText(remark, 'en'))).toEqual(remarks);
});

it('leaves what it does not know as it is', () => {
  expect(remarkText('something new', 'zh')).toBe('something new');
});
