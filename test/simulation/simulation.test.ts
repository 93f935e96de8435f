// The worker's own code through random faults, judged by the invariants of the design. What fails here says its
// seed: npm run simulate -- --seed N tells the whole story.
import { expect, test } from 'vitest';
import { simulate } from './world/simulate.ts';

const SEEDS = Number(process.env['ETCRON_SEEDS'] ?? 60);
const FIRST = Number(process.env['ETCRON_FIRST_SEED'] ?? 1);

test('keeps every invariant through random faults', { timeout: 3_600_000 }, async () => {
  const failed: string[] = [];
  let starts = 0;
  for (let seed = FIRST; seed < FIRST + SEEDS; seed++) {
    const result = await simulate({ seed });
    starts += result.starts;
    for (const { invariant, job, what, at } of result.violations.slice(0, 3))
      failed.push(`seed ${seed}: invariant ${invariant}, ${job}, at ${Math.round(at)} ms: ${what}`);
  }
  expect(failed).toEqual([]);
  expect(starts).toBeGreaterThan(SEEDS * 10);
});

test('repeats a seed exactly', async () => {
  const [first, second] = [
    await simulate({ seed: 7, trace: true }),
    await simulate({ seed: 7, trace: true }),
  ];
  expect(second.trace).toEqual(first.trace);
  expect(second.fingerprint).toBe(first.fingerprint);
});
