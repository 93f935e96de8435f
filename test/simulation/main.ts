// npm run simulate -- --seeds 1000 [--from 1]: many seeds, a line for each that fails, and how fast it went.
// npm run simulate -- --seed 42: one seed, with everything that happened in it.
import { parseArgs } from 'node:util';
import { simulate, type SimulationResult } from './world/simulate.ts';

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

async function one(seed: number): Promise<number> {
  const result = await simulate({ seed, trace: true });
  for (const line of result.trace) console.log(line);
  console.log(
    `seed ${seed}: ${result.starts} starts, ${result.records} records, fingerprint ${result.fingerprint}`,
  );
  tellViolations(result);
  return result.violations.length === 0 ? 0 : 1;
}

async function many(from: number, count: number): Promise<number> {
  const began = performance.now();
  let failed = 0;
  let starts = 0;
  for (let seed = from; seed < from + count; seed++) {
    const result = await simulate({ seed });
    starts += result.starts;
    if (result.violations.length > 0) failed++;
    tellViolations(result);
  }
  const seconds = (performance.now() - began) / 1_000;
  console.log(
    `${count} seeds, ${failed} failed; ${starts} starts; ${(count / seconds).toFixed(1)} seeds a second`,
  );
  return failed === 0 ? 0 : 1;
}

process.exitCode =
  values.seed === undefined
    ? await many(Number(values.from), Number(values.seeds))
    : await one(Number(values.seed));
