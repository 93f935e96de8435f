// What a first visit costs: everything that opening the page loads, as it comes over the wire.
import { expect, it } from 'vitest';
import { useWeb } from './support/web.ts';

const web = useWeb();

it.each([
  ['/', 300],
  ['/jobs', 310],
])('opening %s loads at most %d KB, compressed, and keeps it', async (path, most) => {
  const page = await web.open(path);
  await page.getByRole('heading', { level: 1 }).waitFor();
  await page.getByText('Live', { exact: true }).waitFor();
  const loaded = await page.evaluate(() =>
    [...performance.getEntriesByType('navigation'), ...performance.getEntriesByType('resource')].map(
      (entry) => {
        const { name, encodedBodySize, decodedBodySize } = entry as PerformanceResourceTiming;
        return { name, encodedBodySize, decodedBodySize };
      },
    ),
  );
  const files = loaded.filter(({ name }) => !name.includes('/api/'));
  const scripts = files.filter(({ name }) => /\.(?:js|css)$/.test(name));
  expect(scripts.length).toBeGreaterThan(3);
  const total = files.reduce((sum, { encodedBodySize }) => sum + encodedBodySize, 0);
  expect(total).toBeGreaterThan(50_000);
  expect(total, JSON.stringify(files, null, 1)).toBeLessThan(most * 1024);

  for (const { name } of scripts.filter(({ name }) => name.includes('/assets/'))) {
    const answer = await fetch(name, { headers: { 'accept-encoding': 'br' } });
    expect(answer.headers.get('cache-control')).toContain('immutable');
    await answer.body?.cancel();
  }
});
