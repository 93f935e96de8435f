// One of three workers has a clock that is 3 s fast: how early anything starts, by a clock that is right, and whether
// anything runs twice or not at all. With a clock that was fast from the start; with one that is set forward while it
// works; with two workers and a master, which is a third clock; and with two workers only, of which neither can tell
// who is right. Needs faketime.
import { setTimeout as wait } from 'node:timers/promises';
import { keyspace } from '../src/common/store/keyspace.ts';
import { startBenchEtcd } from './support/etcd.ts';
import { openFakeClock } from './support/fake-clock.ts';
import { printTable, spreadOf, type Spread } from './support/figures.ts';
import { openFleet, type Start } from './support/fleet.ts';
import { createJobs, template } from './support/jobs.ts';
import { startBenchMaster } from './support/master.ts';
import { withScope } from './support/scope.ts';
import { numberOf, sized } from './support/size.ts';
import { NOOP } from './support/worker-protocol.ts';

const PREFIX = '/bench-skew/';
const OFFSET_S = 3;
/** Clocks are compared at heartbeats, every 10 s. */
const SETTLE_MS = 12_000;

type Case =
  'fast from the start' | 'set forward while it works' | 'fast, one of two and a master' | 'fast, one of two';
const CASES: readonly Case[] = [
  'fast from the start',
  'set forward while it works',
  'fast, one of two and a master',
  'fast, one of two',
];

export interface SkewFigures {
  readonly case: Case;
  readonly offsetS: number;
  readonly seconds: number;
  readonly starts: number;
  /** Of those, on the worker whose clock is fast. */
  readonly startsOfTheFast: number;
  /** How long before its tick the earliest started, ms; 0: none did. */
  readonly earliestMs: number;
  /** Starts more than 100 ms before their tick. */
  readonly early: number;
  readonly lag: Spread;
  readonly twice: number;
  /** Ticks after the first and before the last that were started, which nobody started. */
  readonly missing: number;
}

interface Seen extends Start {
  readonly worker: string;
}

const measure = (which: Case, jobs: number, seconds: number): Promise<SkewFigures> =>
  withScope(async (scope) => {
    const clock = openFakeClock(scope);
    const server = await startBenchEtcd(scope);
    const keys = keyspace(PREFIX);
    const seen: Seen[] = [];
    const startWorker = openFleet(scope, {
      endpoints: [server.endpoint],
      prefix: PREFIX,
      slots: jobs * 2,
      ttlMs: 10_000,
      // By this process's clock, which is right: later than the start by what the message took.
      onStart: (start, worker) => seen.push({ ...start, at: Date.now(), worker }),
    });
    clock.set(which === 'set forward while it works' ? 0 : OFFSET_S);
    const right = which.startsWith('fast, one of two') ? ['right'] : ['right', 'also-right'];
    if (which === 'fast, one of two and a master') await startBenchMaster(scope, server.endpoint, PREFIX);
    const workers = [...right.map((name) => startWorker(name)), startWorker('fast', clock.wrapper)];
    await Promise.all(workers.map((worker) => worker.whenReady));
    const definition = template({ schedule: '* * * * * *', task: { kind: 'handler', name: NOOP } });
    await createJobs(server.client, keys, jobs, () => definition);
    await wait(sized({ smoke: 1_000, short: SETTLE_MS, full: SETTLE_MS }));
    seen.length = 0;
    clock.set(OFFSET_S);
    await wait(seconds * 1_000);
    return figuresOf(which, seconds, [...seen]);
  });

function figuresOf(which: Case, seconds: number, seen: readonly Seen[]): SkewFigures {
  const lags = seen.map((start) => start.at - start.tick);
  const started = new Map<string, Map<number, number>>();
  for (const { job, tick } of seen) {
    const ticks = started.get(job) ?? new Map<number, number>();
    ticks.set(tick, (ticks.get(tick) ?? 0) + 1);
    started.set(job, ticks);
  }
  let twice = 0;
  let missing = 0;
  for (const ticks of started.values()) {
    for (const count of ticks.values()) if (count > 1) twice++;
    const all = [...ticks.keys()];
    missing += (Math.max(...all) - Math.min(...all)) / 1_000 + 1 - all.length;
  }
  return {
    case: which,
    offsetS: OFFSET_S,
    seconds,
    starts: seen.length,
    startsOfTheFast: seen.filter(({ worker }) => worker === 'fast').length,
    earliestMs: Math.max(0, -Math.min(...lags)),
    early: lags.filter((lag) => lag < -100).length,
    lag: spreadOf(lags),
    twice,
    missing,
  };
}

export async function run(): Promise<readonly SkewFigures[]> {
  const jobs = numberOf('JOBS', sized({ smoke: 10, short: 100, full: 100 }));
  const seconds = numberOf('SECONDS', sized({ smoke: 4, short: 15, full: 60 }));
  const figures: SkewFigures[] = [];
  for (const which of sized({ smoke: CASES.slice(0, 1), short: CASES.slice(0, 2), full: CASES })) {
    figures.push(await measure(which, jobs, seconds));
  }
  printTable(
    figures.map(({ lag, ...rest }) => ({ ...rest, 'p50 ms': lag.p50, 'p99 ms': lag.p99, 'max ms': lag.max })),
  );
  return figures;
}
