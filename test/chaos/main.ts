// npm run chaos -- --minutes 5 --seed 7 [--seeds 3] [--ttl 5] [--keep] [--report docs/chaos/seed-7]
// A real cluster, faults by the seed, a verdict. Exit code 1 when anything is wrong. Logs, journal and data of a
// run that failed are kept, of one that passed with --keep.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, totalmem, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { RUN_MARK } from '../support/spawned.ts';
import { isPass, json, markdown, summary } from './report.ts';
import { runChaos } from './run.ts';

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '5' },
    seed: { type: 'string' },
    seeds: { type: 'string', default: '1' },
    ttl: { type: 'string', default: '5' },
    keep: { type: 'boolean', default: false },
    report: { type: 'string' },
  },
});

const number = (name: 'minutes' | 'seeds' | 'ttl'): number => {
  const value = Number(values[name]);
  if (!(value > 0)) throw new Error(`--${name} takes a number above 0`);
  return value;
};
const first = values.seed === undefined ? Math.floor(Math.random() * 1e6) : Number(values.seed);
if (!Number.isSafeInteger(first)) throw new Error('--seed takes a whole number');

for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130));

let failed = 0;
for (let seed = first; seed < first + number('seeds'); seed++) {
  const folder = mkdtempSync(join(tmpdir(), `etcron-chaos-${seed}-`));
  process.env[RUN_MARK] = folder;
  console.log(`seed ${seed}, ${values.minutes} minutes: logs and data in ${folder}`);
  const tell = (line: string): void => console.log(line);
  const options = { seed, durationMs: number('minutes') * 60_000, ttlSeconds: number('ttl'), folder, tell };
  const result = await runChaos(options).catch((error: unknown) => {
    console.error(error);
    return undefined;
  });
  if (result) {
    const around = {
      node: process.version,
      machine: `${cpus().length} cores (${cpus()[0]?.model ?? 'unknown'}), ${Math.round(totalmem() / 1024 ** 3)} GiB`,
      command: `npm run chaos -- --minutes ${values.minutes} --seed ${seed} --ttl ${values.ttl}`,
    };
    for (const { what, job, detail } of result.violations) console.log(`${what}: ${job ?? ''} ${detail}`);
    for (const line of result.trouble) console.log(`trouble: ${line}`);
    console.log(summary(result));
    const report = values.report ?? join(folder, 'report');
    const base = number('seeds') > 1 && values.report !== undefined ? `${report}-${seed}` : report;
    mkdirSync(dirname(base), { recursive: true });
    writeFileSync(`${base}.md`, markdown(result, around));
    writeFileSync(`${base}.json`, json(result, around));
  }
  const isGood = result !== undefined && isPass(result);
  if (!isGood) failed++;
  if (isGood && !values.keep) rmSync(folder, { recursive: true, force: true });
  else console.log(`kept: ${folder}`);
}
process.exit(failed === 0 ? 0 : 1);
