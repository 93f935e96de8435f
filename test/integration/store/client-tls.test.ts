import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { connectEtcd, type EtcdSettings } from '../../../src/common/store/client.ts';
import type { Etcd } from '../../../src/common/store/etcd.ts';
import { startEtcd, type TestEtcd } from '../../support/etcd.ts';
import { waitFor } from '../../support/wait.ts';
import { put, rejection } from '../../support/writes.ts';

const hasOpenssl = spawnSync('openssl', ['version']).status === 0;

/** A CA, and a certificate of it per name, in PEM files of a temporary directory. */
function makeCertificates(dir: string): (file: string) => string {
  const at = (file: string): string => join(dir, file);
  const openssl = (...args: string[]): void => void execFileSync('openssl', args, { stdio: 'pipe' });
  const ec = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  for (const ca of ['ca', 'other-ca']) {
    openssl(
      'req',
      '-x509',
      ...ec,
      '-days',
      '2',
      '-subj',
      `/CN=${ca}`,
      '-keyout',
      at(`${ca}.key`),
      '-out',
      at(`${ca}.pem`),
    );
  }
  writeFileSync(at('ext'), 'subjectAltName=IP:127.0.0.1\nextendedKeyUsage=serverAuth,clientAuth\n');
  for (const name of ['server', 'client']) {
    openssl('req', ...ec, '-subj', `/CN=${name}`, '-keyout', at(`${name}.key`), '-out', at(`${name}.csr`));
    const signed = [
      '-CA',
      at('ca.pem'),
      '-CAkey',
      at('ca.key'),
      '-CAcreateserial',
      '-days',
      '2',
      '-extfile',
      at('ext'),
    ];
    openssl('x509', '-req', '-in', at(`${name}.csr`), ...signed, '-out', at(`${name}.pem`));
  }
  return at;
}

describe.skipIf(!hasOpenssl)('etcd over TLS with client certificates', () => {
  let server: TestEtcd;
  let dir: string;
  let at: (file: string) => string;
  const clients: Etcd[] = [];
  const connect = (settings: Omit<EtcdSettings, 'endpoints'>): Etcd => {
    const etcd = connectEtcd({ endpoints: [server.endpoint], ...settings });
    clients.push(etcd);
    return etcd;
  };

  beforeAll(async () => {
    dir = mkdtempSync(join(tmpdir(), 'etcron-tls-'));
    at = makeCertificates(dir);
    const tls = { ca: at('ca.pem'), cert: at('server.pem'), key: at('server.key'), clientCerts: true };
    server = await startEtcd({ tls, awaitReady: false });
  });

  afterAll(async () => {
    for (const etcd of clients) etcd.close();
    await server.remove();
    rmSync(dir, { recursive: true });
  });

  test('the right certificate is served, calls and watches alike', async () => {
    const etcd = connect({
      ca: readFileSync(at('ca.pem')),
      cert: readFileSync(at('client.pem'), 'utf8'),
      key: readFileSync(at('client.key')),
    });
    const revision = await waitFor(() => put(etcd, 'a', '1').catch(() => undefined), {
      what: 'etcd serves over TLS',
    });
    const key = await new Promise((resolve) => {
      const watch = etcd.watch(
        { key: 'a', startRevision: revision },
        {
          onEvents(events) {
            watch.cancel();
            resolve(events[0]!.kv.key);
          },
          onProgress: () => undefined,
          onEnd: resolve,
        },
      );
    });
    expect(key).toBe('a');
  });

  test('no client certificate, or a CA that did not sign the server: no connection, nothing sent', async () => {
    const never = { kind: 'unavailable', mayHaveApplied: false };
    expect(await rejection(put(connect({ ca: readFileSync(at('other-ca.pem')) }), 'b', '1'))).toMatchObject(
      never,
    );
    const anonymous = await rejection(put(connect({ ca: readFileSync(at('ca.pem')) }), 'b', '1'));
    expect(anonymous).toMatchObject({ kind: 'unavailable' });
  });
});

test('settings that contradict each other are refused at once', () => {
  const endpoints = ['https://127.0.0.1:1'];
  expect(() => connectEtcd({ endpoints: [] })).toThrow('at least one etcd endpoint');
  expect(() => connectEtcd({ endpoints: [...endpoints, 'http://127.0.0.1:2'] })).toThrow('not a mix');
  expect(() => connectEtcd({ endpoints, cert: 'x' })).toThrow('both its certificate and its key');
  expect(() => connectEtcd({ endpoints: ['http://127.0.0.1:1'], ca: 'x' })).toThrow('an endpoint is http://');
});
