import { expect, test } from 'vitest';
import { underPrefix } from '../../../src/common/store/etcd.ts';
import { contentOf, recordFollow } from '../../support/follower.ts';
import { useEtcd } from '../../support/shared-etcd.ts';
import { waitFor } from '../../support/wait.ts';
import { put, remove } from '../../support/writes.ts';
import { cp, rm } from 'node:fs/promises';

const shared = useEtcd();

test('a follower goes on where it was when etcd is killed and started again', async () => {
  const range = underPrefix(shared.prefix);
  await put(shared.etcd, `${shared.prefix}a`, '1');
  const { follow, told, faults, signals } = recordFollow(shared.etcd, range);
  shared.cleanup(() => follow.stop());
  await follow.whenLoaded;
  await follow.waitFor(await put(shared.etcd, `${shared.prefix}b`, '1'));
  await shared.server.kill();
  await waitFor(() => !follow.isFresh, { what: 'the follower notices that etcd is gone' });
  await shared.server.start();
  await waitFor(() => follow.isFresh, { what: 'the follower is fresh again' });
  await follow.waitFor(await put(shared.etcd, `${shared.prefix}c`, '1'));
  expect(told).toHaveLength(3);
  expect(faults).toEqual([]);
  expect(signals.filter((signal) => signal === 'loaded')).toHaveLength(1);
});

test('a store whose revision went back, as after a restored snapshot, is read anew', async () => {
  const range = underPrefix(shared.prefix);
  const at = (name: string): string => shared.prefix + name;
  await put(shared.etcd, at('kept'), 'old');
  await put(shared.etcd, at('rewritten'), 'old');
  await shared.server.stop();
  const snapshot = `${shared.server.dataDir}-snapshot`;
  await cp(shared.server.dataDir, snapshot, { recursive: true });
  shared.cleanup(() => rm(snapshot, { recursive: true, force: true }));
  await shared.server.start();

  const rewritten = await put(shared.etcd, at('rewritten'), 'lost by the restore');
  await put(shared.etcd, at('created'), 'lost by the restore');
  const { follow, state, signals } = recordFollow(shared.etcd, range);
  shared.cleanup(() => follow.stop());
  await follow.whenLoaded;

  await shared.server.stop();
  await rm(shared.server.dataDir, { recursive: true });
  await cp(snapshot, shared.server.dataDir, { recursive: true });
  await shared.server.start();
  // The same mod revision as before the restore, another value.
  expect(await put(shared.etcd, at('rewritten'), 'new')).toBe(rewritten);

  await waitFor(() => state.get(at('rewritten')) === 'new' && !state.has(at('created')), {
    what: 'the follower tells the restored state',
    seen: () => ({ state: [...state], signals }),
  });
  expect(state).toEqual(await contentOf(shared.etcd, range));
  expect(signals.filter((signal) => signal === 'loaded')).toHaveLength(2);
  await follow.waitFor(await remove(shared.etcd, at('kept')));
  expect(state.has(at('kept'))).toBe(false);
});
