import { expect, test } from 'vitest';
import { connectEtcd } from '../../../src/common/store/client.ts';
import { underPrefix } from '../../../src/common/store/etcd.ts';
import { recordFollow } from '../../support/follower.ts';
import { useEtcd } from '../../support/shared-etcd.ts';
import { startTcpProxy } from '../../support/tcp-proxy.ts';
import { waitFor } from '../../support/wait.ts';
import { put, remove } from '../../support/writes.ts';

const shared = useEtcd();

test('after a compaction while away exactly what changed meanwhile is told, deletes too', async () => {
  const proxy = await startTcpProxy(shared.server);
  shared.cleanup(() => proxy.stop());
  const etcd = connectEtcd({ endpoints: [proxy.address] });
  shared.cleanup(() => etcd.close());
  const at = (name: string): string => shared.prefix + name;
  for (const name of ['kept', 'changed', 'deleted', 'recreated']) await put(shared.etcd, at(name), 'old');
  const { follow, state, told, faults, signals } = recordFollow(etcd, underPrefix(shared.prefix));
  shared.cleanup(() => follow.stop());
  await follow.whenLoaded;
  const before = told.length;

  proxy.refuse(true);
  proxy.cutNow();
  await waitFor(() => signals.some((signal) => signal.startsWith('stale')), {
    what: 'the follower notices the cut',
  });
  await put(shared.etcd, at('changed'), 'passing');
  const changed = await put(shared.etcd, at('changed'), 'new');
  await remove(shared.etcd, at('deleted'));
  await remove(shared.etcd, at('recreated'));
  const recreated = await put(shared.etcd, at('recreated'), 'again');
  const created = await put(shared.etcd, at('created'), 'new');
  await shared.etcd.compact(created);
  proxy.refuse(false);

  await follow.waitFor(created);
  expect(told.slice(before).toSorted()).toEqual(
    [
      `put ${at('changed')}@${changed}`,
      `put ${at('created')}@${created}`,
      `put ${at('recreated')}@${recreated}`,
      `delete ${at('deleted')}@${created}`,
    ].toSorted(),
  );
  expect(faults).toEqual([]);
  expect([...state.keys()].toSorted()).toEqual(['changed', 'created', 'kept', 'recreated'].map(at));
  await waitFor(() => follow.isFresh, { what: 'the follower is fresh again' });
  expect(signals.filter((signal) => signal === 'loaded')).toHaveLength(2);
});

// etcd before 3.4.34 and 3.5.15 drops a deletion of the very revision that is compacted, and serves a watch from
// there all the same (etcd issue 18089).
test('a deletion right behind what was told, and compacted with its own revision, is told', async () => {
  const proxy = await startTcpProxy(shared.server);
  shared.cleanup(() => proxy.stop());
  const etcd = connectEtcd({ endpoints: [proxy.address] });
  shared.cleanup(() => etcd.close());
  const key = `${shared.prefix}deleted`;
  const told = await put(shared.etcd, key, 'old');
  const { follow, state, signals } = recordFollow(etcd, underPrefix(shared.prefix));
  shared.cleanup(() => follow.stop());
  await follow.whenLoaded;
  expect(follow.revision).toBe(told);

  proxy.refuse(true);
  proxy.cutNow();
  await waitFor(() => signals.some((signal) => signal.startsWith('stale')), {
    what: 'the follower notices the cut',
  });
  await shared.etcd.compact(await remove(shared.etcd, key));
  proxy.refuse(false);

  await waitFor(() => !state.has(key), { what: 'the deletion is told' });
  await waitFor(() => follow.isFresh, { what: 'the follower is fresh again' });
});

test('a compaction behind a connected follower disturbs nothing', async () => {
  const { follow, told, signals } = recordFollow(shared.etcd, underPrefix(shared.prefix));
  shared.cleanup(() => follow.stop());
  await follow.whenLoaded;
  // What comes proves that the watch is up.
  await follow.waitFor(await put(shared.etcd, `${shared.prefix}a`, '1'));
  await shared.etcd.compact(await put(shared.etcd, `${shared.prefix}a`, '2'));
  await follow.waitFor(await put(shared.etcd, `${shared.prefix}a`, '3'));
  expect(told).toHaveLength(3);
  expect(signals).toEqual(['loaded', 'fresh']);
});
