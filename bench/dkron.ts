// The two loads at which users of dkron report that it broke, on three workers and shell tasks that print a line:
// 600 to 800 jobs every 10 s, unresponsive: https://github.com/dkron-io/dkron/issues/1839
// 1,000 jobs every 5 s, the leader crashed or answered nothing: https://github.com/dkron-io/dkron/issues/1828
// Each as reported (`@every`, so its jobs are due one after the other, as they were created) and, harder, with all
// jobs due at the same instant.
import { KINDS } from './support/marks.ts';
import { numberOf, sized, wordsOf } from './support/size.ts';
import { sustained, type SustainedLoad, type SustainedResult } from './support/sustained.ts';
import { printSustained } from './support/sustained-tables.ts';

const REPORTED = [
  { jobs: 800, periodS: 10 },
  { jobs: 1_000, periodS: 5 },
] as const;

export async function run(): Promise<readonly SustainedResult[]> {
  const seconds = numberOf('SECONDS', sized({ smoke: 5, short: 20, full: 120 }));
  const workers = numberOf('WORKERS', 3);
  const phases = wordsOf('PHASE', ['spread', 'burst'], ['spread', 'burst']);
  const kinds = wordsOf('KINDS', KINDS, ['shell']);
  const loads = sized<readonly Pick<SustainedLoad, 'jobs' | 'periodS'>[]>({
    smoke: [{ jobs: 20, periodS: 5 }],
    short: REPORTED,
    full: REPORTED,
  });
  const results: SustainedResult[] = [];
  for (const load of loads) {
    for (const kind of kinds) {
      for (const phase of phases) {
        results.push(await sustained({ ...load, kind, phase, seconds, workers }));
        printSustained(results.slice(-1));
      }
    }
  }
  if (results.length > 1) printSustained(results);
  return results;
}
