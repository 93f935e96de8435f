import { expect, test } from 'vitest';
import { underPrefix, type Etcd } from '../../../src/common/store/etcd.ts';
import { recordFollow } from '../../support/follower.ts';
import { useEtcd } from '../../support/shared-etcd.ts';
import { waitFor } from '../../support/wait.ts';
import { put, putMany, rejection, remove } from '../../support/writes.ts';

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

test('events that are held up on their way keep a waiter waiting, puts and deletes alike', async () => {
  const held: (() => void)[] = [];
  let comparisons = 0;
  const slow: Etcd = {
    ...shared.etcd,
    range(request, options) {
      if (request.newestFirst) comparisons++;
      return shared.etcd.range(request, options);
    },
    watch: (request, handlers) =>
      shared.etcd.watch(request, {
        ...handlers,
        onEvents: (events, revision) => void held.push(() => handlers.onEvents(events, revision)),
        // Where etcd's own progress is not relied upon, comparing must do.
        onProgress: () => undefined,
      }),
  };
  const key = `${shared.prefix}in/a`;
  await put(shared.etcd, `${shared.prefix}in/b`, '1');
  await put(shared.etcd, key, '1');
  const { follow, state } = recordFollow(slow, underPrefix(`${shared.prefix}in/`));
  shared.cleanup(() => follow.stop());
  await follow.whenLoaded;

  for (const change of [() => put(shared.etcd, key, '2'), () => remove(shared.etcd, key)]) {
    await change();
    let isDone = false;
    const done = follow
      .waitFor(await put(shared.etcd, `${shared.prefix}out`, '1'))
      .then(() => (isDone = true));
    const before = comparisons;
    await waitFor(() => comparisons >= before + 2, {
      what: 'the follower has compared itself with etcd twice',
    });
    expect(isDone).toBe(false);
    await waitFor(() => held.length > 0, { what: 'the event is on its way' });
    for (const release of held.splice(0)) release();
    await done;
  }
  expect([...state.keys()]).toEqual([`${shared.prefix}in/b`]);
});
