// Many seeds in one test file: vitest runs the files side by side. What fails is told with its seed and its story;
// `npm run simulate -- --seed N` tells all of it.
import { expect } from 'vitest';
import { addCounts, type Counts } from './world/coverage.ts';
import { simulate } from './world/simulate.ts';
import { storyOf } from './world/story.ts';

/** ETCRON_SEEDS: in all; ETCRON_FIRST_SEED: where they begin. */
const SEEDS = Number(process.env['ETCRON_SEEDS'] ?? 300);
const FIRST = Number(process.env['ETCRON_FIRST_SEED'] ?? 1);
const PARTS = 3;

/** `part`: 0 to 2. Answers what was counted. */
export async function runPart(part: number): Promise<{ counts: Counts; seeds: number }> {
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
  return { counts, seeds };
}
