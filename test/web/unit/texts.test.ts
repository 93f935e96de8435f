// Times and lengths of time as they are read.
import { expect, it } from 'vitest';
import { countText, durationText } from '../../../web/src/lib/duration-text.ts';
import { preferred } from '../../../web/src/lib/i18n/language.ts';
import {
  clockText,
  dayText,
  instantText,
  relativeText,
  timeText,
} from '../../../web/src/lib/i18n/time-text.ts';

it.each([
  [0, '0ms'],
  [849.6, '850ms'],
  [-3, '-3ms'],
  [4_240, '4.2s'],
  [9_949, '9.9s'],
  [9_951, '10s'],
  [59_400, '59s'],
  [59_600, '1m 00s'],
  [185_000, '3m 05s'],
  [7_800_000, '2h 10m'],
  [443_000_000, '5d 3h'],
])('%d ms lasted %s', (ms, text) => expect(durationText(ms)).toBe(text));

it.each([
  [-1, '0s'],
  [400, '0s'],
  [1_499, '1s'],
  [60_000, '1m 00s'],
  [3_599_999, '1h 00m'],
  [90_000_000, '1d 1h'],
])('%d ms are counted as %s', (ms, text) => expect(countText(ms)).toBe(text));

const now = Date.parse('2026-11-23T09:00:00Z');

it('says how long ago, or how soon, in both languages', () => {
  expect(relativeText(now - 185_000, now, 'en')).toBe('3 minutes ago');
  expect(relativeText(now + 86_400_000, now, 'en')).toBe('tomorrow');
  expect(relativeText(now - 400, now, 'en')).toBe('now');
  expect(relativeText(now - 185_000, now, 'zh')).toBe('3分钟前');
});

it('says an instant exactly in the zone that it is asked for', () => {
  expect(instantText(now, 'en', 'UTC')).toBe('Mon, Nov 23, 2026, 09:00:00 UTC');
  expect(instantText(now, 'en', 'Asia/Shanghai')).toContain('17:00:00');
  expect(clockText(now, now, 'en', 'UTC')).toBe('09:00:00');
  expect(timeText(now, 'en', 'Europe/Berlin')).toBe('10:00:00 GMT+1');
  expect(clockText(now - 3 * 86_400_000, now, 'en', 'UTC')).toBe('Nov 20, 09:00:00');
  expect(dayText(now, now, 'en', 'UTC')).toBe('Mon, Nov 23');
  expect(dayText(now, now, 'zh', 'Pacific/Kiritimati')).toBe('11月23日周一');
  expect(dayText(now + 40 * 86_400_000, now, 'en', 'UTC')).toBe('Sat, Jan 2, 2027');
});

it('says what is today by the zone that it is asked for', () => {
  const late = Date.parse('2026-11-23T23:30:00Z');
  expect(clockText(late, now, 'en', 'UTC')).toBe('23:30:00');
  expect(clockText(late, now, 'en', 'Asia/Shanghai')).toBe('Nov 24, 07:30:00');
});

it('takes the first language that it knows', () => {
  expect(preferred(['de-DE', 'zh-Hant-TW', 'en'])).toBe('zh');
  expect(preferred(['', 'EN-us'])).toBe('en');
  expect(preferred(['fr', 'constructor'])).toBe('en');
});
