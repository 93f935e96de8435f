// npm run simulate -- --seeds 1000 [--from 1]: many seeds, a line for each that fails, what was counted, and how fast
// it went. The first that fails is told as far as its job goes.
// npm run simulate -- --seed 42: one seed, with everything that happened in it.
import { parseArgs } from 'node:util';
import { addCounts, type Counts } from './world/coverage.ts';
import { simulate, type SimulationResult } from './world/simulate.ts';
import { storyOf } from './world/story.ts';

const { values } = parseArgs({
  options: {
    seed: { type: 'string' },
    seeds: { type: 'string', default: '1000' },
    from: { type: 'string', default: '1' },
  },
});

const tellViolations = ({ seed, violations }: SimulationResult): void => {
  for (const { invariant, job, what, at } of violations.slice(0, 2))
    console.log(`seed ${seed}: invariant ${invariant}, ${job}, at ${(at / 1_000).toFixed(3)} s: ${what}`);
};

const tellCounts = (counts: Counts): void => {
  for (const [what, count] of [...counts].sort(([a], [b]) => (a < b ? -1 : 1)))
    console.log(`${String(count).padStart(9)}  ${what}`);
};

async function one(seed: number): Promise<number> {
  const result = await simulate({ seed, trace: true });
  for (const line of result.trace) console.log(line);
  tellCounts(result.counts);
  console.log(
    `seed ${seed}: ${result.starts} starts, ${result.records} records, fingerprint ${result.fingerprint}`,
  );
  tellViolations(result);
  return result.violations.length === 0 ? 0 : 1;
}

async function many(from: number, count: number): Promise<number> {
  const began = performance.now();
  const counts: Counts = new Map();
  let failed = 0;
  let starts = 0;
  let events = 0;
  for (let seed = from; seed < from + count; seed++) {
    const result = await simulate({ seed });
    addCounts(counts, result.counts);
    starts += result.starts;
    events += result.events;
    tellViolations(result);
    if (result.violations.length > 0 && failed++ === 0)
      for (const line of await storyOf(seed)) console.log(line);
  }
  const seconds = (performance.now() - began) / 1_000;
  const { user, system } = process.cpuUsage();
  const busy = (user + system) / 1_000_000;
  tellCounts(counts);
  console.log(
    `seeds ${from} to ${from + count - 1}, ${failed} failed; ${starts} starts, ${events} events; ${(count / seconds).toFixed(1)} seeds a second, ${(count / busy).toFixed(1)} a second of processor`,
  );
  return failed === 0 ? 0 : 1;
}

process.exitCode =
  values.seed === undefined
    ? await many(Number(values.from), Number(values.seeds))
    : await one(Number(values.seed));
