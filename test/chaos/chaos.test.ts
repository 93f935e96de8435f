// A minute of faults on a real cluster: three etcd members, two masters, four workers. `npm run chaos` does the
// same for as long as one likes, with any seed; docs/reliability.md says what is judged.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { summary } from './report.ts';
import { runChaos } from './run.ts';

const SEED = 27;

test('a cluster that is broken for a minute, in the ways that the seed draws, breaks no promise', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'chaos-'));
  const told: string[] = [];
  const result = await runChaos({
    seed: SEED,
    durationMs: 48_000,
    ttlSeconds: 5,
    folder,
    tell: (line) => void told.push(line),
  });
  console.info(summary(result));
  const story = { violations: result.violations, trouble: result.trouble };
  expect(
    story,
    `${told.join('\n')}\nnpm run chaos -- --minutes 0.8 --seed ${SEED} keeps logs and data`,
  ).toEqual({
    violations: [],
    trouble: [],
  });
  expect(result.faults.length).toBe(result.plan.faults.length);
  expect(result.verdict.ticks.ran).toBeGreaterThan(100);
  rmSync(folder, { recursive: true, force: true });
}, 400_000);
