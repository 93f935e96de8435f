// Giving a claim back: as if it had never been, and never more than that.
import { describe, expect, test } from 'vitest';
import { perform } from '../../../src/common/store/intent.ts';
import { codecs } from '../../../src/common/store/keyspace.ts';
import {
  claimRun,
  releaseRun,
  type Release,
  type ReleaseResult,
} from '../../../src/common/store/transactions/claims.ts';
import { finishRun, settleLost } from '../../../src/common/store/transactions/endings.ts';
import { requestKill } from '../../../src/common/store/transactions/jobs.ts';
import { lostRun } from '../../../src/common/core/lifecycle.ts';
import { instant } from '../../../src/common/model/time.ts';
import { TICK, useTransactions, type Claimed } from '../../support/transactions.ts';
import { put } from '../../support/writes.ts';

const store = useTransactions();

const backTo = (tick: number) => ({ tick, at: instant(TICK) });

/** The cursor as it stands now, to be moved to the tick. */
const cursorOf = async (job: string): Promise<{ revision: number; to: number }> => {
  const { kvs } = await store.etcd.range({ key: store.keys.cursor(job) });
  return { revision: kvs[0]?.modRevision ?? 0, to: TICK };
};

const releaseOf = ({ request, fencingToken }: Claimed, more: Partial<Release> = {}): Release => ({
  run: request.run,
  workerId: request.workerId,
  lock: request.lock,
  fencingToken,
  cursorBack: backTo(TICK - 1_000),
  ...more,
});

const release = async (claimed: Claimed, more: Partial<Release> = {}): Promise<ReleaseResult['kind']> =>
  (await perform(store.etcd, releaseRun(store.keys, releaseOf(claimed, more)))).kind;

describe('a released claim', () => {
  test('leaves nothing behind, and the tick can be claimed again', async () => {
    const job = await store.job();
    const worker = await store.worker();
    const claimed = await store.claimed(job, worker);
    expect(await release(claimed)).toBe('given-back');
    expect(await store.keysLeft()).toEqual([
      `cursor/${job.name}`,
      `jobs/${job.name}`,
      `workers/${worker.workerId}`,
    ]);
    await store.claimed(job, await store.worker(), { cursor: await cursorOf(job.name) });
  });

  test('puts the cursor back to where it stood', async () => {
    const job = await store.job();
    const revision = await put(store.etcd, store.keys.cursor(job.name), codecs.cursor.encode(TICK - 1_000));
    const claimed = await store.claimed(job, await store.worker(), { cursor: { revision, to: TICK } });
    expect(await release(claimed, { cursorBack: backTo(TICK - 1_000) })).toBe('given-back');
    expect((await store.content()).get(store.keys.cursor(job.name))).toBe(String(TICK - 1_000));
  });

  test('given back twice, for want of an answer, is given back once', async () => {
    const job = await store.job();
    const claimed = await store.claimed(job, await store.worker());
    expect(await release(claimed)).toBe('given-back');
    const next = await store.claimed(job, await store.worker(), { cursor: await cursorOf(job.name) });
    expect(await release(claimed)).toBe('not-ours');
    const left = await store.keysLeft();
    expect(left).toContain(`lock/${job.name}`);
    expect(left).toContain(`active/${next.request.workerId}/${job.name}/${next.run.id}`);
    expect((await store.content()).get(store.keys.cursor(job.name))).toBe(String(TICK));
  });

  test('leaves a cursor alone that has moved on since, and tells its tick as missed', async () => {
    const job = await store.job();
    const worker = await store.worker();
    const first = await store.claimed(job, worker, { lock: 'run' });
    await store.claimed(job, worker, {
      lock: 'run',
      run: store.run(job, worker, TICK + 1_000),
      cursor: { revision: first.fencingToken, to: TICK + 1_000 },
    });
    expect(await release(first)).toBe('given-back');
    const content = await store.content();
    expect(content.get(store.keys.cursor(job.name))).toBe(String(TICK + 1_000));
    const record = codecs.run.decode(content.get(store.keys.run(job.name, first.run.id)) ?? '');
    expect(record).toMatchObject({
      ok: true,
      value: { state: 'missed', ticks: { count: 1, from: TICK, to: TICK } },
    });
  });

  test('of a deleted job brings nothing back', async () => {
    const job = await store.job();
    const worker = await store.worker();
    const claimed = await store.claimed(job, worker);
    await store.remove(job);
    expect(await release(claimed, { cursorBack: backTo(TICK - 1_000), trigger: '{}' })).toBe('given-back');
    expect(await store.keysLeft()).toEqual([`workers/${worker.workerId}`]);
  });

  test('of a job created again under its name leaves the new one untouched', async () => {
    const job = await store.job();
    const worker = await store.worker();
    const claimed = await store.claimed(job, worker);
    await store.remove(job);
    await store.job(job.name);
    expect(await release(claimed, { cursorBack: backTo(TICK - 1_000), trigger: '{}' })).toBe('given-back');
    expect(await store.keysLeft()).toEqual([`jobs/${job.name}`, `workers/${worker.workerId}`]);
  });

  test('of a request to run is asked for again', async () => {
    const job = await store.job();
    const worker = await store.worker();
    const trigger = { cause: 'manual', attempt: 1, requestedAt: TICK, whenRunning: 'queue' } as const;
    const run = store.run(job, worker);
    const key = store.keys.trigger(job.name, run.id);
    const text = codecs.trigger.encode(trigger);
    const triggerRevision = await put(store.etcd, key, text);
    const { cursor: _none, ...request } = store.claim(job, worker, { run, triggerRevision });
    const claim = await perform(store.etcd, claimRun(store.keys, request));
    expect(claim.ok).toBe(true);
    const { fencingToken } = claim as { fencingToken: number };
    const given = { run, workerId: worker.workerId, lock: 'job', fencingToken, trigger: text } as const;
    expect(await perform(store.etcd, releaseRun(store.keys, given))).toEqual({ kind: 'given-back' });
    expect((await store.content()).get(key)).toBe(text);
  });
});

describe('a claim given back after the lease was lost', () => {
  test('puts the cursor back while nobody has settled it', async () => {
    const job = await store.job();
    const worker = await store.worker();
    const claimed = await store.claimed(job, worker);
    await worker.die();
    expect(await release(claimed)).toBe('not-ours');
    expect(await release(claimed, { leaseLost: true })).toBe('given-back');
    expect(await store.keysLeft()).toEqual([`cursor/${job.name}`, `jobs/${job.name}`]);
  });

  test('frees a lock that etcd still holds, for its lease is about to end', async () => {
    const job = await store.job();
    const worker = await store.worker();
    const claimed = await store.claimed(job, worker);
    expect(await release(claimed, { leaseLost: true })).toBe('given-back');
    expect(await store.keysLeft()).toEqual([
      `cursor/${job.name}`,
      `jobs/${job.name}`,
      `workers/${worker.workerId}`,
    ]);
  });

  test('leaves the lock of another worker, and its cursor, alone', async () => {
    const job = await store.job();
    const worker = await store.worker();
    const claimed = await store.claimed(job, worker);
    await worker.die();
    const other = await store.worker();
    const next = await store.claimed(job, other, {
      run: store.run(job, other, TICK + 1_000),
      cursor: { revision: claimed.fencingToken, to: TICK + 1_000 },
    });
    expect(await release(claimed, { leaseLost: true })).toBe('given-back');
    expect(await store.keysLeft()).toContain(`lock/${job.name}`);
    expect((await store.content()).get(store.keys.cursor(job.name))).toBe(String(TICK + 1_000));
    expect(await perform(store.etcd, finishRun(store.keys, next.ending()))).toBe('recorded');
  });

  test('is left to whoever has settled it: that tick has its record', async () => {
    const job = await store.job();
    const worker = await store.worker();
    const claimed = await store.claimed(job, worker);
    await worker.die();
    const active = (
      await store.etcd.range({ key: store.keys.active(worker.workerId, job.name, claimed.run.id) })
    ).kvs[0]!;
    const lost = lostRun(claimed.run, instant(TICK + 5_000));
    const settled = await perform(
      store.etcd,
      settleLost(store.keys, { workerId: worker.workerId, run: lost, activeRevision: active.modRevision }),
    );
    expect(settled).toBe(true);
    expect(await release(claimed, { leaseLost: true })).toBe('not-ours');
    expect((await store.content()).get(store.keys.cursor(job.name))).toBe(String(TICK));
    expect(await store.keysLeft()).toContain(`runs/${job.name}/${claimed.run.id}`);
  });
});

describe('a claim whose run somebody has asked to kill', () => {
  const kill = { by: 'somebody', reason: 'not now', at: TICK };

  const askedToKill = async (claimed: Claimed): Promise<boolean> => {
    const { workerId, leaseId, run } = claimed.request;
    return perform(
      store.etcd,
      requestKill(store.keys, { job: run.job, runId: run.id, workerId, kill, leaseId }),
    );
  };

  test.each([
    ['with its lease', false],
    ['after its lease was lost', true],
  ])('is not given back, %s, for its tick would come due again', async (_, leaseLost) => {
    const job = await store.job();
    const claimed = await store.claimed(job, await store.worker());
    expect(await askedToKill(claimed)).toBe(true);
    const before = await store.content();
    const result = await perform(store.etcd, releaseRun(store.keys, releaseOf(claimed, { leaseLost })));
    expect(result).toEqual({ kind: 'killed', by: kill });
    expect(await store.content()).toEqual(before);
    // It is for its worker to end.
    expect(await perform(store.etcd, finishRun(store.keys, claimed.ending()))).toBe('recorded');
    expect(await release(claimed, { leaseLost })).toBe('not-ours');
  });

  test('after it was given back, is refused the kill', async () => {
    const job = await store.job();
    const claimed = await store.claimed(job, await store.worker());
    expect(await release(claimed)).toBe('given-back');
    expect(await askedToKill(claimed)).toBe(false);
  });
});
