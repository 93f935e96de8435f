// What is wrong with a field, in the language of the page. The checks, which are the master's own, say it in English;
// what they say most has its Chinese words here, and the rest is shown as it came.
import type { Language } from './language.ts';

type Rule = readonly [pattern: RegExp, chinese: (...found: string[]) => string];

const FORMS = '5 或 6 段 cron、@daily 等、"@every 90s"、"@at <时刻>" 或 @manual';
const FIVE = '分 时 日 月 星期，如 "0 3 * * *"';
const KINDS: Readonly<Record<string, string>> = {
  second: '秒',
  minute: '分钟',
  hour: '小时',
  'day of month': '日',
  month: '月',
  'day of week': '星期',
};
const WANTED: Readonly<Record<string, string>> = {
  'a text': '文本',
  'a number': '数字',
  'a whole number': '整数',
  'true or false': 'true 或 false',
  'a list': '列表',
  'an object': '对象',
};
const wanted = (text: string): string => WANTED[text] ?? text.replace(/^one of /, '以下之一：');
const bound = (text: string): string =>
  text.replaceAll('at least', '至少').replaceAll('at most', '最多').replaceAll(' and ', '，');
const kind = (name: string): string => KINDS[name] ?? name;

const RULES: readonly Rule[] = [
  [/^is missing: it must be (.+)$/, (what = '') => `缺失：必须是${wanted(what)}`],
  [
    /^must be (a text|a number|a whole number|true or false|a list|an object), not (.+)$/,
    (what = '') => `必须是${wanted(what)}`,
  ],
  [/^must be (at least|at most) (\S+)$/, (word = '', limit = '') => `必须${bound(word)}为 ${limit}`],
  [
    /^must have (at least|at most) (\d+) characters?$/,
    (word = '', n = '') => `必须${bound(word)} ${n} 个字符`,
  ],
  [/^must have (at least|at most) (\d+) entr/, (word = '', n = '') => `必须${bound(word)} ${n} 项`],
  [
    /^(.+) is not known: it must be (one of .+?)(?:; did you mean (.+)\?)?$/,
    (given = '', what = '', near) =>
      `不认识 ${given}：必须是${wanted(what)}${near === undefined ? '' : `；是否指 ${near}？`}`,
  ],
  [/^unknown field; did you mean (.+)\?$/, (near = '') => `未知字段；是否指 ${near}？`],
  [/^unknown field; the fields here are (.+)$/, (known = '') => `未知字段；此处可用的字段：${known}`],
  [
    /^(".*") is not a duration: /,
    (given = '') => `${given} 不是时长：请写数字加单位，如 "90s"、"10m"、"1h30m"`,
  ],
  [/^(".*") is not a size: /, (given = '') => `${given} 不是大小：请写数字加单位，如 "512KiB"、"10MiB"`],
  [
    /^(.+) is out of bounds: from (\d+) to (\d+)$/,
    (given = '', from = '', to = '') => `${given} 超出范围：${from} 到 ${to}`,
  ],
  [/^(.+) is out of bounds: (.+)$/, (given = '', range = '') => `${given} 超出范围：${bound(range)}`],
  [/^(.+) is too large: at most (\d+) bytes$/, (given = '', most = '') => `${given} 太大：最多 ${most} 字节`],
  [
    /^(".*") is no range: .*such as "(.+)"$/,
    (given = '', like = '') => `${given} 不是范围：请写一个数，或 "${like}" 这样的范围`,
  ],
  [/^(".*") runs backwards: write (".+")$/, (given = '', right = '') => `${given} 前后颠倒：请写 ${right}`],
  [
    /^(".*") is not an instant: /,
    (given = '') => `${given} 不是时刻：请按 ISO 8601 写并带时区，如 2026-12-24T18:00:00Z`,
  ],
  [
    /^(".*") is not a known time zone: /,
    (given = '') => `${given} 不是已知时区：请写 IANA 名称，如 Asia/Shanghai 或 UTC`,
  ],
  [/^(".*") is not understood: write 5 or 6 cron fields/, (given = '') => `无法理解 ${given}：请写 ${FORMS}`],
  [/^an empty list: write at least one schedule/, () => `列表为空：请至少写一个时间表：${FORMS}`],
  [/^the schedule is empty: /, () => `时间表为空：请写 ${FORMS}`],
  [
    /^has (\d+) fields?: years are not supported/,
    (n = '') => `有 ${n} 段：不支持年份；请写 5 段（${FIVE}）或以秒开头的 6 段`,
  ],
  [
    /^has (\d+) fields?: a cron expression/,
    (n = '') => `有 ${n} 段：cron 表达式有 5 段（${FIVE}）或以秒开头的 6 段`,
  ],
  [
    /^the ([a-z ]+) (".*") is out of range: it goes from (\d+) to (\d+)$/,
    (name = '', given = '', from = '', to = '') => `${kind(name)} ${given} 超出范围：${from} 到 ${to}`,
  ],
  [
    /^the ([a-z ]+) (".*?") is not understood.*write for example (.+)$/,
    (name = '', given = '', like = '') => `无法理解${kind(name)} ${given}；例如可写 ${like}`,
  ],
  [
    /^the ([a-z ]+) (".*") has a step of 0/,
    (name = '', given = '') => `${kind(name)} ${given} 的步长为 0：至少为 1`,
  ],
  [
    /^the ([a-z ]+) (".*") runs backwards; write it as two ranges: (.+)$/,
    (name = '', given = '', right = '') => `${kind(name)} ${given} 前后颠倒；请写成两个范围：${right}`,
  ],
  [
    /^the ([a-z ]+) (".*") has a step larger than its range (\S+),/,
    (name = '', given = '', range = '') => `${kind(name)} ${given} 的步长大于其范围 ${range}`,
  ],
  [/^day of month .* is a date that never comes/, () => '这个日期永远不会到来；月末一天请写 L'],
  [/^@every needs an interval/, () => '@every 需要间隔：例如 "@every 90s"'],
  [
    /^@every (".*") is not a duration/,
    (given = '') => `@every 的 ${given} 不是时长：请写数字加单位，如 "90s"`,
  ],
  [/^@every (\S+) is too short/, (given = '') => `@every ${given} 太短：间隔至少 1s`],
  [/^@every (\S+) is too long/, (given = '') => `@every ${given} 太长：永远不会触发`],
  [
    /^(\S+) is in the past .*or @manual and run it by hand$/,
    (given = '') => `${given} 已经过去：请写更晚的时刻，或用 @manual 手动运行`,
  ],
  [
    /^(\S+) is in the past .*the job would never run$/,
    (given = '') => `${given} 已经过去：任务将永远不会运行`,
  ],
  [/^has no tick at or after (\S+): /, (at = '') => `${at} 之后不再触发：任务将永远不会运行`],
  [/^no tick of the schedule falls before (\S+): /, (at = '') => `在 ${at} 之前没有任何触发：请写更晚的时刻`],
  [/^endAt \S+ is not after startAt (\S+): /, (start = '') => `结束必须晚于开始 ${start}`],
  [
    /^the name of a job must start with|^a job's name must start with|^.{0,24}must start with a letter or digit and hold only .* at most (\d+) characters$/,
    (most = '63') => `必须以字母或数字开头，只含字母、数字、“.”、“_”和“-”，最多 ${most} 个字符`,
  ],
  [/^a label holds 1 to 63 letters/, () => '标签为 1 到 63 个字母、数字或“.”、“_”、“/”、“-”'],
  [/^an environment variable is named with/, () => '环境变量名只含字母、数字和“_”'],
  [/^names that begin with ETCRON_ are set/, () => '以 ETCRON_ 开头的变量由 etcron 设置：请删除或改名'],
  [/^a command is needed$/, () => '需要填写命令'],
  [/^argv needs at least the program$/, () => '至少要填写程序'],
  [/^the program is empty/, () => '程序为空：请写其名称或路径'],
  [/^is no url: /, () => '不是 URL：请写成 https://example.org/hook 这样'],
  [/^a url of http or https is needed$/, () => '需要 http 或 https 的 URL'],
  [/^a url holds no spaces/, () => 'URL 不能有空格或换行：请写 %20'],
  [
    /^is shown to all who may read the job, so it takes no user/,
    () => 'URL 不能含用户名和密码：请用机密请求头 Authorization 发送',
  ],
  [/^a header's name holds/, () => '请求头名称只含字母、数字和“-”'],
  [/^a header's value is one line/, () => '请求头的值须为一行拉丁字符；其他字符请编码，例如 base64'],
  [
    /^a (GET|HEAD) request has no body/,
    (method = '') => `${method} 请求没有请求体：请改用 POST，或删除请求体`,
  ],
  [/^a secret without a value/, () => '机密没有值，也没有已存储的值可保留：请填写'],
  [
    /^has no effect without retry\.limit above 0/,
    () => '重试次数为 0 时不起作用：请填写重试次数，例如 3，或删除此项',
  ],
  [
    /^(\S+) is longer than maxDelay, (\S+), /,
    (delay = '', most = '') => `${delay} 比最长间隔 ${most} 还长：请调小间隔或调大最长间隔`,
  ],
  [
    /^(\S+) is longer than the job's timeout, (\S+), /,
    (own = '', most = '') => `${own} 比任务的时限 ${most} 还长：任务会先被结束`,
  ],
  [/^(.+) is there twice: write each value once$/, (value = '') => `${value} 重复：每个值只写一次`],
  [/^policy none catches nothing up/, () => '不补跑（none）时没有窗口：请删除窗口，或改为 latest 或 all'],
  [
    /^none forgets a tick that did not start on time, and overlap queue/,
    () => 'none 与 queue 矛盾：错过时刻的不再执行，而 queue 正要等待。请改为 latest 或 all，或换一种重叠方式',
  ],
  [
    /^none forgets a tick that did not start on time, and with overlap replace/,
    () => 'none 与 replace 矛盾：正在进行的运行会白白被终止。请改为 latest，或换一种重叠方式',
  ],
  [
    /^all runs every tick that passed, and with overlap replace/,
    () => 'all 与 replace 矛盾：每个补跑都会被下一个终止。请改为 latest，或用 queue',
  ],
];

export function issueText(message: string, language: Language): string {
  if (language !== 'zh') return message;
  for (const [pattern, chinese] of RULES) {
    const found = pattern.exec(message);
    if (found) return chinese(...found.slice(1));
  }
  return message;
}
