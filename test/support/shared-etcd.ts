// One etcd for a test file, a prefix of its own for each test: call useEtcd() at the top of the file.
import { randomBytes } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach } from 'vitest';
import { connectEtcd } from '../../src/common/store/client.ts';
import type { Etcd } from '../../src/common/store/etcd.ts';
import { startEtcd, type EtcdOptions, type TestEtcd } from './etcd.ts';

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
  let prefix = '';
  let cleanups: (() => unknown)[] = [];

  beforeAll(async () => {
    server = await startEtcd(options);
    etcd = connectEtcd({ endpoints: [server.endpoint] });
  });
  beforeEach(() => {
    prefix = `/t${randomBytes(4).toString('hex')}/`;
  });
  afterEach(async () => {
    const stops = cleanups.toReversed();
    cleanups = [];
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
      return prefix;
    },
    cleanup: (stop) => void cleanups.push(stop),
  };
}
