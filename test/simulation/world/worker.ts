// A worker of the real parts, composed as worker/main.ts composes them, with its network, clock and runner
// simulated. Restarted, it comes back under the same name as a new process.
import type { Logger } from 'pino';
import { startClocks } from '../../../src/common/runtime/clocks.ts';
import { startBatcher } from '../../../src/common/store/batcher.ts';
import { instant } from '../../../src/common/model/time.ts';
import type { Keyspace } from '../../../src/common/store/keyspace.ts';
import type { WorkerPorts } from '../../../src/worker/ports.ts';
import { startRegistration, type Registration } from '../../../src/worker/registration.ts';
import { startScheduler } from '../../../src/worker/scheduler.ts';
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

const DRAIN_TIMEOUT = 3_000;
const ETCD_PATIENCE = 10_000;

export function startSimWorker(options: SimWorkerOptions): SimWorker {
  const { world, model, keys, name } = options;
  const { random } = world;
  const process = world.startProcess(name);
  const link = goodLink();
  const { clock } = process;
  const etcd = connectSimulated(world, process, model, link, options.tamper);
  const batcher = startBatcher({ etcd });
  const runner = startSimRunner(world, process, options.marks, options.fences);
  let registration: Registration | undefined;
  const logger = options.isTraced ? tracing(name, options.say) : SILENT;
  const clocks = startClocks({
    clock,
    keys,
    logger,
    maxOffset: 1_000,
    revisions: () => scheduler.peerRevisions(),
    tell: () => registration?.tellTime(),
    onChanged: () => scheduler.clockChanged(),
  });
  const ports: WorkerPorts = {
    etcd,
    batcher,
    keys,
    clock: clocks.clock,
    logger,
    randomSuffix: () => random.hex(6),
    tasks: runner,
    beginOutput: () => () => {},
  };
  const scheduler = startScheduler({
    ports,
    slots: options.slots,
    clocks,
    membership: () => registration?.membership,
    onLoadChanged: () => registration?.tell(),
  });
  registration = startRegistration({
    ports,
    name,
    labels: {},
    slots: options.slots,
    ttlSeconds: options.ttlSeconds,
    version: '0.0.0',
    http: 'http://simulated',
    token: 'simulated',
    load: () => scheduler.load(),
    draining: () => scheduler.draining(),
    stamp: (key) => clocks.stamp(key),
    onExtended: (deadline) => runner.setDeadline(deadline),
    onJoined: () => scheduler.joined(),
    onLost: (_membership, reason) => {
      if (options.fences) scheduler.lost(`the claim was lost (${reason})`);
    },
  });
  const registered = registration;
  void scheduler.whenLoaded.then(
    () => registered.atOnce(),
    () => undefined,
  );

  return {
    name,
    process,
    link,
    runner,
    get workerId() {
      return registered.membership?.workerId;
    },
    describe(job) {
      const entry = scheduler.table.get(job);
      const { ticks: _ticks, on, text: _text, ...rest } = entry ?? {};
      return `${registered.membership?.workerId} ${JSON.stringify(scheduler.load())}: ${JSON.stringify({ ...rest, isOn: on !== undefined })}`;
    },
    async stop() {
      const timeout = clock.setTimer(DRAIN_TIMEOUT, () => scheduler.killAll('the worker shuts down'));
      const giveUp = clock.setTimer(DRAIN_TIMEOUT + ETCD_PATIENCE, () => scheduler.giveUp());
      await scheduler.leave(instant(clock.now() + DRAIN_TIMEOUT));
      await registered.atOnce();
      await scheduler.whenIdle();
      timeout.cancel();
      giveUp.cancel();
      scheduler.stop();
      clocks.stop();
      await registered.leave();
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
