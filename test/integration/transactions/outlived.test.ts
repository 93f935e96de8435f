// Runs that outlive their claim: held again under a new id, and their end put in the place of their loss.
import { describe, expect, test } from 'vitest';
import { adoptedRun, lostRun, outlivingRun, startedRun } from '../../../src/common/core/lifecycle.ts';
import type { RunRecord } from '../../../src/common/model/run.ts';
import { instant } from '../../../src/common/model/time.ts';
import { perform } from '../../../src/common/store/intent.ts';
import { codecs } from '../../../src/common/store/keyspace.ts';
import { finishWithoutLock, settleLost } from '../../../src/common/store/transactions/endings.ts';
import { adoptRun, completeLost } from '../../../src/common/store/transactions/outlived.ts';
import {
  TICK,
  useTransactions,
  type Claimed,
  type TestJob,
  type TestWorker,
} from '../../support/transactions.ts';
import { put } from '../../support/writes.ts';

const store = useTransactions();

interface Outlived {
  readonly job: TestJob;
  readonly before: TestWorker;
  readonly after: TestWorker;
  readonly claimed: Claimed;
  /** As it stands once it is held again. */
  readonly run: RunRecord;
  readonly ending: Parameters<typeof completeLost>[1];
  readonly recordKey: string;
}

/** A run whose worker has lost its lease and is back under another id. */
async function outlived(): Promise<Outlived> {
  const job = await store.job();
  const before = await store.worker('w');
  const claimed = await store.claimed(job, before);
  await before.die();
  const after = await store.worker('w');
  const started = startedRun(
    { ...claimed.run, onLostLease: 'continue' },
    instant(TICK),
    1,
    claimed.fencingToken,
  );
  const run = adoptedRun(outlivingRun(started, instant(TICK + 5_000), 'the claim was lost'), after.workerId);
  const ending = claimed.ending({
    workerId: after.workerId,
    run: { ...run, state: 'succeeded', endedAt: TICK + 60_000 },
  });
  return { job, before, after, claimed, run, ending, recordKey: store.keys.run(job.name, run.id) };
}

const settle = async ({ before, claimed, job }: Outlived): Promise<number> => {
  const active = (
    await store.etcd.range({ key: store.keys.active(before.workerId, job.name, claimed.run.id) })
  ).kvs[0]!;
  const lost = {
    workerId: before.workerId,
    run: lostRun(claimed.run, instant(TICK + 6_000)),
    activeRevision: active.modRevision,
  };
  expect(await perform(store.etcd, settleLost(store.keys, lost))).toBe(true);
  return (await store.etcd.range({ key: store.keys.run(job.name, claimed.run.id) })).kvs[0]!.modRevision;
};

const adopt = ({ before, after, run }: Outlived, lostAt?: number) =>
  perform(store.etcd, adoptRun(store.keys, { run, from: before.workerId, to: after.workerId }, lostAt));

const stateAt = async (key: string): Promise<string | undefined> => {
  const kv = (await store.etcd.range({ key })).kvs[0];
  const decoded = kv && codecs.run.decode(kv.value);
  return decoded?.ok ? decoded.value.state : undefined;
};

const left = async (): Promise<string[]> =>
  (await store.keysLeft()).filter((key) => /^(active|runs|output|trigger|lock)/.test(key));

describe('a run that outlived its claim', () => {
  test('is held under the new id when nobody has settled it, also when that is said twice', async () => {
    const it = await outlived();
    expect(await adopt(it)).toBe('adopted');
    expect(await left()).toEqual([`active/${it.after.workerId}/${it.job.name}/${it.run.id}`]);
    expect(await adopt(it)).toBe('adopted');
    expect(await perform(store.etcd, finishWithoutLock(store.keys, it.ending))).toBe('recorded');
    expect(await stateAt(it.recordKey)).toBe('succeeded');
    expect(await left()).toHaveLength(2);
  });

  test('is held under the new id when it has been settled, and its loss is told no more', async () => {
    const it = await outlived();
    const lostAt = await settle(it);
    expect(await adopt(it)).toEqual({ lostAt });
    expect(await adopt(it, lostAt - 1)).toEqual({ lostAt });
    expect(await adopt(it, lostAt)).toBe('adopted');
    expect(await left()).toEqual([`active/${it.after.workerId}/${it.job.name}/${it.run.id}`]);
    expect(await adopt(it, lostAt)).toBe('adopted');
  });

  test('is held again although history has let go of its loss', async () => {
    const it = await outlived();
    await settle(it);
    await store.etcd.txn({ compare: [], success: [{ type: 'delete', key: it.recordKey }], failure: [] });
    expect(await adopt(it)).toEqual({ lostAt: 0 });
    expect(await adopt(it, 0)).toBe('adopted');
  });

  test('is not held by a worker that has lost its registration again', async () => {
    const it = await outlived();
    await it.after.die();
    expect(await adopt(it)).toBe('not-registered');
    expect(await left()).toEqual([`active/${it.before.workerId}/${it.job.name}/${it.run.id}`]);
  });

  test('is not held once its end is on record', async () => {
    const it = await outlived();
    const lostAt = await settle(it);
    expect(await perform(store.etcd, completeLost(store.keys, it.ending, lostAt))).toBe('recorded');
    expect(await adopt(it)).toBe('ended');
    expect(await adopt(it, lostAt)).toBe('ended');
  });

  test.each([false, true])('brings back nothing of a deleted job (created again: %s)', async (again) => {
    const it = await outlived();
    const lostAt = await settle(it);
    await store.remove(it.job);
    if (again) await store.job(it.job.name);
    for (const at of [undefined, 0, lostAt]) expect(await adopt(it, at)).toBe('job-gone');
    for (const at of [0, lostAt])
      expect(await perform(store.etcd, completeLost(store.keys, it.ending, at))).toBe('job-gone');
    expect(await left()).toEqual([]);
  });
});

describe('its end', () => {
  test('takes the place of its loss, with output and retry, once', async () => {
    const it = await outlived();
    const lostAt = await settle(it);
    const trigger = { cause: 'retry', attempt: 2, requestedAt: TICK, whenRunning: 'queue' } as const;
    const ending = { ...it.ending, retry: { runId: '20270115T080000.000Z-eeeeee', trigger } };
    expect(await perform(store.etcd, completeLost(store.keys, ending, 0))).toEqual({ lostAt });
    expect(await stateAt(it.recordKey)).toBe('lost');
    expect(await perform(store.etcd, completeLost(store.keys, ending, lostAt))).toBe('recorded');
    expect(await stateAt(it.recordKey)).toBe('succeeded');
    const after = await left();
    expect(after).toEqual([
      `output/${it.job.name}/${it.run.id}`,
      `runs/${it.job.name}/${it.run.id}`,
      `trigger/${it.job.name}/20270115T080000.000Z-eeeeee`,
    ]);
    expect(await perform(store.etcd, completeLost(store.keys, ending, lostAt))).toBe('settled');
    expect(await left()).toEqual(after);
  });

  test('that is a loss itself, told already with its retry, asks for that retry once', async () => {
    const it = await outlived();
    const trigger = { cause: 'retry', attempt: 2, requestedAt: TICK, whenRunning: 'queue' } as const;
    const retry = { runId: '20270115T080000.000Z-eeeeee', trigger };
    const run = { ...it.ending.run, state: 'lost' as const };
    const ending = { ...it.ending, workerId: it.before.workerId, run, retry };
    expect(await perform(store.etcd, finishWithoutLock(store.keys, ending))).toBe('recorded');
    const key = store.keys.trigger(it.job.name, retry.runId);
    await store.etcd.txn({ compare: [], success: [{ type: 'delete', key }], failure: [] });
    // The answer was lost, and the retry has been claimed since.
    expect(await perform(store.etcd, finishWithoutLock(store.keys, ending))).toBe('settled');
    expect(await perform(store.etcd, completeLost(store.keys, ending, 0))).toBe('settled');
    expect((await store.etcd.range({ key })).kvs).toEqual([]);
    expect(await stateAt(it.recordKey)).toBe('lost');
  });

  test('is never put over a record that tells of no loss, or of another life of the job', async () => {
    const it = await outlived();
    const lostAt = await settle(it);
    for (const other of [
      { state: 'failed' },
      { state: 'lost', jobCreated: it.run.jobCreated + 1 },
    ] as const) {
      const standing = codecs.run.encode({ ...it.run, ...other });
      await put(store.etcd, it.recordKey, standing);
      for (const at of [0, lostAt])
        expect(await perform(store.etcd, completeLost(store.keys, it.ending, at))).toBe('settled');
      expect((await store.etcd.range({ key: it.recordKey })).kvs[0]!.value).toBe(standing);
    }
  });

  test('asks for no retry when a kill was asked for', async () => {
    const it = await outlived();
    const lostAt = await settle(it);
    await put(store.etcd, store.keys.kill(it.job.name, it.run.id), '{}');
    const trigger = { cause: 'retry', attempt: 2, requestedAt: TICK, whenRunning: 'queue' } as const;
    const ending = { ...it.ending, retry: { runId: '20270115T080000.000Z-eeeeee', trigger } };
    expect(await perform(store.etcd, completeLost(store.keys, ending, lostAt))).toBe('recorded');
    expect((await left()).filter((key) => key.startsWith('trigger'))).toEqual([]);
  });
});
