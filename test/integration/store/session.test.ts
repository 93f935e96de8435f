import { expect, test as alone } from 'vitest';
import { systemClock } from '../../../src/common/runtime/clock.ts';
import { connectEtcd } from '../../../src/common/store/client.ts';
import type { Etcd } from '../../../src/common/store/etcd.ts';
import { startSession, type LossReason, type Session } from '../../../src/common/store/session.ts';
import { useEtcd } from '../../support/shared-etcd.ts';
import { startTcpProxy, type Direction } from '../../support/tcp-proxy.ts';
import { waitFor } from '../../support/wait.ts';
import { put } from '../../support/writes.ts';

/** They mostly wait: all at the same time, each on its own prefix. */
const test = alone.concurrent;

const shared = useEtcd();
const clock = systemClock();

async function begin(etcd: Etcd, ttlSeconds: number, marginMs = 500) {
  const losses: { reason: LossReason; late: number }[] = [];
  const deadlines: number[] = [];
  const session: Session = await startSession({
    etcd,
    clock,
    ttlSeconds,
    marginMs,
    onExtended: (deadline) => void deadlines.push(deadline),
    onLost: (reason) => void losses.push({ reason, late: clock.monotonic() - session.deadline }),
  });
  shared.cleanup(() => session.stop());
  return { session, losses, deadlines };
}

async function throughProxy() {
  const proxy = await startTcpProxy(shared.server);
  shared.cleanup(() => proxy.stop());
  const etcd = connectEtcd({ endpoints: [proxy.address], timeoutMs: 2_000 });
  shared.cleanup(() => etcd.close());
  return { proxy, etcd };
}

test('a session outlives its TTL while etcd answers', async () => {
  const { session, losses, deadlines } = await begin(shared.etcd, 4);
  const key = `${shared.prefix}mine`;
  await put(shared.etcd, key, '1', session.leaseId);
  const end = clock.monotonic() + 6_000;
  await waitFor(() => clock.monotonic() > end, { what: 'more than the TTL has passed' });
  expect(session.isValid()).toBe(true);
  expect(losses).toEqual([]);
  expect(deadlines).toEqual(deadlines.toSorted((a, b) => a - b));
  expect((await shared.etcd.range({ key })).count).toBe(1);
  await session.revoke();
  expect(session.isValid()).toBe(false);
  expect((await shared.etcd.range({ key })).count).toBe(0);
  expect(losses).toEqual([]);
});

test.for<Direction>(['up', 'down'])(
  'cut off (%s) it is lost once, and before etcd lets the lease go',
  async (direction) => {
    const { proxy, etcd } = await throughProxy();
    // A wide margin: what is judged here is the order, also on a machine that is slow.
    const { session, losses } = await begin(etcd, 4, 2_000);
    const key = `${shared.prefix}mine`;
    await put(shared.etcd, key, '1', session.leaseId);
    proxy.pause(direction);
    await waitFor(() => losses.length > 0, { what: 'the session is lost', interval: 1 });
    expect(session.isValid()).toBe(false);
    expect((await shared.etcd.range({ key })).count).toBe(1);
    await waitFor(async () => (await shared.etcd.range({ key })).count === 0, {
      what: 'etcd lets the lease go',
    });
    expect(losses).toMatchObject([{ reason: 'expired' }]);
  },
);

test('a broken stream is replaced before the deadline', async () => {
  const { proxy, etcd } = await throughProxy();
  const { session, losses, deadlines } = await begin(etcd, 6);
  for (let i = 1; i <= 3; i++) {
    const known = deadlines.length;
    proxy.cutNow();
    await waitFor(() => deadlines.length > known, { what: `an acknowledgement after cut ${i}` });
  }
  expect(session.isValid()).toBe(true);
  expect(losses).toEqual([]);
});

alone('a frozen etcd costs the session at its deadline, not later', async () => {
  const etcd = connectEtcd({ endpoints: [shared.server.endpoint] });
  shared.cleanup(() => etcd.close());
  const { session, losses } = await begin(etcd, 2);
  shared.server.pause();
  shared.cleanup(() => shared.server.resume());
  await waitFor(() => losses.length > 0, { what: 'the session is lost' });
  expect(clock.monotonic()).toBeGreaterThanOrEqual(session.deadline);
  shared.server.resume();
  await shared.etcd.range({ key: 'a' });
  expect(session.isValid()).toBe(false);
  expect(losses).toHaveLength(1);
});

test('a lease that etcd has revoked is lost with the next answer', async () => {
  const { session, losses } = await begin(shared.etcd, 5);
  await shared.etcd.leaseRevoke(session.leaseId);
  await waitFor(() => losses.length > 0, { what: 'the session is lost' });
  expect(losses).toMatchObject([{ reason: 'gone' }]);
  expect(losses[0]!.late).toBeLessThan(0);
});
