// A master with tokens: the page asks for one, tries it, and keeps it no longer than it was told to.
import { expect, it } from 'vitest';
import { secret } from '../../src/common/runtime/secret.ts';
import { expectAccessible } from './support/browser.ts';
import { useWeb } from './support/web.ts';

const TOKEN = 'correct-horse-battery-staple';
const web = useWeb({ tokens: [{ name: 'ops', token: secret(TOKEN) }] });
/** The browser says so of each answer with this status. */
const mayComplain = /401/;

it('asks for a token, refuses a wrong one in words, and shows everything with the right one', async () => {
  await web.workers.start(1, { name: 'alpha' });
  const page = await web.open('/workers', { mayComplain });
  const dialog = page.getByRole('dialog', { name: 'Sign in' });
  await dialog.getByLabel('Token').fill('wrong-wrong-wrong');
  await expectAccessible(page);
  await dialog.getByRole('button', { name: 'Sign in' }).click();
  await dialog.getByText('The master does not know this token').waitFor();
  await page.keyboard.press('Escape');
  expect(await dialog.isVisible()).toBe(true);

  await dialog.getByLabel('Token').fill(TOKEN);
  await page.keyboard.press('Enter');
  await page.locator('tbody tr', { hasText: 'alpha' }).waitFor();
  await page.getByText('Live', { exact: true }).waitFor();
  expect(await dialog.count()).toBe(0);

  await page.reload();
  await page.locator('tbody tr', { hasText: 'alpha' }).waitFor();
  const stored = await page.evaluate(() => JSON.stringify([localStorage, sessionStorage]));
  expect(stored.split(TOKEN)).toHaveLength(2);
  expect(await page.evaluate(() => localStorage.getItem('etcron-token'))).toBeNull();

  await page.getByRole('button', { name: 'Appearance and language' }).click();
  await page.getByRole('menuitem', { name: 'Forget the token' }).click();
  await dialog.waitFor();
});

it('remembers it on this device when told to', async () => {
  const page = await web.open('/workers', { mayComplain });
  const dialog = page.getByRole('dialog', { name: 'Sign in' });
  await dialog.getByLabel('Token').fill(TOKEN);
  await dialog.getByLabel('Remember it on this device').check();
  await page.keyboard.press('Enter');
  await page.getByText('No worker is registered').waitFor();
  const other = await page.context().newPage();
  await other.goto(`${web.url}/workers`);
  await other.getByText('No worker is registered').waitFor();
});
