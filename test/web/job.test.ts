// The page of one job: what it is, how it went, what became of every tick, its versions, and all that is done there.
import { expect, it } from 'vitest';
import { keyspace } from '../../src/common/store/keyspace.ts';
import { put } from '../support/writes.ts';
import { CHINESE, DARK, expectAccessible, remembering, screenshot } from './support/browser.ts';
import { useWeb } from './support/web.ts';

const web = useWeb();

const shell = (command: string) => ({ kind: 'shell', command });
const create = (name: string, more: object = {}): Promise<unknown> =>
  web.api('POST', '/jobs', { name, schedule: '@manual', task: shell('true'), ...more });

it('is paused and resumed', async () => {
  await create('hourly', { schedule: '@hourly' });
  const page = await web.open('/jobs/hourly');
  await page.getByRole('button', { name: 'Pause' }).click();
  await page.getByText('no tick fires until it is resumed').waitFor();
  await page.getByText('these ticks would come if it were not').waitFor();
  await page.getByRole('button', { name: 'Resume' }).click();
  await page.getByRole('button', { name: 'Pause' }).waitFor();
});

it('shows what became of every tick, by days and one by one with the reason', async () => {
  await create('nobody', {
    schedule: '@every 1s',
    workers: { labels: { gpu: 'yes' } },
    catchUp: { window: '1s' },
  });
  await web.workers.start(1, { name: 'alpha' });
  await create('often', { schedule: '@every 1s' });
  const page = await web.open('/jobs/often?tab=ticks', { before: remembering(DARK) });
  const days = page.getByRole('group', { name: 'Outcomes of ticks, day by day' });
  const today = days.getByRole('button', { pressed: true });
  await today.filter({ has: page.locator('[data-part=ran]') }).waitFor();
  const ticks = page.getByRole('region', { name: 'Ticks of the day' });
  await ticks.getByRole('row').filter({ hasText: 'succeeded' }).first().waitFor();
  await ticks.getByRole('button', { name: /^ran/ }).click();
  await ticks.getByRole('button', { name: /^ran/, pressed: true }).waitFor();
  await expectAccessible(page);
  await screenshot(page, 'job-ticks-dark');
  await today.focus();
  await page.keyboard.press('ArrowUp');
  await page.keyboard.press('Enter');
  await page.waitForURL(/day=/);
  await ticks.getByText('No tick').waitFor();
});

it('is deleted when its name is typed, and says what goes on', async () => {
  await web.workers.start(1, { name: 'alpha' });
  await create('old', { task: shell('sleep 60') });
  await web.api('POST', '/jobs/old/run');
  const page = await web.open('/jobs/old', { mayComplain: /404/ });
  await page.getByRole('row').filter({ hasText: 'running' }).waitFor();
  await page.getByRole('button', { name: 'More actions' }).click();
  await page.getByRole('menuitem', { name: 'Delete' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByText('1 run is on. It goes on to its end').waitFor();
  await dialog.getByLabel('End what runs, too').check();
  await dialog.getByLabel('Type old to confirm').fill('old');
  await dialog.getByRole('button', { name: 'Delete it' }).click();
  await page.getByText('old is deleted.').waitFor();
  await page.getByRole('heading', { level: 1, name: 'Jobs' }).waitFor();
  await page.goto(`${web.url}/jobs/old`);
  await page.getByText('There is no such job').waitFor();
});

it('says why a definition cannot be read, and what to do', async () => {
  await create('torn', { task: shell('echo well') });
  await web.api('PUT', '/jobs/torn', { schedule: '@daily', task: shell('echo well') });
  const { etcd, prefix } = web.workers.shared;
  const torn = { definition: 7 };
  await put(etcd, keyspace(prefix).job('torn'), JSON.stringify(torn));
  const page = await web.open('/jobs/torn', { mayComplain: /422/ });
  const alert = page.getByRole('alert').filter({ hasText: 'Its stored definition cannot be read' });
  await alert.getByText('Restore an earlier version').waitFor();
  await expectAccessible(page);
  await page.getByRole('button', { name: 'Restore version 1' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Restore' }).click();
  await page.getByRole('button', { name: 'Run now' }).waitFor();
});

it('is usable on a phone, in Chinese and in the dark', async () => {
  await create('import-orders', { schedule: '0 9 * * 1-5', labels: { team: 'data' } });
  const page = await web.open('/jobs/import-orders', {
    viewport: { width: 390, height: 844 },
    hasTouch: true,
    before: remembering({ ...DARK, ...CHINESE }),
  });
  await page.getByText('09:00，星期一至星期五').waitFor();
  const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  expect(overflow).toBeLessThanOrEqual(0);
  await expectAccessible(page);
});
