// Ticks at a steady rate for a stated time, on real workers: how late each starts by its task's own mark, whether
// each was started and recorded once, and what that costs. The core of several scenarios.
import { setTimeout as wait } from 'node:timers/promises';
import type { JobDefinition } from '../../src/common/model/job.ts';
import { keyspace } from '../../src/common/store/keyspace.ts';
import { listPages } from '../../src/common/store/queries.ts';
import { startBenchEtcd } from './etcd.ts';
import { requestsOf } from './etcd-counts.ts';
import { rounded } from './figures.ts';
import { openFleet } from './fleet.ts';
import { createJobs, template } from './jobs.ts';
import { isHeld, openLedger, type Ledger, type LedgerSum } from './ledger.ts';
import { openMarks, type Kind } from './marks.ts';
import { startMeter, type Metered } from './meter.ts';
import { followRecords } from './records.ts';
import { withScope } from './scope.ts';

export interface SustainedLoad {
  readonly kind: Kind;
  readonly jobs: number;
  readonly periodS: number;
  /** All jobs at the same instant of each period, or one after the other over it. */
  readonly phase: 'burst' | 'spread';
  /** What is judged and measured, after a warm-up. */
  readonly seconds: number;
  readonly workers: number;
  /** How long a handler takes, waiting. */
  readonly pauseMs?: number;
  /** How long what is late is waited for after the last tick. */
  readonly patienceS?: number;
  /** Records are read at the end instead of followed: the scenario's own watch is then no part of the cost. */
  readonly readsAtEnd?: boolean;
}

export interface SustainedResult {
  readonly load: SustainedLoad;
  readonly ticksPerSecond: number;
  readonly ticks: LedgerSum;
  readonly isHeld: boolean;
  readonly cpuPercent: Metered['cpuPercent'];
  /** Of etcd, by its own counting, and of the processor of workers and runners. */
  readonly perRun: {
    readonly requests: number;
    readonly transactions: number;
    readonly puts: number;
    readonly watchAnswers: number;
    readonly bytesIn: number;
    readonly bytesOut: number;
    readonly fsyncs: number;
    readonly cpuMs: number;
  };
  readonly loop: readonly { readonly p50Ms: number; readonly p99Ms: number; readonly maxMs: number }[];
  readonly memory: Metered['memory'];
  /** Growth of etcd's database file. */
  readonly dbMiB: number;
  readonly seconds: number;
}

const PREFIX = '/bench-sustained/';
const TTL_MS = 10_000;
const WARM_UP_S = 5;
/** From the last worker's being ready to the first tick: jobs are written, planned, armed. */
const LEAD_MS = 4_000;
const LEAD_OF_A_JOB_MS = 1;
const TAKE_EVERY_MS = 5_000;
/** The window begins and ends between two bursts, when little is under way. */
const BEFORE_MS = 400;
const PATIENCE_S = 15;

const scheduleOf = ({ phase, periodS }: SustainedLoad): string => {
  if (phase === 'spread' || 60 % periodS !== 0) return `@every ${periodS}s`;
  return periodS === 1 ? '* * * * * *' : `*/${periodS} * * * * *`;
};

/** When what ticks. */
function planOf(load: SustainedLoad, earliest: number) {
  const periodMs = load.periodS * 1_000;
  const first = Math.ceil(earliest / periodMs) * periodMs;
  const warm = Math.max(1, Math.ceil(WARM_UP_S / load.periodS));
  const judged = Math.max(1, Math.ceil(load.seconds / load.periodS));
  const from = first + warm * periodMs;
  const step = load.phase === 'spread' ? periodMs / load.jobs : 0;
  return {
    first,
    from,
    to: from + judged * periodMs,
    due: {
      jobs: load.jobs,
      periodMs,
      ticks: warm + judged,
      judgedFrom: from,
      firstOf: (job: number) => first + Math.floor(job * step),
    },
  };
}

function definitionsOf(load: SustainedLoad, plan: ReturnType<typeof planOf>, task: JobDefinition['task']) {
  const definition = template({
    schedule: scheduleOf(load),
    startAt: new Date(plan.first).toISOString(),
    endAt: new Date(plan.to - 1).toISOString(),
    task,
    ...(load.readsAtEnd && { history: { keep: 1_000 } }),
  });
  return (job: number): JobDefinition =>
    load.phase === 'burst'
      ? definition
      : { ...definition, anchor: new Date(plan.due.firstOf(job)).toISOString() };
}

export const sustained = (load: SustainedLoad): Promise<SustainedResult> =>
  withScope(async (scope) => {
    const server = await startBenchEtcd(scope);
    const keys = keyspace(PREFIX);
    const marks = await openMarks(scope, load.kind, load.pauseMs);
    const startWorker = openFleet(scope, {
      endpoints: [server.endpoint],
      prefix: PREFIX,
      slots: Math.max(64, load.jobs),
      ttlMs: TTL_MS,
    });
    const workers = Array.from({ length: load.workers }, (_, i) => startWorker(`worker-${i + 1}`));
    await Promise.all(workers.map((worker) => worker.whenReady));

    const plan = planOf(load, Date.now() + LEAD_MS + load.jobs * LEAD_OF_A_JOB_MS);
    const ledger = openLedger(plan.due);
    const task = template({ schedule: '@manual', task: marks.task }).task;
    const check = load.readsAtEnd
      ? () => undefined
      : await followRecords(scope, server.client, keys, (value) => ledger.recorded(value));
    await createJobs(server.client, keys, load.jobs, definitionsOf(load, plan, task));
    if (Date.now() > plan.first) throw new Error('writing the jobs took too long to measure after it');
    const take = async (): Promise<void> => ledger.started(await marks.take(workers));

    await wait(plan.from - BEFORE_MS - Date.now());
    const meter = await startMeter(server, workers);
    for (const worker of workers) worker.begin();
    for (const end = plan.to - BEFORE_MS; Date.now() < end;) {
      await wait(Math.min(TAKE_EVERY_MS, Math.max(0, end - Date.now())));
      await take();
      meter.sample();
    }
    const metered = await meter.stop();
    const reports = await Promise.all(workers.map((worker) => worker.end()));
    for (const report of reports) ledger.started(report.starts);
    const startsInWindow = ledger.sum().startsJudged;

    const patience = Date.now() + (load.patienceS ?? PATIENCE_S) * 1_000;
    const isOver = (): boolean => (load.readsAtEnd ? ledger.isStarted : ledger.isRecorded);
    while (!isOver() && Date.now() < patience) {
      await wait(200);
      await take();
      check();
    }
    // One that is started or recorded twice may come after the last that was waited for.
    await wait(1_000);
    await take();
    if (load.readsAtEnd) await readRecords(server.client, keys, ledger);
    return resultOf(load, ledger.sum(), metered, reports, startsInWindow);
  });

async function readRecords(
  etcd: Parameters<typeof listPages>[0],
  keys: ReturnType<typeof keyspace>,
  ledger: Ledger,
): Promise<void> {
  for await (const page of listPages(etcd, keys.runs))
    for (const { value } of page.kvs) ledger.recorded(value);
}

function resultOf(
  load: SustainedLoad,
  ticks: LedgerSum,
  metered: Metered,
  reports: readonly { loopP50Ms: number; loopP99Ms: number; loopMaxMs: number }[],
  runs: number,
): SustainedResult {
  const { counts, cpuPercent, seconds } = metered;
  const each = (count: number, digits = 2): number => rounded(count / runs, digits);
  return {
    load,
    ticksPerSecond: rounded(load.jobs / load.periodS, 1),
    ticks,
    isHeld: isHeld(ticks),
    cpuPercent,
    perRun: {
      requests: each(requestsOf(counts), 3),
      transactions: each(counts.requests['Txn'] ?? 0, 3),
      puts: each(counts.puts),
      watchAnswers: each(counts.watchAnswers, 3),
      bytesIn: each(counts.bytesIn, 0),
      bytesOut: each(counts.bytesOut, 0),
      fsyncs: each(counts.fsyncs, 3),
      cpuMs: each((cpuPercent.workers + cpuPercent.runners) * seconds * 10),
    },
    loop: reports.map(({ loopP50Ms, loopP99Ms, loopMaxMs }) => ({
      p50Ms: rounded(loopP50Ms, 1),
      p99Ms: rounded(loopP99Ms, 1),
      maxMs: rounded(loopMaxMs, 1),
    })),
    memory: metered.memory,
    dbMiB: rounded(counts.dbBytes / 2 ** 20, 1),
    seconds,
  };
}
