// A worker, composed of its real parts. The only place of the worker that makes them.
import { randomBytes } from 'node:crypto';
import type { Logger } from 'pino';
import type { Clock } from '../common/core/clock.ts';
import { instant, type Millis } from '../common/model/time.ts';
import type { WorkerConfig } from '../common/runtime/config.ts';
import { createMetrics } from '../common/runtime/metrics.ts';
import { etcdSettings } from '../common/runtime/etcd-settings.ts';
import { packageVersion } from '../common/runtime/version.ts';
import { startClocks } from '../common/runtime/clocks.ts';
import { startBatcher } from '../common/store/batcher.ts';
import { connectEtcd } from '../common/store/client.ts';
import { keyspace } from '../common/store/keyspace.ts';
import { startWorkerHttp } from './http.ts';
import { registerWorkerMetrics } from './metrics.ts';
import { startOutputs } from './output.ts';
import type { WorkerPorts } from './ports.ts';
import { startRegistration, type Registration } from './registration.ts';
import { startRunner } from './runner/client.ts';
import { startScheduler } from './scheduler.ts';
import type { Handler } from './tasks/handler.ts';
import { openTaskPort } from './tasks/task-port.ts';

/** After the drain timeout, for an etcd that is away: the process has to end, and leases end by themselves. */
const ETCD_PATIENCE: Millis = 10_000;

export interface WorkerOptions {
  readonly config: WorkerConfig;
  readonly logger: Logger;
  readonly clock: Clock;
  /** Functions that tasks of the kind `handler` name. */
  readonly handlers?: Readonly<Record<string, Handler>>;
  /** False: no runner, and tasks that are processes fail. */
  readonly processes?: boolean;
}

export interface RunningWorker {
  /** Base URL of its http server: /healthz, /readyz, /metrics. */
  readonly url: string;
  /** Id it is registered with; undefined while it has no session. */
  readonly workerId: string | undefined;
  /** Resolves when it has registered and loaded all jobs for the first time. */
  readonly whenReady: Promise<void>;
  /**
   * Drains: armed runs go back at once, running ones get `drainTimeout`, then are killed; all are recorded,
   * and the lease is revoked.
   */
  stop(): Promise<void>;
}

export async function start(options: WorkerOptions): Promise<RunningWorker> {
  const { config, logger, clock, handlers = {}, processes = true } = options;
  const etcd = connectEtcd(etcdSettings(config.etcd));
  const batcher = startBatcher({ etcd });
  const metrics = createMetrics('worker', packageVersion());
  const outputs = startOutputs({
    dataDir: config.dataDir,
    clock,
    logger,
    maxAge: config.spoolAge,
    maxBytes: config.spoolLimitBytes,
  });
  const { dataDir } = config;
  const runner = processes ? await startRunner({ dataDir, clock, logger }) : undefined;
  const token = randomBytes(24).toString('hex');
  const keys = keyspace(config.etcd.prefix);
  let registration: Registration | undefined;
  const clocks = startClocks({
    clock,
    keys,
    logger,
    maxOffset: config.maxClockOffset,
    revisions: () => scheduler.peerRevisions(),
    tell: () => registration?.tellTime(),
    onChanged: () => scheduler.clockChanged(),
  });
  const tasks = openTaskPort({
    ...(runner && { runner }),
    handlers,
    dataDir,
    clock: clocks.clock,
    correction: () => clocks.correction,
    workerEnv: process.env,
  });
  const ports: WorkerPorts = {
    etcd,
    batcher,
    keys,
    clock: clocks.clock,
    logger,
    randomSuffix: () => randomBytes(3).toString('hex'),
    tasks,
    beginOutput: (job, runId) => outputs.begin(job, runId),
  };

  let ready: () => void;
  const joinedOnce = new Promise<void>((resolve) => (ready = resolve));
  const scheduler = startScheduler({
    ports,
    slots: config.slots,
    clocks,
    membership: () => registration?.membership,
    onLoadChanged: () => registration?.tell(),
  });
  registerWorkerMetrics(metrics.registry, scheduler, clocks, batcher);
  const http = await startWorkerHttp({
    host: config.listen.host,
    port: config.listen.port,
    token,
    logger,
    clock,
    metrics: metrics.registry,
    outputs,
    readiness: () => scheduler.readiness(),
  });
  registration = startRegistration({
    ports,
    name: config.name,
    labels: config.labels,
    slots: config.slots,
    ttlSeconds: config.ttl / 1_000,
    version: packageVersion(),
    http: config.advertise ?? http.url,
    token,
    load: () => scheduler.load(),
    draining: () => scheduler.draining(),
    stamp: (key) => clocks.stamp(key),
    onExtended: (deadline) => tasks.setDeadline(deadline),
    onJoined: () => {
      scheduler.joined();
      ready();
    },
    onLost: (_membership, reason) => scheduler.lost(`the claim was lost (${reason})`),
  });
  const registered = registration;
  // Until then it is ranked for nothing.
  void scheduler.whenLoaded.then(
    () => registered.atOnce(),
    () => undefined,
  );

  const stop = async (): Promise<void> => {
    // Both run from the start: giving armed runs back and writing ends take as long as etcd is away.
    const timeout = clock.setTimer(config.drainTimeout, () =>
      scheduler.killAll('the worker shuts down, and the drain timeout is over'),
    );
    const giveUp = clock.setTimer(config.drainTimeout + ETCD_PATIENCE, () => {
      logger.warn('draining: etcd does not answer; what is not written is left to others to settle');
      scheduler.giveUp();
    });
    await scheduler.leave(instant(clock.now() + config.drainTimeout));
    await registered.atOnce();
    await scheduler.whenIdle();
    timeout.cancel();
    giveUp.cancel();
    scheduler.stop();
    clocks.stop();
    await registered.leave();
    await http.stop();
    await runner?.stop();
    await outputs.stop();
    await batcher.stop();
    etcd.close();
  };

  return {
    url: http.url,
    get workerId() {
      return registered.membership?.workerId;
    },
    whenReady: Promise.all([joinedOnce, scheduler.whenLoaded]).then(() => undefined),
    stop,
  };
}
