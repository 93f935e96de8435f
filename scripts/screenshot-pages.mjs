// Which pictures there are of the admin page, and how each is taken. Used by scripts/screenshots.mjs.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { chromium } from 'playwright-core';
import { LIVE } from './screenshot-jobs.mjs';
import { smallPng } from './small-png.mjs';

const PROGRAM = process.env.ETCRON_TEST_CHROMIUM ?? '/usr/bin/chromium';
const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-dev-shm-usage',
  '--font-render-hinting=none',
  '--hide-scrollbars',
];
const LARGE = { width: 1440, height: 900 };
const PHONE = { width: 390, height: 844 };
const THEMES = ['light', 'dark'];

const named = (page, name) => page.getByRole('region', { name, exact: true });
/** Below the bar at the top. */
const top = (element) => element.evaluate((node) => scrollBy(0, node.getBoundingClientRect().top - 68));

const VIEWS = [
  { name: 'overview', path: '/' },
  {
    name: 'timeline',
    path: '/',
    go: async (page) => {
      const chart = page.getByRole('application');
      await chart.scrollIntoViewIfNeeded();
      await page.getByText('By job', { exact: true }).click();
      await top(named(page, 'Timeline'));
    },
  },
  {
    name: 'forecast',
    path: '/',
    go: async (page) => {
      for (const name of ['Timeline', 'Over time', 'The next 24 hours']) {
        await named(page, name).scrollIntoViewIfNeeded();
        await page.waitForTimeout(500);
      }
      await page.getByRole('grid').waitFor();
      await top(named(page, 'Over time'));
    },
  },
  { name: 'jobs', path: '/jobs' },
  { name: 'job', path: '/jobs/shop-import-orders' },
  { name: 'ticks', path: '/jobs/billing-usage-rollup?tab=ticks' },
  { name: 'editor', path: '/jobs/billing-charge-cards/edit' },
  { name: 'runs', path: '/runs?show=recent' },
  { name: 'run', path: liveRun },
  { name: 'workers', path: '/workers' },
  { name: 'cluster', path: '/cluster' },
  { name: 'overview-phone', path: '/', viewport: PHONE, themes: ['light'] },
  { name: 'jobs-phone', path: '/jobs', viewport: PHONE, themes: ['dark'] },
];

export async function takePictures({ url, folder, only }) {
  const browser = await chromium.launch({ executablePath: PROGRAM, args: FLAGS });
  try {
    const reader = await browser.newPage();
    for (const { name, path, viewport = LARGE, themes = THEMES, go } of VIEWS) {
      if (!name.startsWith(only)) continue;
      for (const theme of themes) {
        const context = await browser.newContext({
          viewport,
          locale: 'en-GB',
          timezoneId: 'Europe/Berlin',
          colorScheme: theme,
          reducedMotion: 'reduce',
        });
        const page = await context.newPage();
        await page.goto(`${url}${typeof path === 'string' ? path : await path(url)}`);
        await page.getByRole('heading', { level: 1 }).waitFor();
        await go?.(page);
        // It is live, so it is never still: time for all its parts to have had their answers.
        await page.waitForTimeout(2_000);
        const { pixels, width, height } = await pixelsOf(reader, await page.screenshot());
        const picture = smallPng(pixels, width, height);
        writeFileSync(join(folder, `${name}-${theme}.png`), picture);
        console.log(`${name}-${theme}.png  ${Math.round(picture.length / 1024)} KB`);
        await context.close();
      }
    }
  } finally {
    await browser.close();
  }
}

/** A run whose output comes while one looks; when none is on, one is started. */
async function liveRun(url) {
  const api = `${url}/api/v1/jobs/${LIVE}`;
  const find = async () => {
    const { items } = await (await fetch(`${api}/runs?limit=5`)).json();
    return items.find(({ state }) => state === 'running');
  };
  if (!(await find())) {
    await fetch(`${api}/run`, { method: 'POST' });
    for (let tries = 0; tries < 40 && !(await find()); tries++)
      await new Promise((done) => setTimeout(done, 500));
    await new Promise((done) => setTimeout(done, 25_000));
  }
  const run = await find();
  return `/jobs/${LIVE}/runs/${run.id}`;
}

/** The page as it looks, every pixel of four bytes. */
async function pixelsOf(page, png) {
  const { pixels, ...size } = await page.evaluate(async (source) => {
    const image = await createImageBitmap(await (await fetch(`data:image/png;base64,${source}`)).blob());
    const { width, height } = image;
    const drawing = new OffscreenCanvas(width, height).getContext('2d');
    drawing.drawImage(image, 0, 0);
    const { data } = drawing.getImageData(0, 0, width, height);
    let text = '';
    for (let at = 0; at < data.length; at += 32_768)
      text += String.fromCharCode(...data.subarray(at, at + 32_768));
    return { width, height, pixels: btoa(text) };
  }, png.toString('base64'));
  return { ...size, pixels: Buffer.from(pixels, 'base64') };
}
