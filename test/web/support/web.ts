// What the page is tested against: a real master on a real etcd, with as many real workers as a test wants, and a
// browser. Call useWeb() at the top of the file; the master is a new one for each test.
import { pino } from 'pino';
import type { Page } from 'playwright-core';
import { beforeEach } from 'vitest';
import type { ApiToken } from '../../../src/common/runtime/api-tokens.ts';
import { systemClock } from '../../../src/common/runtime/clock.ts';
import type { MasterConfig } from '../../../src/common/runtime/config.ts';
import { start, type Master } from '../../../src/master/main.ts';
import { useWorkers, type Workers } from '../../support/workers.ts';
import { useBrowser, type OpenOptions } from './browser.ts';

export interface Web {
  readonly workers: Workers;
  /** `http://127.0.0.1:12345` */
  readonly url: string;
  readonly master: Master;
  /** The page at this address of it (`/workers`). */
  open(path: string, options?: OpenOptions): Promise<Page>;
  /** Another master: in the place of the one before when `port` is its port. */
  startMaster(settings?: MasterSettings): Promise<Master>;
  /** A call of the API, as a program would make it. Throws when it is refused. */
  api<T = unknown>(method: string, path: string, body?: unknown): Promise<T>;
}

export interface MasterSettings {
  readonly port?: number;
  readonly tokens?: readonly ApiToken[];
}

export function useWeb(settings: MasterSettings = {}): Web {
  const workers = useWorkers();
  const browser = useBrowser();
  let master: Master | undefined;

  const startMaster = async ({ port = 0, tokens = [] }: MasterSettings = {}): Promise<Master> => {
    const config: MasterConfig = {
      etcd: { endpoints: [workers.shared.server.endpoint], prefix: workers.shared.prefix, timeout: 5_000 },
      log: { level: 'info', format: 'json' },
      listen: { host: '127.0.0.1', port },
      advertise: undefined,
      allowedHosts: [],
      tokens,
      quotaBytes: 2 * 1024 ** 3,
    };
    const started = await start({
      config,
      logger: pino({ level: process.env['ETCRON_TEST_LOG'] ?? 'silent' }),
      clock: systemClock(),
    });
    workers.shared.cleanup(() => started.stop());
    return started;
  };

  beforeEach(async () => {
    master = await startMaster(settings);
  });

  return {
    workers,
    startMaster,
    get master() {
      return master!;
    },
    get url() {
      return master!.url;
    },
    open: (path, options) => browser.open(`${master!.url}${path}`, options),
    async api<T>(method: string, path: string, body?: unknown): Promise<T> {
      const answer = await fetch(`${master!.url}/api/v1${path}`, {
        method,
        ...(body === undefined
          ? {}
          : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
      });
      const text = await answer.text();
      if (!answer.ok) throw new Error(`${method} ${path} answered ${answer.status}: ${text}`);
      return (text === '' ? undefined : JSON.parse(text)) as T;
    },
  };
}
