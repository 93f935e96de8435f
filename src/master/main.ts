// The master process: puts its parts together, starts and stops them. Nothing else composes them.
import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import type { Clock } from '../common/core/clock.ts';
import type { MasterConfig } from '../common/runtime/config.ts';
import { isLoopback, listening, listenText } from '../common/runtime/listen.ts';
import type { Logger } from '../common/runtime/logger.ts';
import { etcdSettings } from '../common/runtime/etcd-settings.ts';
import { createMetrics } from '../common/runtime/metrics.ts';
import { packageVersion } from '../common/runtime/version.ts';
import { connectEtcd } from '../common/store/client.ts';
import { keyspace } from '../common/store/keyspace.ts';
import { buildApp } from './app.ts';
import { composeMaster } from './compose.ts';
import { startActivity } from './views/activity.ts';

export interface Master {
  /** Where it listens, such as `http://127.0.0.1:8700`. */
  readonly url: string;
  readonly id: string;
  /** Closes connections, takes the registration away. */
  stop(): Promise<void>;
}

export interface MasterOptions {
  readonly config: MasterConfig;
  readonly logger: Logger;
  readonly clock: Clock;
}

/** Starts also while etcd is away: requests are then answered with 503. Rejects when it cannot listen. */
export async function start({ config, logger, clock }: MasterOptions): Promise<Master> {
  const { listen, tokens, allowedHosts, quotaBytes } = config;
  // The settings refuse this with more words; whoever builds a config by hand is refused here.
  if (tokens.length === 0 && !isLoopback(listen.host)) {
    throw new Error(
      `refusing to listen on ${listenText(listen)} without tokens: anybody who reaches it could run commands`,
    );
  }
  const version = packageVersion();
  const host = hostname();
  const id = `${host.replace(/[^A-Za-z0-9._-]/g, '-')}-${randomBytes(3).toString('hex')}`;
  const keys = keyspace(config.etcd.prefix);
  const etcd = connectEtcd(etcdSettings(config.etcd));
  const master = composeMaster({ etcd, keys, clock, logger });
  const { clocks, views, comparison } = master;
  const activity = startActivity({ etcd, keys, clock: clocks.clock, views });
  try {
    const app = await buildApp({
      etcd,
      keys,
      clock: clocks.clock,
      logger,
      metrics: createMetrics('master', version),
      views,
      activity,
      // A name to listen on is a name to be called by.
      access: { tokens, allowedHosts: [...allowedHosts, listen.host] },
      version,
      quotaBytes,
      clocks,
      masterId: id,
      comparison,
    });
    const url = await listening(listen, () => app.listen({ host: listen.host, port: listen.port }));
    master.join({ id, host, pid: process.pid, version, http: config.advertise ?? url }, { quotaBytes });
    logger.info({ url, id }, 'master listens');
    const stopAll = async (): Promise<void> => {
      await app.close();
      activity.stop();
      await master.leave();
      etcd.close();
    };
    let stopping: Promise<void> | undefined;
    return { url, id, stop: () => (stopping ??= stopAll()) };
  } catch (error) {
    activity.stop();
    await master.leave();
    etcd.close();
    throw error;
  }
}
