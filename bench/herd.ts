// Herds: 100 to 30,000 jobs that are all due in the same second, on 1, 3 and 6 worker processes, as handlers, shell
// commands and requests. What is measured is in support/herd.ts.
import { printTable } from './support/figures.ts';
import { herd, type HerdResult, type HerdSettings } from './support/herd.ts';
import { KINDS } from './support/marks.ts';
import { numberOf, numbersOf, sized, wordsOf } from './support/size.ts';

/** `ETCRON_BENCH_HERD`, `_WORKERS` and `_KINDS`: each of these with each; what is not named is 3 workers, handlers. */
function asked(): readonly Omit<HerdSettings, 'rounds'>[] {
  const handlers = (workers: number, ...sizes: number[]) =>
    sizes.map((jobs) => ({ jobs, workers, kind: 'handler' as const }));
  const others = (...sizes: number[]) =>
    (['shell', 'http'] as const).flatMap((kind) => sizes.map((jobs) => ({ jobs, workers: 3, kind })));
  const some = ['HERD', 'WORKERS', 'KINDS'].some((name) => process.env[`ETCRON_BENCH_${name}`]);
  if (some) {
    const kinds = wordsOf('KINDS', KINDS, ['handler']);
    const counts = numbersOf('WORKERS', [3]);
    const sizes = numbersOf('HERD', [1_000, 10_000]);
    return kinds.flatMap((kind) =>
      counts.flatMap((workers) => sizes.map((jobs) => ({ jobs, workers, kind }))),
    );
  }
  return sized({
    smoke: handlers(2, 20),
    short: [...handlers(3, 1_000, 10_000), ...others(1_000)],
    full: [
      ...handlers(3, 100, 1_000, 10_000, 30_000),
      ...handlers(1, 1_000, 10_000),
      ...handlers(6, 1_000, 10_000),
      ...others(100, 1_000, 10_000),
    ],
  });
}

export async function run(): Promise<readonly HerdResult[]> {
  const results: HerdResult[] = [];
  for (const each of asked()) {
    const usual =
      each.kind === 'handler'
        ? sized({ smoke: 1, short: 3, full: 6 })
        : sized({ smoke: 1, short: 2, full: 3 });
    results.push(await herd({ ...each, rounds: numberOf('ROUNDS', usual) }));
  }
  printTable(
    results.map(({ jobs, kind, workers, rounds, cold, warm }) => ({
      jobs,
      kind,
      workers,
      'cold p99 ms': cold.p99Ms,
      'cold done ms': cold.lastRecordedMs,
      'warm rounds': rounds.length - 1,
      'p50 ms': warm.p50Ms,
      'p99 ms': warm.p99Ms,
      'max ms': warm.maxMs,
      'done ms': warm.lastRecordedMs,
      twice: cold.twice + warm.twice,
      missing: cold.missing + warm.missing,
    })),
  );
  return results;
}
