// Jobs through the API: created, read, replaced, paused, deleted.
import { beforeEach, describe, expect, it } from 'vitest';
import { codecs } from '../../../src/common/store/keyspace.ts';
import { useEtcd } from '../../support/shared-etcd.ts';
import { waitFor } from '../../support/wait.ts';
import { claim, job, runOf, startTestMaster, WORKER, workerOf, type TestMaster } from './harness.ts';

const shared = useEtcd();
let master: TestMaster;
beforeEach(async () => {
  master = await startTestMaster(shared);
});

const create = (name: string, rest = {}) => master.call('createJob', { body: job(name, rest) });
const read = (name: string) => master.call('getJob', { params: { job: name } });

describe('creating', () => {
  it('answers the job with its revisions, its ETag and its place', async () => {
    const { status, body, headers } = await create('a');
    expect(status).toBe(201);
    expect(body.job).toMatchObject({
      name: 'a',
      generation: 1,
      definition: { timezone: 'UTC', overlap: 'forbid' },
    });
    expect(headers['etag']).toBe(`"${body.job.revisions.mod}"`);
    expect(headers['location']).toBe('/api/v1/jobs/a');
    expect(body).toMatchObject({ previous: null, started: [] });
  });

  it('refuses a second job of the same name', async () => {
    await create('a');
    const again = await master.refused('job_exists', 'createJob', { body: job('a') });
    expect(again.status).toBe(409);
  });

  it('names every field that is wrong', async () => {
    const bad = { ...job('a'), schedule: '99 * * * *', retry: { dellay: '1s' } } as never;
    const { errors } = await master.refused('invalid_input', 'createJob', { body: bad });
    expect(errors!.map(({ path }) => path)).toEqual(['retry.dellay', 'schedule']);
    const again = await master.refused('invalid_input', 'createJob', {
      body: job('a', { schedule: '99 * * * *', timezone: 'Mars/Olympus' }),
    });
    expect(again.errors!.map(({ path }) => path)).toEqual(['timezone', 'schedule']);
    const put = await master.refused('invalid_input', 'putJob', {
      params: { job: 'a' },
      body: { schedule: '99 * * * *', task: { kind: 'shell', command: 'x' }, timeout: 30 } as never,
    });
    expect(put.errors!.map(({ path }) => path)).toEqual(['timeout', 'schedule']);
  });

  it('starts the life of ticks at the creation', async () => {
    const before = Date.now();
    const { body } = await create('a');
    expect(Date.parse(body.job.since)).toBeGreaterThanOrEqual(before);
    expect(body.job.anchor).toBe(body.job.createdAt);
  });
});

describe('reading', () => {
  it('shows the next ticks and the last runs, newest first, claimed ones too', async () => {
    await create('a', { schedule: '0 0 1 1 *' });
    for (const id of ['20260101T000000.000Z-000001', '20260102T000000.000Z-000002']) {
      await master.write(master.keys.run('a', id), codecs.run.encode(runOf('a', id)));
    }
    const { body, headers } = await read('a');
    expect(body.nextTicks).toHaveLength(5);
    expect(body.nextTicks[0]).toMatch(/-01-01T00:00:00\.000Z$/);
    expect(body.lastRuns.map((run: { id: string }) => run.id.slice(6, 8))).toEqual(['02', '01']);
    expect(headers['etag']).toBe(`"${body.revisions.mod}"`);
  });

  it('answers 404 for one that is not there, and 422 for one that cannot be read', async () => {
    await master.refused('job_not_found', 'getJob', { params: { job: 'a' } });
    await master.write(master.keys.job('a'), '{"definition": 7}');
    const { detail } = await master.refused('job_broken', 'getJob', { params: { job: 'a' } });
    expect(detail).toContain('definition');
  });
});

describe('replacing', () => {
  it('creates with 201, replaces with 200 and answers what was there', async () => {
    const first = await master.call('putJob', {
      params: { job: 'a' },
      body: job('a', { description: 'one' }),
    });
    expect(first.status).toBe(201);
    const second = await master.call('putJob', {
      params: { job: 'a' },
      body: job('a', { description: 'two' }),
    });
    expect(second.status).toBe(200);
    expect(second.body.previous.definition.description).toBe('one');
    expect(second.body.job).toMatchObject({ generation: 2, definition: { description: 'two' } });
    expect(second.body.job.revisions.mod).toBeGreaterThan(first.body.job.revisions.mod);
  });

  it('keeps `since` when only the task changes, and moves it when the schedule does', async () => {
    const { body } = await create('a');
    const task = await master.call('putJob', {
      params: { job: 'a' },
      body: job('a', { task: { kind: 'shell', command: 'false' } }),
    });
    expect(task.body.job.since).toBe(body.job.since);
    const timing = await master.call('putJob', {
      params: { job: 'a' },
      body: job('a', { schedule: '0 4 * * *' }),
    });
    expect(Date.parse(timing.body.job.since)).toBeGreaterThan(Date.parse(body.job.since));
    expect(timing.body.job.anchor).toBe(body.job.anchor);
  });

  it('writes nothing when nothing changes', async () => {
    const { body } = await create('a');
    const again = await master.call('putJob', { params: { job: 'a' }, body: job('a') });
    expect(again.body.job.revisions).toEqual(body.job.revisions);
  });

  it('honours If-Match and If-None-Match', async () => {
    await master.refused('precondition_failed', 'putJob', {
      params: { job: 'a' },
      headers: { 'if-match': '"1"' },
      body: job('a'),
    });
    const { headers } = await create('a');
    await master.refused('precondition_failed', 'putJob', {
      params: { job: 'a' },
      headers: { 'if-none-match': '*' },
      body: job('a'),
    });
    await master.refused('precondition_failed', 'putJob', {
      params: { job: 'a' },
      headers: { 'if-match': '"1"' },
      body: job('a'),
    });
    await master.refused('invalid_input', 'putJob', {
      params: { job: 'a' },
      headers: { 'if-match': 'nonsense' },
      body: job('a'),
    });
    const good = await master.call('putJob', {
      params: { job: 'a' },
      headers: { 'if-match': headers['etag']! },
      body: job('a', { description: 'new' }),
    });
    expect(good.status).toBe(200);
  });

  it('refuses a name that is not that of the path', async () => {
    const { errors } = await master.refused('invalid_input', 'putJob', {
      params: { job: 'a' },
      body: job('b'),
    });
    expect(errors).toEqual([{ path: 'name', message: expect.stringContaining('a') }]);
  });

  it('replaces a job whose stored definition cannot be read', async () => {
    await master.write(master.keys.job('a'), 'not json');
    const { status, body } = await master.call('putJob', { params: { job: 'a' }, body: job('a') });
    expect(status).toBe(200);
    expect(body.previous).toBeNull();
  });
});

describe('two masters that write the same job at once (case 28)', () => {
  it('lets one win, and refuses the other when it named the revision', async () => {
    const other = await startTestMaster(shared);
    const { headers } = await create('a');
    const put = (which: TestMaster, description: string) =>
      which.call('putJob', {
        params: { job: 'a' },
        headers: { 'if-match': headers['etag']! },
        body: job('a', { description }),
      });
    const answers = await Promise.all([put(master, 'one'), put(other, 'two')]);
    expect(answers.map(({ status }) => status).sort((a, b) => a - b)).toEqual([200, 412]);
    const won = answers.find(({ status }) => status === 200)!;
    expect((await read('a')).body.definition.description).toBe(won.body.job.definition.description);
  });

  it('lets one create it, and answers 409 to the other', async () => {
    const other = await startTestMaster(shared);
    const answers = await Promise.all([create('a'), other.call('createJob', { body: job('a') })]);
    expect(answers.map(({ status }) => status).sort((a, b) => a - b)).toEqual([201, 409]);
  });

  it('loses no write of many that named no revision', async () => {
    const other = await startTestMaster(shared);
    await create('a');
    const answers = await Promise.all(
      Array.from({ length: 6 }, (_, i) =>
        (i % 2 ? master : other).call('putJob', {
          params: { job: 'a' },
          body: job('a', { description: `${i}` }),
        }),
      ),
    );
    expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 6 }, () => 200));
    expect((await read('a')).body.generation).toBe(7);
  });
});

describe('a put of a paused job', () => {
  const put = (rest = {}) => master.call('putJob', { params: { job: 'a' }, body: job('a', rest) });

  it('leaves it paused when it does not say, and resumes it when it says so', async () => {
    const { body } = await create('a', { paused: true });
    const quiet = await put({ description: 'new' });
    expect(quiet.body.job).toMatchObject({
      generation: 2,
      definition: { description: 'new', paused: true },
      since: body.job.since,
    });
    const loud = await put({ description: 'new', paused: false });
    expect(loud.body.job).toMatchObject({ generation: 3, definition: { paused: false } });
    expect(loud.body.job.since).not.toBe(body.job.since);
    expect((await put({ description: 'new' })).body.job.definition.paused).toBe(false);
  });

  it('writes nothing when it says the same but for `paused`', async () => {
    const { body, headers } = await create('a', { paused: true });
    const again = await put();
    expect(again.body.job).toEqual(body.job);
    expect(again.headers['etag']).toBe(headers['etag']);
    const { items } = (await master.call('listVersions', { params: { job: 'a' } })).body;
    expect(items).toHaveLength(1);
  });

  it('leaves it paused in a batch, too', async () => {
    const { body } = await create('a', { paused: true });
    const batch = async (definition: object) => {
      const operations = [{ op: 'put' as const, definition: { name: 'a', ...definition } }];
      return (await master.call('batchJobs', { body: { operations } })).body.results[0];
    };
    expect(await batch(job('a'))).toMatchObject({ outcome: 'replaced', modRevision: body.job.revisions.mod });
    await batch(job('a', { description: 'new' }));
    expect((await read('a')).body.definition).toMatchObject({ description: 'new', paused: true });
    await batch(job('a', { description: 'new', paused: false }));
    expect((await read('a')).body.definition.paused).toBe(false);
  });
});

describe('a job that no registered worker can run', () => {
  const picky = { workers: { labels: { gpu: 'h100' } } };

  it('is created and put with a hint at what is missing, and without one when a worker has it', async () => {
    await master.views.whenLoaded;
    expect((await create('a')).body.hint).toContain('no worker is registered');
    await master.write(master.keys.worker(WORKER), codecs.worker.encode(workerOf()));
    await waitFor(() => master.views.workers.size === 1, { what: 'the worker is known' });
    expect((await create('b')).body).not.toHaveProperty('hint');
    const put = await master.call('putJob', { params: { job: 'b' }, body: job('b', picky) });
    expect(put.status).toBe(200);
    expect(put.body.hint).toMatch(/^no worker is registered .*gpu=h100.* recorded as missed$/);
    expect((await create('c', { ...picky, paused: true })).body).not.toHaveProperty('hint');
  });
});

describe('pausing and resuming', () => {
  it('takes the ticks away, and gives them back from that moment on', async () => {
    const { body } = await create('a', { schedule: '* * * * * *' });
    const paused = await master.call('pauseJob', { params: { job: 'a' } });
    expect(paused.body.job.definition.paused).toBe(true);
    expect(paused.body.previous.definition.paused).toBe(false);
    expect((await read('a')).body).toMatchObject({ state: 'paused', nextTicks: [] });
    const resumed = await master.call('resumeJob', { params: { job: 'a' } });
    expect(Date.parse(resumed.body.job.since)).toBeGreaterThan(Date.parse(body.job.since));
    expect((await read('a')).body.nextTicks).toHaveLength(5);
  });

  it('is fine to do twice', async () => {
    await create('a');
    const first = await master.call('pauseJob', { params: { job: 'a' } });
    const second = await master.call('pauseJob', { params: { job: 'a' } });
    expect(second.body.job.revisions).toEqual(first.body.job.revisions);
  });

  it('answers 404 for a job that is not there', async () => {
    const none = await master.refused('job_not_found', 'pauseJob', { params: { job: 'a' } });
    expect(none.status).toBe(404);
    await master.refused('job_not_found', 'resumeJob', { params: { job: 'a' } });
  });
});

describe('deleting', () => {
  it('answers the job as it was, and takes its history, cursor and requests along', async () => {
    await create('a');
    const id = '20260101T000000.000Z-000001';
    await master.write(master.keys.run('a', id), codecs.run.encode(runOf('a', id)));
    await master.write(master.keys.output('a', id), 'text');
    await master.write(master.keys.cursor('a'), '1');
    const { body } = await master.call('deleteJob', { params: { job: 'a' } });
    expect(body).toMatchObject({ job: { name: 'a' }, started: [], killed: [] });
    const left = await master.etcd.range({ ...master.keys.all, keysOnly: true });
    expect(left.kvs.map((kv) => kv.key)).toEqual([]);
  });

  it('honours If-Match, answers 404 for none, and deletes what cannot be read', async () => {
    await master.refused('job_not_found', 'deleteJob', { params: { job: 'a' } });
    await create('a');
    await master.refused('precondition_failed', 'deleteJob', {
      params: { job: 'a' },
      headers: { 'if-match': '"1"' },
    });
    await master.write(master.keys.job('b'), '{');
    const { body } = await master.call('deleteJob', { params: { job: 'b' } });
    expect(body.job).toBeNull();
  });

  it('names the runs that go on without the job', async () => {
    await create('a');
    const id = '20260101T000000.000Z-000001';
    await claim(master, 'a', id, Date.now() - 60_000, 'running');
    const { body } = await master.call('deleteJob', { params: { job: 'a' } });
    expect(body).toMatchObject({ killed: [], running: [{ run: id, worker: WORKER }] });
  });

  it('kills what runs when asked to', async () => {
    await create('a');
    const id = '20260101T000000.000Z-000001';
    await claim(master, 'a', id, Date.now() - 60_000, 'running');
    const { body } = await master.call('deleteJob', { params: { job: 'a' }, query: { kill: 'true' } });
    expect(body.killed).toMatchObject([{ run: id }]);
    expect(body.running).toEqual([]);
    const kill = await master.etcd.range({ key: master.keys.kill('a', id) });
    expect(codecs.kill.decode(kill.kvs[0]!.value)).toMatchObject({ ok: true, value: { by: 'api' } });
    expect(kill.kvs[0]!.lease).not.toBe('0');
  });
});
