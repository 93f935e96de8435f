// How runs end on record, whatever became of the lease and of the job meanwhile.
import { describe, expect, test } from 'vitest';
import { lostRun, startedRun } from '../../../src/common/core/lifecycle.ts';
import { instant } from '../../../src/common/model/time.ts';
import { startBatcher } from '../../../src/common/store/batcher.ts';
import { perform } from '../../../src/common/store/intent.ts';
import { codecs } from '../../../src/common/store/keyspace.ts';
import { claimRun, releaseRun, settleTicks } from '../../../src/common/store/transactions/claims.ts';
import {
  finishRun,
  finishWithoutJob,
  finishWithoutLock,
  keepTail,
  markRunning,
  settleLost,
  settleTrigger,
} from '../../../src/common/store/transactions/endings.ts';
import { requestKill, requestRun } from '../../../src/common/store/transactions/jobs.ts';
import {
  TICK,
  useTransactions,
  type Claimed,
  type TestJob,
  type TestWorker,
} from '../../support/transactions.ts';
import { put, putMany } from '../../support/writes.ts';

const store = useTransactions();

const activeOf = async ({ request, run }: Claimed) =>
  (await store.etcd.range({ key: store.keys.active(request.workerId, run.job, run.id) })).kvs[0];

const retry = (runId: string) => ({
  runId,
  trigger: { cause: 'retry', attempt: 2, requestedAt: TICK, whenRunning: 'queue' } as const,
});

const settleOf = async (claimed: Claimed, more: { retryAs?: string } = {}) => ({
  workerId: claimed.request.workerId,
  run: lostRun(claimed.run, instant(TICK + 5_000)),
  activeRevision: (await activeOf(claimed))!.modRevision,
  ...(more.retryAs === undefined ? {} : { retry: retry(more.retryAs) }),
});

const family = async (name: string): Promise<string[]> =>
  (await store.keysLeft()).filter((key) => key.startsWith(`${name}/`));

describe('a run that ends', () => {
  test('is on record with its output, and nothing else is left of it', async () => {
    const job = await store.job();
    const worker = await store.worker();
    const { run, ending } = await store.claimed(job, worker);
    await put(store.etcd, store.keys.kill(job.name, run.id), '{}');
    expect(await perform(store.etcd, finishRun(store.keys, ending()))).toBe('recorded');
    expect(await store.keysLeft()).toEqual([
      `cursor/${job.name}`,
      `jobs/${job.name}`,
      `output/${job.name}/${run.id}`,
      `runs/${job.name}/${run.id}`,
      `workers/${worker.workerId}`,
    ]);
    const record = codecs.run.decode((await store.content()).get(store.keys.run(job.name, run.id))!);
    expect(record).toMatchObject({ ok: true, value: { id: run.id, state: 'succeeded' } });
  });

  test('recorded twice, for want of an answer, is recorded once', async () => {
    const job = await store.job();
    const { ending } = await store.claimed(job, await store.worker());
    expect(await perform(store.etcd, finishRun(store.keys, ending()))).toBe('recorded');
    expect(await perform(store.etcd, finishRun(store.keys, ending({ tail: 'another' })))).toBe('settled');
    expect([...(await store.content()).values()]).not.toContain('another');
  });

  test('without output writes no output key', async () => {
    const job = await store.job();
    const { ending } = await store.claimed(job, await store.worker());
    await perform(store.etcd, finishRun(store.keys, ending({ tail: '' })));
    expect(await family('output')).toEqual([]);
  });

  test('is marked as running only while it is open', async () => {
    const job = await store.job();
    const worker = await store.worker();
    const { run, ending, fencingToken } = await store.claimed(job, worker);
    const mark = markRunning(store.keys, worker.workerId, startedRun(run, instant(TICK), 1, fencingToken));
    expect(await perform(store.etcd, mark)).toBe(true);
    await perform(store.etcd, finishRun(store.keys, ending()));
    expect(await perform(store.etcd, mark)).toBe(false);
    expect(await family('active')).toEqual([]);
  });
});

describe('a run that ends after its lease was lost', () => {
  test('is recorded by its worker while nobody else has', async () => {
    const job = await store.job();
    const worker = await store.worker();
    const { ending, run } = await store.claimed(job, worker);
    await worker.die();
    expect(await perform(store.etcd, finishRun(store.keys, ending()))).toBe('lease-lost');
    expect(await family('runs')).toEqual([]);
    expect(await perform(store.etcd, finishWithoutLock(store.keys, ending()))).toBe('recorded');
    expect(await family('runs')).toEqual([`runs/${job.name}/${run.id}`]);
    expect(await family('active')).toEqual([]);
  });

  test('leaves the lock of the next run alone', async () => {
    const job = await store.job();
    const worker = await store.worker();
    const old = await store.claimed(job, worker);
    await worker.die();
    const other = await store.worker();
    const next = await store.claimed(job, other, {
      run: store.run(job, other, TICK + 1_000),
      cursor: { revision: old.fencingToken, to: TICK + 1_000 },
    });
    expect(await perform(store.etcd, finishRun(store.keys, old.ending()))).toBe('lease-lost');
    expect(await perform(store.etcd, finishWithoutLock(store.keys, old.ending()))).toBe('recorded');
    expect(await family('lock')).toEqual([`lock/${job.name}`]);
    expect(await perform(store.etcd, finishRun(store.keys, next.ending()))).toBe('recorded');
  });

  test('stays as others have settled it', async () => {
    const job = await store.job();
    const worker = await store.worker();
    const claimed = await store.claimed(job, worker);
    await worker.die();
    expect(await perform(store.etcd, settleLost(store.keys, await settleOf(claimed)))).toBe(true);
    expect(await perform(store.etcd, finishRun(store.keys, claimed.ending()))).toBe('settled');
    expect(await perform(store.etcd, finishWithoutLock(store.keys, claimed.ending()))).toBe('settled');
    const record = (await store.content()).get(store.keys.run(job.name, claimed.run.id))!;
    expect(codecs.run.decode(record)).toMatchObject({ value: { state: 'lost' } });
  });

  test('leaves its tail with the record that others have written, once, and with no other', async () => {
    const job = await store.job();
    const worker = await store.worker();
    const claimed = await store.claimed(job, worker);
    await worker.die();
    const tail = (text: string) => perform(store.etcd, keepTail(store.keys, claimed.run, text));
    expect(await tail('too early')).toBe(false);
    await perform(store.etcd, settleLost(store.keys, await settleOf(claimed)));
    expect(await tail('the end')).toBe(true);
    expect(await tail('another')).toBe(false);
    const output = store.keys.output(job.name, claimed.run.id);
    expect((await store.content()).get(output)).toBe('the end');
    expect(
      await perform(
        store.etcd,
        keepTail(store.keys, { ...claimed.run, id: '20270115T080000.000Z-bbbbbb' }, 'no'),
      ),
    ).toBe(false);
  });
});

describe.each([
  ['was deleted', false, false],
  ['was deleted and created again', true, false],
  ['was deleted, and the lease lost as well', false, true],
  ['was deleted and created again, and the lease lost as well', true, true],
])('a run whose job %s', (_, isCreatedAgain, isLeaseLost) => {
  const prepare = async (): Promise<{ claimed: Claimed; job: TestJob; worker: TestWorker }> => {
    const job = await store.job();
    const worker = await store.worker();
    const claimed = await store.claimed(job, worker);
    await store.remove(job);
    if (isCreatedAgain) await store.job(job.name);
    if (isLeaseLost) await worker.die();
    return { claimed, job, worker };
  };

  test('ends without a trace', async () => {
    const { claimed, job } = await prepare();
    const ending = claimed.ending({ retry: retry('20270115T080000.000Z-ffffff') });
    expect(await perform(store.etcd, finishRun(store.keys, ending))).toBe('job-gone');
    expect(await perform(store.etcd, finishWithoutLock(store.keys, ending))).toBe('job-gone');
    expect(await family('runs')).toEqual([]);
    expect(await perform(store.etcd, finishWithoutJob(store.keys, ending))).toBe('job-gone');
    const left = (await store.keysLeft()).filter((key) => !key.startsWith('workers/'));
    expect(left).toEqual(isCreatedAgain ? [`jobs/${job.name}`] : []);
  });

  test('is settled without a trace when its worker is gone', async () => {
    const { claimed, job, worker } = await prepare();
    if (!isLeaseLost) await worker.die();
    const settle = await settleOf(claimed, { retryAs: '20270115T080000.000Z-ffffff' });
    expect(await perform(store.etcd, settleLost(store.keys, settle))).toBe(false);
    expect(await store.keysLeft()).toEqual(isCreatedAgain ? [`jobs/${job.name}`] : []);
  });
});

describe('a run of a dead worker', () => {
  test('is tried again however many requests wait', async () => {
    const job = await store.job();
    const [dead, alive] = [await store.worker(), await store.worker()];
    const lost = await store.claimed(job, dead);
    await dead.die();
    const waiting = Array.from({ length: 100 }, (_, i) =>
      retry(`20270115T080000.000Z-${String(i).padStart(6, '0')}`),
    );
    await putMany(
      store.etcd,
      waiting.map(({ runId, trigger }) => [
        store.keys.trigger(job.name, runId),
        codecs.trigger.encode(trigger),
      ]),
    );
    const settle = await settleOf(lost, { retryAs: '20270115T080000.000Z-fffffe' });
    expect(await perform(store.etcd, settleLost(store.keys, settle))).toBe(true);
    const next = await store.claimed(job, alive, {
      cursor: { revision: lost.fencingToken, to: TICK + 1_000 },
    });
    const ending = next.ending({ retry: retry('20270115T080000.000Z-ffffff') });
    expect(await perform(store.etcd, finishRun(store.keys, ending))).toBe('recorded');
    expect(await family('trigger')).toHaveLength(102);
  });

  test('is settled by one of many settlers, with one retry', async () => {
    const job = await store.job();
    const worker = await store.worker();
    const claimed = await store.claimed(job, worker);
    await worker.die();
    const settles = await Promise.all(
      Array.from({ length: 20 }, (_, i) =>
        settleOf(claimed, { retryAs: `20270115T080000.000Z-0000${10 + i}` }),
      ),
    );
    const results = await Promise.all(
      settles.map((each) => perform(store.etcd, settleLost(store.keys, each))),
    );
    expect(results.filter(Boolean)).toHaveLength(1);
    const winner = settles[results.indexOf(true)]!;
    expect(await family('runs')).toEqual([`runs/${job.name}/${claimed.run.id}`]);
    expect(await family('trigger')).toEqual([`trigger/${job.name}/${winner.retry!.runId}`]);
    expect(await family('active')).toEqual([]);
  });

  test('is not tried again when a kill was asked for, of which nothing is left', async () => {
    const job = await store.job();
    const worker = await store.worker();
    const claimed = await store.claimed(job, worker);
    await put(store.etcd, store.keys.kill(job.name, claimed.run.id), '{}');
    await worker.die();
    const settle = await settleOf(claimed, { retryAs: '20270115T080000.000Z-000099' });
    expect(await perform(store.etcd, settleLost(store.keys, settle))).toBe(true);
    expect(await family('trigger')).toEqual([]);
    expect(await family('kill')).toEqual([]);
    expect(await family('runs')).toHaveLength(1);
  });

  test('is not settled while the worker lives', async () => {
    const job = await store.job();
    const claimed = await store.claimed(job, await store.worker());
    expect(await perform(store.etcd, settleLost(store.keys, await settleOf(claimed)))).toBe(false);
    expect(await family('active')).toHaveLength(1);
    expect(await perform(store.etcd, finishRun(store.keys, claimed.ending()))).toBe('recorded');
  });

  test('is not settled from a record that has changed since it was read', async () => {
    const job = await store.job();
    const worker = await store.worker();
    const claimed = await store.claimed(job, worker);
    const settle = await settleOf(claimed);
    await perform(
      store.etcd,
      markRunning(
        store.keys,
        worker.workerId,
        startedRun(claimed.run, instant(TICK), 1, claimed.fencingToken),
      ),
    );
    await worker.die();
    expect(await perform(store.etcd, settleLost(store.keys, settle))).toBe(false);
    expect(await perform(store.etcd, settleLost(store.keys, await settleOf(claimed)))).toBe(true);
  });
});

describe('pruning history', () => {
  const ids = Array.from({ length: 10 }, (_, i) => `20270115T07000${i}.000Z-000000`);

  test.each(['run', 'output'] as const)('removes each %s before the given one, and no more', async (kind) => {
    const job = await store.job();
    const other = await store.job();
    await putMany(
      store.etcd,
      [job, other].flatMap(({ name }) => ids.map((id) => [store.keys[kind](name, id), '{}'] as const)),
    );
    const { run, ending } = await store.claimed(job, await store.worker());
    const prune = kind === 'run' ? { pruneRunsBefore: ids[7]! } : { pruneOutputsBefore: ids[7]! };
    await perform(store.etcd, finishRun(store.keys, ending(prune)));
    const name = kind === 'run' ? 'runs' : 'output';
    expect((await family(name)).filter((key) => key.startsWith(`${name}/${job.name}/`))).toEqual(
      [...ids.slice(7), run.id].map((id) => `${name}/${job.name}/${id}`),
    );
    expect((await family(name)).filter((key) => key.startsWith(`${name}/${other.name}/`))).toHaveLength(10);
  });

  test.each(['20990101T000000.000Z-000000', 'zzz'])(
    'never reaches the run that ends, even when told to (%s)',
    async (before) => {
      const job = await store.job();
      const { run, ending } = await store.claimed(job, await store.worker());
      const told = ending({ pruneRunsBefore: before, pruneOutputsBefore: before });
      expect(await perform(store.etcd, finishRun(store.keys, told))).toBe('recorded');
      expect(await family('runs')).toEqual([`runs/${job.name}/${run.id}`]);
      expect(await family('output')).toEqual([`output/${job.name}/${run.id}`]);
    },
  );

  test('up to the very run that ends keeps that one', async () => {
    const job = await store.job();
    const { run, ending } = await store.claimed(job, await store.worker());
    await perform(store.etcd, finishRun(store.keys, ending({ pruneRunsBefore: run.id })));
    expect(await family('runs')).toEqual([`runs/${job.name}/${run.id}`]);
  });
});

describe('all transactions of workers, together in one request', () => {
  test('do what each does alone', async () => {
    const worker = await store.worker();
    const dead = await store.worker();
    const jobs = await Promise.all(Array.from({ length: 9 }, () => store.job()));
    const [a, b, c, d, e, f, g, h, i] = jobs as [
      TestJob,
      TestJob,
      TestJob,
      TestJob,
      TestJob,
      TestJob,
      TestJob,
      TestJob,
      TestJob,
    ];
    const toFinish = await store.claimed(b, worker);
    const toRelease = await store.claimed(c, worker);
    const toSettle = await store.claimed(d, dead);
    const toMark = await store.claimed(e, worker);
    const lost = await store.claimed(f, dead);
    await dead.die();
    const settle = await settleOf(toSettle, { retryAs: '20270115T080000.000Z-eeeeee' });
    const trigger = retry('20270115T080000.000Z-dddddd').trigger;
    const triggerRevision = await put(
      store.etcd,
      store.keys.trigger(h.name, toMark.run.id),
      codecs.trigger.encode(trigger),
    );
    let requests = 0;
    const counted = {
      ...store.etcd,
      txn: (...args: Parameters<typeof store.etcd.txn>) => (requests++, store.etcd.txn(...args)),
    };
    const batcher = startBatcher({ etcd: counted });
    const { leaseId } = worker;
    const results = await Promise.all([
      batcher.submit(claimRun(store.keys, store.claim(a, worker))),
      batcher.submit(finishRun(store.keys, toFinish.ending({ pruneRunsBefore: '2027' }))),
      batcher.submit(
        releaseRun(store.keys, {
          run: toRelease.run,
          workerId: worker.workerId,
          lock: 'job',
          fencingToken: toRelease.fencingToken,
          cursorBack: { tick: TICK - 1, at: instant(TICK) },
        }),
      ),
      batcher.submit(settleLost(store.keys, settle)),
      batcher.submit(markRunning(store.keys, worker.workerId, startedRun(toMark.run, instant(TICK), 1, 1))),
      batcher.submit(finishWithoutLock(store.keys, lost.ending())),
      batcher.submit(
        settleTicks(store.keys, {
          job: g.name,
          jobRevision: g.revision,
          cursor: { revision: 0, to: TICK },
          records: [],
        }),
      ),
      batcher.submit(settleTrigger(store.keys, { ...toMark.run, job: h.name }, triggerRevision)),
      batcher.submit(
        requestRun(store.keys, {
          job: i.name,
          jobRevision: i.revision,
          runs: [{ runId: '20270115T080000.000Z-cccccc', trigger }],
          onlyWhenIdle: true,
        }),
      ),
      // The only one that shares its job with another, and so goes by itself.
      batcher.submit(
        requestKill(store.keys, {
          job: e.name,
          runId: toMark.run.id,
          workerId: worker.workerId,
          kill: { by: 'test', at: TICK },
          leaseId,
        }),
      ),
    ]);
    await batcher.stop();
    expect(requests).toBe(2);
    expect(results.slice(1, 6)).toEqual(['recorded', { kind: 'given-back' }, true, true, 'recorded']);
    expect([results[0], results[6], results[8]]).toMatchObject([{ ok: true }, { ok: true }, { ok: true }]);
    expect([results[7], results[9]]).toEqual([true, true]);
    const content = await store.content();
    expect(content.get(store.keys.cursor(c.name))).toBe(String(TICK - 1));
    expect(content.get(store.keys.cursor(g.name))).toBe(String(TICK));
    expect(await family('lock')).toEqual([a, e].map(({ name }) => `lock/${name}`).sort());
    expect(await family('active')).toHaveLength(2);
    expect(await family('runs')).toHaveLength(4);
    expect(await family('kill')).toEqual([`kill/${e.name}/${toMark.run.id}`]);
    const token = (results[0] as { fencingToken: number }).fencingToken;
    const [lock] = (await store.etcd.range({ key: store.keys.lock(a.name) })).kvs;
    expect(token).toBe(lock!.createRevision);
  });
});
