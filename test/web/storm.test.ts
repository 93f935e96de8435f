// A thousand events of runs a second: the page stays free to answer, and asks the master for little.
import type { Page } from 'playwright-core';
import { expect, it } from 'vitest';
import { useBrowser } from './support/browser.ts';
import { startStorm } from './support/storm.ts';
import { useWeb } from './support/web.ts';

const web = useWeb();
const browser = useBrowser();
const WATCHED_MS = 5_000;

/** Seconds of processor that the page's main thread takes while we watch, however busy the machine is. */
async function busySeconds(page: Page): Promise<number> {
  const session = await page.context().newCDPSession(page);
  await session.send('Performance.enable', { timeDomain: 'threadTicks' });
  const read = async (): Promise<number> => {
    const { metrics } = await session.send('Performance.getMetrics');
    return metrics.find(({ name }) => name === 'TaskDuration')?.value ?? NaN;
  };
  const before = await read();
  await page.waitForTimeout(WATCHED_MS);
  return (await read()) - before;
}

it.each(['/workers', '/cluster'])('does not make %s jerk', async (path) => {
  await web.workers.start(1, { name: 'alpha' });
  const storm = await startStorm(
    web.url,
    Array.from({ length: 100 }, (_, i) => `job-${i}`),
  );
  web.workers.shared.cleanup(() => storm.stop());
  const page = await browser.open(`${storm.url}${path}`);
  await page.getByText('Live', { exact: true }).waitFor();
  await page.getByRole('heading', { level: 1 }).waitFor();
  const asked = (): number => [...storm.asked.values()].reduce((sum, count) => sum + count, 0);
  const before = asked();
  const busy = await busySeconds(page);
  expect(busy).toBeGreaterThan(0);
  // A third of a processor: two thirds of each frame are free.
  expect(busy).toBeLessThan(WATCHED_MS / 3_000);
  expect(asked() - before).toBeLessThan(15);
});
