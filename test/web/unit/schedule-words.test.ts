// Schedules in the words of the page's language.
import { expect, it } from 'vitest';
import { scheduleText } from '../../../web/src/lib/i18n/schedule-words.ts';

it.each([
  ['*/5 * * * *', 'Every 5 minutes', '每隔 5 分钟'],
  ['30 2 * * *', 'At 02:30', '02:30'],
  ['0 9 * * 1-5', 'At 09:00, Monday through Friday', '09:00，星期一至星期五'],
  ['@every 1h30m', 'Every 1h30m', '每 1 小时 30 分钟'],
  ['@every 500ms', 'Every 500ms', '每 500 毫秒'],
  ['@manual', 'Only by hand', '仅手动执行'],
])('%s is %s, and %s in Chinese', (schedule, english, chinese) => {
  expect(scheduleText(schedule, 'any', 'en')).toBe(english);
  expect(scheduleText(schedule, 'any', 'zh')).toBe(chinese);
});

it('joins several as the language does', () => {
  const both = ['@manual', '30 2 * * *'];
  expect(scheduleText(both, 'any', 'en')).toBe('Only by hand; At 02:30');
  expect(scheduleText(both, 'any', 'zh')).toBe('仅手动执行；02:30');
});

it('says of H what it is for this job', () => {
  const words = (job: string): string => scheduleText('H H * * *', job, 'en');
  expect(words('report')).toMatch(/^At \d\d:\d\d$/);
  expect(words('report')).toBe(words('report'));
  expect(new Set(['a', 'b', 'c', 'd', 'e'].map(words)).size).toBeGreaterThan(1);
});

it('shows what has no words as it is written', () => {
  for (const language of ['en', 'zh'] as const)
    expect(scheduleText('not a schedule', 'any', language)).toBe('not a schedule');
});
