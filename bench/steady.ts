// Ticks at steady rates on three workers: 100 and 1,000 a second; 10,000 jobs of every second whose tasks take
// 3 ms, which is 10,000 ticks a second and more than two cores can hold, so that it shows what becomes of a
// cluster that is asked too much: every tick still has its one record; and the highest rate at which nothing
// starts over a second late, found by doubling, then halving the gap, and then held.
import { highestRate } from './support/search.ts';
import { numberOf, numbersOf, sized, wordsOf } from './support/size.ts';
import { sustained, type SustainedLoad, type SustainedResult } from './support/sustained.ts';
import { printSustained } from './support/sustained-tables.ts';

export interface HighestRate {
  /** Each try, in order: jobs of every second. */
  readonly tried: readonly SustainedResult[];
  /** Ticks a second that were held for the whole time, 0: none. */
  readonly perSecond: number;
  readonly seconds: number;
}

export interface SteadyResult {
  readonly rates: readonly SustainedResult[];
  readonly highest: HighestRate | undefined;
}

const PARTS = ['rates', 'crowd', 'highest'] as const;
/** Of the rates that are searched. */
const GRAIN = 100;

const everySecond = (jobs: number, seconds: number): SustainedLoad => ({
  kind: 'handler',
  jobs,
  periodS: 1,
  phase: wordsOf('PHASE', ['burst', 'spread'], ['burst'])[0]!,
  seconds,
  workers: numberOf('WORKERS', 3),
});

async function measured(load: SustainedLoad): Promise<SustainedResult> {
  const result = await sustained(load);
  printSustained([result]);
  return result;
}

interface Search {
  readonly from: number;
  readonly most: number;
  readonly stepSeconds: number;
  readonly holdSeconds: number;
}

async function searched({ from, most, stepSeconds, holdSeconds }: Search): Promise<HighestRate> {
  const tried: SustainedResult[] = [];
  const heldFor = (seconds: number) => async (rate: number) => {
    const result = await measured(everySecond(rate, seconds));
    tried.push(result);
    return result.isHeld;
  };
  const perSecond = await highestRate({
    from,
    most,
    grain: GRAIN,
    holds: heldFor(stepSeconds),
    endures: heldFor(holdSeconds),
  });
  return { tried, perSecond, seconds: holdSeconds };
}

export async function run(): Promise<SteadyResult> {
  const parts = wordsOf('STEADY', PARTS, PARTS);
  const rates = numbersOf('RATES', sized({ smoke: [20], short: [100, 1_000], full: [100, 1_000] }));
  const minutes = numbersOf('MINUTES', sized({ smoke: [0.1], short: [0.5, 0.5], full: [1, 10] }));
  const results: SustainedResult[] = [];
  if (parts.includes('rates')) {
    for (const [i, rate] of rates.entries()) {
      results.push(await measured(everySecond(rate, (minutes[i] ?? minutes.at(-1)!) * 60)));
    }
  }
  if (parts.includes('crowd')) {
    const { jobs, seconds } = sized({
      smoke: { jobs: 50, seconds: 3 },
      short: { jobs: 10_000, seconds: 15 },
      full: { jobs: 10_000, seconds: 60 },
    });
    const crowd = everySecond(numberOf('JOBS', jobs), seconds);
    results.push(
      await measured({ ...crowd, pauseMs: 3, patienceS: sized({ smoke: 5, short: 30, full: 120 }) }),
    );
  }
  let highest: HighestRate | undefined;
  if (parts.includes('highest')) {
    const search = sized({
      smoke: { from: 20, most: 20, stepSeconds: 2, holdSeconds: 2 },
      short: { from: 1_000, most: 64_000, stepSeconds: 8, holdSeconds: 30 },
      full: { from: 500, most: 64_000, stepSeconds: 20, holdSeconds: 300 },
    });
    const from = numberOf('FROM', search.from);
    highest = await searched({
      from,
      most: search.most,
      stepSeconds: numberOf('STEP', search.stepSeconds),
      holdSeconds: numberOf('HOLD', search.holdSeconds),
    });
    console.log(
      highest.perSecond === 0
        ? `no rate from ${from} ticks a second on was held for ${highest.seconds} s`
        : `${highest.perSecond} ticks a second were held for ${highest.seconds} s, none over a second late`,
    );
  }
  if (results.length > 0) printSustained([...results, ...(highest?.tried.slice(-1) ?? [])]);
  return { rates: results, highest };
}
