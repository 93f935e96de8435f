// Strict answers: an update, a pause and a deletion tell which claimed runs of the older definition started
// (invariant 3). The worker is played by the test: it claims ahead, and gives back, starts or finishes.
import { beforeEach, describe, expect, it } from 'vitest';
import { useEtcd } from '../../support/shared-etcd.ts';
import { waitFor } from '../../support/wait.ts';
import { claim, endClaim, job, startTestMaster, type Answered, type TestMaster } from './harness.ts';

const shared = useEtcd();
const RUN = '20260101T000000.000Z-000001';
/** Far enough for the worker to act first even on a loaded machine: the answer waits 2 s at most. */
const AHEAD = 1_800;
let master: TestMaster;

beforeEach(async () => {
  master = await startTestMaster(shared);
  await master.call('createJob', { body: job('a', { description: 'as it was' }) });
  await master.call('putJob', { params: { job: 'a' }, body: job('a') });
});

const changes: readonly (readonly [string, () => Promise<Answered>])[] = [
  [
    'an update',
    () => master.call('putJob', { params: { job: 'a' }, body: job('a', { description: 'new' }) }),
  ],
  ['a restore', () => master.call('restoreVersion', { params: { job: 'a', version: '1' } })],
  ['a pause', () => master.call('pauseJob', { params: { job: 'a' } })],
  ['a deletion', () => master.call('deleteJob', { params: { job: 'a' } })],
];

/** Until the definition that the run was claimed under is no more. */
const untilChanged = async (revision: number) =>
  waitFor(
    async () => {
      const { kvs } = await master.etcd.range({ key: master.keys.job('a') });
      return kvs[0]?.modRevision !== revision;
    },
    { what: 'the definition is written' },
  );

const revisionNow = async () => (await master.etcd.range({ key: master.keys.job('a') })).kvs[0]!.modRevision;

describe.each(changes)('%s while a run stands armed', (_, change) => {
  it('waits for a claim that is given back, and names nothing', async () => {
    await claim(master, 'a', RUN, Date.now() + AHEAD);
    const revision = await revisionNow();
    const answer = change();
    await untilChanged(revision);
    await endClaim(master, 'a', RUN);
    expect((await answer).body.started).toEqual([]);
  });

  it('names a claim that still stands at its start', async () => {
    const startAt = Date.now() + 300;
    await claim(master, 'a', RUN, startAt);
    const { body } = await change();
    expect(body.started).toMatchObject([{ run: RUN, worker: 'w-abc123' }]);
    expect(Date.now()).toBeGreaterThanOrEqual(startAt);
  });

  it('names a run that started and ended before the answer', async () => {
    await claim(master, 'a', RUN, Date.now() + AHEAD);
    const revision = await revisionNow();
    const answer = change();
    await untilChanged(revision);
    await endClaim(master, 'a', RUN, { state: 'succeeded' });
    expect((await answer).body.started).toMatchObject([{ run: RUN }]);
  });

  it('waits 2 s at most, and then names what still stands armed', async () => {
    await claim(master, 'a', RUN, Date.now() + 3_600_000);
    const { body } = await change();
    expect(body.started).toMatchObject([{ run: RUN }]);
  });

  it('names a run whose start has come but is not told yet, at once', async () => {
    await claim(master, 'a', RUN, Date.now() - 10);
    expect((await change()).body.started).toMatchObject([{ run: RUN }]);
  });

  it('does not name a run that ran before', async () => {
    await claim(master, 'a', RUN, Date.now() - 60_000, 'running');
    expect((await change()).body.started).toEqual([]);
  });
});

it('a deletion pauses first, so that the worker can see it and give the claim back', async () => {
  await claim(master, 'a', RUN, Date.now() + AHEAD);
  const answer = master.call('deleteJob', { params: { job: 'a' } });
  await waitFor(
    async () => (await master.call('getJob', { params: { job: 'a' } })).body?.definition?.paused === true,
    { what: 'the job is paused' },
  );
  await endClaim(master, 'a', RUN);
  const { body } = await answer;
  expect(body.job.definition.paused).toBe(false);
  expect((await master.etcd.range({ key: master.keys.job('a') })).kvs).toEqual([]);
});

it('a deletion sees a claim made between its look and its write', async () => {
  const other = '20260101T000001.000Z-000002';
  let claimed = false;
  const etcd: typeof shared.etcd = {
    ...shared.etcd,
    async txn(txn, options) {
      const deletes = txn.success.some((op) => op.type === 'delete' && op.key === master.keys.job('a'));
      if (deletes && !claimed) {
        claimed = true;
        await claim(master, 'a', other, Date.now() - 1);
      }
      return shared.etcd.txn(txn, options);
    },
  };
  const racing = await startTestMaster(shared, { etcd });
  const { body } = await racing.call('deleteJob', { params: { job: 'a' } });
  expect(claimed).toBe(true);
  expect(body.started).toMatchObject([{ run: other }]);
});

it('a restore of what stands already still answers for the definition before', async () => {
  const startAt = Date.now() + AHEAD;
  await claim(master, 'a', RUN, startAt);
  const revision = await revisionNow();
  const restore = () => master.call('restoreVersion', { params: { job: 'a', version: '1' } });
  const first = restore();
  await untilChanged(revision);
  const second = await restore();
  expect(second.body.started).toMatchObject([{ run: RUN }]);
  expect(Date.now()).toBeGreaterThanOrEqual(startAt);
  expect((await first).body.started).toMatchObject([{ run: RUN }]);
  expect(second.body.job.generation).toBe(3);
});

it('an update that changes nothing still answers for the definition before', async () => {
  const startAt = Date.now() + AHEAD;
  await claim(master, 'a', RUN, startAt);
  const revision = await revisionNow();
  const first = master.call('putJob', { params: { job: 'a' }, body: job('a', { description: 'new' }) });
  await untilChanged(revision);
  const second = await master.call('putJob', {
    params: { job: 'a' },
    body: job('a', { description: 'new' }),
  });
  expect(second.body.started).toMatchObject([{ run: RUN }]);
  expect(Date.now()).toBeGreaterThanOrEqual(startAt);
  expect((await first).body.started).toMatchObject([{ run: RUN }]);
});
