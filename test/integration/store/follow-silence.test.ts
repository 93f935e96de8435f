import { expect, test } from 'vitest';
import { connectEtcd } from '../../../src/common/store/client.ts';
import { underPrefix } from '../../../src/common/store/etcd.ts';
import { recordFollow } from '../../support/follower.ts';
import { useEtcd } from '../../support/shared-etcd.ts';
import { startTcpProxy, type Direction } from '../../support/tcp-proxy.ts';
import { waitFor } from '../../support/wait.ts';
import { put } from '../../support/writes.ts';

const shared = useEtcd();

test.concurrent.for<Direction>(['up', 'down'])(
  'a connection that goes silent (%s) is noticed and replaced',
  async (direction) => {
    const proxy = await startTcpProxy(shared.server);
    shared.cleanup(() => proxy.stop());
    const etcd = connectEtcd({ endpoints: [proxy.address], timeoutMs: 2_000 });
    shared.cleanup(() => etcd.close());
    const { follow, faults, state, signals } = recordFollow(etcd, underPrefix(shared.prefix));
    shared.cleanup(() => follow.stop());
    await follow.whenLoaded;
    await follow.waitFor(await put(shared.etcd, `${shared.prefix}a`, '1'));

    proxy.pause(direction);
    const missed = await put(shared.etcd, `${shared.prefix}b`, '1');
    await waitFor(() => signals.some((signal) => signal.startsWith('stale')), {
      what: 'the silence is noticed',
    });
    proxy.resume(direction);
    await waitFor(() => follow.isFresh, { what: 'the follower is fresh again' });
    await follow.waitFor(missed);
    expect(state.size).toBe(2);
    expect(faults).toEqual([]);
    expect(proxy.accepted).toBeGreaterThan(1);
  },
);

test('an etcd that is frozen makes the follower stale, and fresh again when it goes on', async () => {
  const etcd = connectEtcd({ endpoints: [shared.server.endpoint], timeoutMs: 2_000 });
  shared.cleanup(() => etcd.close());
  const { follow, signals } = recordFollow(etcd, underPrefix(shared.prefix));
  shared.cleanup(() => follow.stop());
  await follow.whenLoaded;
  shared.server.pause();
  shared.cleanup(() => shared.server.resume());
  await waitFor(() => !follow.isFresh, { what: 'the follower is stale' });
  shared.server.resume();
  await waitFor(() => follow.isFresh, { what: 'the follower is fresh again' });
  expect(signals.at(-1)).toBe('fresh');
});
