// What a cluster does while nothing is due: the processor of workers, masters and etcd, and what etcd is asked, with
// one worker, with three, and with a master as well.
import { setTimeout as wait } from 'node:timers/promises';
import { keyspace } from '../src/common/store/keyspace.ts';
import { startBenchEtcd } from './support/etcd.ts';
import { requestsOf } from './support/etcd-counts.ts';
import { printTable, rounded } from './support/figures.ts';
import { openFleet } from './support/fleet.ts';
import { createCursors, createJobs, reportJobs } from './support/jobs.ts';
import { startBenchMaster } from './support/master.ts';
import { startMeter, type Metered } from './support/meter.ts';
import { untilQuiet } from './support/proc.ts';
import { withScope } from './support/scope.ts';
import { numberOf, SETTLING, sized } from './support/size.ts';

const PREFIX = '/bench-idle/';

export interface IdleStretch {
  readonly jobs: number;
  readonly workers: number;
  readonly masters: number;
  readonly seconds: number;
  /** Of one core: each worker with its runner, then the master. */
  readonly cpuPercentOfEach: readonly number[];
  readonly etcdCpuPercent: number;
  readonly requestsPerSecond: number;
  readonly puts: number;
  readonly requests: Readonly<Record<string, number>>;
  readonly memory: Metered['memory'];
}

export const run = (): Promise<readonly IdleStretch[]> =>
  withScope(async (scope) => {
    const jobs = numberOf('JOBS', sized({ smoke: 200, short: 10_000, full: 10_000 }));
    const seconds = numberOf('SECONDS', sized({ smoke: 2, short: 20, full: 60 }));
    const server = await startBenchEtcd(scope);
    const keys = keyspace(PREFIX);
    const many = reportJobs();
    await createJobs(server.client, keys, jobs, (number) => many[number % many.length]!);
    await createCursors(server.client, keys, jobs, Date.now());
    const startWorker = openFleet(scope, {
      endpoints: [server.endpoint],
      prefix: PREFIX,
      slots: 64,
      ttlMs: 10_000,
    });
    const running: { name: string; pid: number }[] = [];
    const startWorkers = async (count: number): Promise<void> => {
      const before = running.length;
      const workers = Array.from({ length: count }, (_, i) => startWorker(`worker-${before + i + 1}`));
      running.push(...workers);
      await Promise.all(workers.map((worker) => worker.whenReady));
    };
    const stretches: IdleStretch[] = [];
    const idle = async (masters: number): Promise<void> => {
      await untilQuiet(running.map(({ pid }) => pid));
      await wait(sized(SETTLING));
      const meter = await startMeter(server, running);
      await wait(seconds * 1_000);
      const metered = await meter.stop();
      stretches.push({
        jobs,
        workers: running.length - masters,
        masters,
        seconds: metered.seconds,
        cpuPercentOfEach: metered.cpuPercentOfEach,
        etcdCpuPercent: metered.cpuPercent.etcd,
        requestsPerSecond: rounded(requestsOf(metered.counts) / metered.seconds, 2),
        puts: metered.counts.puts,
        requests: { ...metered.counts.requests, LeaseKeepAlive: metered.counts.keepAlives },
        memory: metered.memory,
      });
    };

    await startWorkers(1);
    await idle(0);
    await startWorkers(2);
    await idle(0);
    running.push(await startBenchMaster(scope, server.endpoint, PREFIX));
    await idle(1);
    printTable(
      stretches.map(({ requests, memory, cpuPercentOfEach, ...rest }) => ({
        ...rest,
        'cpu % of each': cpuPercentOfEach.join('/'),
        requests: JSON.stringify(requests),
        'MiB etcd/each': memory.map(({ lastMiB }) => lastMiB).join('/'),
      })),
    );
    return stretches;
  });
