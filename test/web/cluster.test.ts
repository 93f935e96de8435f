// The page of the cluster: what etcd and the masters are, and what to do about what is wrong.
import { expect, it } from 'vitest';
import type { ClusterView, Warning } from '../../src/common/api/cluster.ts';
import { warning } from '../../src/common/api/cluster.ts';
import { CHINESE, DARK, expectAccessible, remembering, screenshot } from './support/browser.ts';
import { useWeb } from './support/web.ts';

const web = useWeb();

it('shows the members of etcd, its database and the masters', async () => {
  await web.workers.start(1, { name: 'alpha' });
  const page = await web.open('/cluster');
  const etcd = page.getByRole('region', { name: 'etcd' });
  const member = etcd.locator('tbody tr').first();
  await member.getByText('leader', { exact: true }).waitFor();
  await member.getByText(/^\d+\.\d+\.\d+$/).waitFor();
  await etcd
    .getByText(/(?:KiB|MiB) of 2 GiB in use/)
    .first()
    .waitFor();
  await page.getByRole('region', { name: 'Masters' }).getByText(web.master.id).waitFor();
  await page.getByText('0 jobs · 1 worker · 0 runs now').waitFor();
  expect(await page.title()).toBe('Cluster · etcron');
  await expectAccessible(page);
  await screenshot(page, 'cluster-light');
});

it('says that another master has come, and which one keeps house, without a reload', async () => {
  const page = await web.open('/cluster');
  const masters = page.getByRole('region', { name: 'Masters' });
  await masters.getByText(web.master.id).waitFor();
  await masters.getByText('housekeeper').waitFor();
  const other = await web.startMaster();
  await masters.getByText(other.id).waitFor();
});

const broken = (told: ClusterView): ClusterView => ({
  ...told,
  leader: null,
  dbSize: 1_900 * 1024 ** 2,
  dbSizeInUse: 1_800 * 1024 ** 2,
  members: [
    ...told.members.map((member) => ({ ...member, name: 'etcd-1', isLeader: false })),
    {
      id: '2',
      name: 'etcd-2',
      endpoint: 'http://10.0.0.2:2379',
      version: '',
      isLeader: false,
      isLearner: false,
      raftTerm: 0,
      dbSize: 0,
      dbSizeInUse: 0,
      error: 'connect ECONNREFUSED 10.0.0.2:2379',
    },
  ],
  alarms: [{ memberId: '2', kind: 'NOSPACE' }],
  warnings: warning.shape.code.options.map((code): Warning => ({
    code,
    message: `the master's words of ${code}`,
  })),
});

it.each([
  ['in the light', {}, {}],
  ['in Chinese, in the dark, on a phone', { ...DARK, ...CHINESE }, { viewport: { width: 390, height: 844 } }],
])('says of each thing that can be wrong what to do, %s', async (name, stored, options) => {
  const answer = await fetch(`${web.url}/api/v1/cluster`);
  const told = broken((await answer.json()) as ClusterView);
  const page = await web.open('/', { before: remembering(stored), ...options });
  await page.getByRole('heading', { level: 1 }).waitFor();
  await page.route('**/api/v1/cluster', (route) => route.fulfill({ json: told }));
  await page.goto(`${web.url}/cluster`);
  const warnings = page.getByRole('note');
  await warnings.first().waitFor();
  expect(await warnings.count()).toBe(warning.shape.code.options.length);
  for (const { message } of told.warnings) await page.getByText(message, { exact: true }).waitFor();
  const words =
    Object.keys(stored).length === 0
      ? ['What to do', 'not answering', 'out of space: etcd-2']
      : ['怎么办', '无响应', '空间不足: etcd-2'];
  for (const each of words) await page.getByText(each).first().waitFor();
  // To the jobs that it is about.
  const link = warnings.locator('a[href*="state=unschedulable"]');
  expect(await link.count()).toBe(1);
  const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  expect(overflow).toBeLessThanOrEqual(0);
  await expectAccessible(page);
  await screenshot(page, name.includes('phone') ? 'cluster-phone' : 'cluster-warnings');
});
