// Claims of ticks and of requests to run, each a transaction on a real etcd.
import { describe, expect, test } from 'vitest';
import { connectEtcd } from '../../../src/common/store/client.ts';
import { perform } from '../../../src/common/store/intent.ts';
import { codecs } from '../../../src/common/store/keyspace.ts';
import { claimRun, settleTicks } from '../../../src/common/store/transactions/claims.ts';
import { finishRun } from '../../../src/common/store/transactions/endings.ts';
import { passedTicks } from '../../../src/common/core/lifecycle.ts';
import { instant } from '../../../src/common/model/time.ts';
import { startTcpProxy } from '../../support/tcp-proxy.ts';
import { TICK, useTransactions } from '../../support/transactions.ts';
import { put, rejection } from '../../support/writes.ts';
import type { EtcdError } from '../../../src/common/store/etcd.ts';

const store = useTransactions();

describe('a tick', () => {
  test('is claimed once, whoever else claims it at the same moment', async () => {
    const job = await store.job();
    const workers = await Promise.all(Array.from({ length: 50 }, () => store.worker()));
    const results = await Promise.all(
      workers.map((worker) => perform(store.etcd, claimRun(store.keys, store.claim(job, worker)))),
    );
    expect(results.filter(({ ok }) => ok)).toHaveLength(1);
    const left = await store.keysLeft();
    expect(left.filter((key) => key.startsWith('active/'))).toHaveLength(1);
    expect(left.filter((key) => key.startsWith('lock/'))).toEqual([`lock/${job.name}`]);
    expect((await store.content()).get(store.keys.cursor(job.name))).toBe(String(TICK));
  });

  test('is not claimed again when its run is over, for the cursor has passed it', async () => {
    const job = await store.job();
    const first = await store.worker();
    const { ending, fencingToken } = await store.claimed(job, first);
    expect(await perform(store.etcd, finishRun(store.keys, ending()))).toBe('recorded');
    const result = await perform(store.etcd, claimRun(store.keys, store.claim(job, await store.worker())));
    expect(result).toEqual({
      ok: false,
      reason: 'cursor-moved',
      cursor: { tick: TICK, revision: fencingToken },
    });
  });

  test('of a later run has a larger fencing token', async () => {
    const job = await store.job();
    const worker = await store.worker();
    const first = await store.claimed(job, worker);
    await perform(store.etcd, finishRun(store.keys, first.ending()));
    const second = await store.claimed(job, worker, {
      run: store.run(job, worker, TICK + 1_000),
      cursor: { revision: first.fencingToken, to: TICK + 1_000 },
    });
    expect(second.fencingToken).toBeGreaterThan(first.fencingToken);
  });
});

describe('a claim whose answer was lost', () => {
  test('is recognised as ours when it is sent again, with the same fencing token', async () => {
    const job = await store.job();
    const worker = await store.worker();
    const proxy = await startTcpProxy(store.shared.server);
    store.shared.cleanup(() => proxy.stop());
    const etcd = connectEtcd({ endpoints: [proxy.address], timeoutMs: 2_000 });
    store.shared.cleanup(() => etcd.close());
    await etcd.range(store.keys.all);
    const claim = claimRun(store.keys, store.claim(job, worker));
    proxy.cutAfter('down', 1);
    const error = await rejection<EtcdError>(perform(etcd, claim));
    expect(error.mayHaveApplied).toBe(true);
    expect(await store.keysLeft()).toContain(`lock/${job.name}`);
    const lock = (await store.etcd.range({ key: store.keys.lock(job.name) })).kvs[0]!;
    expect(await perform(store.etcd, claim)).toEqual({ ok: true, fencingToken: lock.createRevision });
  });

  test('is recognised also with a lock of its own, and also after the definition changed', async () => {
    const job = await store.job();
    const worker = await store.worker();
    const { request, fencingToken } = await store.claimed(job, worker, { lock: 'run' });
    await store.edit(job);
    expect(await perform(store.etcd, claimRun(store.keys, request))).toEqual({ ok: true, fencingToken });
  });

  test('is not ours when another worker holds the tick by then', async () => {
    const job = await store.job();
    const dead = await store.worker();
    const { request } = await store.claimed(job, dead);
    await dead.die();
    const other = await store.worker();
    const cursor = (await store.etcd.range({ key: store.keys.cursor(job.name) })).kvs[0]!;
    await store.claimed(job, other, { cursor: { revision: cursor.modRevision, to: TICK + 1_000 } });
    const result = await perform(store.etcd, claimRun(store.keys, { ...request, leaseId: other.leaseId }));
    expect(result).toMatchObject({ ok: false, reason: 'cursor-moved' });
  });
});

describe('a claim fails, and says why,', () => {
  test('when the definition has changed', async () => {
    const job = await store.job();
    await store.edit(job);
    const result = await perform(store.etcd, claimRun(store.keys, store.claim(job, await store.worker())));
    expect(result).toEqual({ ok: false, reason: 'definition-changed' });
  });

  test.each([
    ['was deleted', false],
    ['was deleted and created again', true],
  ])('when the job %s, and it brings no key back', async (_, again) => {
    const job = await store.job();
    const worker = await store.worker();
    await store.remove(job);
    if (again) await store.job(job.name);
    const before = await store.keysLeft();
    const result = await perform(store.etcd, claimRun(store.keys, store.claim(job, worker)));
    expect(result).toEqual({ ok: false, reason: 'definition-changed' });
    expect(await store.keysLeft()).toEqual(before);
  });

  test('when a run holds the lock, and names it', async () => {
    const job = await store.job();
    const { run, fencingToken, request } = await store.claimed(job, await store.worker());
    const result = await perform(
      store.etcd,
      claimRun(
        store.keys,
        store.claim(job, await store.worker(), { cursor: { revision: fencingToken, to: TICK + 1 } }),
      ),
    );
    expect(result).toEqual({
      ok: false,
      reason: 'lock-held',
      lock: {
        key: store.keys.lock(job.name),
        createRevision: fencingToken,
        record: { runId: run.id, worker: request.workerId, startAt: TICK },
      },
    });
  });

  test('when a run of an earlier `overlap: allow` is still on', async () => {
    const job = await store.job();
    const { run, fencingToken } = await store.claimed(job, await store.worker(), { lock: 'run' });
    const result = await perform(
      store.etcd,
      claimRun(
        store.keys,
        store.claim(job, await store.worker(), { cursor: { revision: fencingToken, to: TICK + 1 } }),
      ),
    );
    expect(result).toMatchObject({ ok: false, reason: 'lock-held', lock: { record: { runId: run.id } } });
  });

  test('when the lock holds a value that nobody can read: it is held all the same', async () => {
    const job = await store.job();
    await put(store.etcd, store.keys.lock(job.name), 'what is this');
    const result = await perform(store.etcd, claimRun(store.keys, store.claim(job, await store.worker())));
    expect(result).toMatchObject({ ok: false, reason: 'lock-held', lock: { record: undefined } });
  });

  test('when the cursor has moved, and tells where it is', async () => {
    const job = await store.job();
    const revision = await put(store.etcd, store.keys.cursor(job.name), codecs.cursor.encode(TICK + 5_000));
    const result = await perform(store.etcd, claimRun(store.keys, store.claim(job, await store.worker())));
    expect(result).toEqual({ ok: false, reason: 'cursor-moved', cursor: { tick: TICK + 5_000, revision } });
  });

  test('when its lease is gone: nobody claims without one', async () => {
    const job = await store.job();
    const worker = await store.worker();
    await worker.die();
    const error = await rejection<EtcdError>(
      perform(store.etcd, claimRun(store.keys, store.claim(job, worker))),
    );
    expect(error).toMatchObject({ kind: 'lease_not_found', mayHaveApplied: false });
    expect(await store.keysLeft()).toEqual([`jobs/${job.name}`]);
  });
});

describe('two runs under `overlap: allow`', () => {
  test('hold a lock each, and the tick still is claimed once', async () => {
    const job = await store.job();
    const worker = await store.worker();
    const first = await store.claimed(job, worker, { lock: 'run' });
    const again = await perform(
      store.etcd,
      claimRun(store.keys, store.claim(job, await store.worker(), { lock: 'run' })),
    );
    expect(again).toMatchObject({ ok: false, reason: 'cursor-moved' });
    await store.claimed(job, worker, {
      lock: 'run',
      run: store.run(job, worker, TICK + 1_000),
      cursor: { revision: first.fencingToken, to: TICK + 1_000 },
    });
    expect((await store.keysLeft()).filter((key) => key.startsWith('lock/'))).toHaveLength(2);
  });
});

describe('a request to run', () => {
  const trigger = { cause: 'manual', attempt: 1, requestedAt: TICK, whenRunning: 'queue' } as const;

  test('is claimed once and consumed, and moves no cursor', async () => {
    const job = await store.job();
    const workers = await Promise.all([store.worker(), store.worker(), store.worker()]);
    const { id } = store.run(job, workers[0]);
    const key = store.keys.trigger(job.name, id);
    const triggerRevision = await put(store.etcd, key, codecs.trigger.encode(trigger));
    const results = await Promise.all(
      workers.map((worker) => {
        const { cursor: _none, ...request } = store.claim(job, worker, { triggerRevision });
        return perform(store.etcd, claimRun(store.keys, { ...request, run: { ...request.run, id } }));
      }),
    );
    expect(results.filter(({ ok }) => ok)).toHaveLength(1);
    const reasons = results.flatMap((result) => (result.ok ? [] : [result.reason]));
    expect(reasons).toEqual(['trigger-gone', 'trigger-gone']);
    const left = await store.keysLeft();
    expect(left.filter((each) => each.startsWith('trigger/') || each.startsWith('cursor/'))).toEqual([]);
  });

  test('that was withdrawn is not run', async () => {
    const job = await store.job();
    const { cursor: _none, ...request } = store.claim(job, await store.worker(), { triggerRevision: 7 });
    expect(await perform(store.etcd, claimRun(store.keys, request))).toEqual({
      ok: false,
      reason: 'trigger-gone',
    });
  });
});

describe('ticks that nothing runs for', () => {
  const stretch = { count: 3, from: TICK, to: TICK + 2_000 };
  const missed = (job: { name: string; created: number }, told = 'aaaaaa') =>
    passedTicks({ job: job.name, generation: 1, jobCreated: job.created }, 'missed', stretch, {
      reason: 'nobody was there',
      at: instant(TICK + 9_000),
      suffix: told,
    });

  test('are recorded in the claim that passes them, or not at all', async () => {
    const job = await store.job();
    const worker = await store.worker();
    const record = missed(job);
    const request = store.claim(job, worker, { passed: [record], cursor: { revision: 0, to: TICK + 3_000 } });
    await perform(store.etcd, claimRun(store.keys, request));
    const lost = store.claim(job, await store.worker(), {
      passed: [missed(job, 'bbbbbb')],
      cursor: { revision: 0, to: TICK + 3_000 },
    });
    expect(await perform(store.etcd, claimRun(store.keys, lost))).toMatchObject({ reason: 'cursor-moved' });
    expect((await store.keysLeft()).filter((key) => key.startsWith('runs/'))).toEqual([
      `runs/${job.name}/${record.id}`,
    ]);
  });

  test('are settled once, however many workers settle them', async () => {
    const job = await store.job();
    const settle = (told: string) =>
      perform(
        store.etcd,
        settleTicks(store.keys, {
          job: job.name,
          jobRevision: job.revision,
          cursor: { revision: 0, to: stretch.to },
          records: [missed(job, told)],
        }),
      );
    const results = await Promise.all(Array.from({ length: 20 }, (_, i) => settle(`0000${10 + i}`)));
    const won = results.filter(({ ok }) => ok);
    expect(won).toHaveLength(1);
    for (const result of results.filter(({ ok }) => !ok)) {
      expect(result).toMatchObject({ reason: 'cursor-moved', cursor: { tick: stretch.to } });
    }
    expect((await store.keysLeft()).filter((key) => key.startsWith('runs/'))).toHaveLength(1);
  });

  test('are skipped only while the lock that keeps them from running is held', async () => {
    const job = await store.job();
    const { run, fencingToken, ending } = await store.claimed(job, await store.worker());
    const skip = settleTicks(store.keys, {
      job: job.name,
      jobRevision: job.revision,
      cursor: { revision: fencingToken, to: TICK + 2_000 },
      records: [missed(job)],
      whileHeld: { key: store.keys.lock(job.name), createRevision: fencingToken, record: undefined },
    });
    await perform(store.etcd, finishRun(store.keys, ending()));
    expect(await perform(store.etcd, skip)).toEqual({ ok: false, reason: 'lock-moved' });
    expect((await store.keysLeft()).filter((key) => key.startsWith('runs/'))).toEqual([
      `runs/${job.name}/${run.id}`,
    ]);
  });

  test('of a deleted job leave no trace', async () => {
    const job = await store.job();
    await store.remove(job);
    const settled = await perform(
      store.etcd,
      settleTicks(store.keys, {
        job: job.name,
        jobRevision: job.revision,
        cursor: { revision: 0, to: stretch.to },
        records: [missed(job)],
      }),
    );
    expect(settled).toEqual({ ok: false, reason: 'definition-changed' });
    expect(await store.keysLeft()).toEqual([]);
  });
});
