// A herd: jobs that are all due in the same second, on three worker processes. How late they start, by their
// own clock; when the last of them is on record; whether any ran twice or not at all.
import { setTimeout as wait } from 'node:timers/promises';
import { keyspace } from '../src/common/store/keyspace.ts';
import { median, printTable, rounded, spreadOf, type Spread } from './support/figures.ts';
import { countsBetween, startBenchEtcd, type BenchEtcd, type EtcdCounts } from './support/etcd.ts';
import { openFleet, type BenchWorker } from './support/fleet.ts';
import { cpuSecondsOf } from './support/proc.ts';
import { createJobs, template } from './support/jobs.ts';
import { watchRecords, type RecordWatch } from './support/records.ts';
import { withScope } from './support/scope.ts';
import { NOOP, type WindowReport } from './support/worker-protocol.ts';

const WORKERS = 3;
const PREFIX = '/bench-herd/';
const TTL_MS = 10_000;
/** Divides a minute, for it is a step of the seconds field. */
const PERIOD_S = 15;
/** Windows of measuring open this long before the tick: well before the longest lead. */
const BEFORE_MS = 4_000;
/** What comes late still counts as late, up to here. */
const PATIENCE_MS = 9_000;

export interface HerdRound {
  /** Start by the handler's own clock, after the tick, ms. */
  readonly startLag: Spread;
  /** The same, as the run records have it. */
  readonly recordedLag: Spread;
  /** From the tick until the last record was seen by a watcher, ms. */
  readonly lastRecordedMs: number;
  /** Ticks started more than once, and not at all. */
  readonly twice: number;
  readonly missing: number;
  /** Records that are no success of this tick. */
  readonly otherRecords: number;
  readonly etcd: EtcdCounts;
  /** Time on the processor of etcd, and of all workers for each run. */
  readonly etcdCpuMs: number;
  readonly workerCpuMsPerRun: number;
  readonly workers: readonly {
    readonly runs: number;
    readonly loopP99Ms: number;
    readonly loopMaxMs: number;
    readonly cpuMs: number;
  }[];
}

export interface HerdResult {
  readonly jobs: number;
  /** The first round: nothing compiled yet. */
  readonly cold: HerdSummary;
  /** Medians of the others. */
  readonly warm: HerdSummary;
  readonly rounds: readonly HerdRound[];
}

interface HerdSummary {
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
  readonly lastRecordedMs: number;
  /** Of all its rounds together. */
  readonly twice: number;
  readonly missing: number;
}

const summaryOf = (rounds: readonly HerdRound[]): HerdSummary => ({
  p50Ms: median(rounds.map((round) => round.startLag.p50)),
  p99Ms: median(rounds.map((round) => round.startLag.p99)),
  maxMs: median(rounds.map((round) => round.startLag.max)),
  lastRecordedMs: median(rounds.map((round) => round.lastRecordedMs)),
  twice: rounds.reduce((sum, round) => sum + round.twice, 0),
  missing: rounds.reduce((sum, round) => sum + round.missing, 0),
});

function judge(
  tick: number,
  jobs: number,
  reports: readonly WindowReport[],
  watch: RecordWatch,
  etcd: { readonly counts: EtcdCounts; readonly cpuMs: number },
): HerdRound {
  const times = new Map<string, number>();
  const lags: number[] = [];
  for (const { starts } of reports) {
    for (const [i, job] of starts.jobs.entries()) {
      if (starts.ticks[i] !== tick) continue;
      times.set(job, (times.get(job) ?? 0) + 1);
      lags.push(starts.at[i]! - tick);
    }
  }
  const records = watch.records();
  const good = records.filter((run) => run.scheduledFor === tick && run.state === 'succeeded');
  return {
    startLag: spreadOf(lags),
    recordedLag: spreadOf(good.map((run) => run.startLagMs ?? Number.NaN)),
    lastRecordedMs: watch.lastAt - tick,
    twice: [...times.values()].filter((count) => count > 1).length,
    missing: jobs - times.size,
    otherRecords: records.length - good.length,
    etcd: etcd.counts,
    etcdCpuMs: rounded(etcd.cpuMs),
    workerCpuMsPerRun: rounded(reports.reduce((sum, report) => sum + report.cpuMs, 0) / lags.length, 2),
    workers: reports.map(({ starts, loopP99Ms, loopMaxMs, cpuMs }) => ({
      runs: starts.jobs.length,
      loopP99Ms: rounded(loopP99Ms, 1),
      loopMaxMs: rounded(loopMaxMs, 1),
      cpuMs: rounded(cpuMs),
    })),
  };
}

async function oneRound(
  tick: number,
  jobs: number,
  server: BenchEtcd,
  workers: readonly BenchWorker[],
  watch: RecordWatch,
): Promise<HerdRound> {
  const left = tick - BEFORE_MS - Date.now();
  if (left < 0) throw new Error(`the round came ${-left} ms too early: this machine is too busy to measure`);
  await wait(left);
  watch.reset();
  const before = await server.counts();
  const cpuBefore = cpuSecondsOf(server.pid);
  for (const worker of workers) worker.begin();
  await watch.reached(jobs, tick + PATIENCE_MS);
  // One that is started twice, or recorded twice, may come after the last that was waited for.
  await wait(500);
  const reports = await Promise.all(workers.map((worker) => worker.end()));
  const cpuMs = (cpuSecondsOf(server.pid) - cpuBefore) * 1_000;
  const counts = countsBetween(before, await server.counts());
  return judge(tick, jobs, reports, watch, { counts, cpuMs });
}

const row = (round: HerdRound, number: number) => ({
  round: number === 0 ? 'cold' : String(number),
  'p50 ms': round.startLag.p50,
  'p99 ms': round.startLag.p99,
  'max ms': round.startLag.max,
  'recorded p99': round.recordedLag.p99,
  'last recorded ms': round.lastRecordedMs,
  twice: round.twice,
  missing: round.missing,
  'etcd txns': round.etcd.requests['Txn'] ?? 0,
  ranges: round.etcd.requests['Range'] ?? 0,
  puts: round.etcd.puts,
  fsyncs: round.etcd.fsyncs,
  'loop p99 ms': round.workers.map((worker) => worker.loopP99Ms).join('/'),
  'loop max ms': round.workers.map((worker) => worker.loopMaxMs).join('/'),
  'cpu ms': round.workers.map((worker) => worker.cpuMs).join('/'),
  'cpu ms/run': round.workerCpuMsPerRun,
  'etcd cpu ms': round.etcdCpuMs,
});

export const herd = (jobs: number, rounds: number): Promise<HerdResult> =>
  withScope(async (scope) => {
    const server = await startBenchEtcd(scope);
    const keys = keyspace(PREFIX);
    const setupMs = 12_000 + jobs;
    const first = Math.ceil((Date.now() + setupMs) / (PERIOD_S * 1_000)) * PERIOD_S * 1_000;
    const last = first + (rounds - 1) * PERIOD_S * 1_000;
    const definition = template({
      schedule: `*/${PERIOD_S} * * * * *`,
      startAt: new Date(first).toISOString(),
      endAt: new Date(last + 1_000).toISOString(),
      task: { kind: 'handler', name: NOOP },
    });
    await createJobs(server.client, keys, jobs, () => definition);
    const startWorker = openFleet(scope, {
      endpoint: server.endpoint,
      prefix: PREFIX,
      slots: jobs,
      ttlMs: TTL_MS,
    });
    const workers = Array.from({ length: WORKERS }, (_, i) => startWorker(`worker-${i + 1}`));
    await Promise.all(workers.map((worker) => worker.whenReady));
    const watch = await watchRecords(scope, server.client, keys);
    const measured: HerdRound[] = [];
    for (let tick = first; tick <= last; tick += PERIOD_S * 1_000) {
      measured.push(await oneRound(tick, jobs, server, workers, watch));
    }
    console.log(`${jobs} jobs due in one second, ${WORKERS} workers`);
    printTable(measured.map(row));
    return {
      jobs,
      cold: summaryOf(measured.slice(0, 1)),
      warm: summaryOf(measured.slice(1)),
      rounds: measured,
    };
  });

export async function run(): Promise<readonly HerdResult[]> {
  const rounds = Number(process.env['ETCRON_BENCH_ROUNDS'] ?? 6);
  const sizes = (process.env['ETCRON_BENCH_HERD'] ?? '1000,10000').split(',').map(Number);
  const results: HerdResult[] = [];
  for (const jobs of sizes) results.push(await herd(jobs, rounds));
  return results;
}
