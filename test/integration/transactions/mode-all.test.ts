// Claims of `mode: all`: each worker's own lock and cursor, the cursor of all, and the other mode's as a floor.
import { describe, expect, test } from 'vitest';
import { instant } from '../../../src/common/model/time.ts';
import { perform } from '../../../src/common/store/intent.ts';
import { codecs } from '../../../src/common/store/keyspace.ts';
import {
  claimRun,
  releaseRun,
  settleTicks,
  type ClaimRequest,
  type Release,
} from '../../../src/common/store/transactions/claims.ts';
import { finishRun } from '../../../src/common/store/transactions/endings.ts';
import {
  TICK,
  useTransactions,
  type Claimed,
  type TestJob,
  type TestWorker,
} from '../../support/transactions.ts';
import { put } from '../../support/writes.ts';

const store = useTransactions();

const ALL = { lock: 'worker', all: true } as const;

const SESSION = { since: TICK - 2_500, before: TICK - 3_000, jobSince: TICK - 9_500 };

const claim = (job: TestJob, worker: TestWorker, more: Partial<ClaimRequest> = {}) =>
  perform(store.etcd, claimRun(store.keys, store.claim(job, worker, { ...ALL, ...more })));

const claimed = (job: TestJob, worker: TestWorker, more: Partial<ClaimRequest> = {}) =>
  store.claimed(job, worker, { ...ALL, ...more });

const release = ({ request, fencingToken }: Claimed, more: Partial<Release> = {}) =>
  perform(
    store.etcd,
    releaseRun(store.keys, {
      run: request.run,
      workerId: request.workerId,
      lock: request.lock,
      fencingToken,
      allUnder: request.leaseId,
      cursorBack: { tick: TICK - 1_000, at: instant(TICK) },
      ...more,
    }),
  );

/** Given back before its tick. */
const AHEAD = { cursorBack: { tick: TICK - 1_000, at: instant(TICK - 100) } };

const valueOf = async (key: string): Promise<string | undefined> => (await store.content()).get(key);
const revisionOf = async (key: string): Promise<number> =>
  (await store.etcd.range({ key })).kvs[0]?.modRevision ?? 0;

describe('a tick that runs on all', () => {
  test('is claimed once by each worker, under its own lock and cursor, which go with its lease', async () => {
    const job = await store.job();
    const workers = await Promise.all([store.worker(), store.worker(), store.worker()]);
    const results = await Promise.all(
      workers.flatMap((worker) => [claim(job, worker), claim(job, worker), claim(job, worker)]),
    );
    expect(results.filter(({ ok }) => ok)).toHaveLength(3);
    for (const { workerId } of workers) {
      expect(await valueOf(store.keys.lockOfWorker(job.name, workerId))).toContain(workerId);
      expect(await valueOf(store.keys.cursorOf(job.name, workerId))).toBe(String(TICK));
    }
    expect(await valueOf(store.keys.cursorOfAll(job.name))).toBe(String(TICK));
    expect(await valueOf(store.keys.cursor(job.name))).toBeUndefined();
    await workers[0].die();
    const left = await store.keysLeft();
    expect(left.filter((key) => key.includes(workers[0].workerId) && !key.startsWith('active/'))).toEqual([]);
  });

  test('is not claimed again by the same worker when its run is over', async () => {
    const job = await store.job();
    const worker = await store.worker();
    const { ending, fencingToken } = await claimed(job, worker);
    expect(await perform(store.etcd, finishRun(store.keys, ending()))).toBe('recorded');
    expect(await claim(job, worker)).toEqual({
      ok: false,
      reason: 'cursor-moved',
      cursor: { tick: TICK, revision: fencingToken },
    });
  });

  test('is not claimed while the worker runs the job, and names that run alone', async () => {
    const job = await store.job();
    const [worker, other] = [await store.worker(), await store.worker()];
    const { run, fencingToken } = await claimed(job, worker);
    await claimed(job, other);
    const next = {
      run: store.run(job, worker, TICK + 1_000),
      cursor: { revision: fencingToken, to: TICK + 1_000 },
    };
    expect(await claim(job, worker, next)).toMatchObject({
      ok: false,
      reason: 'lock-held',
      lock: { key: store.keys.lockOfWorker(job.name, worker.workerId), record: { runId: run.id } },
    });
  });

  test('waits for runs of the time when the job ran on one worker, or was allowed to overlap', async () => {
    const job = await store.job();
    const [worker, other] = [await store.worker(), await store.worker()];
    const one = await store.claimed(job, other);
    const cursor = { revision: 0, to: TICK };
    expect(await claim(job, worker, { cursor })).toMatchObject({
      reason: 'lock-held',
      lock: { record: { runId: one.run.id } },
    });
    await perform(store.etcd, finishRun(store.keys, one.ending()));
    const allowed = await claimed(job, other, { lock: 'run', cursor });
    expect(await claim(job, worker, { cursor })).toMatchObject({
      reason: 'lock-held',
      lock: { record: { runId: allowed.run.id } },
    });
    await perform(store.etcd, finishRun(store.keys, allowed.ending()));
    expect(await claim(job, worker, { cursor })).toMatchObject({ ok: true });
  });

  test('keeps the job from running on one worker while it is on', async () => {
    const job = await store.job();
    const { run } = await claimed(job, await store.worker());
    const result = await perform(store.etcd, claimRun(store.keys, store.claim(job, await store.worker())));
    expect(result).toMatchObject({ reason: 'lock-held', lock: { record: { runId: run.id } } });
  });

  test('is not claimed on a floor that has moved', async () => {
    const job = await store.job();
    const key = store.keys.cursor(job.name);
    const revision = await put(store.etcd, key, codecs.cursor.encode(TICK - 1_000));
    await put(store.etcd, key, codecs.cursor.encode(TICK));
    const worker = await store.worker();
    expect(await claim(job, worker, { cursor: { revision: 0, to: TICK, floor: { key, revision } } })).toEqual(
      {
        ok: false,
        reason: 'floor-moved',
      },
    );
    expect(
      await perform(
        store.etcd,
        settleTicks(store.keys, {
          job: job.name,
          jobRevision: job.revision,
          cursor: { revision: 0, to: TICK, floor: { key, revision } },
          all: worker,
          records: [],
        }),
      ),
    ).toEqual({ ok: false, reason: 'floor-moved' });
  });

  test('never sets the cursor of all back', async () => {
    const job = await store.job();
    await put(store.etcd, store.keys.cursorOfAll(job.name), codecs.cursor.encode(TICK + 5_000));
    await claimed(job, await store.worker());
    expect(await valueOf(store.keys.cursorOfAll(job.name))).toBe(String(TICK + 5_000));
  });

  test.each([
    ['was never written', undefined, String(SESSION.jobSince)],
    ['stands before them', TICK - 9_000, String(TICK - 9_000)],
    ['has passed them', TICK - 3_000, String(TICK)],
    ['is beyond them', TICK - 2_000, String(TICK)],
  ])(
    'leaves the cursor of all where it is while ticks that nobody was there for are not recorded: it %s',
    async (_, stood, stands) => {
      const job = await store.job();
      const key = store.keys.cursorOfAll(job.name);
      if (stood !== undefined) await put(store.etcd, key, codecs.cursor.encode(stood));
      await claimed(job, await store.worker(), { cursor: { revision: 0, to: TICK, session: SESSION } });
      expect(await valueOf(key)).toBe(stands);
    },
  );
});

describe('a claim of all that is given back', () => {
  test('puts its own cursor back, under the lease, and that of all when nobody else has the tick', async () => {
    const job = await store.job();
    const worker = await store.worker();
    const { request, fencingToken, run } = await claimed(job, worker);
    expect(await release({ request, fencingToken, run, ending: () => undefined as never })).toEqual({
      kind: 'given-back',
    });
    expect(await valueOf(store.keys.cursorOf(job.name, worker.workerId))).toBe(String(TICK - 1_000));
    expect(await valueOf(store.keys.cursorOfAll(job.name))).toBe(String(TICK - 1_000));
    const revision = await revisionOf(store.keys.cursorOf(job.name, worker.workerId));
    expect(await claim(job, worker, { cursor: { revision, to: TICK } })).toMatchObject({ ok: true });
    await worker.die();
    expect(await valueOf(store.keys.cursorOf(job.name, worker.workerId))).toBeUndefined();
  });

  test.each([
    ['holds it still', false],
    ['has run it', true],
  ])('leaves the cursor of all when another worker %s', async (_, ended) => {
    const job = await store.job();
    const first = await claimed(job, await store.worker());
    const second = await claimed(job, await store.worker());
    if (ended) await perform(store.etcd, finishRun(store.keys, first.ending()));
    expect(await release(second)).toEqual({ kind: 'given-back' });
    expect(await valueOf(store.keys.cursorOfAll(job.name))).toBe(String(TICK));
    if (ended) return;
    // The last of them puts it back, whoever claimed last.
    expect(await release(first)).toEqual({ kind: 'given-back' });
    expect(await valueOf(store.keys.cursorOfAll(job.name))).toBe(String(TICK - 1_000));
  });

  test.each([
    ['is given back', false],
    ['is given back after the lease is lost', true],
  ])('is due again for all though another worker is busy with a tick before: it %s', async (_, leaseLost) => {
    const job = await store.job();
    const [busy, worker] = [await store.worker(), await store.worker()];
    await claimed(job, busy, {
      run: store.run(job, busy, TICK - 1_000),
      cursor: { revision: 0, to: TICK - 1_000 },
    });
    const it = await claimed(job, worker);
    if (leaseLost) await worker.die();
    expect(await release(it, { leaseLost, ...AHEAD })).toEqual({ kind: 'given-back' });
    expect(await valueOf(store.keys.cursorOfAll(job.name))).toBe(String(TICK - 1_000));
    expect(await valueOf(store.keys.run(job.name, it.run.id))).toBeUndefined();
  });

  test.each([
    ['is due again for all', AHEAD, TICK - 1_000, []],
    ['is told as missed by the last of them', {}, TICK, ['missed']],
  ])(
    '%s when everyone gives it back whose lease is lost, and not yet at its end',
    async (_, when, stands, told) => {
      const job = await store.job();
      const [one, other] = [await store.worker(), await store.worker()];
      const [its, others] = [await claimed(job, one), await claimed(job, other)];
      expect(await release(its, { leaseLost: true, ...when })).toEqual({ kind: 'given-back' });
      // The other has it in hand still.
      expect(await valueOf(store.keys.cursorOfAll(job.name))).toBe(String(TICK));
      expect(await release(others, { leaseLost: true, ...when })).toEqual({ kind: 'given-back' });
      expect(await valueOf(store.keys.cursorOfAll(job.name))).toBe(String(stands));
      const records = await store.etcd.range(store.keys.runsOf(job.name));
      const states = records.kvs.map(({ value }) => (JSON.parse(value) as { state: string }).state);
      expect(states).toEqual(told);
    },
  );

  const later = (job: TestJob, worker: TestWorker, revision = 0) => ({
    run: store.run(job, worker, TICK + 1_000),
    cursor: {
      revision,
      to: TICK + 1_000,
      session: { since: TICK + 500, before: TICK, jobSince: TICK - 9_500 },
    },
  });

  test.each([
    ['is given back', false],
    ['is given back after the lease is lost', true],
  ])('is told as missed when only workers that came later have gone on: it %s', async (_, leaseLost) => {
    const job = await store.job();
    const [worker, newer] = [await store.worker(), await store.worker()];
    const it = await claimed(job, worker);
    await claimed(job, newer, later(job, newer));
    expect(await valueOf(store.keys.cursorOfAll(job.name))).toBe(String(TICK + 1_000));
    if (leaseLost) await worker.die();
    expect(await release(it, { leaseLost })).toEqual({ kind: 'given-back' });
    expect(codecs.run.decode((await valueOf(store.keys.run(job.name, it.run.id))) ?? '')).toMatchObject({
      ok: true,
      value: { state: 'missed', worker: worker.workerId, ticks: { count: 1, from: TICK, to: TICK } },
    });
    // Told, it is not due again.
    const stands = leaseLost ? undefined : String(TICK);
    expect(await valueOf(store.keys.cursorOf(job.name, worker.workerId))).toBe(stands);
  });

  test.each([
    ['runs the tick beside a later one', false],
    ['has run it', true],
  ])('is only due again for its own worker when one that has gone on %s', async (_, ended) => {
    const job = await store.job();
    const [worker, other] = [await store.worker(), await store.worker()];
    const it = await claimed(job, worker, { lock: 'run' });
    const first = await claimed(job, other, { lock: 'run' });
    if (ended) await perform(store.etcd, finishRun(store.keys, first.ending()));
    await claimed(job, other, { lock: 'run', ...later(job, other, first.fencingToken) });
    expect(await release(it)).toEqual({ kind: 'given-back' });
    expect(await valueOf(store.keys.run(job.name, it.run.id))).toBeUndefined();
    expect(await valueOf(store.keys.cursorOf(job.name, worker.workerId))).toBe(String(TICK - 1_000));
    expect(await valueOf(store.keys.cursorOfAll(job.name))).toBe(String(TICK + 1_000));
  });

  test('also after its lease is lost, and then without a cursor of its own', async () => {
    const job = await store.job();
    const worker = await store.worker();
    const it = await claimed(job, worker);
    await worker.die();
    expect(await release(it, { leaseLost: true, ...AHEAD })).toEqual({ kind: 'given-back' });
    expect(await valueOf(store.keys.cursorOfAll(job.name))).toBe(String(TICK - 1_000));
    expect(await store.keysLeft()).toEqual([`cursor/${job.name}/@`, `jobs/${job.name}`]);
  });

  test.each([
    ['that leaves', { leaves: true }],
    ['that has lost its lease', { leaseLost: true }],
  ])(
    'is told as missed when its tick has come, by a worker %s and does not come to it again',
    async (_, how) => {
      const job = await store.job();
      const [worker, other] = [await store.worker(), await store.worker()];
      const it = await claimed(job, worker);
      // Lost with its worker, and not settled yet: who puts the cursor of all back would have it told a second time.
      await claimed(job, other);
      await other.die();
      if ('leaseLost' in how) await worker.die();
      expect(await release(it, how)).toEqual({ kind: 'given-back' });
      expect(await valueOf(store.keys.cursorOfAll(job.name))).toBe(String(TICK));
      expect(codecs.run.decode((await valueOf(store.keys.run(job.name, it.run.id))) ?? '')).toMatchObject({
        ok: true,
        value: { state: 'missed', worker: worker.workerId, ticks: { count: 1, from: TICK, to: TICK } },
      });
    },
  );
});

test('ticks that nobody was there for are settled once, by the cursor of all', async () => {
  const job = await store.job();
  const settle = () =>
    perform(
      store.etcd,
      settleTicks(store.keys, {
        job: job.name,
        jobRevision: job.revision,
        cursor: { revision: 0, to: TICK },
        all: 'nobody',
        records: [],
      }),
    );
  const results = await Promise.all([settle(), settle(), settle()]);
  expect(results.filter(({ ok }) => ok)).toHaveLength(1);
  expect(await store.keysLeft()).toEqual([`cursor/${job.name}/@`, `jobs/${job.name}`]);
});

describe('while ticks from before its session are not recorded', () => {
  const behind = { cursor: { revision: 0, to: TICK, session: SESSION, from: SESSION.since } };
  const ofSession = (job: TestJob, { workerId }: TestWorker) =>
    store.keys.cursorOfSession(job.name, workerId, SESSION.since);
  const settle = async (
    job: TestJob,
    to: number,
    known: { workersAt?: number; sessionsAt?: number; passed?: string[] } = {},
  ) => {
    const { revision } = await store.etcd.range({ key: 'none' });
    return perform(
      store.etcd,
      settleTicks(store.keys, {
        job: job.name,
        jobRevision: job.revision,
        cursor: { revision: await revisionOf(store.keys.cursorOfAll(job.name)), to },
        all: 'nobody',
        known: { workersAt: revision, sessionsAt: revision, passed: [], ...known },
        records: [],
      }),
    );
  };

  test('how far it gets outlives its lease, until the cursor of all has passed it', async () => {
    const [job, worker] = [await store.job(), await store.worker()];
    await claimed(job, worker, behind);
    await worker.die();
    expect(await valueOf(ofSession(job, worker))).toBe(String(TICK));
    expect(await settle(job, TICK - 2_000)).toMatchObject({ ok: true });
    expect(await valueOf(ofSession(job, worker))).toBe(String(TICK));
    expect(await settle(job, TICK)).toMatchObject({ ok: true });
    expect(await valueOf(ofSession(job, worker))).toBeUndefined();
  });

  test('it is removed by a claim that could not put the cursor of all back behind it', async () => {
    const [job, worker, other] = [await store.job(), await store.worker(), await store.worker()];
    await claimed(job, worker, behind);
    await settle(job, TICK - 2_000);
    const later = (from: number) => ({
      cursor: { revision: 0, to: TICK + 1_000, session: SESSION, from },
    });
    await claimed(job, other, later(TICK - 1_000));
    expect(await valueOf(ofSession(job, worker))).toBe(String(TICK));
    await claimed(job, await store.worker(), later(TICK));
    expect(await valueOf(ofSession(job, worker))).toBeUndefined();
  });

  test.each([
    ['is given back', false],
    ['is given back after the lease is lost', true],
  ])('it goes back with a claim that %s', async (_, leaseLost) => {
    const [job, worker] = [await store.job(), await store.worker()];
    const it = await claimed(job, worker, behind);
    if (leaseLost) await worker.die();
    expect(await release(it, { leaseLost, sessionSince: SESSION.since, ...AHEAD })).toEqual({
      kind: 'given-back',
    });
    expect(await valueOf(ofSession(job, worker))).toBe(String(TICK - 1_000));
  });

  test('nobody was there only as long as nobody has registered, or told more of a session, since that was read', async () => {
    const [job, worker] = [await store.job(), await store.worker()];
    const { revision } = await store.etcd.range({ key: 'none' });
    const refused = { ok: false, reason: 'lock-moved' };
    await claimed(job, worker, behind);
    expect(await settle(job, TICK, { sessionsAt: revision })).toEqual(refused);
    await store.worker();
    expect(await settle(job, TICK, { workersAt: revision })).toEqual(refused);
    expect(await settle(job, TICK)).toMatchObject({ ok: true });
  });

  test('it is not passed over while what its worker has claimed may be given back', async () => {
    const [job, worker] = [await store.job(), await store.worker()];
    const it = await claimed(job, worker, behind);
    const passed = [worker.workerId];
    expect(await settle(job, TICK, { passed })).toEqual({ ok: false, reason: 'lock-moved' });
    await perform(store.etcd, finishRun(store.keys, it.ending()));
    expect(await settle(job, TICK, { passed })).toMatchObject({ ok: true });
  });

  test('it goes with the job', async () => {
    const [job, worker] = [await store.job(), await store.worker()];
    await perform(store.etcd, finishRun(store.keys, (await claimed(job, worker, behind)).ending()));
    await store.remove(job);
    await worker.die();
    expect(await store.keysLeft()).toEqual([]);
  });
});
