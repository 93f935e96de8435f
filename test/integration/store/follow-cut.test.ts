import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { connectEtcd } from '../../../src/common/store/client.ts';
import { underPrefix } from '../../../src/common/store/etcd.ts';
import { contentOf, recordFollow } from '../../support/follower.ts';
import { useEtcd } from '../../support/shared-etcd.ts';
import { startTcpProxy } from '../../support/tcp-proxy.ts';
import { put, putMany, remove } from '../../support/writes.ts';

const shared = useEtcd();

const entries = (prefix: string, count: number, size: number) =>
  Array.from({ length: count }, (_, i) => [`${prefix}k${i}`, `${i}-`.padEnd(size, 'y')] as const);

async function connectThroughProxy() {
  const proxy = await startTcpProxy(shared.server);
  shared.cleanup(() => proxy.stop());
  const etcd = connectEtcd({ endpoints: [proxy.address], timeoutMs: 10_000 });
  shared.cleanup(() => etcd.close());
  return { proxy, etcd };
}

test('a follower 6,000 events behind whose connection is cut loses none and repeats none', async () => {
  const { proxy, etcd } = await connectThroughProxy();
  const range = underPrefix(shared.prefix);
  const { follow, state, faults, told } = recordFollow(etcd, range);
  shared.cleanup(() => follow.stop());
  await follow.whenLoaded;
  // Held back at the proxy, so that the follower is behind when the cut comes.
  proxy.pause('down');
  const all = entries(shared.prefix, 6_000, 600);
  for (let i = 0; i < all.length; i += 100) {
    await Promise.all(all.slice(i, i + 100).map(([key, value]) => put(shared.etcd, key, value)));
  }
  const last = await put(shared.etcd, `${shared.prefix}last`, 'x');
  proxy.cutAfter('down', 300_000);
  proxy.resume('down');
  await follow.waitFor(last);
  expect(proxy.accepted).toBeGreaterThan(1);
  expect(told).toHaveLength(6_001);
  expect(faults).toEqual([]);
  expect(state).toEqual(await contentOf(shared.etcd, range));
});

test('cuts at random bytes in both directions, while keys change, lose and repeat nothing', async () => {
  const { proxy, etcd } = await connectThroughProxy();
  const range = underPrefix(shared.prefix);
  await putMany(shared.etcd, entries(shared.prefix, 300, 100));
  const { follow, state, faults } = recordFollow(etcd, range, 50);
  shared.cleanup(() => follow.stop());
  const cuts = fc.record({
    down: fc.boolean(),
    bytes: fc.oneof(fc.integer({ min: 1, max: 200 }), fc.integer({ min: 200, max: 40_000 })),
    writes: fc.integer({ min: 1, max: 60 }),
    deletes: fc.integer({ min: 0, max: 5 }),
  });
  let n = 0;
  await fc.assert(
    fc.asyncProperty(cuts, async (cut) => {
      proxy.cutAfter(cut.down ? 'down' : 'up', cut.bytes);
      for (let i = 0; i < cut.writes; i++)
        await put(shared.etcd, `${shared.prefix}k${(n * 7 + i) % 400}`, `v${n++}`);
      for (let i = 0; i < cut.deletes; i++)
        await remove(shared.etcd, `${shared.prefix}k${(n * 13 + i) % 400}`);
      await follow.waitFor(await put(shared.etcd, `${shared.prefix}mark`, String(n++)));
      expect(state).toEqual(await contentOf(shared.etcd, range));
      expect(faults).toEqual([]);
    }),
    { numRuns: 60 },
  );
  expect(proxy.accepted).toBeGreaterThan(5);
});

test('a cut in the middle of the first list is no more than a delay', async () => {
  const { proxy, etcd } = await connectThroughProxy();
  await putMany(shared.etcd, entries(shared.prefix, 3_000, 500));
  const range = underPrefix(shared.prefix);
  proxy.cutAfter('down', 700_000);
  const { follow, state, faults } = recordFollow(etcd, range, 500);
  shared.cleanup(() => follow.stop());
  await follow.whenLoaded;
  expect(proxy.accepted).toBeGreaterThan(1);
  expect(state).toEqual(await contentOf(shared.etcd, range));
  expect(faults).toEqual([]);
});
