import { expect, test } from 'vitest';
import { underPrefix } from '../../../src/common/store/etcd.ts';
import { getMany, listPage, listPages } from '../../../src/common/store/queries.ts';
import { useEtcd } from '../../support/shared-etcd.ts';
import { put, putMany, rejection } from '../../support/writes.ts';

const shared = useEtcd();
const name = (i: number): string => `${shared.prefix}${String(i).padStart(5, '0')}`;

test('20,000 keys of 500 bytes, more than a gRPC message holds by default, are listed at one revision', async () => {
  await putMany(
    shared.etcd,
    Array.from({ length: 20_000 }, (_, i) => [name(i), 'y'.repeat(500)] as const),
  );
  const keys: string[] = [];
  let pages = 0;
  for await (const page of listPages(shared.etcd, underPrefix(shared.prefix))) {
    // Written while we read: not part of the revision that is read.
    await put(shared.etcd, `${shared.prefix}later${pages++}`, 'x');
    for (const kv of page.kvs) keys.push(kv.key);
  }
  expect(pages).toBe(20);
  expect(keys).toEqual(Array.from({ length: 20_000 }, (_, i) => name(i)));
  // In one answer, too: no limit of the client's own stands in the way.
  expect((await shared.etcd.range(underPrefix(shared.prefix))).kvs).toHaveLength(20_020);
});

test('pages go on behind a key, in both directions', async () => {
  await putMany(
    shared.etcd,
    Array.from({ length: 10 }, (_, i) => [name(i), String(i)] as const),
  );
  const range = underPrefix(shared.prefix);
  const values = async (options: Parameters<typeof listPage>[2]) => {
    const { kvs, more } = await listPage(shared.etcd, range, options);
    return [kvs.map((kv) => kv.value).join(''), more];
  };
  expect(await values({ limit: 4 })).toEqual(['0123', true]);
  expect(await values({ limit: 4, after: name(3) })).toEqual(['4567', true]);
  expect(await values({ limit: 4, after: name(7) })).toEqual(['89', false]);
  expect(await values({ limit: 4, descending: true })).toEqual(['9876', true]);
  expect(await values({ limit: 8, descending: true, after: name(6) })).toEqual(['543210', false]);
  expect(await values({ keysOnly: true })).toEqual(['', false]);
});

test('a revision that is compacted while it is read is an error, not a gap', async () => {
  await putMany(
    shared.etcd,
    Array.from({ length: 10 }, (_, i) => [name(i), 'x'] as const),
  );
  const pages = listPages(shared.etcd, underPrefix(shared.prefix), { limit: 2 });
  await pages.next();
  await shared.etcd.compact(await put(shared.etcd, name(0), 'y'));
  const rest = (async () => {
    for (;;) if ((await pages.next()).done) return;
  })();
  expect(await rejection(rest)).toMatchObject({ kind: 'compacted' });
});

test('many keys are got in few requests, those that do not exist left out', async () => {
  await putMany(
    shared.etcd,
    Array.from({ length: 250 }, (_, i) => [name(i * 2), String(i * 2)] as const),
  );
  const found = await getMany(
    shared.etcd,
    Array.from({ length: 500 }, (_, i) => name(i)),
  );
  expect(found.size).toBe(250);
  expect(found.get(name(100))?.value).toBe('100');
  expect(found.has(name(101))).toBe(false);
  expect((await getMany(shared.etcd, [])).size).toBe(0);
});
