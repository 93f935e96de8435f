// A worker of three goes, killed or asked to, while every job is due each second: how long until its jobs run
// elsewhere, and how late the ticks after its end are.
import { setTimeout as wait } from 'node:timers/promises';
import { keyspace } from '../src/common/store/keyspace.ts';
import { median, printTable, rounded } from './support/figures.ts';
import { startBenchEtcd } from './support/etcd.ts';
import { openFleet, type BenchWorker, type Start } from './support/fleet.ts';
import { createJobs, jobName, template } from './support/jobs.ts';
import { withScope } from './support/scope.ts';
import { numberOf, sized } from './support/size.ts';
import { NOOP } from './support/worker-protocol.ts';

const PREFIX = '/bench-failover/';
const WORKERS = 3;
const JOBS = 60;
const TTL_MS = 10_000;
/** Ticks of all jobs before the signal, so that it is known who runs what. */
const BEFORE_MS = 3_000;
const PATIENCE_MS = 30_000;

type Signal = 'SIGKILL' | 'SIGTERM';

export interface FailoverRound {
  readonly signal: Signal;
  /** Jobs that the worker ran. */
  readonly jobs: number;
  /** From the signal until the last of its jobs has run elsewhere. */
  readonly elsewhereMs: number;
  /** How long, at most, the first tick of such a job that ran elsewhere had waited, the signal or its instant being the later. */
  readonly waitedMs: number;
  /** Ticks after the signal that nobody started: caught up by the newest, and on record as missed. */
  readonly passedOver: number;
  readonly twice: number;
}

export interface FailoverResult {
  readonly ttlMs: number;
  readonly kill: { readonly elsewhereMs: number; readonly worstMs: number };
  readonly term: { readonly waitedMs: number; readonly worstMs: number };
  readonly rounds: readonly FailoverRound[];
}

interface Seen extends Start {
  readonly worker: string;
}

async function until(holds: () => boolean, what: string): Promise<void> {
  const deadline = performance.now() + PATIENCE_MS;
  while (!holds()) {
    if (performance.now() > deadline) throw new Error(`${what} did not happen within ${PATIENCE_MS} ms`);
    await wait(10);
  }
}

const jobsOf = (starts: readonly Seen[]): Set<string> => new Set(starts.map((start) => start.job));

async function oneRound(victim: BenchWorker, signal: Signal, seen: Seen[]): Promise<FailoverRound> {
  seen.length = 0;
  await wait(BEFORE_MS);
  // Anywhere in the second, and anywhere between two keep-alives.
  await wait(Math.random() * 4_000);
  const recent = seen.filter((start) => start.tick > Date.now() - 1_500);
  const own = jobsOf(recent.filter((start) => start.worker === victim.name));
  if (own.size === 0) throw new Error(`${victim.name} runs no job`);
  const at = Date.now();
  const gone = victim.kill(signal);
  const elsewhere = (): Seen[] =>
    seen.filter((start) => start.worker !== victim.name && own.has(start.job) && start.at >= at);
  await until(() => jobsOf(elsewhere()).size === own.size, `a run elsewhere of each of ${own.size} jobs`);
  await gone;
  await wait(2_500);

  const first = new Map<string, Seen>();
  for (const start of elsewhere()) if (!first.has(start.job)) first.set(start.job, start);
  const firsts = [...first.values()];
  const keyOf = (start: Start): string => `${start.job} ${start.tick}`;
  const started = new Set(seen.map(keyOf));
  let passedOver = 0;
  for (const start of firsts) {
    for (let tick = Math.ceil(at / 1_000) * 1_000; tick < start.tick; tick += 1_000) {
      if (!started.has(`${start.job} ${tick}`)) passedOver++;
    }
  }
  return {
    signal,
    jobs: own.size,
    elsewhereMs: Math.max(...firsts.map((start) => start.at)) - at,
    waitedMs: Math.max(...firsts.map((start) => start.at - Math.max(at, start.tick))),
    passedOver,
    twice: seen.length - started.size,
  };
}

export const run = (): Promise<FailoverResult> =>
  withScope(async (scope) => {
    const each = numberOf('ROUNDS', sized({ smoke: 1, short: 2, full: 5 }));
    const server = await startBenchEtcd(scope);
    const keys = keyspace(PREFIX);
    const definition = template({ schedule: '* * * * * *', task: { kind: 'handler', name: NOOP } });
    await createJobs(server.client, keys, JOBS, () => definition);
    const seen: Seen[] = [];
    const startWorker = openFleet(scope, {
      endpoints: [server.endpoint],
      prefix: PREFIX,
      slots: JOBS * 2,
      ttlMs: TTL_MS,
      onStart: (start, worker) => seen.push({ ...start, worker }),
    });
    const names = Array.from({ length: WORKERS }, (_, i) => `worker-${i + 1}`);
    const workers = names.map((name) => startWorker(name));
    await Promise.all(workers.map((worker) => worker.whenReady));

    const rounds: FailoverRound[] = [];
    const signals: Signal[] = ['SIGKILL', 'SIGTERM'];
    for (let number = 0; number < each * signals.length; number++) {
      const place = number % WORKERS;
      rounds.push(await oneRound(workers[place]!, signals[Math.floor(number / each)]!, seen));
      const successor = startWorker(names[place]!);
      workers[place] = successor;
      await successor.whenReady;
      await until(
        () => jobsOf(seen.filter((start) => start.tick > Date.now() - 2_000)).size === JOBS,
        `a run of each of ${jobName(0)} to ${jobName(JOBS - 1)}`,
      );
    }
    printTable(rounds.map((round) => ({ ...round })));
    const kills = rounds.filter((round) => round.signal === 'SIGKILL');
    const terms = rounds.filter((round) => round.signal === 'SIGTERM');
    const elsewhere = kills.map((round) => round.elsewhereMs);
    const waited = terms.map((round) => round.waitedMs);
    return {
      ttlMs: TTL_MS,
      kill: { elsewhereMs: rounded(median(elsewhere)), worstMs: rounded(Math.max(...elsewhere)) },
      term: { waitedMs: rounded(median(waited)), worstMs: rounded(Math.max(...waited)) },
      rounds,
    };
  });
