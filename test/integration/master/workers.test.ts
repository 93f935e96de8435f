// Workers and the cluster through the API.
import { beforeEach, describe, expect, it } from 'vitest';
import { codecs } from '../../../src/common/store/keyspace.ts';
import { put } from '../../../src/common/store/transactions/parts.ts';
import { useEtcd } from '../../support/shared-etcd.ts';
import { waitFor } from '../../support/wait.ts';
import { startTestMaster, WORKER, workerOf, type TestMaster } from './harness.ts';

const shared = useEtcd();
let master: TestMaster;
beforeEach(async () => {
  master = await startTestMaster(shared);
});

/** Under a lease, as workers register. */
async function register(rest: Parameters<typeof workerOf>[0] = {}): Promise<string> {
  const worker = workerOf(rest);
  const { leaseId } = await master.etcd.leaseGrant(60);
  await master.etcd.txn({
    compare: [],
    success: [put(master.keys.worker(worker.id), codecs.worker.encode(worker), leaseId)],
    failure: [],
  });
  await waitFor(() => master.views.workers.get(worker.id)?.record.wallClock === worker.wallClock, {
    what: 'the view knows it',
  });
  return leaseId;
}

describe('workers', () => {
  it('are listed with their state and how far their clocks are off', async () => {
    await master.views.whenLoaded;
    const can = { processes: false, handlers: ['mail.send'] };
    await register({ wallClock: Date.now() + 5_000, labels: { region: 'eu' }, can });
    // Of a version that does not tell what it can run.
    await register({ id: 'older-abc123', name: 'older' });
    await master.write(master.keys.worker('broken'), 'nonsense');
    const { body } = await master.call('listWorkers');
    expect(body.items).toHaveLength(2);
    expect(body.items[0]).not.toHaveProperty('can');
    expect(body.items[1]).toMatchObject({
      id: WORKER,
      state: 'ready',
      labels: { region: 'eu' },
      can,
      drain: null,
    });
    expect(body.items[1].clockOffsetMs).toBeGreaterThan(1_000);
    expect(body.items[1].clockOffsetMs).toBeLessThanOrEqual(5_000);
  });

  it('are drained and resumed by a wish that ends with their lease', async () => {
    const leaseId = await register();
    const params = { worker: WORKER };
    const drained = await master.call('drainWorker', { params });
    expect(drained.body.drain).toMatchObject({ by: 'api' });
    const { kvs } = await master.etcd.range({ key: master.keys.drain(WORKER) });
    expect(codecs.drain.decode(kvs[0]!.value).ok).toBe(true);
    expect((await master.call('listWorkers')).body.items[0].drain).toMatchObject({ by: 'api' });
    expect((await master.call('resumeWorker', { params })).body.drain).toBeNull();
    expect((await master.etcd.range({ key: master.keys.drain(WORKER) })).kvs).toEqual([]);
    await master.call('drainWorker', { params });
    await master.etcd.leaseRevoke(leaseId);
    expect((await master.etcd.range({ key: master.keys.drain(WORKER) })).kvs).toEqual([]);
  });

  it('are asked with an empty object as well as without a body, and with nothing in it', async () => {
    await register();
    const params = { worker: WORKER };
    const empty = { params, body: {} as never };
    expect((await master.call('drainWorker', empty)).body.drain).toMatchObject({ by: 'api' });
    expect((await master.call('resumeWorker', empty)).body.drain).toBeNull();
    for (const body of [{ force: true }, []] as never[]) {
      const { errors } = await master.refused('invalid_input', 'drainWorker', { params, body });
      expect(errors).toEqual([{ path: '', message: 'no body is expected here' }]);
    }
  });

  it('show who asked them to drain, and how far they say that they are', async () => {
    const since = Date.now();
    await register({ state: 'draining', draining: { since, left: 1, runs: [], killAt: since + 1_000 } });
    const stops = (await master.call('getWorker', { params: { worker: WORKER } })).body.drain;
    expect(stops).toMatchObject({ by: null, askedAt: null, left: 1 });
    expect(Date.parse(stops.since)).toBe(since);
    expect(Date.parse(stops.killAt)).toBe(since + 1_000);
    const { drain } = (await master.call('drainWorker', { params: { worker: WORKER } })).body;
    expect(drain).toMatchObject({ by: 'api', askedAt: expect.any(String), left: 1 });
  });

  it('are found by their name, unless several have it', async () => {
    await register({ state: 'draining' });
    const { body } = await master.call('drainWorker', { params: { worker: 'w' } });
    expect(body).toMatchObject({ id: WORKER, drain: { by: 'api' } });
    await register({ id: 'w-def456' });
    for (const id of ['getWorker', 'drainWorker', 'resumeWorker'] as const) {
      const { status, detail } = await master.refused('ambiguous_worker', id, { params: { worker: 'w' } });
      expect(status).toBe(409);
      expect(detail).toContain('w-abc123 or w-def456');
    }
    expect((await master.call('getWorker', { params: { worker: 'w-def456' } })).body.id).toBe('w-def456');
  });

  it('that are not there are 404, and what is no id is 400', async () => {
    const none = await master.refused('worker_not_found', 'drainWorker', { params: { worker: WORKER } });
    expect(none.status).toBe(404);
    await master.refused('worker_not_found', 'resumeWorker', { params: { worker: WORKER } });
    await master.refused('invalid_input', 'drainWorker', { params: { worker: 'a b' } });
  });
});

describe('the cluster', () => {
  const codes = async (which = master) =>
    (await which.call('getCluster')).body.warnings.map(({ code }: { code: string }) => code);

  it('shows the members of etcd, the leader and the size', async () => {
    const { body } = await master.call('getCluster');
    expect(body.members).toHaveLength(1);
    expect(body.members[0]).toMatchObject({ isLeader: true });
    expect(body.leader).toBe(body.members[0].id);
    expect(body.dbSize).toBeGreaterThan(0);
    expect(body.version).toMatch(/^\d+\.\d+\.\d+$/);
  });

  it('warns of what a person should look into', async () => {
    await master.views.whenLoaded;
    expect(await codes()).toContain('no_workers');
    await register({ state: 'draining', wallClock: Date.now() - 5_000 });
    await master.write(master.keys.job('broken'), '{}');
    await waitFor(() => master.views.jobs.brokenCount === 1, { what: 'the view knows the job' });
    expect(await codes()).toEqual(
      expect.arrayContaining(['no_ready_workers', 'broken_jobs', 'clock_offset']),
    );
    expect(await codes()).not.toContain('quota_pressure');
    expect(await codes()).not.toContain('long_waits');
    expect(await codes(await startTestMaster(shared, { quotaBytes: 1_000 }))).toContain('quota_pressure');
  });
});

describe('jobs that wait for a slot', () => {
  const tell = async (ago: number) => {
    const wallClock = Date.now();
    await register({ state: 'full', slots: 1, wallClock, waiting: { jobs: 2, since: wallClock - ago } });
    const { warnings } = (await master.call('getCluster')).body;
    return warnings.filter(({ code }: { code: string }) => code === 'long_waits');
  };

  it('are shown with their worker, and warned of when the first has waited for a minute', async () => {
    await master.views.whenLoaded;
    expect(await tell(59_000)).toEqual([]);
    expect(await tell(61_000)).toEqual([
      {
        code: 'long_waits',
        message: `2 jobs wait for a slot of ${WORKER}, which has 1: the first for 61 s`,
      },
    ]);
    const [worker] = (await master.call('listWorkers')).body.items;
    expect(worker.waiting.jobs).toBe(2);
    expect(Date.now() - Date.parse(worker.waiting.since)).toBeGreaterThanOrEqual(61_000);
  });
});

describe('a preview', () => {
  it('says a schedule in words and shows its ticks in its zone, with what the clocks do to them', async () => {
    const { body } = await master.call('previewSchedule', {
      body: { schedule: '30 2 * * *', timezone: 'Europe/Berlin', after: '2027-03-27T12:00:00Z', count: 2 },
    });
    expect(body.ticks).toHaveLength(2);
    expect(body.ticks[0]).toMatchObject({
      at: '2027-03-28T01:00:00.000Z',
      local: '2027-03-28T03:00:00+02:00',
      remark: expect.stringContaining('not exist'),
    });
    expect(body.ticks[1].remark).toBeUndefined();
    expect(body.description).not.toBe('');
  });

  it('remarks on what depends on a name that was not given', async () => {
    const remark = async (body: object) =>
      (await master.call('previewSchedule', { body: body as never })).body.remark;
    expect(await remark({ schedule: 'H H * * *' })).toMatch(/^what H stands for depends/);
    expect(await remark({ schedule: '@daily', jitter: '5m' })).toMatch(/^the jitter depends/);
    expect(await remark({ schedule: ['@daily', 'H 3 * * *'], jitter: '5m' })).toMatch(
      /^what H .* and the jitter depend /,
    );
    expect(await remark({ schedule: '0 3 * * THU' })).toBeUndefined();
    expect(await remark({ schedule: 'H H * * *', jitter: '5m', name: 'a' })).toBeUndefined();
  });

  it('refuses a bad one, naming the field', async () => {
    const { errors } = await master.refused('invalid_input', 'previewSchedule', {
      body: { schedule: ['* * * * *', '61 * * * *'] },
    });
    expect(errors!.map(({ path }) => path)).toEqual(['schedule[1]']);
    const zone = await master.refused('invalid_input', 'previewSchedule', {
      body: { schedule: '@daily', timezone: 'Nowhere' },
    });
    expect(zone.errors!.map(({ path }) => path)).toEqual(['timezone']);
    const both = await master.refused('invalid_input', 'previewSchedule', {
      body: { schedule: '61 * * * *', count: 1_000, after: 'now' },
    });
    expect(both.errors!.map(({ path }) => path)).toEqual(['after', 'count', 'schedule']);
  });
});

describe('the stream of events', () => {
  it('tells of jobs, runs and workers as they change, and is bounded', async () => {
    const small = await startTestMaster(shared, { mostStreams: 1 });
    const url = await small.app.listen({ host: '127.0.0.1', port: 0 });
    await waitFor(() => small.views.isFresh, { what: 'views are loaded' });
    const gone = new AbortController();
    const answer = await fetch(`${url}/api/v1/events`, { signal: gone.signal });
    expect(answer.headers.get('content-type')).toContain('text/event-stream');
    await small.refused('too_many_streams', 'streamEvents');
    let text = '';
    const reading = (async () => {
      for await (const chunk of answer.body!) text += new TextDecoder().decode(chunk);
    })().catch(() => {});
    await small.call('createJob', {
      body: { name: 'a', schedule: '@daily', task: { kind: 'shell', command: 'true' } },
    });
    await register();
    await waitFor(() => text.includes('event: worker') && text.includes('event: job'), {
      what: 'news of both',
    });
    expect(text).toContain('"name":"a"');
    expect(text).not.toContain('the-token-of-the-worker');
    gone.abort();
    await reading;
    await waitFor(
      async () => {
        const again = await fetch(`${url}/api/v1/events`);
        await again.body?.cancel();
        return again.status === 200;
      },
      { what: 'the place is free again' },
    );
  });
});
