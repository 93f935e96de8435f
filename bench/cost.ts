// What a run costs etcd, by its own counting, with more and more workers: requests, transactions, keys and bytes,
// in the herd and at a steady rate. The scenario has no watch of its own meanwhile; it reads the records at the end.
import { printTable } from './support/figures.ts';
import { numberOf, numbersOf, sized } from './support/size.ts';
import { sustained, type SustainedLoad, type SustainedResult } from './support/sustained.ts';
import { printSustained } from './support/sustained-tables.ts';

export async function run(): Promise<readonly SustainedResult[]> {
  const workers = numbersOf('WORKERS', sized({ smoke: [2], short: [1, 3, 10], full: [1, 3, 6, 10] }));
  const seconds = numberOf('SECONDS', sized({ smoke: 4, short: 10, full: 60 }));
  const jobs = numberOf('JOBS', sized({ smoke: 20, short: 1_000, full: 1_000 }));
  const loads: Pick<SustainedLoad, 'jobs' | 'periodS' | 'phase'>[] = [
    { jobs, periodS: 10, phase: 'burst' },
    { jobs: Math.ceil(jobs / 10), periodS: 1, phase: 'burst' },
    { jobs, periodS: 10, phase: 'spread' },
  ];
  const results: SustainedResult[] = [];
  for (const load of sized({ smoke: loads.slice(1, 2), short: loads.slice(0, 2), full: loads })) {
    for (const count of workers) {
      const kind = 'handler';
      results.push(await sustained({ ...load, kind, seconds, workers: count, readsAtEnd: true }));
    }
  }
  printSustained(results);
  printTable(
    results.map(({ load, perRun }) => ({
      load: `${load.jobs} every ${load.periodS} s, ${load.phase}`,
      workers: load.workers,
      ...perRun,
    })),
  );
  return results;
}
