// The frame around the pages: where one can go and how, by pointer and by keyboard; how it looks and speaks.
import type { Page } from 'playwright-core';
import { expect, it } from 'vitest';
import { expectAccessible, screenshot } from './support/browser.ts';
import { useWeb } from './support/web.ts';

const web = useWeb();

const focused = (page: Page): Promise<string> =>
  page.evaluate(() => document.activeElement?.textContent ?? '');
const scheme = (page: Page): Promise<string | null> =>
  page.evaluate(() => document.documentElement.getAttribute('data-mantine-color-scheme'));

it('says that it is live, and starts on a page that is named in the tab', async () => {
  const page = await web.open('/');
  await page.getByText('Live', { exact: true }).waitFor();
  await page.getByRole('heading', { level: 1 }).waitFor();
  expect(await page.title()).toMatch(/ · etcron$/);
  await expectAccessible(page);
});

it('lets the keyboard skip the navigation', async () => {
  const page = await web.open('/workers');
  await page.getByRole('heading', { name: 'Workers' }).waitFor();
  await page.keyboard.press('Tab');
  expect(await focused(page)).toBe('Skip to the content');
  await page.keyboard.press('Enter');
  expect(await page.evaluate(() => document.activeElement?.id)).toBe('main');
  expect(new URL(page.url()).pathname).toBe('/workers');
});

it('says that an address has no page, keeps the shell, and leads back', async () => {
  const page = await web.open('/nothing/of/this?kind=1');
  await page.getByRole('heading', { level: 1, name: 'Nothing is here' }).waitFor();
  await page.getByText('/nothing/of/this').waitFor();
  await expectAccessible(page);
  await page.getByRole('link', { name: 'Go to the start' }).click();
  await page.waitForURL((url) => url.pathname !== '/nothing/of/this');
  await page.getByRole('heading', { level: 1 }).waitFor();
  await page.waitForFunction(() => document.activeElement?.id === 'page-heading');
});

it('goes to pages by two keys, and lists the shortcuts', async () => {
  const page = await web.open('/nothing');
  await page.getByRole('heading', { name: 'Nothing is here' }).waitFor();
  await page.keyboard.press('g');
  await page.keyboard.press('w');
  await page.getByRole('heading', { level: 1, name: 'Workers' }).waitFor();
  await page.keyboard.press('?');
  const sheet = page.getByRole('dialog', { name: 'Keyboard shortcuts' });
  await sheet.getByText('Go to Workers').waitFor();
  await expectAccessible(page);
  await page.keyboard.press('Escape');
  await sheet.waitFor({ state: 'detached' });
  await page.keyboard.press('n');
  await page.getByRole('heading', { level: 1, name: 'New job' }).waitFor();
});

it('has no single keys when they are switched off, also after a reload', async () => {
  const page = await web.open('/workers');
  await page.getByRole('button', { name: 'Show the keyboard shortcuts' }).click();
  await page.getByRole('switch', { name: 'Shortcuts of single keys' }).click({ force: true });
  await page.keyboard.press('Escape');
  await page.getByRole('dialog').waitFor({ state: 'detached' });
  await page.reload();
  await page.getByRole('heading', { name: 'Workers' }).waitFor();
  await page.keyboard.press('?');
  // What is no shortcut still works, so the key before it was heard.
  await page.keyboard.press('Control+k');
  await page.getByPlaceholder('Search jobs').waitFor();
  expect(await page.getByRole('dialog', { name: 'Keyboard shortcuts' }).count()).toBe(0);
});

it('finds jobs, pages and settings in the palette, by keyboard alone', async () => {
  for (const name of ['backup-db', 'backup-files', 'report'])
    await web.api('POST', '/jobs', {
      name,
      schedule: '@daily',
      description: `the ${name} of the night`,
      task: { kind: 'shell', command: 'true' },
    });
  const page = await web.open('/workers');
  await page.getByRole('heading', { name: 'Workers' }).waitFor();
  await page.keyboard.press('Control+k');
  const field = page.getByPlaceholder('Search jobs');
  await field.fill('backup');
  await page.getByText('backup-db', { exact: true }).waitFor();
  await page.getByText('backup-files', { exact: true }).waitFor();
  expect(await page.getByText('report', { exact: true }).count()).toBe(0);
  await expectAccessible(page);
  await screenshot(page, 'palette-light');
  await field.fill('dark');
  await page.getByText('Appearance: Dark').waitFor();
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Enter');
  await page.waitForFunction(() => document.documentElement.dataset['mantineColorScheme'] === 'dark');
  await field.waitFor({ state: 'detached' });
});

it('is light or dark as the system is, until one is chosen, which it remembers', async () => {
  const page = await web.open('/workers', { colorScheme: 'dark' });
  await page.getByRole('heading', { name: 'Workers' }).waitFor();
  expect(await scheme(page)).toBe('dark');
  await page.emulateMedia({ colorScheme: 'light' });
  await page.waitForFunction(() => document.documentElement.dataset['mantineColorScheme'] === 'light');
  await page.getByRole('button', { name: 'Appearance and language' }).click();
  await page.getByRole('menuitem', { name: 'Dark' }).click();
  await page.waitForFunction(() => document.documentElement.dataset['mantineColorScheme'] === 'dark');
  await page.reload();
  expect(await scheme(page)).toBe('dark');
});

it('speaks Chinese when asked to, at once and after a reload', async () => {
  const page = await web.open('/workers');
  await page.getByRole('button', { name: 'Appearance and language' }).click();
  await page.getByRole('menuitem', { name: '中文' }).click();
  await page.getByRole('heading', { level: 1, name: '工作节点' }).waitFor();
  expect(await page.evaluate(() => document.documentElement.lang)).toBe('zh');
  await page.reload();
  await page.getByRole('heading', { level: 1, name: '工作节点' }).waitFor();
  await expectAccessible(page);
});

it('speaks the language of the browser', async () => {
  const page = await web.open('/workers', { locale: 'zh-CN' });
  await page.getByRole('heading', { level: 1, name: '工作节点' }).waitFor();
});

it('folds the navigation away on a phone, and closes it when one has gone somewhere', async () => {
  const page = await web.open('/nothing', { viewport: { width: 390, height: 844 }, hasTouch: true });
  await page.getByRole('heading', { name: 'Nothing is here' }).waitFor();
  const menu = page.getByRole('button', { name: 'Menu' });
  const link = page.getByRole('navigation').getByRole('link', { name: 'Workers' });
  expect(await menu.getAttribute('aria-expanded')).toBe('false');
  await menu.click();
  await page.waitForFunction(() => document.querySelector('nav')!.getBoundingClientRect().x >= 0);
  await expectAccessible(page);
  await screenshot(page, 'menu-phone');
  await link.click();
  await page.getByRole('heading', { name: 'Workers' }).waitFor();
  await page.waitForFunction(() => document.querySelector('nav')!.getBoundingClientRect().right <= 0);
  expect(await menu.getAttribute('aria-expanded')).toBe('false');
});

it('says what happened when a page breaks, and the rest goes on', async () => {
  const page = await web.open('/nothing', { mayComplain: /Error in route match|TypeError/ });
  await page.getByRole('heading', { name: 'Nothing is here' }).waitFor();
  await page.route('**/api/v1/workers', (route) => route.fulfill({ json: { items: [null] } }));
  await page.getByRole('navigation').getByRole('link', { name: 'Workers' }).click();
  const alert = page.getByRole('alert').filter({ hasText: 'The rest still works' });
  await alert.waitFor();
  await expectAccessible(page);
  await page.unroute('**/api/v1/workers');
  await alert.getByRole('button', { name: 'Load it again' }).click();
  await page.getByRole('heading', { name: 'Workers' }).waitFor();
});
