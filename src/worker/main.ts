// A worker of real parts: a connection to etcd, a runner, outputs on disk, an http server. The only place of the
// worker that makes them; how its scheduling is joined on them is compose.ts.
import { randomBytes } from 'node:crypto';
import type { Logger } from 'pino';
import type { Clock } from '../common/core/clock.ts';
import type { WorkerConfig } from '../common/runtime/config.ts';
import { claimDir, DirHeld } from '../common/runtime/dir-claim.ts';
import { createMetrics } from '../common/runtime/metrics.ts';
import { etcdSettings } from '../common/runtime/etcd-settings.ts';
import { createSuffixes } from '../common/runtime/suffixes.ts';
import { packageVersion } from '../common/runtime/version.ts';
import { connectEtcd } from '../common/store/client.ts';
import { keyspace } from '../common/store/keyspace.ts';
import { composeWorker } from './compose.ts';
import { startWorkerHttp, type WorkerHttp } from './http.ts';
import { registerWorkerMetrics } from './metrics.ts';
import { startOutputs } from './output.ts';
import { startRunner } from './runner/client.ts';
import type { Handler } from './tasks/handler.ts';
import { openTaskPort } from './tasks/task-port.ts';

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

const OWN_DIRECTORY =
  'two workers must not share one, so give this one a --name of its own, or a --data-dir of its own. ' +
  'A worker that was told to stop keeps its directory until it has drained';

/** Rejects when it can't start: with DirHeld when its data directory is another one's. */
export async function start(options: WorkerOptions): Promise<RunningWorker> {
  const { config, logger } = options;
  const claimed = await claimDir(config.dataDir);
  if (!claimed.ok) throw new DirHeld(config.dataDir, claimed.holder, OWN_DIRECTORY);
  const { claim } = claimed;
  if (claim.unguarded !== undefined)
    logger.warn(
      { dataDir: config.dataDir, why: claim.unguarded },
      'the data directory cannot be kept from others: start no second worker with it',
    );
  try {
    const worker = await startIn(options);
    return {
      url: worker.url,
      get workerId() {
        return worker.workerId;
      },
      whenReady: worker.whenReady,
      async stop() {
        try {
          await worker.stop();
        } finally {
          claim.release();
        }
      },
    };
  } catch (error) {
    claim.release();
    throw error;
  }
}

async function startIn(options: WorkerOptions): Promise<RunningWorker> {
  const { config, logger, clock, processes = true } = options;
  // What is registered is what it can run for as long as it lives, whatever becomes of the object.
  const handlers = { ...options.handlers };
  const { dataDir } = config;
  const etcd = connectEtcd(etcdSettings(config.etcd));
  const metrics = createMetrics('worker', packageVersion());
  const outputs = startOutputs({
    dataDir,
    clock,
    logger,
    maxAge: config.spoolAge,
    maxBytes: config.spoolLimitBytes,
  });
  const runner = processes ? startRunner({ dataDir, clock, logger }) : undefined;
  const token = randomBytes(24).toString('hex');
  const worker = composeWorker(
    {
      etcd,
      keys: keyspace(config.etcd.prefix),
      clock,
      logger,
      randomSuffix: createSuffixes(),
      openTasks: (clocks) =>
        openTaskPort({
          ...(runner && { runner }),
          handlers,
          dataDir,
          clock: clocks.clock,
          correction: () => clocks.correction,
          workerEnv: process.env,
        }),
      beginOutput: (job, runId) => outputs.begin(job, runId),
    },
    {
      ...config,
      can: { processes, handlers: Object.keys(handlers).sort() },
      version: packageVersion(),
    },
  );
  registerWorkerMetrics(metrics.registry, worker.scheduler, worker.clocks, worker.batcher);
  let http: WorkerHttp | undefined;
  const stop = async (): Promise<void> => {
    await worker.leave();
    await http?.stop();
    await runner?.stop();
    await outputs.stop();
    etcd.close();
  };
  try {
    http = await startWorkerHttp({
      host: config.listen.host,
      port: config.listen.port,
      token,
      logger,
      clock,
      metrics: metrics.registry,
      outputs,
      readiness: () => worker.scheduler.readiness(),
    });
    // Jobs are being loaded meanwhile.
    await runner?.whenUp;
  } catch (error) {
    await stop();
    throw error;
  }
  logger.info({ url: http.url }, 'worker listens');
  worker.join({ http: config.advertise ?? http.url, token });

  return {
    url: http.url,
    get workerId() {
      return worker.membership?.workerId;
    },
    whenReady: worker.whenReady,
    stop,
  };
}
