import { expect, test } from 'vitest';
import { connectEtcd } from '../../../src/common/store/client.ts';
import { startEtcd } from '../../support/etcd.ts';
import { gateway } from '../../support/gateway.ts';
import { freePorts } from '../../../src/cli/free-ports.ts';
import { useEtcd } from '../../support/shared-etcd.ts';
import { startTcpProxy } from '../../support/tcp-proxy.ts';
import { waitFor } from '../../support/wait.ts';
import { put, rejection, remove, write } from '../../support/writes.ts';

const shared = useEtcd();

async function proxied(settings: { timeoutMs?: number; connectTimeoutMs?: number } = {}) {
  const proxy = await startTcpProxy(shared.server);
  shared.cleanup(() => proxy.stop());
  const etcd = connectEtcd({ endpoints: [proxy.address], ...settings });
  shared.cleanup(() => etcd.close());
  await etcd.range({ key: 'warm-up' });
  return { proxy, etcd };
}

test('an answer lost after the commit is told as doubt, and the write is there', async () => {
  const { proxy, etcd } = await proxied();
  const key = `${shared.prefix}a`;
  proxy.pause('down');
  const lost = rejection(put(etcd, key, '1'));
  await waitFor(async () => (await shared.etcd.range({ key })).count === 1, { what: 'etcd has committed' });
  proxy.cutNow();
  expect(await lost).toMatchObject({ kind: 'unavailable', mayHaveApplied: true });
});

test('a request that was held up and never answered is told as doubt after its deadline', async () => {
  const { proxy, etcd } = await proxied();
  proxy.pause('up');
  const { success } = write({ type: 'put', key: `${shared.prefix}a`, value: '1' });
  const error = await rejection(etcd.txn({ compare: [], success, failure: [] }, { timeoutMs: 300 }));
  expect(error).toMatchObject({ kind: 'deadline', mayHaveApplied: true });
});

test('a read that is lost leaves nothing in doubt', async () => {
  const { proxy, etcd } = await proxied();
  proxy.pause('up');
  expect(await rejection(etcd.range({ key: 'a' }, { timeoutMs: 300 }))).toMatchObject({
    kind: 'deadline',
    mayHaveApplied: false,
  });
});

test('a request without a connection was certainly not carried out', async () => {
  const [port] = await freePorts(1);
  const etcd = connectEtcd({ endpoints: [`http://127.0.0.1:${port}`] });
  shared.cleanup(() => etcd.close());
  expect(await rejection(put(etcd, 'a', '1'))).toMatchObject({ kind: 'unavailable', mayHaveApplied: false });
});

test('a server that accepts and says nothing is given up after the time to connect', async () => {
  shared.server.pause();
  shared.cleanup(() => shared.server.resume());
  const etcd = connectEtcd({ endpoints: [shared.server.endpoint], timeoutMs: 800, connectTimeoutMs: 400 });
  shared.cleanup(() => etcd.close());
  expect(['unavailable', 'deadline']).toContain(
    (await rejection<Error & { kind: string }>(put(etcd, 'a', '1'))).kind,
  );
});

test('what etcd refuses is told by kind: a lease that is gone, a revision compacted, a duplicate key, a size', async () => {
  const at = `${shared.prefix}a`;
  const { leaseId } = await shared.etcd.leaseGrant(60);
  await shared.etcd.leaseRevoke(leaseId);
  const refused = (kind: string) => ({ kind, mayHaveApplied: false });
  expect(await rejection(put(shared.etcd, at, '1', leaseId))).toMatchObject(refused('lease_not_found'));
  const first = await put(shared.etcd, at, '1');
  await shared.etcd.compact(await put(shared.etcd, at, '2'));
  expect(await rejection(shared.etcd.range({ key: at, revision: first }))).toMatchObject(
    refused('compacted'),
  );
  const twice = write({ type: 'put', key: at, value: '1' }, { type: 'put', key: at, value: '2' });
  expect(await rejection(shared.etcd.txn(twice))).toMatchObject(refused('invalid'));
  expect(await rejection(put(shared.etcd, at, 'x'.repeat(2 ** 21)))).toMatchObject(refused('invalid'));
  await expect(shared.etcd.leaseRevoke(leaseId)).resolves.toBeUndefined();
});

test('an etcd over its quota says no_space, and takes writes again when there is space', async () => {
  const small = await startEtcd({ flags: [`--quota-backend-bytes=${4 * 1024 * 1024}`] });
  shared.cleanup(() => small.remove());
  const etcd = connectEtcd({ endpoints: [small.endpoint] });
  shared.cleanup(() => etcd.close());
  const error = await waitFor(
    async () => {
      try {
        await put(etcd, 'big', 'x'.repeat(500_000));
        return undefined;
      } catch (error) {
        return error as Error & { isTransient: boolean };
      }
    },
    { what: 'the quota is reached', interval: 0 },
  );
  expect(error).toMatchObject({ kind: 'no_space', isTransient: true });
  const { alarms } = await etcd.status();
  expect(alarms).toMatchObject([{ kind: 'NOSPACE' }]);
  await etcd.compact(await remove(etcd, 'big'));
  await gateway(small, 'maintenance/defragment');
  await gateway(small, 'maintenance/alarm', {
    action: 'DEACTIVATE',
    alarm: 'NOSPACE',
    memberID: String(BigInt(`0x${alarms[0]!.memberId}`)),
  });
  await put(etcd, 'small', '1');
  expect((await etcd.status()).alarms).toEqual([]);
});

test('a closed client rejects what is under way and what comes later, and ends its streams', async () => {
  const { proxy, etcd } = await proxied();
  proxy.pause('up');
  const underWay = rejection(put(etcd, `${shared.prefix}a`, '1'));
  const ended = new Promise((resolve) => {
    etcd.watch(
      { key: 'a', startRevision: 1 },
      { onEvents: () => undefined, onProgress: () => undefined, onEnd: resolve },
    );
  });
  await waitFor(() => proxy.accepted > 0, { what: 'the client is connected' });
  etcd.close();
  expect(await underWay).toMatchObject({ kind: 'closed', mayHaveApplied: true });
  expect(await ended).toMatchObject({ kind: 'broken', error: { kind: 'closed' } });
  expect(await rejection(etcd.range({ key: 'a' }))).toMatchObject({ kind: 'closed', mayHaveApplied: false });
});
