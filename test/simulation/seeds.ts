// Many seeds in one test file: vitest runs the files side by side. What fails is told with its seed and its story;
// `npm run simulate -- --seed N` tells all of it.
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'vitest';
import { addCounts, type Counts } from './world/coverage.ts';
import { simulate } from './world/simulate.ts';
import { storyOf } from './world/story.ts';

/** ETCRON_SEEDS: in all; ETCRON_FIRST_SEED: where they begin. */
const SEEDS = Number(process.env['ETCRON_SEEDS'] ?? 300);
const FIRST = Number(process.env['ETCRON_FIRST_SEED'] ?? 1);
const PARTS = 3;

interface Part {
  readonly counts: Counts;
  readonly seeds: number;
}

/**
 * With what the other files have counted that are done by now: of three hundred seeds the one that is last sees all,
 * and so all that is rare. They share the folder of this run of the tests.
 */
function withOthers(part: number, { counts, seeds }: Part): Part {
  const fileOf = (which: number): string => join(tmpdir(), `simulated-${which}.json`);
  // Never half written.
  writeFileSync(`${fileOf(part)}~`, JSON.stringify({ counts: [...counts], seeds }));
  renameSync(`${fileOf(part)}~`, fileOf(part));
  const all: Counts = new Map();
  let seedsOfAll = 0;
  for (let which = 0; which < PARTS; which++) {
    if (!existsSync(fileOf(which))) continue;
    const told = JSON.parse(readFileSync(fileOf(which), 'utf8')) as {
      counts: [string, number][];
      seeds: number;
    };
    addCounts(all, new Map(told.counts));
    seedsOfAll += told.seeds;
  }
  return { counts: all, seeds: seedsOfAll };
}

/** `part`: 0 to 2. Answers what was counted, by the files that are done. */
export async function runPart(part: number): Promise<Part> {
  const counts: Counts = new Map();
  const failed: string[] = [];
  let starts = 0;
  let seeds = 0;
  for (let seed = FIRST + part; seed < FIRST + SEEDS; seed += PARTS) {
    const result = await simulate({ seed });
    seeds++;
    starts += result.starts;
    addCounts(counts, result.counts);
    for (const { invariant, job, what, at } of result.violations.slice(0, 3))
      failed.push(`seed ${seed}: invariant ${invariant}, ${job}, at ${Math.round(at)} ms: ${what}`);
    if (result.violations.length > 0) failed.push(...(await storyOf(seed)));
  }
  expect(failed).toEqual([]);
  expect(starts).toBeGreaterThan(seeds * 10);
  return withOthers(part, { counts, seeds });
}
