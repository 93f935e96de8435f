// Why a run failed, waits, was skipped or missed, in the language of the page. Workers and master write it down in
// English; what they write most has its Chinese words here, and the rest is shown as it is on record.
import type { Language } from './language.ts';

type Rule = readonly [pattern: RegExp, chinese: (...found: string[]) => string];

const RULES: readonly Rule[] = [
  [/^it ran longer than its timeout of (\S+)$/, (time = '') => `运行超过时限 ${time}`],
  [/^exit code (\d+)$/, (code = '') => `退出码 ${code}`],
  [/^ended by signal (\S+)$/, (signal = '') => `被信号 ${signal} 结束`],
  [
    /^unexpected status (.+) \(task\.expect: (.+?)\)/,
    (status = '', wanted = '') => `意外的状态码 ${status}（应为 ${wanted}）`,
  ],
  [
    /^overlap: forbid, and run (\S+) on (\S+)(?: or one right after it)? was on$/,
    (run = '', worker = '') => `重叠规则 forbid：${worker} 上的运行 ${run} 正在进行`,
  ],
  [/^overlap: forbid, and (.+) was on$/, (what = '') => `重叠规则 forbid：${what} 正在进行`],
  [/^overlap: replace, and the next tick has come$/, () => '重叠规则 replace：下一个时刻已到'],
  [/^the next tick has come$/, () => '下一个时刻已到'],
  [/^a run of the job was on$/, () => '该任务的另一次运行正在进行'],
  [/^no worker was there and free to run it in time$/, () => '没有空闲的工作节点及时执行'],
  [/^the worker was not there and free to run it in time$/, () => '该工作节点未能及时空闲执行'],
  [
    /^(?:no worker was|the worker was not) there and free to run it in time, or a run was on: only the newest tick waits$/,
    () => '没有空闲的工作节点及时执行，或有运行正在进行：只有最新的时刻会等待',
  ],
  [
    /^(?:no worker was|the worker was not) there and free to run it in time, or it waited behind .+ for longer than the window$/,
    () => '没有空闲的工作节点及时执行，或排在其他运行之后等待超过补跑窗口',
  ],
  [
    /^no worker with the labels? (.+) was there to run it$/,
    (labels = '') => `没有带标签 ${labels} 的工作节点来执行`,
  ],
  [/^no worker was there to run it$/, () => '没有工作节点来执行'],
  [
    /^no worker is registered with the labels? (.+)$/,
    (labels = '') => `没有带标签 ${labels} 的已注册工作节点`,
  ],
  [/^no worker (.+) was there to run it$/, (what = '') => `没有符合条件的工作节点来执行：${what}`],
  [/^no worker is registered (.+)$/, (what = '') => `没有符合条件的已注册工作节点：${what}`],
  [/^no worker is registered$/, () => '没有已注册的工作节点'],
  [
    /^no worker that may run it takes work now: (.+)$/,
    (workers = '') => `可以运行它的工作节点目前都不接受工作：${workers}`,
  ],
  [/^worker lost while the task was running$/, () => '任务运行期间其工作节点失联'],
  [/^worker lost before it told of a start: /, () => '工作节点在报告启动之前失联：任务可能没有启动'],
  [/^the worker was lost before attempt (\d+)$/, (n = '') => `工作节点在第 ${n} 次尝试之前失联`],
  [/^the claim was lost$/, () => '占用权已失去'],
  [/^killed by (\S+?)(?:: (.+))?$/, (by = '', why) => `由 ${by} 终止${why === undefined ? '' : `：${why}`}`],
  [/^killed before it started$/, () => '启动之前已被终止'],
  [/^the job was deleted$/, () => '任务已被删除'],
  [/^the worker was shut down$/, () => '工作节点已关闭'],
  [/^the worker shuts down, and the drain timeout is over$/, () => '工作节点正在关闭，排空时限已到'],
];

export function reasonText(reason: string, language: Language): string {
  if (language !== 'zh') return reason;
  for (const [pattern, chinese] of RULES) {
    const found = pattern.exec(reason);
    if (found) return chinese(...found.slice(1));
  }
  return reason;
}
