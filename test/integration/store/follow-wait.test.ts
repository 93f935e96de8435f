import { expect, test } from 'vitest';
import { underPrefix } from '../../../src/common/store/etcd.ts';
import { recordFollow } from '../../support/follower.ts';
import { useEtcd } from '../../support/shared-etcd.ts';
import { put, putMany, rejection } from '../../support/writes.ts';

const shared = useEtcd();

test('waiting for a revision ends although nothing in the range has it', async () => {
  const { follow, told } = recordFollow(shared.etcd, underPrefix(`${shared.prefix}in/`));
  shared.cleanup(() => follow.stop());
  await put(shared.etcd, `${shared.prefix}in/a`, '1');
  await follow.whenLoaded;
  const elsewhere = await put(shared.etcd, `${shared.prefix}out`, '1');
  await follow.waitFor(elsewhere);
  expect(follow.revision).toBeGreaterThanOrEqual(elsewhere);
  await follow.waitFor(await put(shared.etcd, `${shared.prefix}in/a`, '2'));
  expect(told).toHaveLength(2);
});

test('waiting for a revision ends when all before it was told, never earlier', async () => {
  const { follow, state } = recordFollow(shared.etcd, underPrefix(`${shared.prefix}in/`));
  shared.cleanup(() => follow.stop());
  await follow.whenLoaded;
  for (let round = 0; round < 20; round++) {
    const keys = Array.from({ length: 300 }, (_, i) => [`${shared.prefix}in/${round}-${i}`, 'v'] as const);
    await putMany(shared.etcd, keys);
    await follow.waitFor(await put(shared.etcd, `${shared.prefix}out`, String(round)));
    expect(state.size).toBe(300 * (round + 1));
  }
});

test('a follower that is stopped rejects those who wait', async () => {
  const { follow } = recordFollow(shared.etcd, underPrefix(shared.prefix));
  await follow.whenLoaded;
  const waiting = rejection(follow.waitFor(follow.revision + 1_000));
  follow.stop();
  expect(await waiting).toMatchObject({ kind: 'closed' });
  expect(await rejection(follow.waitFor(follow.revision + 1_000))).toMatchObject({ kind: 'closed' });
});
