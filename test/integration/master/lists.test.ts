// The list of jobs: searched, filtered, paged, and true to what was just written.
import { beforeEach, describe, expect, it } from 'vitest';
import { createScheduleCompiler } from '../../../src/common/core/schedule.ts';
import { codecs } from '../../../src/common/store/keyspace.ts';
import { put } from '../../../src/common/store/transactions/parts.ts';
import { createJobIndex } from '../../../src/master/views/job-index.ts';
import { useEtcd } from '../../support/shared-etcd.ts';
import { waitFor } from '../../support/wait.ts';
import { claim, job, runOf, startTestMaster, workerOf, type TestMaster } from './harness.ts';

const shared = useEtcd();
let master: TestMaster;
beforeEach(async () => {
  master = await startTestMaster(shared);
});

const names = async (query: object): Promise<string[]> =>
  (await master.call('listJobs', { query })).body.items.map((item: { name: string }) => item.name);

describe('listing jobs', () => {
  it('knows every write that was answered', async () => {
    for (let i = 0; i < 20; i++) {
      await master.call('createJob', { body: job(`j${i}`) });
      expect(await names({ q: `j${i}` })).toContain(`j${i}`);
    }
    await master.call('deleteJob', { params: { job: 'j7' } });
    expect(await names({ limit: 500 })).not.toContain('j7');
  });

  it('shows next ticks, last outcome and the number of runs', async () => {
    await master.call('createJob', {
      body: job('a', { schedule: '0 0 1 1 *', description: 'd', labels: { team: 'x' } }),
    });
    const id = '20260101T000000.000Z-000001';
    await master.write(
      master.keys.run('a', id),
      codecs.run.encode(runOf('a', id, { state: 'failed', error: 'no' })),
    );
    await claim(master, 'a', '20260102T000000.000Z-000002', Date.now());
    await waitFor(() => master.views.runs.size === 1, { what: 'the view knows the claim' });
    const { body } = await master.call('listJobs');
    expect(body.total).toBe(1);
    expect(body.items[0]).toMatchObject({
      name: 'a',
      state: 'running',
      running: 1,
      schedule: ['0 0 1 1 *'],
      description: 'd',
      labels: { team: 'x' },
      task: 'shell',
      lastRun: { id, state: 'failed', error: 'no' },
    });
    expect(body.items[0].nextTicks).toHaveLength(3);
  });

  it('shows the outcome that came last, also of a run that began before others', async () => {
    await master.call('createJob', { body: job('a') });
    const at = (minute: number) => Date.UTC(2026, 0, 1, 0, minute);
    for (const [n, minute, ended, state] of [
      [1, 0, 1, 'succeeded'],
      [2, 10, 25, 'failed'],
      [3, 20, 20, 'skipped'],
    ] as const) {
      const id = `20260101T00${String(minute).padStart(2, '0')}00.000Z-00000${n}`;
      const run = runOf('a', id, { state, endedAt: at(ended) });
      await master.write(master.keys.run('a', id), codecs.run.encode(run));
    }
    const { body } = await master.call('listJobs');
    expect(body.items[0].lastRun).toMatchObject({ state: 'failed' });
  });

  it('finds by name and description whatever the case, by labels and by state', async () => {
    await master.call('createJob', {
      body: job('alpha', { description: 'Nightly DUMP', labels: { team: 'data', tier: 'gold' } }),
    });
    await master.call('createJob', { body: job('beta', { labels: { team: 'data' }, paused: true }) });
    await master.write(master.keys.job('gamma'), '{"no": "job"}');
    await waitFor(() => master.views.jobs.size === 3, { what: 'the view knows all' });
    expect(await names({ q: 'dump' })).toEqual(['alpha']);
    expect(await names({ q: 'ET' })).toEqual(['beta']);
    expect(await names({ label: 'team=data' })).toEqual(['alpha', 'beta']);
    expect(await names({ label: ['team=data', 'tier'] })).toEqual(['alpha']);
    expect(await names({ label: 'team=data,tier=silver' })).toEqual([]);
    expect(await names({ label: 'constructor' })).toEqual([]);
    expect(await names({ state: 'paused' })).toEqual(['beta']);
    expect(await names({ state: 'active' })).toEqual(['alpha']);
    expect(await names({ state: 'broken' })).toEqual(['gamma']);
    expect(await names({ state: 'running' })).toEqual([]);
  });

  it('shows what cannot be read, with its reason, and is not disturbed by it', async () => {
    await master.call('createJob', { body: job('good') });
    await master.write(master.keys.job('bad-json'), '{"secret": "hunter2-hunter2"');
    await master.write(master.keys.job('bad name/with slash'), '{}');
    const { kvs } = await master.etcd.range({ key: master.keys.job('good') });
    await master.write(master.keys.job('impostor'), kvs[0]!.value);
    await waitFor(() => master.views.jobs.size === 4, { what: 'the view knows all' });
    const { body, text } = await master.call('listJobs');
    const broken = body.items.filter((item: { state: string }) => item.state === 'broken');
    expect(broken.map((item: { name: string }) => item.name)).toEqual([
      'bad name/with slash',
      'bad-json',
      'impostor',
    ]);
    expect(broken.every((item: { error: string }) => item.error !== '')).toBe(true);
    expect(text).not.toContain('hunter2');
    await master.call('putJob', { params: { job: 'bad-json' }, body: job('bad-json') });
    expect(await names({ state: 'broken' })).toEqual(['bad name/with slash', 'impostor']);
  });

  it('pages through all, none twice, while jobs come and go', async () => {
    for (const n of [1, 2, 3, 4, 5]) await master.call('createJob', { body: job(`j${n}`) });
    const first = await master.call('listJobs', { query: { limit: 2 } });
    await master.call('deleteJob', { params: { job: 'j2' } });
    await master.call('createJob', { body: job('j0') });
    const second = await master.call('listJobs', { query: { limit: 2, cursor: first.body.nextCursor } });
    const third = await master.call('listJobs', { query: { limit: 2, cursor: second.body.nextCursor } });
    const seen = [first, second, third].flatMap(({ body }) =>
      body.items.map((item: { name: string }) => item.name),
    );
    expect(seen).toEqual(['j1', 'j2', 'j3', 'j4', 'j5']);
    expect(third.body.nextCursor).toBeNull();
  });

  it('looks into the middle of the list by its place, in any order', async () => {
    for (const name of ['a', 'b', 'c', 'd', 'e']) await master.call('createJob', { body: job(name) });
    expect(await names({ offset: 2, limit: 2 })).toEqual(['c', 'd']);
    expect(await names({ offset: 1, limit: 2, order: 'desc' })).toEqual(['d', 'c']);
    expect(await names({ offset: 4, limit: 2, state: 'active' })).toEqual(['e']);
    expect(await names({ offset: 3, limit: 5, sort: 'duration' })).toEqual(['d', 'e']);
    expect(await names({ offset: 9, limit: 5, order: 'desc' })).toEqual([]);
    const { body } = await master.call('listJobs', { query: { offset: 1, limit: 2 } });
    expect(body.total).toBe(5);
    expect(await names({ cursor: body.nextCursor, limit: 9 })).toEqual(['d', 'e']);
    const refused = await master.refused('invalid_input', 'listJobs', {
      query: { offset: 1, cursor: body.nextCursor },
    });
    expect(refused.errors!.map(({ path }) => path)).toEqual(['offset']);
  });

  it('refuses unknown parameters, bad limits and bad cursors, each by its name', async () => {
    const { errors } = await master.refused('invalid_input', 'listJobs', {
      query: { limit: 0, serach: 'x', state: 'gone', cursor: 'x' } as never,
    });
    expect(errors!.map(({ path }) => path).sort()).toEqual(['limit', 'serach', 'state[0]']);
    const cursor = await master.refused('invalid_input', 'listJobs', { query: { cursor: 'x' } });
    expect(cursor.errors!.map(({ path }) => path)).toEqual(['cursor']);
  });

  it('serves a page of many thousands', async () => {
    const record = codecs.job.decode(
      (await master.call('createJob', { body: job('seed') })) &&
        (await master.etcd.range({ key: master.keys.job('seed') })).kvs[0]!.value,
    );
    if (!record.ok) throw new Error(record.error);
    const all = Array.from({ length: 5_000 }, (_, i) => `n${String(i).padStart(5, '0')}`);
    for (let from = 0; from < all.length; from += 100) {
      const success = all
        .slice(from, from + 100)
        .map((name) =>
          put(
            master.keys.job(name),
            codecs.job.encode({ ...record.value, definition: { ...record.value.definition, name } }),
          ),
        );
      await master.etcd.txn({ compare: [], success, failure: [] });
    }
    await waitFor(() => master.views.jobs.size === 5_001, { what: 'the view knows all' });
    const { body } = await master.call('listJobs', { query: { q: 'n049', limit: 500 } });
    expect(body.total).toBe(100);
    expect(body.items).toHaveLength(100);
  });
});

describe('the index of jobs', () => {
  it('counts broken entries as they come, change and go', () => {
    const index = createJobIndex((key) => key, createScheduleCompiler());
    const kv = (key: string, value: string) => ({
      key,
      value,
      createRevision: 1,
      modRevision: 1,
      version: 1,
      lease: '0',
    });
    index.apply([
      { type: 'put', kv: kv('a', 'x') },
      { type: 'put', kv: kv('b', 'x') },
    ]);
    expect(index.brokenCount).toBe(2);
    index.apply([
      { type: 'put', kv: kv('a', 'y') },
      { type: 'delete', key: 'b', modRevision: 2 },
      { type: 'delete', key: 'c', modRevision: 2 },
    ]);
    expect([index.brokenCount, index.size]).toEqual([1, 1]);
  });
});

describe('a list in another order', () => {
  const idOf = (n: number): string => `20260101T0000${String(n).padStart(2, '0')}.000Z-000001`;
  const end = async (name: string, n: number, rest: object): Promise<void> => {
    const run = runOf(name, idOf(n), { durationMs: 1_000, ...rest });
    await master.write(master.keys.run(name, idOf(n)), codecs.run.encode(run));
  };

  beforeEach(async () => {
    const schedules = { b: '0 0 1 1 *', a: '* * * * * *', d: '@manual', c: '0 * * * *' };
    for (const [name, schedule] of Object.entries(schedules))
      await master.call('createJob', { body: job(name, { schedule }) });
    await end('a', 1, { state: 'succeeded', durationMs: 5 });
    await end('b', 2, { state: 'failed', durationMs: 7 });
    await end('c', 3, { state: 'killed', durationMs: 6 });
    await waitFor(async () => (await master.call('getOverview')).body.jobs.failing === 1, {
      what: 'all runs are seen',
    });
  });

  it('goes by next tick, last run, last outcome or duration, what is not known last', async () => {
    expect(await names({ order: 'desc' })).toEqual(['d', 'c', 'b', 'a']);
    expect(await names({ sort: 'nextTick' })).toEqual(['a', 'c', 'b', 'd']);
    expect(await names({ sort: 'nextTick', order: 'desc' })).toEqual(['b', 'c', 'a', 'd']);
    expect(await names({ sort: 'lastRun' })).toEqual(['a', 'b', 'c', 'd']);
    expect(await names({ sort: 'lastRun', order: 'desc' })).toEqual(['c', 'b', 'a', 'd']);
    expect(await names({ sort: 'lastOutcome' })).toEqual(['b', 'c', 'a', 'd']);
    expect(await names({ sort: 'duration', order: 'desc' })).toEqual(['b', 'c', 'a', 'd']);
  });

  it('is paged like any other, and refuses a cursor of another order', async () => {
    for (const sort of ['name', 'nextTick', 'lastRun', 'lastOutcome', 'duration'] as const)
      for (const order of ['asc', 'desc'] as const) {
        const all = await names({ sort, order });
        const seen: string[] = [];
        let cursor: string | undefined;
        do {
          const query = { sort, order, limit: 1, ...(cursor !== undefined && { cursor }) };
          const { body } = await master.call('listJobs', { query });
          seen.push(...body.items.map((item: { name: string }) => item.name));
          cursor = body.nextCursor ?? undefined;
        } while (cursor !== undefined);
        expect(seen).toEqual(all);
      }
    const { body } = await master.call('listJobs', { query: { sort: 'nextTick', limit: 1 } });
    const query = { sort: 'lastRun', limit: 1, cursor: body.nextCursor } as const;
    const { errors } = await master.refused('invalid_input', 'listJobs', { query });
    expect(errors).toMatchObject([{ path: 'cursor' }]);
  });

  it('is narrowed to any of several states, failing ones and those that nobody can run among them', async () => {
    expect(await names({ state: 'failing' })).toEqual(['b']);
    await master.call('pauseJob', { params: { job: 'c' } });
    expect(await names({ state: 'failing,paused' })).toEqual(['b', 'c']);
    expect(await names({ state: ['failing', 'paused'] })).toEqual(['b', 'c']);
    // No worker at all is there.
    expect(await names({ state: 'unschedulable' })).toEqual(['a', 'b', 'd']);
    await master.write(master.keys.worker('w-abc123'), codecs.worker.encode(workerOf()));
    await waitFor(() => master.views.workers.size === 1, { what: 'the worker is known' });
    expect(await names({ state: 'unschedulable' })).toEqual([]);
    const body = job('e', { workers: { labels: { gpu: 'yes' } } });
    await master.call('createJob', { body });
    expect(await names({ state: 'unschedulable' })).toEqual(['e']);
    const { errors } = await master.refused('invalid_input', 'listJobs', { query: { state: 'gone' } });
    expect(errors).toMatchObject([{ path: 'state[0]' }]);
  });

  it('brings the newest twenty runs of each job on demand, those that are on among them', async () => {
    for (let n = 10; n < 35; n++) await end('a', n, { state: n % 2 ? 'failed' : 'succeeded' });
    const on = '20260201T000000.000Z-000001';
    await claim(master, 'a', on, Date.now(), 'running');
    await waitFor(() => master.views.runs.size === 1, { what: 'the view knows the claim' });
    const { body } = await master.call('listJobs', { query: { include: 'recent', name: 'd,a,gone' } });
    expect(body.items.map((item: { name: string }) => item.name)).toEqual(['a', 'd']);
    const [a, d] = body.items;
    expect(d).toMatchObject({ recent: [], lastRun: null, failing: false });
    expect(a.recent).toHaveLength(20);
    expect(a.recent.slice(0, 2)).toMatchObject([
      { id: on, state: 'running' },
      { id: idOf(34), state: 'succeeded', cause: 'schedule', durationMs: 1_000 },
    ]);
    expect(a.lastRun.id).toBe(idOf(34));
    const query = { include: 'recent', limit: 101 } as const;
    const { errors } = await master.refused('invalid_input', 'listJobs', { query });
    expect(errors).toMatchObject([{ path: 'limit' }]);
  });

  it('comes as bare names, too, and with the labels there are to choose from', async () => {
    const { body } = await master.call('listJobNames', { query: { state: 'failing', q: 'B' } });
    expect(body).toEqual({ names: ['b'], total: 1 });
    const range = { sort: 'nextTick', order: 'desc', offset: 1, limit: 2 } as const;
    expect((await master.call('listJobNames', { query: range })).body).toEqual({
      names: ['c', 'a'],
      total: 4,
    });
    for (const [name, team] of [
      ['x', 'data'],
      ['y', 'data'],
      ['z', 'web'],
    ] as const)
      await master.call('createJob', {
        body: job(name, { labels: { team, ...(name === 'x' && { gold: '' }) } }),
      });
    expect((await master.call('listLabels')).body).toEqual({
      items: [
        {
          key: 'team',
          jobs: 3,
          values: [
            { value: 'data', jobs: 2 },
            { value: 'web', jobs: 1 },
          ],
          more: 0,
        },
        { key: 'gold', jobs: 1, values: [{ value: '', jobs: 1 }], more: 0 },
      ],
      more: 0,
    });
    await master.call('deleteJob', { params: { job: 'x' } });
    expect((await master.call('listLabels')).body.items).toMatchObject([{ key: 'team', jobs: 2 }]);
  });
});
