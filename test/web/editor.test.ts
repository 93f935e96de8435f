// Writing a job on the page: a first one from a template, form and YAML in step, faults at their fields, a look at what
// changes before it is saved, and two people at one job.
import type { Locator, Page } from 'playwright-core';
import { expect, it } from 'vitest';
import { CHINESE, DARK, expectAccessible, remembering, screenshot } from './support/browser.ts';
import { useWeb } from './support/web.ts';

const web = useWeb();

interface Job {
  readonly definition: Record<string, unknown>;
}
const stored = async (name: string): Promise<Record<string, unknown>> =>
  (await web.api<Job>('GET', `/jobs/${name}`)).definition;

const nightly = {
  name: 'nightly',
  schedule: '30 2 * * *',
  timezone: 'Europe/Berlin',
  task: { kind: 'shell', command: 'true', env: { PASSWORD: { secret: true, value: 'hunter2' } } },
};

/** As people put more than a line in. What is filled in from outside Chromium writes with styles of its own, which the page refuses. */
async function paste(into: Locator, text: string): Promise<void> {
  await into.evaluate((element, pasted) => {
    const clipboardData = new DataTransfer();
    clipboardData.setData('text/plain', pasted);
    element.dispatchEvent(new ClipboardEvent('paste', { clipboardData, bubbles: true, cancelable: true }));
  }, text);
}

async function look(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Review and save' }).click();
}

it('makes a first job from a template, with its ticks before it is made', async () => {
  await web.workers.start(1, { name: 'alpha' });
  const page = await web.open('/jobs/new');
  await page.getByRole('button', { name: 'HTTP request' }).click();
  await page.getByRole('textbox', { name: 'URL' }).waitFor();
  await page.getByRole('button', { name: 'Shell command' }).click();
  await page.getByRole('textbox', { name: 'Command' }).fill('echo hello');
  const ticks = page.getByRole('list', { name: 'Next ticks' });
  await page.getByText('Every 5 minutes').waitFor();
  expect(await ticks.getByRole('listitem').count()).toBe(10);
  await expectAccessible(page);
  await screenshot(page, 'editor-new-light');

  await look(page);
  const name = page.getByRole('textbox', { name: 'Name', exact: true });
  await page.getByText('1 problem').waitFor();
  await page.waitForFunction(() => document.activeElement?.id === 'field-name');
  await expectAccessible(page);
  await name.fill('hello');
  await page.getByText('1 problem').waitFor({ state: 'detached' });

  await page.getByLabel('Schedule 1', { exact: true }).fill('0 25 * * *');
  await page.getByText(/25/).last().waitFor();
  await page.getByText('The schedule cannot be read yet').waitFor();
  await page.getByLabel('Schedule 1', { exact: true }).fill('0 12 * * 1-5');
  // Who writes no cron chooses by words.
  await page.getByRole('button', { name: 'Common schedules' }).click();
  await page.getByRole('menuitem', { name: /^At 09:00, Monday through Friday/ }).click();
  await page.waitForFunction(
    () => (document.getElementById('field-schedule') as HTMLInputElement).value === '0 9 * * 1-5',
  );
  await page.getByLabel('Schedule 1', { exact: true }).fill('0 12 * * 1-5');
  await page.getByRole('button', { name: 'Add another schedule' }).click();
  await page.getByLabel('Schedule 2', { exact: true }).fill('@daily');

  await look(page);
  const dialog = page.getByRole('dialog', { name: 'Create hello?' });
  await dialog.getByRole('list', { name: 'Then' }).waitFor();
  await expectAccessible(page);
  await dialog.getByRole('button', { name: 'Create' }).click();
  await page.getByText('hello was created').waitFor();
  await page.getByRole('heading', { level: 1, name: 'hello', exact: true }).waitFor();
  expect(await stored('hello')).toMatchObject({
    schedule: ['0 12 * * 1-5', '@daily'],
    task: { kind: 'shell', command: 'echo hello' },
  });
});

it('keeps form and YAML in step, and tells faults where they are', async () => {
  await web.api('POST', '/jobs', nightly);
  const page = await web.open('/jobs/nightly');
  await page.getByText('At 02:30').first().waitFor();
  await page.getByRole('link', { name: 'Edit' }).click();
  await page.getByRole('button', { name: /^Retry/ }).click();
  await page.getByRole('textbox', { name: 'Retries' }).fill('3');
  await page.getByRole('textbox', { name: 'Delay', exact: true }).fill('10');
  await page.getByText('is not a duration').first().waitFor();
  await expectAccessible(page);
  await screenshot(page, 'editor-form-light');

  await page.getByText('YAML', { exact: true }).click();
  const yaml = page.getByRole('textbox', { name: 'The definition as YAML' });
  await yaml.waitFor();
  expect(await yaml.innerText()).toContain('limit: 3');
  await page.locator('.cm-lintRange-error').waitFor();
  await expectAccessible(page);
  await screenshot(page, 'editor-yaml-light');
  await yaml.press('Control+a');
  await paste(
    yaml,
    'name: nightly\nschedule: "@hourly" # often\ntask:\n  kind: exec\n  argv: [uptime]\nretry: {limit: 3}\n',
  );
  await page.getByText('Every hour').waitFor();
  await yaml.press('Control+End');
  await page.keyboard.type('overlap: [');
  await page.locator('.cm-lintRange-error').waitFor();
  await page.getByText('Form', { exact: true }).click();
  await page.getByRole('alert').filter({ hasText: 'The YAML cannot be read' }).waitFor();
  expect(await page.getByRole('textbox', { name: 'Program', exact: true }).isDisabled()).toBe(true);
  await page.getByText('YAML', { exact: true }).click();
  await page.getByRole('textbox', { name: 'The definition as YAML' }).press('Control+End');
  for (let i = 0; i < '['.length; i++) await page.keyboard.press('Backspace');
  await page.keyboard.type('queue');
  await page.getByText('Form', { exact: true }).click();
  await page.getByRole('textbox', { name: 'Program', exact: true }).fill('/usr/bin/uptime');
  await page.getByText('YAML', { exact: true }).click();
  const text = await page.getByRole('textbox', { name: 'The definition as YAML' }).innerText();
  expect(text).toContain('# often');
  expect(text).toContain('/usr/bin/uptime');

  await page.keyboard.press('Control+s');
  const dialog = page.getByRole('dialog', { name: 'Save nightly?' });
  await dialog.getByText('task.kind').waitFor();
  await dialog.getByRole('list', { name: 'Now' }).waitFor();
  await dialog.getByRole('list', { name: 'Then' }).waitFor();
  await expectAccessible(page);
  await screenshot(page, 'editor-review-light');
  await dialog.getByRole('button', { name: 'Save' }).click();
  await page.getByText('nightly was saved').waitFor();
  // On to the job, as it is now: what was known of it before is old.
  await page.waitForURL((url) => url.pathname === '/jobs/nightly');
  await page.getByText('Every hour').first().waitFor();
  expect(await stored('nightly')).toMatchObject({ overlap: 'queue', schedule: '@hourly' });
});

it('shows what somebody else did meanwhile, and loses nothing of either', async () => {
  await web.api('POST', '/jobs', nightly);
  const page = await web.open('/jobs/nightly/edit', { before: remembering(DARK) });
  await page.getByRole('textbox', { name: 'Command' }).fill('echo mine');
  await page.getByRole('textbox', { name: 'Description' }).fill('what I say');
  await web.api('PUT', '/jobs/nightly', {
    ...nightly,
    description: 'what they say',
    timeout: '20m',
    task: { ...nightly.task, env: { PASSWORD: { secret: true } } },
  });
  await page.getByText('Somebody else saved this job meanwhile').waitFor();

  await look(page);
  const dialog = page.getByRole('dialog', { name: 'nightly was changed meanwhile' });
  const row = (path: string) => dialog.locator('tr', { hasText: path });
  await row('timeout').getByText('theirs: only they changed it').waitFor();
  await row('task.command').getByText('mine: only you changed it').waitFor();
  const merge = dialog.getByRole('button', { name: 'Take over and go on' });
  expect(await merge.isDisabled()).toBe(true);
  await expectAccessible(page);
  await screenshot(page, 'editor-conflict-dark');
  await row('description').getByRole('radio', { name: 'Mine' }).check();
  await merge.click();
  await dialog.waitFor({ state: 'detached' });

  await look(page);
  await page.getByRole('dialog', { name: 'Save nightly?' }).getByRole('button', { name: 'Save' }).click();
  await page.getByText('nightly was saved').waitFor();
  expect(await stored('nightly')).toMatchObject({
    description: 'what I say',
    timeout: '20m',
    task: { command: 'echo mine', env: { PASSWORD: { secret: true } } },
  });
});

it('says that somebody deleted the job meanwhile, and keeps what was written as a new one', async () => {
  const plain = { ...nightly, task: { kind: 'shell', command: 'true' } };
  await web.api('POST', '/jobs', plain);
  const page = await web.open('/jobs/nightly/edit', { mayComplain: /404/ });
  await page.getByRole('textbox', { name: 'Command' }).fill('echo mine');
  await web.api('DELETE', '/jobs/nightly');
  const told = page.getByRole('status').filter({ hasText: 'Somebody deleted this job meanwhile' });
  await told.waitFor();
  expect(await page.getByRole('button', { name: 'Review and save' }).isDisabled()).toBe(true);
  await expectAccessible(page);
  await told.getByRole('button', { name: 'Keep what is here as a new job' }).click();
  await page.getByRole('heading', { level: 1, name: 'New job' }).waitFor();
  await look(page);
  await page.getByRole('dialog', { name: 'Create nightly?' }).getByRole('button', { name: 'Create' }).click();
  await page.getByText('nightly was created').waitFor();
  expect(await stored('nightly')).toMatchObject({ task: { command: 'echo mine' } });
});

it('asks before unsaved changes are left behind, and copies a job', async () => {
  await web.api('POST', '/jobs', { ...nightly, task: { kind: 'shell', command: 'true' } });
  const page = await web.open('/jobs/nightly/edit');
  await page.getByRole('textbox', { name: 'Description' }).fill('half of a thou');
  await page.getByRole('navigation').getByRole('link', { name: 'Workers' }).click();
  const dialog = page.getByRole('dialog', { name: 'Leave without saving?' });
  await expectAccessible(page);
  await dialog.getByRole('button', { name: 'Stay' }).click();
  await dialog.waitFor({ state: 'detached' });
  expect(await page.getByRole('textbox', { name: 'Description' }).inputValue()).toBe('half of a thou');
  await page.getByRole('button', { name: 'Duplicate' }).click();
  await dialog.getByRole('button', { name: 'Leave' }).click();

  await page.getByRole('heading', { level: 1, name: 'New job' }).waitFor();
  expect(await page.getByLabel('Schedule 1', { exact: true }).inputValue()).toBe('30 2 * * *');
  const name = page.getByRole('textbox', { name: 'Name', exact: true });
  await name.fill('nightly');
  await look(page);
  await page.getByText('a job of this name exists').first().waitFor();
  await name.fill('nightly-2');
  await look(page);
  await page.getByRole('dialog').getByRole('button', { name: 'Create' }).click();
  await page.getByText('nightly-2 was created').waitFor();
  expect(await stored('nightly-2')).toMatchObject({ timezone: 'Europe/Berlin' });
});

it('lets nothing that was typed be lost unseen: rows that cannot be kept, and JSON that is none', async () => {
  const page = await web.open('/jobs/new');
  await page.getByRole('button', { name: /^Handler/ }).click();
  await page.getByRole('textbox', { name: 'Name', exact: true }).fill('careful');
  await page.getByRole('textbox', { name: 'Payload' }).fill('{"a": 1,}');
  await page.getByText('is no JSON: write such as').first().waitFor();
  await look(page);
  await page.waitForFunction(() => document.activeElement?.id === 'field-task-payload');
  await page.getByRole('textbox', { name: 'Payload' }).fill('{"a": 1}');

  const problem = page.getByText('1 problem', { exact: true });
  await problem.waitFor({ state: 'detached' });
  const add = page.getByRole('button', { name: 'Add to Labels' });
  await add.click();
  await page.getByLabel('Value of row 1').fill('data');
  await page.getByText('A row has a value and no name').first().waitFor();
  await look(page);
  await problem.waitFor();
  expect(await page.getByRole('dialog').count()).toBe(0);
  await page.getByLabel('Name 1').fill('team');
  await problem.waitFor({ state: 'detached' });
  await add.click();
  await page.getByLabel('Name 2').fill('team');
  await problem.waitFor();
  await page.getByLabel('Name 2').fill('tier');
  await page.getByLabel('Value of tier').fill('gold');
  await look(page);
  await page.getByRole('dialog').getByRole('button', { name: 'Create' }).click();
  await page.getByText('careful was created').waitFor();
  expect(await stored('careful')).toMatchObject({
    labels: { team: 'data', tier: 'gold' },
    task: { kind: 'handler', payload: { a: 1 } },
  });
});

it('tells what a change of the clocks does, and is usable on a phone, in Chinese and in the dark', async () => {
  const page = await web.open('/jobs/new', {
    viewport: { width: 390, height: 844 },
    hasTouch: true,
    before: remembering({ ...DARK, ...CHINESE }),
  });
  await page.getByRole('textbox', { name: '名称', exact: true }).fill('clock');
  await page.getByLabel('时间表 1', { exact: true }).fill('30 2 28 3 *');
  await page.getByRole('combobox', { name: '时区' }).fill('Europe/Berlin');
  await page.keyboard.press('Escape');
  await page.getByText('Europe/Berlin 2027-03-28 没有 02:30：改在 03:00 触发').waitFor();
  await page.getByText('02:30，每月 28 号，仅于三月份').waitFor();
  const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  expect(overflow).toBeLessThanOrEqual(0);
  await expectAccessible(page);
  await screenshot(page, 'editor-phone');
  // What is wrong, too.
  await page.getByRole('combobox', { name: '时区' }).fill('Berlin');
  await page.keyboard.press('Escape');
  await page.getByText('"Berlin" 不是已知时区').first().waitFor();
});
