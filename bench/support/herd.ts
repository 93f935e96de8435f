// A herd: jobs that are all due in the same second, on some worker processes. How late they start, by their
// own marks; when the last of them is on record; whether any ran twice or not at all. Other scenarios, and those of
// peers, drive it by `herd()`.
import { setTimeout as wait } from 'node:timers/promises';
import { keyspace } from '../../src/common/store/keyspace.ts';
import { median, printTable, rounded, spreadOf, type Spread } from './figures.ts';
import { startBenchEtcd, type BenchEtcd } from './etcd.ts';
import { countsBetween, type EtcdCounts } from './etcd-counts.ts';
import { openFleet, type BenchWorker } from './fleet.ts';
import { cpuSecondsOf } from './proc.ts';
import { createJobs, template } from './jobs.ts';
import { openMarks, type Kind, type Marks } from './marks.ts';
import { watchRecords, type RecordWatch } from './records.ts';
import { withScope } from './scope.ts';
import type { Starts, WindowReport } from './worker-protocol.ts';

const PREFIX = '/bench-herd/';
const TTL_MS = 10_000;
/** Windows of measuring open this long before the tick: well before the longest lead. */
const BEFORE_MS = 4_000;
/** And end this long before the next one opens. */
const BETWEEN_MS = 2_000;
/** Starts a second that a round is given time for; far below what is measured. */
const SLOWEST: Readonly<Record<Kind, number>> = { handler: 4_000, shell: 200, http: 500 };
/** Steps of the seconds field, and beyond of the minutes field. */
const PERIODS_S = [15, 20, 30, 60, 120, 180, 240, 300, 600];

export interface HerdSettings {
  readonly jobs: number;
  readonly workers: number;
  readonly kind: Kind;
  /** The first is cold. */
  readonly rounds: number;
}

export interface HerdRound {
  /** Start by the task's own mark, after the tick, ms. */
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

export interface HerdResult extends Omit<HerdSettings, 'rounds'> {
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
  starts: Starts,
  reports: readonly WindowReport[],
  watch: RecordWatch,
  etcd: { readonly counts: EtcdCounts; readonly cpuMs: number },
  workerIds: readonly string[],
): HerdRound {
  const times = new Map<string, number>();
  const lags: number[] = [];
  for (const [i, job] of starts.jobs.entries()) {
    if (starts.ticks[i] !== tick) continue;
    times.set(job, (times.get(job) ?? 0) + 1);
    lags.push(starts.at[i]! - tick);
  }
  const records = watch.records();
  const runsOf = new Map<string | undefined, number>();
  for (const { worker } of records) runsOf.set(worker, (runsOf.get(worker) ?? 0) + 1);
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
    workers: reports.map(({ loopP99Ms, loopMaxMs, cpuMs }, i) => ({
      runs: runsOf.get(workerIds[i]) ?? 0,
      loopP99Ms: rounded(loopP99Ms, 1),
      loopMaxMs: rounded(loopMaxMs, 1),
      cpuMs: rounded(cpuMs),
    })),
  };
}

async function oneRound(
  tick: number,
  { jobs, patienceMs }: { readonly jobs: number; readonly patienceMs: number },
  server: BenchEtcd,
  workers: readonly BenchWorker[],
  marks: Marks,
  watch: RecordWatch,
): Promise<HerdRound> {
  const left = tick - BEFORE_MS - Date.now();
  if (left < 0) throw new Error(`the round came ${-left} ms too early: this machine is too busy to measure`);
  await wait(left);
  watch.reset();
  await marks.take(workers);
  const before = await server.counts();
  const cpuBefore = cpuSecondsOf(server.pid);
  for (const worker of workers) worker.begin();
  await watch.reached(jobs, tick + patienceMs);
  // One that is started twice, or recorded twice, may come after the last that was waited for.
  await wait(500);
  const starts = await marks.take(workers);
  const reports = await Promise.all(workers.map((worker) => worker.end()));
  const cpuMs = (cpuSecondsOf(server.pid) - cpuBefore) * 1_000;
  const counts = countsBetween(before, await server.counts());
  const ids = await Promise.all(workers.map(async (worker) => (await worker.whenReady).workerId));
  return judge(tick, jobs, starts, reports, watch, { counts, cpuMs }, ids);
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

/** The seconds between two rounds. */
function periodOf({ jobs, kind }: HerdSettings): number {
  const needed = (BEFORE_MS + BETWEEN_MS) / 1_000 + 5 + jobs / SLOWEST[kind];
  const period = PERIODS_S.find((each) => each >= needed);
  if (period === undefined)
    throw new Error(`${jobs} jobs of the kind ${kind} would take longer than a round may`);
  return period;
}

export const herd = (settings: HerdSettings): Promise<HerdResult> =>
  withScope(async (scope) => {
    const { jobs, kind, rounds } = settings;
    const periodS = periodOf(settings);
    const periodMs = periodS * 1_000;
    const server = await startBenchEtcd(scope);
    const keys = keyspace(PREFIX);
    const marks = await openMarks(scope, kind);
    const setupMs = 12_000 + jobs;
    const first = Math.ceil((Date.now() + setupMs) / periodMs) * periodMs;
    const last = first + (rounds - 1) * periodMs;
    const definition = template({
      schedule: periodS <= 60 ? `*/${periodS} * * * * *` : `0 */${periodS / 60} * * * *`,
      startAt: new Date(first).toISOString(),
      endAt: new Date(last + 1_000).toISOString(),
      task: marks.task,
    });
    await createJobs(server.client, keys, jobs, () => definition);
    const startWorker = openFleet(scope, {
      endpoints: [server.endpoint],
      prefix: PREFIX,
      slots: jobs,
      ttlMs: TTL_MS,
    });
    const workers = Array.from({ length: settings.workers }, (_, i) => startWorker(`worker-${i + 1}`));
    await Promise.all(workers.map((worker) => worker.whenReady));
    const watch = await watchRecords(scope, server.client, keys);
    const measured: HerdRound[] = [];
    const patienceMs = periodMs - BEFORE_MS - BETWEEN_MS;
    for (let tick = first; tick <= last; tick += periodMs) {
      measured.push(await oneRound(tick, { jobs, patienceMs }, server, workers, marks, watch));
    }
    console.log(`${jobs} ${kind} jobs due in one second, ${settings.workers} workers`);
    printTable(measured.map(row));
    return {
      ...settings,
      cold: summaryOf(measured.slice(0, 1)),
      warm: summaryOf(measured.slice(1)),
      rounds: measured,
    };
  });
