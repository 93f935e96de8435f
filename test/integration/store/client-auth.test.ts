import { generateKeyPairSync } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test as alone } from 'vitest';
import { connectEtcd } from '../../../src/common/store/client.ts';
import { underPrefix, type Etcd } from '../../../src/common/store/etcd.ts';
import { startEtcd, type TestEtcd } from '../../support/etcd.ts';
import { recordFollow } from '../../support/follower.ts';
import { enableAuth } from '../../support/gateway.ts';
import { startTcpProxy } from '../../support/tcp-proxy.ts';
import { delay, waitFor } from '../../support/wait.ts';
import { put, rejection } from '../../support/writes.ts';

/** They mostly wait for a token to expire: all at the same time, each with a client and keys of its own. */
const test = alone.concurrent;

const TOKEN_TTL_MS = 2_000;
const range = underPrefix('/app/');
let server: TestEtcd;
let keys: string;
const clients: Etcd[] = [];

const connect = (user: string, password: string, endpoint = server.endpoint): Etcd => {
  const etcd = connectEtcd({ endpoints: [endpoint], user, password });
  clients.push(etcd);
  return etcd;
};

beforeAll(async () => {
  keys = await mkdtemp(join(tmpdir(), 'etcron-jwt-'));
  const pair = generateKeyPairSync('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs1', format: 'pem' },
  });
  await writeFile(join(keys, 'public.pem'), pair.publicKey);
  await writeFile(join(keys, 'private.pem'), pair.privateKey);
  const jwt = `jwt,pub-key=${join(keys, 'public.pem')},priv-key=${join(keys, 'private.pem')}`;
  server = await startEtcd({ flags: [`--auth-token=${jwt},sign-method=RS256,ttl=${TOKEN_TTL_MS / 1000}s`] });
  await enableAuth(server, range.key, range.rangeEnd);
});

afterAll(async () => {
  for (const etcd of clients) etcd.close();
  await server.remove();
  await rm(keys, { recursive: true });
});

test('a call with an expired token is repeated with a new one', async () => {
  const etcd = connect('cron', 'secret');
  await put(etcd, '/app/a', '1');
  // The token's life is what is waited for here: there is no event to wait on.
  await delay(TOKEN_TTL_MS + 500);
  await put(etcd, '/app/a', '2');
  expect((await etcd.range({ key: '/app/a' })).kvs[0]?.version).toBe(2);
});

test('many calls that meet an expired token at once all succeed', async () => {
  const etcd = connect('cron', 'secret');
  await put(etcd, '/app/b', '1');
  await delay(TOKEN_TTL_MS + 500);
  await Promise.all(Array.from({ length: 50 }, (_, i) => put(etcd, `/app/many/${i}`, '1')));
  expect((await etcd.range({ ...underPrefix('/app/many/'), countOnly: true })).count).toBe(50);
});

test('a follower whose token expired while it was cut off goes on', async () => {
  const proxy = await startTcpProxy(server);
  const etcd = connect('cron', 'secret', proxy.address);
  const writer = connect('cron', 'secret');
  const { follow, faults, signals } = recordFollow(etcd, range);
  await follow.whenLoaded;
  await follow.waitFor(await put(writer, '/app/c', '1'));
  await delay(TOKEN_TTL_MS + 500);
  proxy.cutNow();
  await waitFor(() => signals.some((signal) => signal.startsWith('stale')), { what: 'the cut is noticed' });
  await follow.waitFor(await put(writer, '/app/c', '2'));
  expect(faults).toEqual([]);
  expect(signals.filter((signal) => signal === 'loaded')).toHaveLength(1);
  follow.stop();
  await proxy.stop();
});

test('a watch opened with an expired token is opened again with a new one', async () => {
  const etcd = connect('cron', 'secret');
  const revision = await put(etcd, '/app/d', '1');
  await delay(TOKEN_TTL_MS + 500);
  const seen = await new Promise((resolve, reject) => {
    const watch = etcd.watch(
      { ...range, startRevision: revision },
      {
        onEvents(events) {
          watch.cancel();
          resolve(events[0]!.kv.key);
        },
        onProgress: () => undefined,
        onEnd: (end) => reject(new Error(JSON.stringify(end))),
      },
    );
  });
  expect(seen).toBe('/app/d');
});

test('keep-alives go on over the life of a token', async () => {
  const etcd = connect('cron', 'secret');
  const { leaseId } = await etcd.leaseGrant(60);
  await delay(TOKEN_TTL_MS + 500);
  const ttl = await new Promise((resolve, reject) => {
    const stream = etcd.keepAlive(leaseId, {
      onAnswer(ttlSeconds) {
        stream.close();
        resolve(ttlSeconds);
      },
      onEnd: reject,
    });
    stream.send();
  });
  expect(ttl).toBe(60);
});

test('a wrong password, no user and a key without permission are told as such, never as doubt', async () => {
  const refused = { kind: 'auth', mayHaveApplied: false };
  expect(await rejection(put(connect('cron', 'wrong'), '/app/e', '1'))).toMatchObject(refused);
  expect(await rejection(put(connect('cron', 'secret'), '/elsewhere', '1'))).toMatchObject(refused);
  const nobody = connectEtcd({ endpoints: [server.endpoint] });
  clients.push(nobody);
  expect(await rejection(put(nobody, '/app/e', '1'))).toMatchObject(refused);
});

test('a watch without permission ends and says so', async () => {
  const etcd = connect('cron', 'secret');
  const end = await new Promise((resolve) => {
    etcd.watch(
      { ...underPrefix('/elsewhere/'), startRevision: 1 },
      { onEvents: () => undefined, onProgress: () => undefined, onEnd: resolve },
    );
  });
  expect(end).toMatchObject({ kind: 'broken', error: { kind: 'auth' } });
});
