// A job with far more history than any job should have is deleted: at once, whole, and beside the others' work.
import { expect, test } from 'vitest';
import { makeRunId } from '../../../src/common/model/ids.ts';
import { instant } from '../../../src/common/model/time.ts';
import { codecs } from '../../../src/common/store/keyspace.ts';
import { put } from '../../../src/common/store/transactions/parts.ts';
import { useEtcd } from '../../support/shared-etcd.ts';
import { job, runOf, startTestMaster } from './harness.ts';

const shared = useEtcd();
const RECORDS = 50_000;

test('deleting a job with fifty thousand records takes one answer, while others write; made anew it has none', async () => {
  const master = await startTestMaster(shared);
  await master.call('createJob', { body: job('a') });
  const from = Date.now() - RECORDS * 1_000;
  for (let n = 0; n < RECORDS; n += 100) {
    const success = Array.from({ length: 100 }, (_, index) => {
      const id = makeRunId(instant(from + (n + index) * 1_000), '00000a');
      return put(master.keys.run('a', id), codecs.run.encode(runOf('a', id)));
    });
    await master.etcd.txn({ compare: [], success, failure: [] });
  }
  const deleted = new AbortController();
  let slowest = 0;
  let writes = 0;
  const others = (async () => {
    while (!deleted.signal.aborted) {
      const at = performance.now();
      // Rejects when etcd does not answer within the deadline of a claim.
      await master.etcd.txn(
        { compare: [], success: [put(master.keys.cursor('b'), '1')], failure: [] },
        { timeoutMs: 5_000 },
      );
      slowest = Math.max(slowest, performance.now() - at);
      writes++;
    }
  })();
  const { status } = await master.call('deleteJob', { params: { job: 'a' } });
  deleted.abort();
  await others;
  console.info(
    `deleting a job with ${RECORDS} records: the slowest other write took ${slowest.toFixed()} ms`,
  );
  expect(status).toBe(200);
  expect(writes).toBeGreaterThan(0);
  expect((await master.etcd.range({ ...master.keys.runsOf('a'), countOnly: true })).count).toBe(0);
  await master.call('createJob', { body: job('a') });
  expect((await master.call('listRunsOfJob', { params: { job: 'a' } })).body.items).toEqual([]);
}, 120_000);
