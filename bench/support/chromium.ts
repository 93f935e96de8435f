// A page in Chromium. It has no graphics processor here: it draws on the same cores as all that is measured.
import { existsSync } from 'node:fs';
import { chromium, type Page } from 'playwright-core';
import type { Scope } from './scope.ts';

const PROGRAM = process.env['ETCRON_TEST_CHROMIUM'] ?? '/usr/bin/chromium';

/** To be asked before anything else is started. */
export function needChromium(): void {
  if (!existsSync(PROGRAM)) throw new Error(`no Chromium at ${PROGRAM}: name it by ETCRON_TEST_CHROMIUM`);
}

/** Gone with the scope. */
export async function openPage(scope: Scope, url: string): Promise<Page> {
  const browser = await chromium.launch({
    executablePath: PROGRAM,
    args: ['--no-sandbox', '--disable-gpu'],
  });
  scope.onClose(() => browser.close());
  const page = await browser.newPage({ viewport: { width: 1280, height: 1_000 } });
  await page.goto(url);
  return page;
}
