// Old outputs go: by age, then the oldest until the rest fits; live ones never.
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { pino } from 'pino';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { systemClock } from '../../../src/common/runtime/clock.ts';
import { waitFor } from '../../support/wait.ts';
import { startOutputs, type Outputs } from '../../../src/worker/output.ts';

const DAY = 86_400;
let dataDir: string;
let outputs: Outputs;

beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'etcron-sweep-'));
  const logger = pino({ level: 'silent' });
  outputs = startOutputs({ dataDir, clock: systemClock(), logger, maxBytes: 10_000 });
});
afterEach(async () => {
  await outputs.stop();
  await rm(dataDir, { recursive: true, force: true });
});

const path = (name: string): string => join(dataDir, 'runs', `${name}.log`);
async function put(name: string, ageDays: number): Promise<void> {
  await mkdir(dirname(path(name)), { recursive: true });
  await writeFile(path(name), 'x'.repeat(100));
  const at = Date.now() / 1000 - ageDays * DAY;
  await utimes(path(name), at, at);
}

test('what is older than seven days goes, with its empty folder', async () => {
  await put('old/a', 8);
  await put('new/a', 6);
  expect(await outputs.sweep()).toEqual({ removedFiles: 1, keptBytes: 4096 });
  expect(existsSync(join(dataDir, 'runs/old'))).toBe(false);
  expect(existsSync(path('new/a'))).toBe(true);
});

test('of what is too much the oldest goes first', async () => {
  for (const [name, age] of [
    ['j/a', 3],
    ['j/b', 4],
    ['k/c', 1],
  ] as const)
    await put(name, age);
  expect(await outputs.sweep()).toEqual({ removedFiles: 1, keptBytes: 8192 });
  expect(['j/a', 'j/b', 'k/c'].filter((name) => existsSync(path(name)))).toEqual(['j/a', 'k/c']);
});

test('the output of a live run stays, however old', async () => {
  await put('j/a', 30);
  const end = outputs.begin('j', 'a');
  expect((await outputs.sweep()).removedFiles).toBe(0);
  end();
  expect((await outputs.sweep()).removedFiles).toBe(1);
});

test('much that is written brings the next sweep on, and a live run keeps its output', async () => {
  await put('j/old', 3);
  const ends = ['a', 'b', 'c'].map((run) => outputs.begin('j', run));
  for (const name of ['j/a', 'j/b', 'j/c']) await put(name, 1);
  ends[0]!(100);
  await waitFor(() => !existsSync(path('j/old')), { what: 'the oldest is gone' });
  expect(['j/b', 'j/c'].filter((name) => existsSync(path(name)))).toEqual(['j/b', 'j/c']);
});

test('with nothing written yet there is nothing to sweep', async () => {
  expect(await outputs.sweep()).toEqual({ removedFiles: 0, keptBytes: 0 });
});
