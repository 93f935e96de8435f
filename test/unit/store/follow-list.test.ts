import { expect, test } from 'vitest';
import { monotonic } from '../../../src/common/model/time.ts';
import { underPrefix, type Etcd, type KeyValue, type RangeOp } from '../../../src/common/store/etcd.ts';
import { startFollow } from '../../../src/common/store/follow.ts';
import { createTestClock } from '../../support/test-clock.ts';

const kvAt = (i: number): KeyValue => ({
  key: `k/${String(i).padStart(5, '0')}`,
  value: '',
  createRevision: i + 1,
  modRevision: i + 1,
  version: 1,
  lease: '0',
});

/** An etcd of ranges only; its watches tell nothing. */
function listing(count: number): Etcd {
  const all = Array.from({ length: count }, (_, i) => kvAt(i));
  return {
    async range({ key, limit = 0 }: RangeOp) {
      const from = all.filter((kv) => kv.key >= key);
      const kvs = limit === 0 ? from : from.slice(0, limit);
      return { kvs, more: kvs.length < from.length, count: from.length, revision: count };
    },
    watch: () => ({ requestProgress() {}, cancel() {} }),
  } as unknown as Etcd;
}

test('a consumer that takes a millisecond for each key never holds up other work for a page', async () => {
  const clock = createTestClock();
  const inOneTurn: number[] = [];
  const told: string[] = [];
  let turn = 0;
  const turnsOn = (): void => void setImmediate(() => (turn++, told.length < 2_500 && turnsOn()));
  turnsOn();
  const follow = startFollow({
    etcd: listing(2_500),
    clock: {
      ...clock,
      monotonic: () => monotonic(told.length),
      setTimer: (delay, fn) => {
        const timer = setTimeout(fn, delay);
        return { cancel: () => clearTimeout(timer) };
      },
    },
    range: underPrefix('k/'),
    onChanges(changes) {
      inOneTurn[turn] = (inOneTurn[turn] ?? 0) + changes.length;
      for (const change of changes) if (change.type === 'put') told.push(change.kv.key);
    },
  });
  await follow.whenLoaded;
  follow.stop();
  expect(told).toEqual(Array.from({ length: 2_500 }, (_, i) => kvAt(i).key));
  expect(Math.max(...inOneTurn.filter((count) => count > 0))).toBeLessThanOrEqual(100);
});
