import { afterAll, beforeAll, expect, test } from 'vitest';
import { connectEtcd } from '../../../src/common/store/client.ts';
import { underPrefix, type Etcd } from '../../../src/common/store/etcd.ts';
import { startEtcdCluster, type TestEtcdCluster } from '../../support/etcd.ts';
import { recordFollow } from '../../support/follower.ts';
import { freePorts } from '../../../src/cli/free-ports.ts';
import { waitFor } from '../../support/wait.ts';
import { put } from '../../support/writes.ts';

let cluster: TestEtcdCluster;
const clients: Etcd[] = [];
const connect = (endpoints: readonly string[]): Etcd => {
  const etcd = connectEtcd({ endpoints, timeoutMs: 3_000 });
  clients.push(etcd);
  return etcd;
};

beforeAll(async () => {
  cluster = await startEtcdCluster(3);
});

afterAll(async () => {
  for (const etcd of clients) etcd.close();
  await cluster.remove();
});

test('with one endpoint dead every first call finds the living one', async () => {
  const [dead] = await freePorts(1);
  for (let i = 0; i < 8; i++) {
    const etcd = connectEtcd({ endpoints: [`http://127.0.0.1:${dead}`, cluster.endpoints[0]!] });
    expect(await put(etcd, '/failover/a', String(i))).toBeGreaterThan(1);
    etcd.close();
  }
});

test('the status shows each member, one leader, and a member that is down as such', async () => {
  const etcd = connect(cluster.endpoints.slice(0, 2));
  const { members, leaderId } = await etcd.status();
  expect(members.map((member) => member.name).toSorted()).toEqual(['m0', 'm1', 'm2']);
  expect(members.filter((member) => member.isLeader).map((member) => member.id)).toEqual([leaderId]);
  await cluster.members[2]!.kill();
  const after = await waitFor(
    async () => {
      const status = await etcd.status().catch(() => undefined);
      return status?.leaderId !== undefined && status;
    },
    { what: 'the other two have a leader' },
  );
  expect(after.members.filter((member) => member.error !== undefined).map((member) => member.name)).toEqual([
    'm2',
  ]);
  await cluster.members[2]!.start();
});

test('calls and a follower go on when the member in use is killed, even if it was the leader', async () => {
  const etcd = connect(cluster.endpoints);
  const { follow, faults, state } = recordFollow(etcd, underPrefix('/failover/f/'));
  await follow.whenLoaded;
  for (const [i, member] of cluster.members.entries()) {
    await member.kill();
    const last = await waitFor(() => put(etcd, `/failover/f/${i}`, 'x').catch(() => undefined), {
      what: `a write succeeds without member ${i}`,
    });
    await follow.waitFor(last);
    await member.start();
  }
  expect(state.size).toBe(3);
  expect(faults).toEqual([]);
  follow.stop();
});

test('a member that freezes costs a client one call at most', async () => {
  const { members } = await connect(cluster.endpoints).status();
  const isLeader = new Set(members.filter((member) => member.isLeader).map((member) => member.name));
  const follower = cluster.members.findIndex((_, i) => !isLeader.has(`m${i}`));
  const leader = cluster.members.findIndex((_, i) => isLeader.has(`m${i}`));
  const endpoints = [cluster.endpoints[follower]!, cluster.endpoints[leader]!];
  // Clients begin with any of their endpoints: of these some are with the one that freezes.
  const several = Array.from({ length: 8 }, () => connect(endpoints));
  for (const [i, etcd] of several.entries()) await put(etcd, `/failover/frozen/${i}`, 'before');
  cluster.members[follower]!.pause();
  try {
    await Promise.all(
      several.map((etcd, i) => put(etcd, `/failover/frozen/${i}`, 'doubt').catch(() => undefined)),
    );
    const revisions = await Promise.all(
      several.map((etcd, i) => put(etcd, `/failover/frozen/${i}`, 'after')),
    );
    expect(revisions).toHaveLength(8);
  } finally {
    cluster.members[follower]!.resume();
  }
});

test('a follower on a member that has lost its leader is stale, and goes on when there is one again', async () => {
  const etcd = connect([cluster.endpoints[0]!]);
  const { follow, faults, state } = recordFollow(etcd, underPrefix('/failover/leaderless/'));
  await follow.whenLoaded;
  const others = cluster.members.slice(1);
  await Promise.all(others.map((member) => member.kill()));
  await waitFor(() => !follow.isFresh, { what: 'the follower is stale' });
  await Promise.all(others.map((member) => member.start()));
  await waitFor(() => follow.isFresh, { what: 'the follower is fresh again' });
  await follow.waitFor(await put(etcd, '/failover/leaderless/a', 'x'));
  expect(state.size).toBe(1);
  expect(faults).toEqual([]);
  follow.stop();
});
