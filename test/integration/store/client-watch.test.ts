import { expect, test } from 'vitest';
import { underPrefix, type WatchEnd } from '../../../src/common/store/etcd.ts';
import { useEtcd } from '../../support/shared-etcd.ts';
import { waitFor } from '../../support/wait.ts';
import { put, putMany, write } from '../../support/writes.ts';

const shared = useEtcd();

test('no progress is told before the events that it covers, not even to a watch that is far behind', async () => {
  const first = await put(shared.etcd, `${shared.prefix}first`, 'x');
  await putMany(
    shared.etcd,
    Array.from({ length: 5_000 }, (_, i) => [`${shared.prefix}k${i}`, 'y'.repeat(200)] as const),
  );
  const overtaken: string[] = [];
  for (let round = 0; round < 10; round++) {
    let progress = 0;
    let count = 0;
    const watch = shared.etcd.watch(
      { ...underPrefix(shared.prefix), startRevision: first },
      {
        onEvents(events) {
          count += events.length;
          for (const { kv } of events) {
            if (kv.modRevision <= progress)
              overtaken.push(`${kv.key}@${kv.modRevision} after progress ${progress}`);
          }
        },
        onProgress: (revision) => void (progress = revision),
        onEnd: () => undefined,
      },
    );
    await waitFor(
      () => {
        watch.requestProgress();
        return count >= 5_001;
      },
      { what: 'all events have come', interval: 1 },
    );
    watch.cancel();
  }
  expect(overtaken.slice(0, 3)).toEqual([]);
});

test('the events of one revision are never split over two calls', async () => {
  const calls: { revisions: number[]; revision: number }[] = [];
  let count = 0;
  const from = await put(shared.etcd, `${shared.prefix}start`, 'x');
  // Far more than etcd puts into one message: it sends fragments.
  for (let round = 0; round < 3; round++) {
    const ops = Array.from({ length: 100 }, (_, i) => ({
      type: 'put' as const,
      key: `${shared.prefix}${i}`,
      value: 'z'.repeat(14_000),
    }));
    await shared.etcd.txn(write(...ops));
  }
  const watch = shared.etcd.watch(
    { ...underPrefix(shared.prefix), startRevision: from + 1 },
    {
      onEvents(events, revision) {
        calls.push({ revisions: events.map(({ kv }) => kv.modRevision), revision });
        count += events.length;
      },
      onProgress: () => undefined,
      onEnd: () => undefined,
    },
  );
  shared.cleanup(() => watch.cancel());
  await waitFor(() => count === 300, { what: 'all events have come' });
  const seenIn = new Map<number, number>();
  for (const [i, { revisions, revision }] of calls.entries()) {
    expect(revisions.at(-1)).toBe(revision);
    for (const one of revisions) expect(seenIn.get(one) ?? i).toBe((seenIn.set(one, i), i));
  }
});

test('a watch from a compacted revision ends as compacted, one that was cancelled tells nothing more', async () => {
  const old = await put(shared.etcd, `${shared.prefix}a`, '1');
  const kept = await put(shared.etcd, `${shared.prefix}a`, '2');
  await shared.etcd.compact(kept);
  const end = await new Promise<WatchEnd>((resolve) => {
    shared.etcd.watch(
      { ...underPrefix(shared.prefix), startRevision: old },
      { onEvents: () => undefined, onProgress: () => undefined, onEnd: resolve },
    );
  });
  expect(end).toEqual({ kind: 'compacted', compactRevision: kept });

  const told: string[] = [];
  const watch = shared.etcd.watch(
    { ...underPrefix(shared.prefix), startRevision: kept },
    {
      onEvents: (events) => void told.push(...events.map(({ kv }) => kv.value)),
      onProgress: () => undefined,
      onEnd: () => void told.push('end'),
    },
  );
  await waitFor(() => told.length === 1, { what: 'the first event' });
  watch.cancel();
  // A second watch sees the next write: by then the first would have, too.
  const other = new Promise((resolve) => {
    const second = shared.etcd.watch(
      { ...underPrefix(shared.prefix), startRevision: kept + 1 },
      { onEvents: () => (second.cancel(), resolve(undefined)), onProgress: () => undefined, onEnd: resolve },
    );
  });
  await put(shared.etcd, `${shared.prefix}a`, '3');
  await other;
  expect(told).toEqual(['2']);
});
