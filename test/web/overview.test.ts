// The overview: what runs, what failed, what comes, and how it goes over time.
import type { Locator, Page } from 'playwright-core';
import { expect, it } from 'vitest';
import { CHINESE, DARK, expectAccessible, remembering, screenshot } from './support/browser.ts';
import { useWeb, type Web } from './support/web.ts';

const web = useWeb();

const shell = (name: string, command: string, more: object = {}) => ({
  name,
  schedule: '@manual',
  task: { kind: 'shell', command },
  ...more,
});
const section = (page: Page, name: string) => page.getByRole('region', { name, exact: true });

const tile = (page: Page, name: string) => page.getByRole('group', { name, exact: true });

/** Goes down as far as there is a page, until it is there: what is below is drawn when one comes near. */
async function goDownTo(page: Page, what: Locator): Promise<void> {
  await expect
    .poll(
      async () => {
        await page.evaluate(() => scrollTo(0, document.documentElement.scrollHeight));
        return what.count();
      },
      { timeout: 20_000 },
    )
    .toBeGreaterThan(0);
}

/** One that failed, one that is on, some that come. */
async function someJobs(web: Web): Promise<void> {
  await web.workers.start(1, { name: 'alpha', slots: 8 });
  await web.api('POST', '/jobs', shell('import-orders', 'echo cannot reach the shop >&2; exit 3'));
  await web.api('POST', '/jobs', shell('long-report', 'sleep 300'));
  await web.api('POST', '/jobs', shell('good-backup', 'true'));
  for (let i = 0; i < 12; i++)
    await web.api('POST', '/jobs', shell(`hourly-${i}`, 'true', { schedule: '0 * * * *' }));
  await web.api('POST', '/jobs/import-orders/run?wait=30s');
  await web.api('POST', '/jobs/good-backup/run?wait=30s');
  await web.api('POST', '/jobs/long-report/run');
}

it('teaches what a job is, and makes the first one in one click', async () => {
  await web.workers.start(1, { name: 'alpha' });
  const page = await web.open('/');
  await page.getByRole('heading', { level: 1, name: 'Overview' }).waitFor();
  await page.getByRole('heading', { name: 'No job yet' }).waitFor();
  await expectAccessible(page);
  await screenshot(page, 'overview-first');
  await page.getByRole('button', { name: 'Create this example' }).click();
  await page.getByText('Created. It runs within ten seconds.').waitFor();
  await section(page, 'Coming next').getByText('example', { exact: true }).waitFor();
  // It is a real one, and runs.
  await tile(page, 'Success rate').getByText('100 %').waitFor();
  const { items } = await web.api<{ items: { state: string }[] }>('GET', '/jobs/example/runs');
  expect(items.map(({ state }) => state)).toContain('succeeded');
});

it('says that nothing would run it where no worker is there', async () => {
  const page = await web.open('/');
  await page.getByText('No worker is registered, so nothing would run it.').waitFor();
  await page.getByRole('link', { name: 'How to start one' }).click();
  await page.getByRole('heading', { level: 1, name: 'Workers' }).waitFor();
});

it('shows what failed and why, what runs and for how long, and what comes', async () => {
  await someJobs(web);
  const page = await web.open('/');
  const failed = section(page, 'Failed lately');
  await failed.getByText('exit code 3').waitFor();
  await failed.getByText('failed', { exact: true }).waitFor();
  const running = section(page, 'Running now').filter({ hasText: 'long-report' });
  await running.getByText(/^\d+s$/).waitFor();
  await running.getByText(/^on alpha/).waitFor();
  await section(page, 'Coming next').getByText('hourly-0').waitFor();
  await section(page, 'Coming next')
    .getByText(/^in \d+[ms]/)
    .first()
    .waitFor();
  await tile(page, 'Failing jobs').getByText('of 15 jobs').waitFor();
  await tile(page, 'Success rate').getByText('50.0 %').waitFor();
  await expectAccessible(page);

  // A figure leads to the list of what it counts.
  await tile(page, 'Failing jobs').click();
  await page.waitForURL(/\/jobs\?state=failing$/);
  await page.getByRole('heading', { level: 1, name: 'Jobs' }).waitFor();
  await page.getByRole('link', { name: 'import-orders' }).waitFor();
  await page.goBack();

  await failed.getByRole('link', { name: 'import-orders' }).click();
  await page.waitForURL(/import-orders/);
  await page.getByText('cannot reach the shop').first().waitFor();
});

it('changes as things happen: a failure comes, recovers; a run is killed by hand', async () => {
  await someJobs(web);
  const page = await web.open('/');
  const failed = section(page, 'Failed lately');
  await failed.getByText('exit code 3').waitFor();
  await web.api('PUT', '/jobs/import-orders', shell('import-orders', 'true'));
  await web.api('POST', '/jobs/import-orders/run?wait=30s');
  await failed.getByText('recovered').waitFor();

  await page.getByRole('button', { name: 'Kill the run of long-report' }).click();
  const dialog = page.getByRole('dialog', { name: 'Kill the run of long-report?' });
  await expectAccessible(page);
  await dialog.getByRole('button', { name: 'Kill', exact: true }).click();
  await page.getByText('Nothing runs at the moment.').waitFor();
  const { items } = await web.api<{ items: { state: string }[] }>('GET', '/jobs/long-report/runs');
  expect(items.map(({ state }) => state)).toEqual(['killed']);
});

const chartOf = (page: Page): Locator =>
  page.getByRole('application', { name: 'Runs and coming ticks over time' });
/** Of the bar that the keys have chosen, as it is said. */
const saidOf = (page: Page): Locator => page.getByRole('status').filter({ hasText: /^[\w-]+, \w+, / });

it('draws runs as bars that the arrow keys go through, says which, and opens one', async () => {
  await someJobs(web);
  const page = await web.open('/');
  const chart = chartOf(page);
  await goDownTo(page, chart);
  const said = saidOf(page);
  // The bars come with the first answer.
  const press = async (key: string): Promise<number> => {
    await chart.press(key);
    return said.count();
  };
  await expect.poll(() => press('End'), { timeout: 20_000 }).toBe(1);
  await expectAccessible(page);
  await chart.press('Home');
  await said.filter({ hasText: /^import-orders, failed, .*: exit code 3$/ }).waitFor();
  await chart.press('ArrowRight');
  await said.filter({ hasText: /^good-backup, succeeded, / }).waitFor();
  await chart.press('Escape');
  await said.waitFor({ state: 'detached' });
  await chart.press('ArrowRight');
  await chart.press('Home');
  await said.filter({ hasText: /^import-orders/ }).waitFor();
  await chart.press('Enter');
  await page.waitForURL(/import-orders/);
});

it('shows which run the pointer is at, and a click opens it', async () => {
  await someJobs(web);
  const page = await web.open('/');
  const chart = chartOf(page);
  await goDownTo(page, chart);
  await page.getByText('By job', { exact: true }).click();
  const tip = page.locator('.timeline-tip');
  // Where the tip of the chosen bar is, the bar is above its middle; it moves on meanwhile.
  const pointAtFirst = async (): Promise<boolean> => {
    await chart.press('Home');
    const box = await tip.boundingBox();
    if (!box) return false;
    await page.mouse.move(box.x + box.width / 2, box.y - 14);
    return tip.getByText('import-orders').isVisible();
  };
  await expect.poll(pointAtFirst, { timeout: 20_000 }).toBe(true);
  await tip.getByText('exit code 3').waitFor();
  await page.mouse.down();
  await page.mouse.up();
  await page.waitForURL(/import-orders/);
});

it('has the same as tables', async () => {
  await someJobs(web);
  const page = await web.open('/');
  await page.getByText('Timeline', { exact: true }).scrollIntoViewIfNeeded();
  await page.getByText('Table', { exact: true }).click();
  const runs = page.getByRole('table', { name: 'Runs, newest first' });
  await runs.getByRole('row').filter({ hasText: 'import-orders' }).getByText('exit code 3').waitFor();
  await runs.getByRole('row').filter({ hasText: 'good-backup' }).waitFor();
  await page.getByRole('table', { name: 'Coming ticks, soonest first' }).waitFor();
  await page.getByLabel('Only what went wrong').check();
  await runs.getByRole('row').filter({ hasText: 'good-backup' }).waitFor({ state: 'detached' });
  await expectAccessible(page);
});

it('shows how runs went, as charts that say each minute, and as a table', async () => {
  await someJobs(web);
  const page = await web.open('/');
  const over = section(page, 'Over time');
  const scrub = over.getByRole('slider', { name: 'Point in time' });
  await goDownTo(page, scrub);
  await over.getByText(/^In all: 2 runs · 50\.0 % succeeded · 1 went wrong/).waitFor();
  await scrub.press('End');
  await over.getByText(/^\d\d:\d\d–\d\d:\d\d: /).waitFor();
  expect(await scrub.getAttribute('aria-valuetext')).toMatch(/^\d\d:\d\d–\d\d:\d\d: /);
  await over.getByText('24 hours', { exact: true }).click();
  await over.getByText(/^In all: 2 runs/).waitFor();
  await over.getByLabel('As a table').click({ force: true });
  await over.getByRole('columnheader', { name: 'Success rate' }).waitFor();
  await expectAccessible(page);
});

it('shows where the next day is crowded, and what to do about it', async () => {
  await someJobs(web);
  const page = await web.open('/');
  const heat = page.getByRole('grid', { name: 'Ticks of the next 24 hours, by hour and minute' });
  await goDownTo(page, heat);
  const day = section(page, 'The next 24 hours');
  await day.getByText('12 jobs with 288 ticks').waitFor();
  await day.getByText(/:00:00, 12 jobs start in the same second$/).waitFor();
  await day.getByText('All workers together have 8 slots').waitFor();
  await day.getByText(/jitter: 5m/).waitFor();
  const full = heat.getByRole('gridcell', { name: /12 ticks, the busiest second .* with 12$/ });
  expect(await full.count()).toBe(24);
  await expectAccessible(page);

  await heat.locator('[tabindex="0"]').focus();
  await page.keyboard.press('ArrowRight');
  await page.keyboard.press('End');
  const focused = await page.evaluate(() => document.activeElement?.getAttribute('aria-label') ?? '');
  expect(focused).toMatch(/^From /);
  await day.getByText(focused, { exact: true }).waitFor();
});

it('is usable on a phone, in Chinese and in the dark', async () => {
  await someJobs(web);
  const page = await web.open('/', {
    viewport: { width: 390, height: 844 },
    hasTouch: true,
    before: remembering({ ...DARK, ...CHINESE }),
  });
  await page.getByRole('heading', { level: 1, name: '总览' }).waitFor();
  await section(page, '最近的失败').getByText('退出码 3').waitFor();
  await goDownTo(page, page.getByRole('grid'));
  const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  expect(overflow).toBeLessThanOrEqual(0);
  await expectAccessible(page);
});
