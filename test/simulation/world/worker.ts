// A worker as the product composes it, on a simulated network, clock and runner. Restarted, it comes back under the same name as a new process.
import type { Logger } from 'pino';
import type { Keyspace } from '../../../src/common/store/keyspace.ts';
import { composeWorker } from '../../../src/worker/compose.ts';
import type { EtcdModel } from '../model/etcd.ts';
import { connectSimulated, goodLink, type Link, type Tamper } from './network.ts';
import { startSimRunner, type Marks, type SimRunner } from './runner.ts';
import type { SimProcess, World } from './world.ts';

export interface SimWorkerOptions {
  readonly world: World;
  readonly model: EtcdModel;
  readonly keys: Keyspace;
  readonly name: string;
  readonly ttlSeconds: number;
  readonly slots: number;
  readonly marks: Marks;
  readonly say: (line: string) => void;
  readonly tamper: Tamper;
  readonly isTraced: boolean;
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
  const { world, model, keys, name } = options;
  const { random } = world;
  const process = world.startProcess(name);
  const link = goodLink();
  const { clock } = process;
  const runner = startSimRunner(world, process, options.marks, options.fences);
  const worker = composeWorker(
    {
      etcd: connectSimulated(world, process, model, link, options.tamper),
      keys,
      clock,
      logger: options.isTraced ? tracing(name, options.say) : SILENT,
      randomSuffix: () => random.hex(6),
      openTasks: (clocks) => runner.open(() => clocks.correction),
      beginOutput: () => () => {},
    },
    {
      name,
      labels: {},
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

function tracing(name: string, say: (line: string) => void): Logger {
  const at = (level: string) => (about: unknown, message?: string) => {
    const { err, ...rest } = (typeof about === 'object' && about !== null ? about : {}) as Record<
      string,
      unknown
    >;
    const why = err instanceof Error ? ` (${err.message})` : '';
    say(`${name} ${level}: ${message ?? String(about)}${why} ${JSON.stringify(rest)}`);
  };
  return {
    debug: at('debug'),
    info: at('info'),
    warn: at('warn'),
    error: at('error'),
  } as unknown as Logger;
}

const SILENT = { debug() {}, info() {}, warn() {}, error() {} } as unknown as Logger;
