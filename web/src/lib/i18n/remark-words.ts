// What a change of the clocks does to a tick, in the language of the page. The master, and the code that it shares with
// this page, say it in English (src/common/core/preview); what is not known here is shown as it came.
import type { Language } from './language.ts';

type Rule = readonly [pattern: RegExp, chinese: (...found: string[]) => string];

const RULES: readonly Rule[] = [
  [
    /^(\S+) does not exist on (\S+) in (\S+): fires at (\S+)$/,
    (at = '', day = '', zone = '', to = '') => `${zone} ${day} 没有 ${at}：改在 ${to} 触发`,
  ],
  [
    /^(\S+) to (\S+) do not exist on (\S+) in (\S+): fires at (\S+)$/,
    (from = '', until = '', day = '', zone = '', to = '') =>
      `${zone} ${day} 没有 ${from} 至 ${until}：改在 ${to} 触发`,
  ],
  [
    /^(\S+) occurs twice on (\S+) in (\S+): fires at the first$/,
    (at = '', day = '', zone = '') => `${zone} ${day} 有两个 ${at}：只在第一个触发`,
  ],
  [
    /^(\S+) occurs twice on (\S+) in (\S+): fires at both, this is the (first|second)$/,
    (at = '', day = '', zone = '', which = '') =>
      `${zone} ${day} 有两个 ${at}：两个都触发，这是第${which === 'first' ? '一' : '二'}个`,
  ],
  [
    /^(.*) depends? on the name of the job: these ticks are those of some job; give `name` to see those of yours$/,
    (what = '') =>
      `${what.includes('jitter') ? (what.includes('H') ? 'H 和抖动' : '抖动') : 'H'}取决于任务名称：填写名称后才是此任务的时刻`,
  ],
];

function inChinese(remark: string): string {
  for (const [pattern, chinese] of RULES) {
    const found = pattern.exec(remark);
    if (found) return chinese(...found.slice(1));
  }
  return remark;
}

export function remarkText(remark: string, language: Language): string {
  if (language !== 'zh') return remark;
  const whole = inChinese(remark);
  // Several stand behind each other with a semicolon.
  return whole === remark ? remark.split('; ').map(inChinese).join('；') : whole;
}
