// A schedule in words, in the language of the page. For people only; what has no words is shown as written.
import 'cronstrue/locales/zh_CN';
import { describeSchedule, hasHash, type ScheduleWords } from '../../../../src/common/core/describe.ts';
import { createKept } from '../kept.ts';
import type { Language } from './language.ts';

const UNITS: Readonly<Record<string, string>> = { ms: '毫秒', s: '秒', m: '分钟', h: '小时', d: '天' };

const chinese: ScheduleWords = {
  locale: 'zh_CN',
  // Chinese has its own commas, and no spaces but around numbers.
  tidy: (words) =>
    words
      .replace(/^在(?=\d)/, '')
      .replace(/,\s*限?/g, '，')
      .replace(/\s{2,}/g, ' ')
      .replace(/和 (?=\D)/g, '和'),
  manual: '仅手动执行',
  every: (interval) =>
    `每 ${interval.replace(/(\d+)(ms|[smhd])/g, (_, n: string, unit: string) => `${n} ${UNITS[unit]} `).trim()}`,
  at: (instant) => `仅一次：${instant}`,
  joint: '；',
};

/** Half a millisecond each to make; most jobs share theirs with others. */
const texts = createKept<string>();

/** `H` in a schedule depends on the name of the job. */
export const scheduleText = (
  schedule: string | readonly string[],
  job: string,
  language: Language,
): string => {
  const isOwn = [schedule].flat().some(hasHash);
  return texts(JSON.stringify([language, schedule, isOwn && job]), () =>
    language === 'zh' ? describeSchedule(schedule, job, chinese) : describeSchedule(schedule, job),
  );
};
