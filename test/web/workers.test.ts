// The page of workers: what each can take and runs, and letting one go.
import { expect, it } from 'vitest';
import { CHINESE, DARK, expectAccessible, remembering, screenshot } from './support/browser.ts';
import { useWeb } from './support/web.ts';

const web = useWeb();

const sleeper = (name: string) => ({
  name,
  schedule: '@manual',
  task: { kind: 'shell', command: 'sleep 60' },
});
const rows = 'tbody tr';

it('shows each worker with its state, slots, labels and clock', async () => {
  await web.workers.start(1, { name: 'alpha', slots: 4, labels: { zone: 'eu', disk: 'ssd' } });
  await web.workers.start(1, { name: 'beta', slots: 8 });
  const page = await web.open('/workers');
  const alpha = page.locator(rows, { hasText: 'alpha' });
  await alpha.getByText('ready').waitFor();
  await alpha.getByText('0 of 4').waitFor();
  await alpha.getByText('zone=eu').waitFor();
  await alpha.getByText(/^[+-]?\d+ms$/).waitFor();
  await page.locator(rows, { hasText: 'beta' }).getByText('0 of 8').waitFor();
  await page.getByText('2 workers, 0 of 12 slots in use').waitFor();
  expect(await page.title()).toBe('Workers · etcron');
  await expectAccessible(page);
});

it('teaches how to start the first one, and shows it when it comes, without a reload', async () => {
  const page = await web.open('/workers');
  await page.getByText('No worker is registered').waitFor();
  await page.getByText('etcron worker --etcd').waitFor();
  await expectAccessible(page);
  await web.workers.start(1, { name: 'first' });
  await page.locator(rows, { hasText: 'first' }).getByText('ready').waitFor();
  await web.workers.stopAll();
  await page.getByText('No worker is registered').waitFor();
});

it('shows what a worker runs while it runs, by keyboard', async () => {
  await web.workers.start(1, { name: 'alpha', slots: 4 });
  await web.api('POST', '/jobs', sleeper('long-import'));
  const page = await web.open('/workers');
  await page.getByRole('button', { name: 'Show what alpha runs' }).press('Enter');
  await page.getByText('It runs nothing now.').waitFor();
  await web.api('POST', '/jobs/long-import/run');
  const runs = page.getByRole('region', { name: 'Runs on alpha' });
  await runs.getByText('long-import').waitFor();
  await runs.getByText('running').waitFor();
  await runs.getByRole('link', { name: 'long-import' }).and(page.locator('[href*="/runs/"]')).waitFor();
  await page.getByText('1 of 4', { exact: true }).waitFor();
  await expectAccessible(page);
  await screenshot(page, 'workers-light');
  await web.api('POST', '/jobs/long-import/kill');
  await page.getByText('It runs nothing now.').waitFor();
});

it('drains a worker that was asked about, with its progress, and resumes it', async () => {
  await web.workers.start(1, { name: 'alpha', slots: 4 });
  await web.workers.start(1, { name: 'beta', slots: 4 });
  await web.api('POST', '/jobs', { ...sleeper('long-import'), workers: { labels: {} } });
  await web.api('POST', '/jobs/long-import/run');
  const page = await web.open('/workers', { before: remembering(DARK) });
  const busy = page.locator(rows, { hasText: '1 of 4' });
  await busy.waitFor();
  const name = (await busy.innerText()).includes('alpha') ? 'alpha' : 'beta';
  const row = page.locator(rows, { hasText: name });

  await row.getByRole('button', { name: `Drain ${name}` }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByText('1 run goes on to its end').waitFor();
  await expectAccessible(page);
  await dialog.getByRole('button', { name: 'Cancel' }).click();
  await dialog.waitFor({ state: 'detached' });
  expect(await row.getByText('ready').isVisible()).toBe(true);

  // Shown before the master has answered.
  let answer = (): void => undefined;
  const isHeld = new Promise<void>((resolve) => {
    answer = resolve;
  });
  await page.route('**/drain', async (route) => {
    await isHeld;
    await route.continue();
  });
  await row.getByRole('button', { name: `Drain ${name}` }).click();
  await dialog.getByRole('button', { name: 'Drain', exact: true }).click();
  await row.getByText('draining').waitFor();
  await row.getByText('Asked by you').waitFor();
  answer();
  await row.getByText('Asked by api').waitFor();
  await row.getByText('1 run left').waitFor();
  await expectAccessible(page);
  await screenshot(page, 'workers-dark');

  await web.api('POST', '/jobs/long-import/kill');
  await row.getByText('drained').waitFor();
  await row.getByRole('button', { name: `Resume ${name}` }).click();
  await row.getByText('ready').waitFor();
});

it('drains from the palette too, and says so before the last worker that takes work is drained', async () => {
  await web.workers.start(1, { name: 'only' });
  const page = await web.open('/workers');
  await page.locator(rows, { hasText: 'only' }).getByText('ready').waitFor();
  await page.keyboard.press('Control+k');
  await page.getByPlaceholder('Search jobs').fill('drain');
  await page.getByRole('button', { name: 'Drain only' }).last().waitFor();
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Enter');
  await page.getByRole('dialog', { name: 'Drain only?' }).getByText('No other worker takes work').waitFor();
});

it('tells in words why a worker could not be drained', async () => {
  await web.workers.start(1, { name: 'gone' });
  const page = await web.open('/workers', { mayComplain: /404/ });
  await page.getByRole('button', { name: 'Drain gone' }).click();
  await page.route('**/drain', (route) =>
    route.fulfill({
      status: 404,
      contentType: 'application/problem+json',
      body: JSON.stringify({
        type: 'urn:etcron:problem:worker-not-found',
        title: 'There is no such worker',
        status: 404,
        code: 'worker_not_found',
        detail: 'no worker gone-1 is alive',
      }),
    }),
  );
  await page.getByRole('dialog').getByRole('button', { name: 'Drain', exact: true }).click();
  await page.getByText('There is no such worker').waitFor();
  await page.getByText('no worker gone-1 is alive').waitFor();
  // What was shown ahead of the answer is taken back.
  await page.locator(rows, { hasText: 'gone' }).getByText('ready').waitFor();
});

it('is usable on a phone, in Chinese and in the dark', async () => {
  await web.workers.start(1, { name: 'alpha', labels: { zone: 'eu' } });
  const page = await web.open('/workers', {
    viewport: { width: 390, height: 844 },
    hasTouch: true,
    before: remembering({ ...DARK, ...CHINESE }),
  });
  await page.locator(rows, { hasText: 'alpha' }).getByText('就绪').waitFor();
  const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  expect(overflow).toBeLessThanOrEqual(0);
  await expectAccessible(page);
  await screenshot(page, 'workers-phone');
});
