// A worker as the product composes it, on a simulated network, clock and runner. Restarted, it comes back under the same name as a new process.
import type { Keyspace } from '../../../src/common/store/keyspace.ts';
import { composeWorker } from '../../../src/worker/compose.ts';
import { countingLogger, type Coverage } from './coverage.ts';
import { connectSimulated, goodLink, type Link, type SimEtcd, type Tamper } from './network.ts';
import { startSimRunner, type Marks, type SimRunner } from './runner.ts';
import type { SimProcess, World } from './world.ts';

export interface SimWorkerOptions {
  readonly world: World;
  readonly etcd: SimEtcd;
  readonly keys: Keyspace;
  readonly name: string;
  readonly ttlSeconds: number;
  readonly slots: number;
  readonly marks: Marks;
  readonly labels: Readonly<Record<string, string>>;
  readonly coverage: Coverage;
  /** Takes what the worker logs. */
  readonly say: ((line: string) => void) | undefined;
  readonly tamper: Tamper;
  readonly fences: boolean;
}

export interface SimWorker {
  readonly name: string;
  readonly process: SimProcess;
  readonly link: Link;
  readonly runner: SimRunner;
  readonly workerId: string | undefined;
  /** What it thinks of a job, for the trace. */
  describe(job: string): string;
  /** As on SIGTERM; resolves when it has drained. */
  stop(): Promise<void>;
}

export function startSimWorker(options: SimWorkerOptions): SimWorker {
  const { world, keys, name, labels, coverage } = options;
  const { random } = world;
  const process = world.startProcess(name);
  const link = goodLink();
  const { clock } = process;
  const runner = startSimRunner({
    world,
    worker: process,
    marks: options.marks,
    coverage,
    fences: options.fences,
  });
  const worker = composeWorker(
    {
      etcd: connectSimulated(world, process, options.etcd, link, options.tamper),
      keys,
      clock,
      logger: countingLogger(name, coverage, options.say),
      randomSuffix: () => random.hex(6),
      openTasks: (clocks) => runner.open(() => clocks.correction),
      beginOutput: () => () => {},
    },
    {
      name,
      labels,
      can: { processes: true, handlers: [] },
      slots: options.slots,
      ttl: options.ttlSeconds * 1_000,
      drainTimeout: 3_000,
      maxClockOffset: 1_000,
      version: '0.0.0',
    },
  );
  worker.join({ http: 'http://simulated', token: 'simulated' });
  const idNow = (): string | undefined => worker.membership?.workerId;

  return {
    name,
    process,
    link,
    runner,
    get workerId() {
      return idNow();
    },
    describe(job) {
      const { scheduler } = worker;
      const { ticks: _ticks, on, text: _text, ...rest } = scheduler.table.get(job) ?? {};
      return `${idNow()} ${JSON.stringify(scheduler.load())}: ${JSON.stringify({ ...rest, isOn: on !== undefined })}`;
    },
    async stop() {
      await worker.leave();
      process.kill();
    },
  };
}
