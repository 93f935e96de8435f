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

it('tells when it ticks, in its zone and here, and what a change of the clocks does to it', async () => {
  const next = new Date();
  await create('night', {
    schedule: '30 2 * * *',
    timezone: 'America/New_York',
    description: 'In the hour that is left out',
    labels: { team: 'data' },
    startAt: `${next.getUTCFullYear() + 1}-03-01T00:00:00Z`,
  });
  const page = await web.open('/jobs/night');
  const side = page.getByRole('complementary', { name: 'Next ticks' });
  await side.getByText('At 02:30').waitFor();
  await side.getByRole('listitem').nth(7).waitFor();
  // Each day is told once, each time with the offset that it has.
  await side
    .getByText(/^02:30:00 (EST|GMT-5)$/)
    .first()
    .waitFor();
  await side
    .getByText(/^Here: /)
    .first()
    .waitFor();
  // In the second week of March.
  await web.api('PUT', '/jobs/night', {
    schedule: '30 2 8-14 3 *',
    timezone: 'America/New_York',
    task: shell('true'),
  });
  await side
    .getByText(/does not exist on .* in America\/New_York: fires at 03:00/)
    .first()
    .waitFor();
  expect(await page.title()).toBe('night · etcron');
  await expectAccessible(page);
});

it('runs it now with other variables, shows the run, and ends one that is on', async () => {
  await web.workers.start(1, { name: 'alpha' });
  await create('import', { task: shell('[ "$DAY" = friday ] && exit 7; sleep 60') });
  const page = await web.open('/jobs/import', { mayComplain: /409/ });
  await page.getByText('It has not run yet').waitFor();
  await page.getByRole('button', { name: 'Run now' }).click();
  const dialog = page.getByRole('dialog', { name: 'Run import now' });
  const variables = dialog.getByLabel('Other variables, for this run');
  await variables.fill('this is wrong');
  await dialog.getByText('This line is no NAME=value: this is wrong').waitFor();
  await expectAccessible(page);
  await variables.fill('# a note\nDAY=friday');
  await dialog.getByRole('button', { name: 'Run', exact: true }).click();
  await page.getByText(/^It was asked to run: /).waitFor();
  const failed = page.getByRole('row').filter({ hasText: 'failed' });
  await failed.getByText('by hand').waitFor();
  await failed.getByText('exit code 7').waitFor();
  // Above all else, with the way to its output.
  await page.getByText('failing', { exact: true }).waitFor();
  const last = page.getByRole('note').filter({ hasText: 'exit code 7' });
  await last.getByRole('link', { name: 'The last run that went wrong: failed' }).waitFor();

  await web.api('POST', '/jobs/import/run');
  await page.getByRole('row').filter({ hasText: 'running' }).waitFor();
  // Refused, in words, where it was asked.
  await page.keyboard.press('r');
  await dialog.getByText('It is running now.').waitFor();
  await dialog.getByRole('button', { name: 'Run', exact: true }).click();
  await dialog.getByRole('alert').filter({ hasText: 'It was not run' }).waitFor();
  await dialog.getByRole('button', { name: 'Cancel' }).click();

  await page.getByRole('button', { name: 'More actions' }).click();
  await page.getByRole('menuitem', { name: 'End what runs' }).click();
  await page.getByRole('dialog').getByText('1 run is asked to end').waitFor();
  await page.getByRole('dialog').getByRole('button', { name: 'End them' }).click();
  await page.getByRole('row').filter({ hasText: 'killed' }).waitFor();
  await expectAccessible(page);
  await screenshot(page, 'job-light');
});

it('is paused and resumed', async () => {
  await create('hourly', { schedule: '@hourly' });
  const page = await web.open('/jobs/hourly', { mayComplain: /503/ });
  await page.getByRole('button', { name: 'Pause' }).click();
  await page.getByText('no tick fires until it is resumed').waitFor();
  await page.getByText('these ticks would come if it were not').waitFor();
  await page.getByRole('button', { name: 'Resume' }).click();
  await page.getByRole('button', { name: 'Pause' }).waitFor();

  // Shown before the master has answered, and taken back when it refuses.
  let refuse = (): void => undefined;
  const asked = new Promise<void>((done) => (refuse = done));
  await page.route(/\/pause$/, async (route) => {
    await asked;
    await route.fulfill({ status: 503, body: '' });
  });
  await page.getByRole('button', { name: 'Pause' }).click();
  await page.getByText('no tick fires until it is resumed').waitFor();
  refuse();
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
  const one = ticks.getByRole('row').filter({ hasText: 'succeeded' }).first();
  // That it ran is said by how it went.
  expect(await one.getByText('ran', { exact: true }).count()).toBe(0);
  expect(await one.getByRole('link').first().getAttribute('href')).toContain('/jobs/often/runs/');
  // Of a day that is not over, what has just been comes first.
  await ticks.getByText('newest first').waitFor();
  await ticks.getByRole('row').nth(3).waitFor();
  const times = await ticks.locator('tbody td:first-child').allInnerTexts();
  expect(times).toEqual(times.toSorted().toReversed());
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

it('shows a day on which all runs failed as such, and its failed ticks alone', async () => {
  await web.workers.start(1, { name: 'alpha' });
  await create('bad', { schedule: '@every 1s', task: shell('exit 3') });
  const page = await web.open('/jobs/bad?tab=ticks');
  const today = page
    .getByRole('group', { name: 'Outcomes of ticks, day by day' })
    .getByRole('button', { pressed: true });
  await today.filter({ has: page.locator('[data-part=failed]') }).waitFor();
  const ticks = page.getByRole('region', { name: 'Ticks of the day' });
  await ticks.getByRole('button', { name: /^failed/ }).click();
  await ticks.getByRole('row').filter({ hasText: 'failed' }).first().waitFor();
  expect(await today.locator('[data-part=ran]').count()).toBe(0);
  await expectAccessible(page);
});

it('says what is missing where nobody can run it', async () => {
  await web.workers.start(1, { name: 'alpha' });
  await create('needs-gpu', { schedule: '@hourly', workers: { labels: { gpu: ['a100', 'h100'] } } });
  const page = await web.open('/jobs/needs-gpu');
  const alert = page.getByRole('alert').filter({ hasText: 'No worker can run it' });
  await alert.getByText('gpu=a100 | h100').waitFor();
  await expectAccessible(page);
  await web.workers.start(1, { name: 'beta', labels: { gpu: 'h100' } });
  await alert.waitFor({ state: 'detached' });
});

it('shows its definition to read and as YAML, its versions with what changed, and restores one', async () => {
  await create('report', { task: shell('make report'), timeout: '5m' });
  await web.api('PUT', '/jobs/report', { schedule: '@daily', task: shell('make all'), timeout: '5m' });
  const page = await web.open('/jobs/report?tab=definition');
  await page.getByText('make all').waitFor();
  await page.getByText('the tick is skipped').waitFor();
  await page.getByText('YAML', { exact: true }).click();
  await page.getByText('command: make all').waitFor();
  await expectAccessible(page);

  await page.getByRole('tab', { name: 'Versions' }).click();
  await page.getByRole('button', { name: 'What changed with version 2' }).click();
  await page.getByText('task.command').first().waitFor();
  await page.locator('[data-side=before]').filter({ hasText: 'make report' }).waitFor();
  await page.locator('[data-side=after]').filter({ hasText: 'make all' }).waitFor();
  await expectAccessible(page);
  await page.getByRole('button', { name: 'Restore version 1' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.locator('[data-side=after]').filter({ hasText: 'make report' }).waitFor();
  await dialog.getByRole('button', { name: 'Restore' }).click();
  await page.getByText('restored from version 1').waitFor();
  await page.getByRole('tab', { name: 'Definition' }).click();
  await page.getByText('make report').waitFor();
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
