// A run on the page: its output as it comes, its states, its attempts, what it was given, killing and repeating it;
// and the list of all that are on.
import { readFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { waitFor } from '../support/wait.ts';
import { CHINESE, DARK, expectAccessible, remembering, screenshot } from './support/browser.ts';
import { useWeb } from './support/web.ts';

const web = useWeb();

interface Asked {
  readonly run: string;
}

interface Ended {
  readonly endedAt?: string;
}

interface Runs {
  readonly items: readonly { readonly id: string }[];
}

const shell = (name: string, command: string, more: object = {}) => ({
  name,
  schedule: '@manual',
  task: { kind: 'shell', command },
  ...more,
});

async function runOf(definition: { readonly name: string }, body?: object): Promise<string> {
  await web.api('POST', '/jobs', definition);
  const { run } = await web.api<Asked>('POST', `/jobs/${definition.name}/run`, body);
  return `/jobs/${definition.name}/runs/${run}`;
}

it('follows the output of a run with its colours, and lets go when one scrolls up', async () => {
  await web.workers.start(1, { name: 'alpha' });
  const address = await runOf(
    shell(
      'import',
      String.raw`printf 'begin \033[1;31mred alert\033[0m\n'; seq 1 400; n=0; while :; do n=$((n+1)); echo "tick $n"; sleep 0.1; done`,
    ),
  );
  const page = await web.open(address);
  const log = page.getByRole('region', { name: 'Output of run' });
  await page.getByText('running', { exact: true }).first().waitFor();
  await log.getByText('tick 3', { exact: true }).waitFor();
  const isAtEnd = () => log.evaluate((box) => box.scrollTop + box.clientHeight >= box.scrollHeight - 20);
  expect(await isAtEnd()).toBe(true);
  const follow = page.getByRole('button', { name: 'Follow', exact: true });
  expect(await follow.getAttribute('aria-pressed')).toBe('true');
  await expectAccessible(page);
  await screenshot(page, 'run-live-light');

  await log.focus();
  await page.keyboard.press('Home');
  const red = log.getByText('red alert');
  await red.waitFor();
  expect(await red.evaluate((span) => getComputedStyle(span).fontWeight)).toBe('700');
  expect(await follow.getAttribute('aria-pressed')).toBe('false');
  // Chromium moves there smoothly; from then on it stays.
  await page.waitForFunction(() => document.querySelector('.log')!.scrollTop === 0);
  const size = page.getByText(/^\d+ lines, /);
  const before = await size.innerText();
  await page.waitForFunction(
    (before) => ![...document.querySelectorAll('p')].some((each) => each.textContent === before),
    before,
  );
  expect(await log.evaluate((box) => box.scrollTop)).toBe(0);

  await follow.click();
  await page.waitForFunction(() => {
    const box = document.querySelector('.log')!;
    return box.scrollTop > 0 && box.scrollTop + box.clientHeight >= box.scrollHeight - 20;
  });
});

it('shows four hundred thousand lines, and finds one among them, without drawing them all', async () => {
  await web.workers.start(1, { name: 'alpha' });
  const address = await runOf(shell('huge', 'seq 1 400000 | sed "s/^/row /"'));
  const page = await web.open(address);
  await page.getByText('complete', { exact: true }).waitFor();
  await page.getByText('400,000 lines, 4.1 MiB').waitFor();
  const log = page.getByRole('region', { name: 'Output of run' });
  await log.getByText('row 400000', { exact: true }).waitFor();
  expect(await log.locator('.log-line').count()).toBeLessThan(300);
  // However it is wrapped.
  await page.getByRole('button', { name: 'Wrap' }).click();
  await log.getByText('row 400000', { exact: true }).waitFor();

  const field = page.getByRole('textbox', { name: 'Search the output' });
  await field.fill('ROW 123456');
  await page.getByText('1 of 1', { exact: true }).waitFor();
  await log.getByText('row 123456', { exact: true }).waitFor();
  expect(await log.locator('mark').innerText()).toBe('row 123456');
  await field.fill('row 39999');
  await page.getByText('1 of 11', { exact: true }).waitFor();
  await field.press('Shift+Enter');
  await page.getByText('11 of 11', { exact: true }).waitFor();
  await log.getByText('row 399999', { exact: true }).waitFor();
  await field.fill('nothing of the kind');
  await page.getByText('no match').waitFor();

  const download = page.waitForEvent('download');
  await page.getByRole('button', { name: 'Download the output' }).click();
  const file = await (await download).path();
  expect((await readFile(file, 'utf8')).split('\n')).toHaveLength(400_001);
});

it('shows the end of a very long output at once, and what came before it when asked', async () => {
  await web.workers.start(1, { name: 'alpha' });
  const address = await runOf(
    shell('endless', 'seq 1 1000000 | sed "s/^/one of very many lines, number /"; echo the end', {
      output: { limit: '300MiB' },
    }),
  );
  const id = address.split('/').at(-1)!;
  await waitFor(async () => (await web.api<Ended>('GET', `/jobs/endless/runs/${id}`)).endedAt, {
    what: 'it has printed all',
    timeout: 60_000,
  });
  const lineOf = (number: number): string => `one of very many lines, number ${number}`;
  const page = await web.open('/');
  const asked: URL[] = [];
  page.on('request', (request) => {
    if (request.url().includes('/output')) asked.push(new URL(request.url()));
  });
  await page.goto(`${web.url}${address}`);
  const log = page.getByRole('region', { name: 'Output of run' });
  await log.getByText('the end', { exact: true }).waitFor();
  await page.getByText(/^the last [\d,]+ lines, 8(?:\.0)? MiB of [\d.]+ MiB$/).waitFor();
  expect(asked.map(({ searchParams }) => searchParams.get('tail'))).toEqual([String(8 * 1024 * 1024)]);
  await expectAccessible(page);

  // The first line that is there stays where it is.
  await log.focus();
  await page.keyboard.press('Home');
  await page.waitForFunction(() => document.querySelector('.log')!.scrollTop === 0);
  const first = await log.locator('.log-text').first().innerText();
  expect(first).toMatch(/^one of very many lines, number \d+$/);
  await page.getByRole('button', { name: 'Load what came before' }).click();
  await page.getByText(/^the last [\d,]+ lines, 16(?:\.0)? MiB of [\d.]+ MiB$/).waitFor();
  const number = Number(first.split(' ').at(-1));
  await log.getByText(lineOf(number - 1), { exact: true }).waitFor();
  await log.getByText(first, { exact: true }).waitFor();
  expect(await log.evaluate((box) => box.scrollTop)).toBeGreaterThan(1_000);

  // What is searched for is looked for there, too.
  const early = lineOf(number - 300_000);
  await page.getByRole('textbox', { name: 'Search the output' }).fill(early);
  await page.getByText('1 of 1', { exact: true }).waitFor();
  await log.getByText(early, { exact: true }).waitFor();
  await page.getByText(/^the last [\d,]+ lines, 24(?:\.0)? MiB of [\d.]+ MiB$/).waitFor();
});

it('shows attempts as they are made, with what went wrong, and what the run was given', async () => {
  await web.workers.start(1, { name: 'alpha' });
  const address = await runOf(
    shell('flaky', 'echo "attempt $ETCRON_ATTEMPT"; test $ETCRON_ATTEMPT -ge 3 || exit 7', {
      retry: { limit: 3, delay: '100ms' },
      task: {
        kind: 'shell',
        command: 'echo "attempt $ETCRON_ATTEMPT"; test $ETCRON_ATTEMPT -ge 3 || exit 7',
        env: { STAGE: 'blue', PASSWORD: { secret: true, value: 'hunter2' } },
      },
    }),
  );
  const page = await web.open(address);
  await page.getByText('succeeded', { exact: true }).first().waitFor();
  const attempts = page.getByRole('region', { name: 'Attempts' });
  expect(await attempts.locator('tbody tr').count()).toBe(3);
  expect(await attempts.locator('tr', { hasText: 'exit code 7' }).count()).toBe(2);
  const given = page.getByRole('region', { name: 'What it was given' });
  await given.getByText('STAGE').waitFor();
  await given.getByText('blue').waitFor();
  await given.locator('tr', { hasText: 'PASSWORD' }).getByText('secret, never shown').waitFor();
  await given.locator('tr', { hasText: 'ETCRON_FENCING_TOKEN' }).waitFor();
  expect(await page.content()).not.toContain('hunter2');
  await page.getByText('Start lag').waitFor();
  await page.getByText('Fencing token', { exact: true }).waitFor();
  await expectAccessible(page);
  await screenshot(page, 'run-attempts-light');

  // From the run to its job.
  await page.getByRole('navigation', { name: 'Where this is' }).getByRole('link', { name: 'flaky' }).click();
  await page.getByRole('heading', { level: 1, name: 'flaky', exact: true }).waitFor();
});

it('kills a run with a reason, and runs the job again', async () => {
  await web.workers.start(1, { name: 'alpha' });
  const address = await runOf(shell('sleeper', 'echo started; sleep 60'));
  const page = await web.open(address, { before: remembering(DARK), mayComplain: /409/ });
  await page.getByText('running', { exact: true }).first().waitFor();

  await page.getByRole('button', { name: 'Run again' }).click();
  const question = page.getByRole('dialog', { name: 'sleeper is running' });
  await question.getByText('when that has ended').waitFor();
  await question.getByRole('button', { name: 'Cancel' }).click();
  await question.waitFor({ state: 'detached' });

  await page.getByRole('button', { name: 'Kill', exact: true }).click();
  const dialog = page.getByRole('dialog', { name: 'Kill this run of sleeper?' });
  await dialog.getByLabel('Reason').fill('took too long');
  await expectAccessible(page);
  await dialog.getByRole('button', { name: 'Kill' }).click();
  await page.getByText('killed', { exact: true }).first().waitFor();
  await page.getByRole('alert').getByText('took too long').first().waitFor();
  expect(await page.getByRole('button', { name: 'Kill', exact: true }).count()).toBe(0);
  await expectAccessible(page);
  await screenshot(page, 'run-killed-dark');

  await page.getByRole('button', { name: 'Run again' }).click();
  await page.waitForURL((url) => url.pathname !== address);
  await page.getByText('running', { exact: true }).first().waitFor();
  await page.getByRole('region', { name: 'Output of run' }).getByText('started', { exact: true }).waitFor();
  await web.api('POST', '/jobs/sleeper/kill');
});

it('says why a run waits, and goes on by itself when a worker takes it', async () => {
  const address = await runOf(shell('patient', 'echo here I am', { workers: { labels: { zone: 'moon' } } }));
  const page = await web.open(address);
  await page.getByText('waiting', { exact: true }).first().waitFor();
  await page.getByRole('alert').getByText('zone').first().waitFor();
  expect(await page.getByRole('region', { name: 'Output of run' }).count()).toBe(0);
  await expectAccessible(page);

  const list = await web.open('/runs?show=waiting');
  await list.getByRole('link', { name: 'patient' }).waitFor();

  await web.workers.start(1, { name: 'moon', labels: { zone: 'moon' } });
  await page.getByText('succeeded', { exact: true }).first().waitFor();
  await page.getByRole('region', { name: 'Output of run' }).getByText('here I am').waitFor();
  await list.getByText('Nothing waits').waitFor();
});

it('says why a tick was skipped, and shows the progress of what runs', async () => {
  await web.workers.start(1, {
    name: 'alpha',
    handlers: {
      steps: async ({ progress, signal }) => {
        progress(0.4);
        await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()));
      },
    },
  });
  const task = { kind: 'handler', name: 'steps' };
  const address = await runOf({ name: 'steps', schedule: '@manual', task } as { name: string });
  await web.api('PUT', '/jobs/steps', { schedule: '* * * * * *', task });
  const page = await web.open(address);
  await page.getByRole('progressbar', { name: 'Progress' }).waitFor();
  await page.getByText('40 %').waitFor();

  const list = await web.open('/runs');
  await list.locator('tbody tr', { hasText: 'steps' }).first().waitFor();
  await expectAccessible(list);
  await screenshot(list, 'runs-light');
  await list.getByRole('textbox', { name: 'Filter by job or worker' }).fill('nobody');
  await list.getByText('No run of this list matches').waitFor();
  expect(new URL(list.url()).search).toContain('q=nobody');

  const skipped = await waitFor(
    async () => (await web.api<Runs>('GET', '/jobs/steps/runs?state=skipped')).items[0]?.id,
    { what: 'a tick is skipped while the job runs' },
  );
  await page.goto(`${web.url}/jobs/steps/runs/${skipped}`);
  await page.getByText('skipped', { exact: true }).first().waitFor();
  await page.getByRole('alert').filter({ hasText: 'Why it was skipped' }).waitFor();
  await page.getByText('never', { exact: true }).waitFor();
});

it('lists what ended lately, newest first, as it happens, by how it ended', async () => {
  await web.workers.start(1, { name: 'alpha' });
  await web.api('POST', '/jobs', shell('good', 'true'));
  await web.api('POST', '/jobs', shell('bad', 'exit 4'));
  await web.api('POST', '/jobs/good/run?wait=30s');
  const page = await web.open('/runs');
  await page.getByText('Ended lately').click();
  const rows = page.locator('tbody tr');
  await rows.filter({ hasText: 'good' }).getByText('succeeded').waitFor();
  await page.getByRole('columnheader', { name: 'Ended' }).waitFor();

  await web.api('POST', '/jobs/bad/run?wait=30s');
  await rows.filter({ hasText: 'bad' }).getByText('failed', { exact: true }).waitFor();
  await web.api('POST', '/jobs/good/run?wait=30s');
  await page.getByText('3 runs', { exact: true }).waitFor();
  expect(await rows.getByRole('link').allInnerTexts()).toEqual(['good', 'bad', 'good']);
  await expectAccessible(page);
  await screenshot(page, 'runs-recent-light');

  // Nothing moves under the pointer: what came meanwhile is told, and shown when it is wanted.
  await rows.first().hover();
  await web.api('POST', '/jobs/good/run?wait=30s');
  const newer = page.getByRole('button', { name: '1 newer: show it' });
  await newer.waitFor();
  expect(await rows.count()).toBe(3);
  await newer.click();
  await newer.waitFor({ state: 'detached' });
  expect(await rows.count()).toBe(4);
  await web.api('POST', '/jobs/good/run?wait=30s');
  await newer.waitFor();
  await page.getByRole('heading', { level: 1 }).hover();
  await expect.poll(() => rows.count()).toBe(5);

  await page.getByRole('combobox', { name: 'How they ended' }).selectOption('wrong');
  await page.getByText('1 run', { exact: true }).waitFor();
  expect(await rows.getByRole('link').allInnerTexts()).toEqual(['bad']);
  await page.waitForURL(/show=recent&state=wrong/);
  await page.reload();
  await page.getByText('1 run', { exact: true }).waitFor();
  await page.getByRole('combobox', { name: 'How they ended' }).selectOption('lost');
  await page.getByText('No run of this list matches').waitFor();
});

it('is usable on a phone, in Chinese and in the dark', async () => {
  await web.workers.start(1, { name: 'alpha' });
  const address = await runOf(shell('phone', 'seq 1 50; echo a very long line of text that does not fit'));
  const page = await web.open(address, {
    viewport: { width: 390, height: 844 },
    hasTouch: true,
    before: remembering({ ...DARK, ...CHINESE }),
  });
  await page.getByText('成功', { exact: true }).first().waitFor();
  await page.locator('.log').getByText('a very long line').waitFor();
  const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  expect(overflow).toBeLessThanOrEqual(0);
  await expectAccessible(page);
  await screenshot(page, 'run-phone');
});

it('says that there is no such run', async () => {
  const page = await web.open('/jobs/none/runs/20260101T000000.000Z-abcdef', { mayComplain: /404/ });
  await page.getByRole('alert').filter({ hasText: 'This could not be loaded' }).waitFor();
  await expectAccessible(page);

  // In Chinese it says so first, and then in the master's words.
  const chinese = await web.open('/jobs/none/runs/20260101T000000.000Z-abcdef', {
    mayComplain: /404/,
    before: remembering(CHINESE),
  });
  const alert = chinese.getByRole('alert').filter({ hasText: '没有这次运行' });
  await alert.getByText('20260101T000000.000Z-abcdef').waitFor();
});
