// What is shown stays true without a reload: by the master's events, and after a lost connection.
import { expect, it } from 'vitest';
import { expectAccessible } from './support/browser.ts';
import { useWeb } from './support/web.ts';

const web = useWeb();

it('says that the connection is lost, comes back by itself, and shows what was missed meanwhile', async () => {
  await web.workers.start(1, { name: 'alpha' });
  const page = await web.open('/workers', {
    mayComplain: /ERR_CONNECTION|ERR_INCOMPLETE|Failed to load|ERR_EMPTY/,
  });
  await page.getByText('Live', { exact: true }).waitFor();
  await page.locator('tbody tr', { hasText: 'alpha' }).waitFor();

  const port = Number(new URL(web.url).port);
  await web.master.stop();
  const banner = page.getByRole('status').filter({ hasText: 'Connection lost, trying again' });
  await banner.waitFor();
  await expectAccessible(page);
  // What was known stays on the screen.
  expect(await page.locator('tbody tr', { hasText: 'alpha' }).isVisible()).toBe(true);

  await web.workers.start(1, { name: 'beta' });
  await web.startMaster({ port });
  await page.locator('tbody tr', { hasText: 'beta' }).waitFor();
  await page.getByText('Live', { exact: true }).waitFor();
  expect(await banner.count()).toBe(0);
});

it('tells why nothing can be shown, and tries again when asked to', async () => {
  const page = await web.open('/nothing', { mayComplain: /Failed to load|503/ });
  await page.getByRole('heading', { name: 'Nothing is here' }).waitFor();
  let isAway = true;
  await page.route('**/api/v1/workers', (route) =>
    isAway
      ? route.fulfill({
          status: 503,
          contentType: 'application/problem+json',
          body: JSON.stringify({
            type: 'urn:etcron:problem:etcd-unavailable',
            title: 'etcd cannot be reached',
            status: 503,
            code: 'etcd_unavailable',
            detail: 'no endpoint answers',
          }),
        })
      : route.continue(),
  );
  await page.getByRole('navigation').getByRole('link', { name: 'Workers' }).click();
  const alert = page.getByRole('alert').filter({ hasText: 'The master cannot reach etcd' });
  await alert.waitFor();
  await expectAccessible(page);
  isAway = false;
  await alert.getByRole('button', { name: 'Try again' }).click();
  await page.getByText('No worker is registered').waitFor();
});

it('lets go of its connection when nobody looks at it, and shows what was missed when somebody does', async () => {
  const page = await web.open('/jobs');
  await page.getByText('Live', { exact: true }).waitFor();
  // As a browser does with a page that it keeps to go back to.
  const letGo = page.waitForEvent('requestfailed', (request) => request.url().includes('/api/v1/events'));
  await page.evaluate(() => window.dispatchEvent(new Event('pagehide')));
  await letGo;
  const task = { kind: 'shell', command: 'true' };
  await web.api('POST', '/jobs', { name: 'made-meanwhile', schedule: '@manual', task });
  const again = page.waitForRequest((request) => request.url().includes('/api/v1/events'));
  await page.evaluate(() => window.dispatchEvent(new Event('pageshow')));
  await again;
  await page.getByText('made-meanwhile').waitFor();
  await page.getByText('Live', { exact: true }).waitFor();
});
