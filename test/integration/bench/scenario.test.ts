// That the benchmarks still run: the smallest of those that use all their pieces (an etcd, worker processes, tasks
// that mark their start, the ledger, the meter), as npm run bench runs it. No figure of it is judged.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import type { SustainedResult } from '../../../bench/support/sustained.ts';
import { exited, spawnMarked } from '../../support/spawned.ts';

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..', '..');

interface Kept {
  readonly scenario: string;
  readonly machine: { readonly etcron: string; readonly etcd: string };
  readonly settings: Record<string, string>;
  readonly result: readonly SustainedResult[];
}

test('a scenario measures, and keeps its result with the machine and the settings', async () => {
  const results = mkdtempSync(join(tmpdir(), 'etcron-bench-results-'));
  onTestFinished(() => rmSync(results, { recursive: true, force: true }));
  const bench = spawnMarked(process.execPath, [join(root, 'scripts', 'bench.mjs'), 'cost'], {
    env: { ...process.env, ETCRON_BENCH_RESULTS: results, ETCRON_BENCH_SIZE: 'smoke' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [bench.stdout!, bench.stderr!]) {
    stream.setEncoding('utf8').on('data', (text: string) => (output += text));
  }
  await exited(bench);
  if (bench.exitCode !== 0) throw new Error(`it ended with exit code ${bench.exitCode}:\n${output}`);

  const kept = JSON.parse(readFileSync(join(results, 'cost.json'), 'utf8')) as Kept;
  expect(kept).toMatchObject({ scenario: 'cost', settings: { ETCRON_BENCH_SIZE: 'smoke' } });
  expect(kept.machine.etcron).toMatch(/^\d+\.\d+\.\d+ \(/);
  const { ticks, perRun } = kept.result[0]!;
  expect(ticks.due).toBeGreaterThan(0);
  expect(ticks).toMatchObject({ startedTwice: 0, recordedTwice: 0, unrecorded: 0, strays: 0 });
  expect(perRun.transactions).toBeGreaterThan(0);
}, 240_000);
