// Why a run did not go well, in Chinese.
import { expect, it } from 'vitest';
import { missing } from '../../../src/common/core/eligible.ts';
import { reasonText } from '../../../web/src/lib/i18n/reason-words.ts';

const nobody = missing({ labels: { gpu: 'yes' }, need: 'http' }, []);

it.each([
  ['it ran longer than its timeout of 20s', '运行超过时限 20s'],
  ['exit code 3', '退出码 3'],
  ['unexpected status 410 Gone (task.expect: 200-299)', '意外的状态码 410 Gone（应为 200-299）'],
  [
    'overlap: forbid, and run 20261123T120000.000Z-aaaaaa on w-000001 was on',
    /^重叠规则 forbid：w-000001 上的运行 2026/,
  ],
  ['overlap: forbid, and another run was on', /^重叠规则 forbid：/],
  ['no worker was there and free to run it in time', '没有空闲的工作节点及时执行'],
  [
    'no worker was there and free to run it in time, or a run was on: only the newest tick waits',
    /只有最新的时刻会等待$/,
  ],
  [`no worker${nobody} was there to run it`, '没有带标签 gpu=yes 的工作节点来执行'],
  [`no worker is registered${nobody}`, '没有带标签 gpu=yes 的已注册工作节点'],
  ['no worker is registered that runs processes', '没有符合条件的已注册工作节点：that runs processes'],
  ['worker lost while the task was running', '任务运行期间其工作节点失联'],
  ['killed by ops: took too long', '由 ops 终止：took too long'],
])('says "%s" in Chinese', (reason, chinese) => {
  expect(reasonText(reason, 'zh')).toMatch(chinese);
  expect(reasonText(reason, 'en')).toBe(reason);
});

it('leaves what a program said as it is', () => {
  expect(reasonText('connect ECONNREFUSED', 'zh')).toBe('connect ECONNREFUSED');
});
