// Behind a reverse proxy that serves the page below a prefix and takes it off, as many run it.
import { expect, it } from 'vitest';
import { useBrowser } from './support/browser.ts';
import { startPrefixProxy } from './support/prefix-proxy.ts';
import { useWeb } from './support/web.ts';

const web = useWeb();
const browser = useBrowser();

it('works below a prefix that it has never heard of, from any of its addresses', async () => {
  await web.workers.start(1, { name: 'alpha' });
  const proxy = await startPrefixProxy(web.url, '/tools/cron/');
  web.workers.shared.cleanup(() => proxy.stop());

  const page = await browser.open(`${proxy.url}deep/address`);
  await page.getByRole('heading', { name: 'Nothing is here' }).waitFor();
  await page.getByRole('link', { name: 'Go to the start' }).click();
  await page.getByRole('heading', { level: 1 }).waitFor();
  expect(page.url().startsWith(proxy.url)).toBe(true);
  await page.getByRole('navigation').getByRole('link', { name: 'Workers' }).click();
  await page.locator('tbody tr', { hasText: 'alpha' }).waitFor();
  expect(page.url()).toBe(`${proxy.url}workers`);
  await page.getByText('Live', { exact: true }).waitFor();

  await page.reload();
  await page.locator('tbody tr', { hasText: 'alpha' }).waitFor();

  await page.getByRole('link', { name: 'API reference' }).click();
  await page.getByRole('heading', { name: /etcron/ }).waitFor();
  await page.getByText('/api/v1/jobs', { exact: true }).first().waitFor();
});
