// The list of jobs: found, narrowed and ordered, acted upon together, by mouse and by keyboard.
import type { Page } from 'playwright-core';
import { expect, it } from 'vitest';
import { CHINESE, DARK, expectAccessible, remembering, screenshot } from './support/browser.ts';
import { useWeb } from './support/web.ts';

const web = useWeb();

interface Given {
  readonly name: string;
  readonly [field: string]: unknown;
}
const shell = (command: string) => ({ kind: 'shell', command });
const job = (name: string, more: object = {}): Given => ({
  name,
  schedule: '@manual',
  task: shell('true'),
  ...more,
});

const put = (...jobs: readonly Given[]): Promise<unknown> =>
  web.api('POST', '/batch', { operations: jobs.map((definition) => ({ op: 'put', definition })) });
const ran = (name: string): Promise<unknown> => web.api('POST', `/jobs/${name}/run?wait=30s`);
const row = (page: Page, name: string) =>
  page.getByRole('row').filter({ has: page.getByRole('link', { name, exact: true }) });
const searchOf = (page: Page): string => decodeURIComponent(new URL(page.url()).search);

it('shows each job with its schedule in words, its next tick and how it went, as it goes', async () => {
  await web.workers.start(1, { name: 'alpha' });
  await put(
    job('nightly', { schedule: '30 2 * * *', timezone: 'Europe/Berlin', description: 'Every night' }),
    job('broken-import', { task: shell('exit 3'), labels: { team: 'data' } }),
    job('needs-gpu', { schedule: '@hourly', workers: { labels: { gpu: 'yes' } } }),
    job('sleeping', { schedule: '@hourly', paused: true }),
  );
  const page = await web.open('/jobs');
  const nightly = row(page, 'nightly');
  await nightly.getByText('At 02:30').waitFor();
  await nightly.getByText('30 2 * * * · Europe/Berlin').waitFor();
  await nightly.getByText(/^in \d+h/).waitFor();
  await row(page, 'needs-gpu')
    .getByRole('img', { name: /No worker can run it/ })
    .waitFor();
  await row(page, 'sleeping').getByRole('img', { name: 'Paused' }).waitFor();
  await row(page, 'broken-import').getByText('team=data').waitFor();
  await page.getByText('4 jobs', { exact: true }).waitFor();

  // Told by the master's events, without a reload.
  await row(page, 'broken-import').getByText('not yet').waitFor();
  await ran('broken-import');
  await row(page, 'broken-import').getByText('failed', { exact: true }).waitFor();
  await row(page, 'broken-import').getByRole('img', { name: 'The last run: 1 failed' }).waitFor();
  await put(job('newcomer'));
  await row(page, 'newcomer').waitFor();
  await expectAccessible(page);
  await screenshot(page, 'jobs-light');
});

it('is searched, narrowed and ordered, with all of it in the address', async () => {
  await web.workers.start(1, { name: 'alpha' });
  await put(
    job('import-orders', { labels: { team: 'data', tier: 'gold' } }),
    job('import-users', { labels: { team: 'web' }, description: 'Copies people' }),
    job('report', { labels: { team: 'data' }, paused: true }),
    job('failing', { task: shell('exit 1') }),
  );
  await ran('failing');
  const page = await web.open('/jobs');
  const names = page.locator('[data-job]');
  await row(page, 'report').waitFor();

  await page.keyboard.press('/');
  await page.keyboard.type('PEOPLE');
  await page.getByText('1 job matches').waitFor();
  expect(await names.allInnerTexts()).toEqual(['import-users']);
  await page.waitForURL(/q=PEOPLE/);
  await page.getByRole('button', { name: 'Clear the search' }).click();
  await row(page, 'report').waitFor();

  await page.getByRole('combobox', { name: 'Labels' }).click();
  await page.getByRole('option', { name: 'team=data', exact: true }).click();
  await page.getByText('2 jobs match').waitFor();
  await page.keyboard.press('Escape');
  await page.getByRole('button', { name: /^Paused/ }).click();
  await page.getByText('1 job matches').waitFor();
  expect(await names.allInnerTexts()).toEqual(['report']);
  await page.waitForURL(/state=paused/);
  expect(searchOf(page)).toContain('label=team=data');
  await expectAccessible(page);

  await page.goto(`${web.url}/jobs?state=failing,paused&sort=lastOutcome`);
  await row(page, 'failing').waitFor();
  expect(await names.allInnerTexts()).toEqual(['failing', 'report']);
  await page.getByRole('button', { name: 'Job', exact: true }).click();
  await page
    .getByRole('columnheader', { name: 'Job', exact: true })
    .and(page.locator('[aria-sort=ascending]'))
    .waitFor();
  await page.getByRole('button', { name: 'Job', exact: true }).click();
  await page.waitForURL(/order=desc/);
  await page.locator('[data-job="0"]').filter({ hasText: 'report' }).waitFor();
  await page.goto(`${web.url}/jobs?q=nothing-like-it&sort=sideways`);
  await page.getByRole('button', { name: 'Clear search and filters' }).click();
  await page.getByText('4 jobs', { exact: true }).waitFor();
});

it('acts on many jobs at once, asks first, and tells what became of each', async () => {
  await put(...['a', 'b', 'c', 'd'].map((name) => job(name)));
  const page = await web.open('/jobs', { before: remembering(DARK) });
  await row(page, 'a').getByRole('checkbox').click();
  await row(page, 'c')
    .getByRole('checkbox')
    .click({ modifiers: ['Shift'] });
  const bar = page.getByRole('region', { name: 'Selected jobs' });
  await bar.getByText('3 selected').waitFor();
  await expectAccessible(page);
  await screenshot(page, 'jobs-dark');

  await bar.getByRole('button', { name: 'Pause' }).click();
  await page.getByRole('dialog').getByText('a, b, c').waitFor();
  await page.getByRole('dialog').getByRole('button', { name: 'Pause' }).click();
  await page.getByText('3 jobs are paused').waitFor();
  await row(page, 'b').getByRole('img', { name: 'Paused' }).waitFor();
  await bar.waitFor({ state: 'detached' });

  // One of them is gone by then: the others are resumed, and this one is told.
  await page.getByRole('checkbox', { name: 'Select all 4 jobs that match' }).click();
  await bar.getByText('4 selected').waitFor();
  await web.api('DELETE', '/jobs/d');
  await bar.getByRole('button', { name: 'Resume' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Resume' }).click();
  const results = page.getByRole('dialog', { name: 'What became of each' });
  await results.getByRole('row', { name: /^d refused/ }).waitFor();
  await results.getByRole('row', { name: /^a resumed/ }).waitFor();
  await expectAccessible(page);
  await results.getByRole('button', { name: 'Close' }).click();

  await page.getByRole('button', { name: 'Select none' }).click();
  await row(page, 'a').getByRole('checkbox').click();
  await row(page, 'b').getByRole('checkbox').click();
  await bar.getByRole('button', { name: 'Delete' }).click();
  const dialog = page.getByRole('dialog');
  expect(await dialog.getByRole('button', { name: 'Delete' }).isDisabled()).toBe(true);
  await dialog.getByLabel('Type 2 to confirm').fill('2');
  await dialog.getByRole('button', { name: 'Delete' }).click();
  await page.getByText('2 jobs are deleted').waitFor();
  await page.getByText('1 job', { exact: true }).waitFor();
  expect(await page.locator('[data-job]').allInnerTexts()).toEqual(['c']);
});

it('runs many jobs at once, and leads from a bar of the last runs to its run', async () => {
  await web.workers.start(1, { name: 'alpha' });
  await put(job('a'), job('b'), job('c'));
  const page = await web.open('/jobs');
  await row(page, 'a').getByRole('checkbox').click();
  await row(page, 'b').getByRole('checkbox').click();
  const bar = page.getByRole('region', { name: 'Selected jobs' });
  await bar.getByRole('button', { name: 'Run now' }).click();
  const dialog = page.getByRole('dialog', { name: 'Run 2 jobs now?' });
  await dialog.getByText('a, b').waitFor();
  await dialog.getByRole('button', { name: 'Run now' }).click();
  await page.getByText('2 jobs were asked to run').waitFor();
  for (const name of ['a', 'b']) await row(page, name).getByText('succeeded', { exact: true }).waitFor();
  await row(page, 'c').getByText('not yet').waitFor();
  // The newest is the last.
  const strip = row(page, 'b').getByRole('img', { name: 'The last run: 1 succeeded' });
  const position = { x: 117, y: 18 };
  await strip.hover({ position });
  await page
    .getByRole('tooltip')
    .getByText(/^succeeded · /)
    .waitFor();
  await strip.click({ position });
  await page.waitForURL(/\/jobs\/b\/runs\//);
});

it('is gone through by keyboard: down, up, select, open', async () => {
  await put(...['a', 'b', 'c'].map((name) => job(name)));
  const page = await web.open('/jobs');
  await row(page, 'c').waitFor();
  const focused = page.locator('[data-job]:focus');
  await page.keyboard.press('j');
  await focused.filter({ hasText: 'a' }).waitFor();
  await page.keyboard.press('j');
  await focused.filter({ hasText: 'b' }).waitFor();
  await page.keyboard.press('x');
  await page.getByText('1 selected').waitFor();
  await page.keyboard.press('k');
  await focused.filter({ hasText: 'a' }).waitFor();
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { level: 1, name: 'a', exact: true }).waitFor();
  await page.goBack();
  await row(page, 'c').waitFor();
});

it('holds two thousand jobs of which only those on the screen are there, and reaches the last', async () => {
  const many = Array.from({ length: 2_000 }, (_, i) => job(`job-${String(i).padStart(4, '0')}`));
  await put(...many);
  const page = await web.open('/jobs', { mayComplain: /Failed to load|503/ });
  await page.getByText('2,000 jobs').waitFor();
  await row(page, 'job-0000').waitFor();
  expect(await page.locator('[data-job]').count()).toBeLessThan(60);
  await page.evaluate(() => window.scrollTo(0, 3_000));
  await row(page, 'job-0070').waitFor();
  // A jump loads what is looked at then, and not all between.
  const asked: string[] = [];
  page.on('request', (request) => {
    const { pathname, searchParams } = new URL(request.url());
    if (pathname === '/api/v1/jobs' && (searchParams.has('offset') || searchParams.has('cursor')))
      asked.push(searchParams.get('offset') ?? 'next');
  });
  await page.evaluate(() => window.scrollTo(0, document.body.scrollHeight));
  await row(page, 'job-1999').waitFor();
  expect(asked.length).toBeLessThan(4);
  expect(asked).toContain('1950');
  await row(page, 'job-1990').getByRole('checkbox').click();
  await page.getByText('1 selected').waitFor();
  await web.api('PUT', '/jobs/job-1990', job('job-1990', { paused: true }));
  await row(page, 'job-1990').getByRole('img', { name: 'Paused' }).waitFor();
  // A range over rows that have never been loaded is all of it.
  await page.evaluate(() => window.scrollTo(0, 0));
  const shiftClick = (name: string): Promise<void> =>
    row(page, name)
      .getByRole('checkbox')
      .click({ modifiers: ['Shift'] });
  await shiftClick('job-0005');
  await page.getByText('1986 selected').waitFor();
  await page.getByRole('button', { name: 'Select none' }).click();
  // What cannot be loaded there says so, and comes when it is asked for again.
  let isAway = true;
  await page.route(
    ({ searchParams }) => searchParams.has('offset'),
    (route) => (isAway ? route.fulfill({ status: 503, body: '' }) : route.continue()),
  );
  await page.evaluate(() => window.scrollTo(0, document.body.scrollHeight / 2));
  const again = page.getByRole('alert').getByRole('button', { name: 'Try again' });
  await again.waitFor();
  isAway = false;
  await again.click();
  await row(page, 'job-1000').waitFor();
  await page.evaluate(() => window.scrollTo(0, 0));
  await row(page, 'job-0000').waitFor();
  await page.getByRole('searchbox', { name: 'Search jobs' }).fill('1999');
  await row(page, 'job-1999').waitFor();
  expect(await page.locator('[data-job]').count()).toBe(1);
});

it('makes the first job in one click', async () => {
  await web.workers.start(1, { name: 'alpha' });
  const page = await web.open('/jobs', { before: remembering(CHINESE) });
  await page.getByText('还没有任务').waitFor();
  await expectAccessible(page);
  await page.getByRole('button', { name: '创建示例任务' }).click();
  await page.getByRole('heading', { level: 1, name: 'example' }).waitFor();
  await page.getByText('每 10 秒').waitFor();
});

it('is usable on a phone, in Chinese and in the dark', async () => {
  await put(
    job('import-orders', {
      schedule: '0 9 * * 1-5',
      labels: { team: 'data' },
      description: 'Holt Bestellungen',
    }),
    job('a-name-that-is-much-too-long-for-the-width-of-a-telephone-in-anybodys-hand'),
  );
  const page = await web.open('/jobs', {
    viewport: { width: 390, height: 844 },
    hasTouch: true,
    before: remembering({ ...DARK, ...CHINESE }),
  });
  await row(page, 'import-orders').getByText('09:00，星期一至星期五').waitFor();
  const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  expect(overflow).toBeLessThanOrEqual(0);
  await expectAccessible(page);
  await screenshot(page, 'jobs-phone');
});
