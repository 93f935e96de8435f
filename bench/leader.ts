// The leader of three etcd members is killed while every job is due each second: how long until jobs start again,
// how late the ticks meanwhile start, and which of them nobody starts.
import { setTimeout as wait } from 'node:timers/promises';
import { keyspace } from '../src/common/store/keyspace.ts';
import { median, printTable, rounded } from './support/figures.ts';
import { startBenchCluster } from './support/etcd-cluster.ts';
import { openFleet, type Start } from './support/fleet.ts';
import { createJobs, template } from './support/jobs.ts';
import { withScope } from './support/scope.ts';
import { numberOf, sized } from './support/size.ts';
import { NOOP } from './support/worker-protocol.ts';

const PREFIX = '/bench-leader/';
const WORKERS = 3;
const PATIENCE_MS = 30_000;
/** After all jobs run again: what was late is there by then. */
const AFTER_MS = 3_000;

export interface LeaderRound {
  /** From the kill until each job has started a tick that came after it. */
  readonly allAgainMs: number;
  /** The longest time in which no job at all started, the usual pause between two seconds included. */
  readonly silenceMs: number;
  readonly latestMs: number;
  readonly overASecondLate: number;
  /** Ticks after the kill that nobody started: caught up by the newest, and on record as missed. */
  readonly passedOver: number;
  readonly twice: number;
}

export interface LeaderResult {
  readonly jobs: number;
  readonly allAgainMs: number;
  readonly worstMs: number;
  readonly rounds: readonly LeaderRound[];
}

function judge(at: number, allAgainAt: number, jobs: readonly string[], seen: readonly Start[]): LeaderRound {
  const keyOf = (job: string, tick: number): string => `${job} ${tick}`;
  const started = new Set(seen.map((start) => keyOf(start.job, start.tick)));
  const after = seen.filter((start) => start.at >= at);
  const times = [at, ...after.map((start) => start.at)].sort((a, b) => a - b);
  const lags = after.map((start) => start.at - start.tick);
  let passedOver = 0;
  for (let tick = Math.ceil(at / 1_000) * 1_000; tick <= allAgainAt; tick += 1_000) {
    passedOver += jobs.filter((job) => !started.has(keyOf(job, tick))).length;
  }
  return {
    allAgainMs: allAgainAt - at,
    silenceMs: Math.max(...times.slice(1).map((time, i) => time - times[i]!)),
    latestMs: Math.max(...lags),
    overASecondLate: lags.filter((lag) => lag > 1_000).length,
    passedOver,
    twice: seen.length - started.size,
  };
}

export const run = (): Promise<LeaderResult> =>
  withScope(async (scope) => {
    const rounds = numberOf('ROUNDS', sized({ smoke: 1, short: 3, full: 6 }));
    const count = numberOf('JOBS', sized({ smoke: 10, short: 60, full: 60 }));
    const cluster = await startBenchCluster(scope);
    const definition = template({ schedule: '* * * * * *', task: { kind: 'handler', name: NOOP } });
    await createJobs(cluster.client, keyspace(PREFIX), count, () => definition);
    const seen: Start[] = [];
    const startWorker = openFleet(scope, {
      endpoints: cluster.endpoints,
      prefix: PREFIX,
      slots: count * 2,
      ttlMs: 10_000,
      onStart: (start) => seen.push(start),
    });
    const workers = Array.from({ length: WORKERS }, (_, i) => startWorker(`worker-${i + 1}`));
    await Promise.all(workers.map((worker) => worker.whenReady));
    /** When each job had started a tick after `at`. */
    const untilAllRan = async (at: number): Promise<number> => {
      const deadline = performance.now() + PATIENCE_MS;
      for (;;) {
        const fresh = new Map<string, number>();
        for (const start of seen) {
          if (start.tick > at && !fresh.has(start.job)) fresh.set(start.job, start.at);
        }
        if (fresh.size === count) return Math.max(...fresh.values());
        if (performance.now() > deadline) throw new Error(`${count - fresh.size} jobs do not run again`);
        await wait(10);
      }
    };

    const results: LeaderRound[] = [];
    for (let round = 0; round < rounds; round++) {
      await untilAllRan(Date.now());
      // Anywhere in the second.
      await wait(2_000 + Math.random() * 1_000);
      seen.length = 0;
      const at = Date.now();
      const member = await cluster.killLeader();
      const allAgainAt = await untilAllRan(at);
      await wait(AFTER_MS);
      const jobs = [...new Set(seen.map(({ job }) => job))];
      results.push(judge(at, allAgainAt, jobs, [...seen]));
      await cluster.revive(member);
    }
    printTable(results.map((round) => ({ ...round })));
    const again = results.map((round) => round.allAgainMs);
    return {
      jobs: count,
      allAgainMs: rounded(median(again)),
      worstMs: rounded(Math.max(...again)),
      rounds: results,
    };
  });
