// What is wrong with a definition, in Chinese: what the checks really say is known to the page.
import { expect, it } from 'vitest';
import { instant } from '../../../src/common/model/time.ts';
import { checkDraft } from '../../../web/src/features/editor/check.ts';
import { issueText } from '../../../web/src/lib/i18n/issue-words.ts';

const NOW = instant(Date.parse('2026-11-23T12:00:00Z'));
const shell = { kind: 'shell', command: 'true' };
const http = { kind: 'http', url: 'https://example.org/' };

function messagesOf(more: object): string[] {
  const told = checkDraft({ name: 'a', schedule: '@daily', task: shell, ...more }, NOW, undefined);
  return told.ok ? [] : told.issues.map(({ message }) => message);
}

it.each<[what: string, given: object, chinese: string | RegExp]>([
  ['a name', { name: '-a' }, '必须以字母或数字开头'],
  ['no name', { name: '' }, /./],
  ['no command', { task: { kind: 'shell', command: '' } }, '需要填写命令'],
  ['no task', { task: undefined }, /./],
  ['a schedule of no kind', { schedule: 'often' }, '有 1 段'],
  ['an alias that is none', { schedule: '@often' }, '无法理解 "@often"'],
  ['an hour', { schedule: '0 25 * * *' }, '小时 "25" 超出范围：0 到 23'],
  ['a minute', { schedule: 'x * * * *' }, '无法理解分钟 "x"'],
  ['years', { schedule: '0 0 0 1 1 * 2027' }, '不支持年份'],
  ['a step', { schedule: '*/0 * * * *' }, '步长为 0'],
  ['a date', { schedule: '0 0 31 2 *' }, '永远不会到来'],
  ['an interval', { schedule: '@every 10' }, '不是时长'],
  ['a short interval', { schedule: '@every 10ms' }, '间隔至少 1s'],
  ['a time that is over', { schedule: '@at 2020-01-01T00:00:00Z' }, '已经过去'],
  ['a zone', { timezone: 'Berlin' }, '不是已知时区'],
  ['a duration', { timeout: '10' }, '"10" 不是时长'],
  ['an instant', { startAt: 'tomorrow' }, '不是时刻'],
  [
    'an order of instants',
    { startAt: '2027-02-01T00:00:00Z', endAt: '2027-01-01T00:00:00Z' },
    '结束必须晚于开始',
  ],
  ['a size', { output: { limit: 'much' } }, '不是大小'],
  ['a policy', { overlap: 'forbit' }, '不认识 "forbit"'],
  ['a number', { retry: { limit: 'x' } }, '必须是'],
  ['a negative number', { retry: { limit: -1 } }, '必须至少为 0'],
  ['a delay', { retry: { limit: 1, delay: '20m', maxDelay: '10m' } }, '比最长间隔 10m 还长'],
  ['what has no effect', { retry: { on: { timeout: true } } }, '重试次数为 0 时不起作用'],
  ['a code', { retry: { limit: 1, on: { exitCodes: ['1-x'] } } }, '不是范围'],
  ['a url', { task: { ...http, url: 'example' } }, '不是 URL'],
  ['a scheme', { task: { ...http, url: 'ftp://example.org' } }, '需要 http 或 https'],
  ['a password', { task: { ...http, url: 'https://a:b@example.org' } }, '不能含用户名和密码'],
  ['a body', { task: { ...http, method: 'GET', body: 'a' } }, 'GET 请求没有请求体'],
  ['a secret', { task: { ...shell, env: { A: { secret: true } } } }, '机密没有值'],
  ['a variable', { task: { ...shell, env: { 'a b': '1' } } }, '环境变量名'],
  ['a label', { labels: { 'a b': '1' } }, '标签为 1 到 63'],
  ['a field', { retries: 3 }, '未知字段'],
  ['two policies', { overlap: 'queue', catchUp: { policy: 'none' } }, 'none 与 queue 矛盾'],
])('says what is wrong with %s in Chinese', (_, given, chinese) => {
  const messages = messagesOf(given);
  expect(messages.length).toBeGreaterThan(0);
  const texts = messages.map((message) => issueText(message, 'zh'));
  expect(texts.join('\n')).toMatch(chinese);
  for (const text of texts) expect(text).toMatch(/[\u4e00-\u9fff]/);
  expect(messages.map((message) => issueText(message, 'en'))).toEqual(messages);
});

it('leaves what it does not know as it is', () => {
  expect(issueText('something new', 'zh')).toBe('something new');
});
