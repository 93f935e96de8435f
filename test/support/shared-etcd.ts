// One etcd for a test file, a prefix of its own for each test: call useEtcd() at the top of the file. Tests that run at
// the same time (test.concurrent) are told apart by their asynchronous context.
import { AsyncLocalStorage } from 'node:async_hooks';
import { randomBytes } from 'node:crypto';
import { afterAll, afterEach, aroundEach, beforeAll } from 'vitest';
import { connectEtcd } from '../../src/common/store/client.ts';
import { underPrefix, type Etcd } from '../../src/common/store/etcd.ts';
import { startEtcd, type EtcdOptions, type TestEtcd } from './etcd.ts';

const MOST_KEYS = 60;
const MOST_TEXT = 300;

export interface SharedEtcd {
  /** The process; fine to restart or pause, when the test puts it back. */
  readonly server: TestEtcd;
  /** A client of the file, straight to the server. */
  readonly etcd: Etcd;
  /** `/t<random>/`, new for each test. */
  readonly prefix: string;
  /** Called after the test, last first: `stop()` of what the test started. */
  cleanup(stop: () => unknown): void;
}

export function useEtcd(options: EtcdOptions = {}): SharedEtcd {
  let server: TestEtcd | undefined;
  let etcd: Etcd | undefined;
  const own = new AsyncLocalStorage<{ readonly prefix: string; cleanups: (() => unknown)[] }>();
  const ofTest = () => {
    const found = own.getStore();
    if (!found) throw new Error('each test has its own: this belongs into a test, or into what it calls');
    return found;
  };

  beforeAll(async () => {
    server = await startEtcd(options);
    etcd = connectEtcd({ endpoints: [server.endpoint] });
  });
  aroundEach((runTest) => own.run({ prefix: `/t${randomBytes(4).toString('hex')}/`, cleanups: [] }, runTest));
  afterEach(async ({ task }) => {
    const mine = ofTest();
    if (task.result?.state === 'fail') await tell(task.name, etcd!, mine.prefix);
    const stops = mine.cleanups.toReversed();
    mine.cleanups = [];
    for (const stop of stops) await stop();
  });
  afterAll(async () => {
    etcd?.close();
    await server?.remove();
  });

  return {
    get server() {
      return server!;
    },
    get etcd() {
      return etcd!;
    },
    get prefix() {
      return ofTest().prefix;
    },
    cleanup: (stop) => void ofTest().cleanups.push(stop),
  };
}

/** What a test that failed had in etcd, as it failed. */
async function tell(name: string, etcd: Etcd, prefix: string): Promise<void> {
  const range = { ...underPrefix(prefix), limit: MOST_KEYS };
  const story = await etcd.range(range, { timeoutMs: 3_000 }).then(
    ({ kvs, count }) => [
      `${count} keys`,
      ...kvs.map(({ key, value }) => `${key.slice(prefix.length)} ${value.slice(0, MOST_TEXT)}`),
    ],
    (error: Error) => [error.message],
  );
  console.error(`at ${new Date().toISOString()}, when "${name}" had failed: ${story.join('\n  ')}`);
}
