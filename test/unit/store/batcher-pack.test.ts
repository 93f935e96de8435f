import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { opsOf, packBatch, takeBatch, type Queued } from '../../../src/common/store/batcher-pack.ts';
import type { Op, Txn } from '../../../src/common/store/etcd.ts';

const txn = (puts: number, bytes = 10): Txn => ({
  compare: [],
  success: Array.from({ length: puts }, (_, i): Op => ({
    type: 'put',
    key: `k${i}`,
    value: 'x'.repeat(bytes),
  })),
  failure: [],
});

const queued = (job: string, of: Txn = txn(3)): Queued => ({
  intent: { job, txn: of, read: () => undefined },
  resolve: () => undefined,
  reject: () => undefined,
});

const jobsOf = (list: readonly Queued[]): string[] => list.map(({ intent }) => intent.job);

test('no batch holds a job twice or one under way; what stays behind keeps its order', () => {
  const jobs = fc.array(fc.constantFrom('a', 'b', 'c', 'd'), { maxLength: 30 });
  fc.assert(
    fc.property(
      jobs,
      fc.subarray(['a', 'b', 'c', 'd']),
      fc.integer({ min: 1, max: 5 }),
      (names, busy, maxBatch) => {
        const queue = names.map((name) => queued(name));
        const { batch, rest } = takeBatch(queue, maxBatch, new Set(busy));
        expect(new Set(jobsOf(batch)).size).toBe(batch.length);
        expect(batch.length).toBeLessThanOrEqual(maxBatch);
        for (const job of jobsOf(batch)) expect(busy).not.toContain(job);
        // Each taken one was the oldest of its job.
        for (const one of batch) expect(queue.find(({ intent }) => intent.job === one.intent.job)).toBe(one);
        expect(rest).toEqual(queue.filter((one) => !batch.includes(one)));
      },
    ),
  );
});

test('something is always taken when some job is free', () => {
  expect(takeBatch([queued('a', txn(1, 5_000_000))], 100, new Set()).batch).toHaveLength(1);
  expect(jobsOf(takeBatch([queued('a'), queued('b')], 100, new Set(['a'])).batch)).toEqual(['b']);
  expect(takeBatch([queued('a')], 100, new Set(['a'])).batch).toEqual([]);
});

test('a batch stays within the operations and bytes that etcd takes', () => {
  const many = Array.from({ length: 200 }, (_, i) => queued(`j${i}`));
  expect(takeBatch(many, 200, new Set()).batch).toHaveLength(125);
  const wide = [queued('wide', txn(60)), ...many];
  const { batch } = takeBatch(wide, 100, new Set());
  expect(batch.length + Math.max(...batch.map(({ intent }) => opsOf(intent.txn)))).toBe(128);
  const large = Array.from({ length: 20 }, (_, i) => queued(`l${i}`, txn(1, 200_000)));
  expect(takeBatch(large, 100, new Set()).batch).toHaveLength(5);
});

test('operations are counted as etcd does: the longest list, and the longest inside it', () => {
  expect(opsOf({ compare: [], success: txn(2).success, failure: txn(5).success })).toBe(5);
  expect(opsOf(packBatch([queued('a', txn(3)), queued('b', txn(7))]))).toBe(2 + 7);
});
