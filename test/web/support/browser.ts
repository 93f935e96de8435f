// A browser for a test file, and a window of its own for each test: call useBrowser() at the top of the file. A test
// fails, whatever it asserts, when the page wrote an error to its console, broke, or asked another host for anything.
import { readFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import type { AxeResults } from 'axe-core';
import {
  chromium,
  type Browser,
  type BrowserContext,
  type BrowserContextOptions,
  type Page,
} from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect } from 'vitest';

const PROGRAM = process.env['ETCRON_TEST_CHROMIUM'] ?? '/usr/bin/chromium';
/** Nothing of the browser's own on the network; in containers it has no sandbox to make. */
const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--disable-dev-shm-usage',
  '--font-render-hinting=none',
];
/** A machine that does other things too. */
const PATIENCE_MS = 40_000;
const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

export interface OpenOptions extends BrowserContextOptions {
  /** What the page may complain of in this test: the console says it when a request is refused or breaks. */
  readonly mayComplain?: RegExp;
  /** Before the page's own code runs. */
  readonly before?: (context: BrowserContext) => Promise<unknown>;
}

export interface TestBrowser {
  /** A new window on the address, closed after the test. */
  open(url: string, options?: OpenOptions): Promise<Page>;
}

export function useBrowser(): TestBrowser {
  let browser: Browser | undefined;
  let contexts: BrowserContext[] = [];
  let complaints: string[] = [];

  beforeAll(async () => {
    browser = await chromium.launch({ executablePath: PROGRAM, args: FLAGS });
  });
  afterEach(async () => {
    const told = complaints;
    complaints = [];
    const open = contexts;
    contexts = [];
    await Promise.all(open.map((context) => context.close()));
    expect(told, 'the page complained').toEqual([]);
  });
  afterAll(async () => browser?.close());

  return {
    async open(url, { mayComplain, before, ...options } = {}) {
      const context = await browser!.newContext({
        locale: 'en-GB',
        timezoneId: 'Europe/Berlin',
        viewport: { width: 1280, height: 800 },
        reducedMotion: 'reduce',
        ...options,
      });
      contexts.push(context);
      context.setDefaultTimeout(PATIENCE_MS);
      const complain = (text: string): void => {
        if (!mayComplain?.test(text)) complaints.push(text);
      };
      const { host } = new URL(url);
      context.on('console', (message) => {
        if (message.type() === 'error' || message.type() === 'warning')
          complain(`console: ${message.text()}`);
      });
      context.on('weberror', (error) => complain(`thrown: ${error.error().stack ?? error.error().message}`));
      context.on('request', (request) => {
        const to = new URL(request.url());
        if (to.host !== host && to.protocol !== 'data:' && to.protocol !== 'blob:')
          complain(`a request to ${to.host}: ${request.url()}`);
      });
      await before?.(context);
      const page = await context.newPage();
      await page.goto(url);
      return page;
    },
  };
}

/** Fails with what axe finds, as a list that a person can act on. */
export async function expectAccessible(page: Page): Promise<void> {
  await page.evaluate(AXE);
  const { violations } = await page.evaluate<AxeResults>(
    'axe.run(document, { resultTypes: ["violations"] })',
  );
  const told = violations.map(({ id, help, nodes }) => ({
    id,
    help,
    at: nodes.slice(0, 5).map((node) => `${node.target.join(' ')}: ${node.failureSummary ?? ''}`),
  }));
  expect(told).toEqual([]);
}

/** For docs/: written when ETCRON_SCREENSHOTS names a folder, else nothing. */
export async function screenshot(page: Page, name: string): Promise<void> {
  const folder = process.env['ETCRON_SCREENSHOTS'];
  if (folder === undefined) return;
  const path = `${folder}/${name}.png`;
  await mkdir(dirname(path), { recursive: true });
  await page.screenshot({ path });
}

/** As somebody has it who chose a scheme or a language before. */
export const remembering =
  (stored: Readonly<Record<string, string>>) =>
  (context: BrowserContext): Promise<unknown> =>
    context.addInitScript((entries) => {
      // An empty window, before it has an address, has no storage.
      if (location.protocol === 'about:') return;
      for (const [key, value] of Object.entries(entries))
        if (localStorage.getItem(key) === null) localStorage.setItem(key, value);
    }, stored);

export const DARK = { 'mantine-color-scheme-value': 'dark' };
export const CHINESE = { 'etcron-language': 'zh' };
