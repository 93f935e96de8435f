// Many jobs (10,000, 100,000, 300,000) and one worker: how soon it is ready, what memory that takes, whether its event loop stays
// free meanwhile; then what it does while nothing is due: next to nothing, and no writes but heartbeats.
import { setTimeout as wait } from 'node:timers/promises';
import { keyspace } from '../src/common/store/keyspace.ts';
import type { JobDefinition } from '../src/common/model/job.ts';
import { printTable, rounded } from './support/figures.ts';
import { startBenchEtcd, type BenchEtcd } from './support/etcd.ts';
import { countsBetween } from './support/etcd-counts.ts';
import { openFleet, type BenchWorker, type Start } from './support/fleet.ts';
import { createCursors, createJobs, jobName, reportJobs, template } from './support/jobs.ts';
import { childrenOf, cpuOf, cpuSecondsOf, memoryOf, untilQuiet } from './support/proc.ts';
import { withScope } from './support/scope.ts';
import { numbersOf, SETTLING, sized } from './support/size.ts';
import { NOOP } from './support/worker-protocol.ts';

const PREFIX = '/bench-load/';
const HEARTBEAT_EVERY_MS = 10_000;
/** Time to write the jobs in, and then for a worker to load them and run the last: it is due until then. */
const WRITING_MS = 5_000;
const WRITING_A_JOB_MS = 0.35;
const LOADING_MS = 10_000;
const LOADING_A_JOB_MS = 0.2;

export interface LoadResult {
  readonly jobs: number;
  readonly averageBytes: number;
  /** From the start of the process until it says that it is ready, and so does /readyz. */
  readonly readyMs: number;
  /** Until the last job by name has run for the first time: every job is planned then. */
  readonly firstRunMs: number;
  /** Longest time the event loop was held up, from the start until all is planned. */
  readonly loopMaxMs: number;
  readonly loopP99Ms: number;
  /** Time on the processor until all is planned, garbage collection on other threads included. */
  readonly cpuMs: number;
  readonly rssMiB: number;
  readonly peakMiB: number;
  /** When V8 has collected what loading left. */
  readonly settledMiB: number;
  readonly idle: {
    readonly seconds: number;
    /** Of one core, the runner included. */
    readonly cpuPercent: number;
    /** Of etcd, for the same time. */
    readonly etcdCpuPercent: number;
    readonly puts: number;
    /** Writes of the worker's registration in this time, which are all that should be there. */
    readonly heartbeats: number;
    readonly requests: Readonly<Record<string, number>>;
  };
}

/** The last by name: judged last, so when it runs, all are planned. Ends before the idle time begins. */
const canary = (endAt: number): JobDefinition =>
  template({
    schedule: '* * * * * *',
    endAt: new Date(endAt).toISOString(),
    task: { kind: 'handler', name: NOOP },
  });

async function idle(server: BenchEtcd, worker: BenchWorker): Promise<LoadResult['idle']> {
  const pids = [worker.pid, ...childrenOf(worker.pid)];
  const before = { at: performance.now(), cpu: cpuOf(pids), etcd: cpuSecondsOf(server.pid) };
  const counts = await server.counts();
  await wait(sized({ smoke: 2_000, short: 20_000, full: 60_000 }));
  const { puts, requests } = countsBetween(counts, await server.counts());
  const seconds = (performance.now() - before.at) / 1_000;
  return {
    seconds: rounded(seconds, 1),
    cpuPercent: rounded(((cpuOf(pids) - before.cpu) / seconds) * 100, 2),
    etcdCpuPercent: rounded(((cpuSecondsOf(server.pid) - before.etcd) / seconds) * 100, 2),
    puts,
    heartbeats: Math.round((seconds * 1_000) / HEARTBEAT_EVERY_MS),
    requests,
  };
}

async function isReady(url: string): Promise<boolean> {
  return (await fetch(`${url}/readyz`)).status === 200;
}

export const load = (jobs: number): Promise<LoadResult> =>
  withScope(async (scope) => {
    const server = await startBenchEtcd(scope);
    const keys = keyspace(PREFIX);
    const many = reportJobs();
    const last = jobName(jobs - 1);
    const writtenBy = Date.now() + WRITING_MS + jobs * WRITING_A_JOB_MS;
    const canaryEnds = writtenBy + LOADING_MS + jobs * LOADING_A_JOB_MS;
    const { averageBytes } = await createJobs(server.client, keys, jobs, (number) =>
      number === jobs - 1 ? canary(canaryEnds) : many[number % many.length]!,
    );
    await createCursors(server.client, keys, jobs - 1, Date.now());
    if (Date.now() > writtenBy) throw new Error('writing the jobs took too long to measure after it');

    let firstRun: (start: Start) => void;
    const ran = new Promise<Start>((resolve) => (firstRun = resolve));
    const startWorker = openFleet(scope, {
      endpoints: [server.endpoint],
      prefix: PREFIX,
      slots: 64,
      ttlMs: 10_000,
      measuresFromStart: true,
      onStart: (start) => start.job === last && firstRun(start),
    });
    const worker = startWorker('worker-1');
    const { url } = await worker.whenReady;
    const readyMs = performance.now() - worker.forkedAt;
    if (!(await isReady(url))) throw new Error('the worker says that it is ready, its /readyz does not');
    await ran;
    const firstRunMs = performance.now() - worker.forkedAt;
    await untilQuiet([worker.pid]);
    const { loopMaxMs, loopP99Ms, cpuMs } = await worker.end();
    const { rssMiB, peakMiB } = memoryOf(worker.pid);
    await wait(Math.max(sized(SETTLING), canaryEnds + 3_000 - Date.now()));
    const settledMiB = memoryOf(worker.pid).rssMiB;
    const result: LoadResult = {
      jobs,
      averageBytes,
      readyMs: rounded(readyMs),
      firstRunMs: rounded(firstRunMs),
      loopMaxMs: rounded(loopMaxMs, 1),
      loopP99Ms: rounded(loopP99Ms, 1),
      cpuMs: rounded(cpuMs),
      rssMiB: rounded(rssMiB),
      peakMiB: rounded(peakMiB),
      settledMiB: rounded(settledMiB),
      idle: await idle(server, worker),
    };
    const { idle: idled, ...loaded } = result;
    printTable([loaded]);
    printTable([{ ...idled, requests: JSON.stringify(idled.requests) }]);
    return result;
  });

export async function run(): Promise<readonly LoadResult[]> {
  const sizes = numbersOf(
    'JOBS',
    sized({ smoke: [200], short: [100_000], full: [10_000, 100_000, 300_000] }),
  );
  const results: LoadResult[] = [];
  for (const jobs of sizes) results.push(await load(jobs));
  return results;
}
