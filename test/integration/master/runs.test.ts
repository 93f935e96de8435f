// Runs through the API: asked for, listed, read, killed.
import { beforeEach, describe, expect, it } from 'vitest';
import { codecs } from '../../../src/common/store/keyspace.ts';
import { useEtcd } from '../../support/shared-etcd.ts';
import { waitFor } from '../../support/wait.ts';
import { claim, endClaim, job, runOf, startTestMaster, WORKER, type TestMaster } from './harness.ts';

const shared = useEtcd();
let master: TestMaster;
beforeEach(async () => {
  master = await startTestMaster(shared);
  await master.call('createJob', { body: job('a') });
});

const id = (n: number): string => `2026010${n}T000000.000Z-00000${n}`;
const params = { job: 'a' };
const OTHER = 'other-0a0b0c';
const trigger = async (run: string) =>
  (await master.etcd.range({ key: master.keys.trigger('a', run) })).kvs[0];
const record = (n: number, state: 'succeeded' | 'failed' = 'succeeded') =>
  master.write(master.keys.run('a', id(n)), codecs.run.encode(runOf('a', id(n), { state })));

describe('running now', () => {
  it('leaves a request that a worker will find, and answers the id of the run', async () => {
    const { status, body } = await master.call('runJob', { params, body: { env: { A: '1' } } });
    expect(status).toBe(202);
    expect(body.record).toBeNull();
    const stored = codecs.trigger.decode((await trigger(body.run))!.value);
    expect(stored).toMatchObject({
      ok: true,
      value: { cause: 'manual', by: 'api', env: { A: '1' }, whenRunning: 'skip', attempt: 1 },
    });
  });

  it('is refused while a run is on or asked for, unless it may queue', async () => {
    await claim(master, 'a', id(1), Date.now());
    const { detail } = await master.refused('job_running', 'runJob', { params });
    expect(detail).toContain(id(1));
    const queued = await master.call('runJob', { params, query: { queue: 'true' } });
    expect(queued.status).toBe(202);
    expect(codecs.trigger.decode((await trigger(queued.body.run))!.value)).toMatchObject({
      value: { whenRunning: 'queue' },
    });
    await endClaim(master, 'a', id(1), {});
    await master.refused('job_running', 'runJob', { params });
  });

  describe('of which a hundred wait', () => {
    const ask = (which = master, name = 'a') =>
      which.call('runJob', { params: { job: name }, query: { queue: 'true' } });
    const waiting = async () =>
      (await master.etcd.range({ ...master.keys.triggersOf('a'), countOnly: true })).count;
    const statuses = (answers: readonly { status: number }[]) =>
      [202, 429].map((status) => answers.filter((answer) => answer.status === status).length);
    const fill = async (count: number) => {
      await Promise.all(Array.from({ length: count }, () => ask()));
      expect(await waiting()).toBe(count);
    };

    it('is refused with the way out, by a read alone, and taken again when there is room', async () => {
      await fill(100);
      const before = (await master.etcd.range({ key: 'none' })).revision;
      const answer = await ask();
      expect(answer.status).toBe(429);
      expect(answer.headers['retry-after']).toBe('10');
      expect(answer.body).toMatchObject({ code: 'queue_full', detail: expect.stringContaining('100') });
      expect((await master.etcd.range({ key: 'none' })).revision).toBe(before);
      const { body } = await master.call('killJob', { params });
      expect(body.killed).toHaveLength(100);
      expect((await ask()).status).toBe(202);
    });

    it('is refused to all but those who came first, of many at two masters at once', async () => {
      const other = await startTestMaster(shared);
      await fill(80);
      const answers = await Promise.all(Array.from({ length: 60 }, (_, i) => ask(i % 2 ? master : other)));
      expect(statuses(answers)).toEqual([20, 40]);
      expect(await waiting()).toBe(100);
      const kept = await Promise.all(
        answers.filter(({ status }) => status === 202).map(({ body }) => trigger(body.run)),
      );
      expect(kept.every((kv) => kv !== undefined)).toBe(true);
    });

    it('is not refused when a worker took it before it could be taken back', async () => {
      await fill(99);
      let taken: string | undefined;
      const etcd: typeof shared.etcd = {
        ...shared.etcd,
        async txn(txn, options) {
          const first = txn.success[0];
          const isRequest = first?.type === 'put' && first.key.startsWith(master.keys.triggersOf('a').key);
          if (!isRequest || taken !== undefined) return shared.etcd.txn(txn, options);
          taken = first.key;
          await ask();
          const answer = await shared.etcd.txn(txn, options);
          await master.etcd.txn({ compare: [], success: [{ type: 'delete', key: first.key }], failure: [] });
          return answer;
        },
      };
      const racing = await startTestMaster(shared, { etcd });
      const answer = await ask(racing);
      expect(answer.status).toBe(202);
      expect(taken).toContain(answer.body.run);
      expect(await waiting()).toBe(100);
    });

    it('is refused to a job that allows overlap as well, and to no other job', async () => {
      await master.call('putJob', { params, body: job('a', { overlap: 'allow' }) });
      await fill(100);
      expect((await master.call('runJob', { params })).status).toBe(429);
      await master.call('createJob', { body: job('b') });
      expect((await ask(master, 'b')).status).toBe(202);
    });
  });

  it('takes overrides of 64 KiB, and none larger', async () => {
    const body = (bytes: number) => ({ env: { A: 'x'.repeat(bytes) } });
    const { errors } = await master.refused('invalid_input', 'runJob', { params, body: body(70_000) });
    expect(errors).toEqual([{ path: '', message: expect.stringContaining('65536') }]);
    expect((await master.call('runJob', { params, body: body(60_000) })).status).toBe(202);
  });

  it('is not refused when the job allows overlap', async () => {
    await master.call('createJob', { body: job('b', { overlap: 'allow' }) });
    await claim(master, 'b', id(1), Date.now());
    expect((await master.call('runJob', { params: { job: 'b' } })).status).toBe(202);
  });

  it('waits for the end when asked to', async () => {
    const answer = master.call('runJob', { params, query: { wait: '1m' } });
    const key = await waitFor(
      async () => (await master.etcd.range(master.keys.triggersOf('a'))).kvs[0]?.key,
      { what: 'the request' },
    );
    const run = master.keys.partsOf(key)[1]!;
    await claim(master, 'a', run, Date.now());
    await endClaim(master, 'a', run, { state: 'failed', exitCode: 3 });
    const { status, body } = await answer;
    expect(status).toBe(200);
    expect(body.record).toMatchObject({ id: run, state: 'failed', exitCode: 3 });
  });

  it('answers what there is when the wait is over', async () => {
    const { status, body } = await master.call('runJob', { params, query: { wait: '50ms' } });
    expect(status).toBe(202);
    expect(body.record).toBeNull();
  });

  it('refuses what it does not understand', async () => {
    await master.refused('job_not_found', 'runJob', { params: { job: 'none' } });
    const { errors } = await master.refused('invalid_input', 'runJob', {
      params,
      query: { wait: 'soon', force: 'true' } as never,
    });
    expect(errors!.map(({ path }) => path).sort()).toEqual(['force', 'wait']);
    await master.refused('invalid_input', 'runJob', { params, body: { env: { 'not a name': '1' } } });
  });

  it('refuses a payload for a request that has no body, and takes one for a request that has', async () => {
    const http = (method: 'GET' | 'HEAD' | 'POST') =>
      master.call('putJob', {
        params,
        body: job('a', { task: { kind: 'http', method, url: 'http://127.0.0.1:9/' } }),
      });
    for (const method of ['GET', 'HEAD'] as const) {
      await http(method);
      const refused = await master.refused('invalid_input', 'runJob', {
        params,
        body: { payload: { a: 1 } },
      });
      expect(refused).toMatchObject({
        status: 400,
        errors: [{ path: 'payload', message: expect.stringContaining(`a ${method} request has no body`) }],
      });
      expect((await master.etcd.range(master.keys.triggersOf('a'))).kvs).toEqual([]);
    }
    await http('POST');
    const taken = await master.call('runJob', { params, body: { payload: { a: 1 } } });
    expect(taken.status).toBe(202);
  });

  it('refuses an override that etcron would set over', async () => {
    const body = { env: { A: '1', ETCRON_RUN_ID: 'forged', ETCRON_TOKEN: 'of the program' } };
    const { errors } = await master.refused('invalid_input', 'runJob', { params, body });
    expect(errors).toEqual([
      {
        path: 'env.ETCRON_RUN_ID',
        message:
          'names that begin with ETCRON_ are set by etcron for each run: leave it out, or name it otherwise',
      },
    ]);
    expect((await master.etcd.range(master.keys.triggersOf('a'))).kvs).toEqual([]);
  });
});

describe('listing the runs that are on', () => {
  const ids = async (query: object) =>
    (await master.call('listRuns', { query })).body.items.map(({ id }: { id: string }) => id);

  it('gives those of one worker when that is asked for, page by page', async () => {
    for (const n of [1, 2]) await claim(master, 'a', id(n), Date.now(), 'running');
    await claim(master, 'a', id(3), Date.now(), 'running', OTHER);
    await waitFor(() => master.views.runs.countOf('a') === 3, { what: 'the view knows the claims' });
    expect(await ids({})).toEqual([1, 2, 3].map(id));
    expect(await ids({ worker: OTHER })).toEqual([id(3)]);
    expect(await ids({ worker: OTHER, state: 'armed' })).toEqual([]);
    const first = (await master.call('listRuns', { query: { worker: WORKER, limit: 1 } })).body;
    expect(first.items.map(({ id }: { id: string }) => id)).toEqual([id(1)]);
    expect(await ids({ worker: WORKER, limit: 1, cursor: first.nextCursor })).toEqual([id(2)]);
  });

  it('knows none that waits of a worker, and refuses what is no id', async () => {
    await master.call('runJob', { params });
    expect(await ids({ state: 'waiting' })).toHaveLength(1);
    expect(await ids({ state: 'waiting', worker: WORKER })).toEqual([]);
    const { errors } = await master.refused('invalid_input', 'listRuns', { query: { worker: 'no worker' } });
    expect(errors!.map(({ path }) => path)).toEqual(['worker']);
  });
});

describe('listing the runs of a job', () => {
  it('goes through the pages, newest first, claimed runs among them', async () => {
    for (const n of [1, 2, 3, 4]) await record(n);
    await claim(master, 'a', id(5), Date.now());
    await waitFor(() => master.views.runs.countOf('a') === 1, { what: 'the view knows the claim' });
    const seen: string[] = [];
    let cursor: string | undefined;
    do {
      const { body } = await master.call('listRunsOfJob', {
        params,
        query: { limit: 2, ...(cursor && { cursor }) },
      });
      expect(body.items.length).toBeLessThanOrEqual(2);
      seen.push(...body.items.map((run: { id: string }) => run.id));
      cursor = body.nextCursor ?? undefined;
    } while (cursor);
    expect(seen).toEqual([5, 4, 3, 2, 1].map(id));
  });

  it('filters by state', async () => {
    await record(1);
    await record(2, 'failed');
    const { body } = await master.call('listRunsOfJob', { params, query: { state: 'failed' } });
    expect(body.items.map((run: { id: string }) => run.id)).toEqual([id(2)]);
  });

  it('passes over records that cannot be read', async () => {
    await record(1);
    await master.write(master.keys.run('a', id(2)), 'nonsense');
    const { body } = await master.call('listRunsOfJob', { params });
    expect(body.items).toHaveLength(1);
  });

  it('refuses a cursor of another list, naming it', async () => {
    for (const cursor of [
      'nonsense',
      '%%%',
      Buffer.from('jobs:a').toString('base64url'),
      Buffer.from('runs:').toString('base64url'),
    ]) {
      const { errors } = await master.refused('invalid_input', 'listRunsOfJob', {
        params,
        query: { cursor },
      });
      expect(errors!.map(({ path }) => path)).toEqual(['cursor']);
    }
    await master.refused('job_not_found', 'listRunsOfJob', { params: { job: 'none' } });
  });
});

describe('listing the runs that are on', () => {
  it('shows those of all jobs, by state, and forgets them when they end', async () => {
    await claim(master, 'a', id(1), Date.now(), 'running');
    await claim(master, 'b', id(2), Date.now());
    await waitFor(() => master.views.runs.size === 2, { what: 'the view knows the claims' });
    const ids = async (query: object) =>
      (await master.call('listRuns', { query })).body.items.map((run: { id: string }) => run.id);
    expect(await ids({})).toEqual([id(1), id(2)]);
    expect(await ids({ state: 'running' })).toEqual([id(1)]);
    const page = await master.call('listRuns', { query: { limit: 1 } });
    expect(await ids({ cursor: page.body.nextCursor })).toEqual([id(2)]);
    await endClaim(master, 'a', id(1), {});
    await waitFor(() => master.views.runs.size === 1, { what: 'the view knows the end' });
    expect(await ids({})).toEqual([id(2)]);
    await master.refused('invalid_input', 'listRuns', { query: { state: 'failed' as never } });
  });
});

describe('reading a run', () => {
  it('finds it claimed and ended, with its times as text', async () => {
    await claim(master, 'a', id(1), Date.now());
    const claimed = await master.call('getRun', { params: { job: 'a', run: id(1) } });
    expect(claimed.body).toMatchObject({ state: 'armed', scheduledFor: '2026-01-01T00:00:00.000Z' });
    await endClaim(master, 'a', id(1), {});
    const ended = await master.call('getRun', { params: { job: 'a', run: id(1) } });
    expect(ended.body).toMatchObject({
      state: 'succeeded',
      endedAt: '2026-01-01T00:00:01.000Z',
      cause: { tick: '2026-01-01T00:00:00.000Z' },
    });
  });

  it('answers 404 for none, and 400 for what is no run id', async () => {
    const none = await master.refused('run_not_found', 'getRun', { params: { job: 'a', run: id(1) } });
    expect(none.status).toBe(404);
    await master.refused('invalid_input', 'getRun', { params: { job: 'a', run: 'latest' } });
  });
});

describe('killing', () => {
  const kill = async (run: string) => {
    const { kvs } = await master.etcd.range({ key: master.keys.kill('a', run) });
    return kvs[0] && codecs.kill.decode(kvs[0].value);
  };

  it('asks for the end of one run, with the reason', async () => {
    await claim(master, 'a', id(1), Date.now(), 'running');
    const { status, body } = await master.call('killRun', {
      params: { job: 'a', run: id(1) },
      body: { reason: 'too slow' },
    });
    expect(status).toBe(202);
    expect(body.killed).toMatchObject([{ run: id(1) }]);
    expect(await kill(id(1))).toMatchObject({ value: { by: 'api', reason: 'too slow' } });
  });

  it('reaches a run whose lock is gone: alone, with all runs of its job, with the deletion of its job', async () => {
    const outlive = async (n: number): Promise<void> => {
      await claim(master, 'a', id(n), Date.now(), 'running');
      await master.etcd.txn({
        compare: [],
        success: [{ type: 'delete', key: master.keys.lock('a') }],
        failure: [],
      });
      await waitFor(() => master.views.runs.find('a', id(n)), { what: 'the view knows the run' });
    };
    await outlive(1);
    await master.call('killRun', { params: { job: 'a', run: id(1) }, body: { reason: 'one' } });
    expect(await kill(id(1))).toMatchObject({ value: { reason: 'one' } });
    await outlive(2);
    const all = await master.call('killJob', { params, body: { reason: 'all' } });
    expect(all.body.killed.map(({ run }: { run: string }) => run)).toEqual([id(1), id(2)]);
    expect(await kill(id(2))).toMatchObject({ value: { reason: 'all' } });
    const gone = await master.call('deleteJob', { params, query: { kill: 'true' } });
    expect(gone.body.killed.map(({ run }: { run: string }) => run)).toEqual([id(1), id(2)]);
    expect(await kill(id(2))).toMatchObject({ value: { reason: 'the job was deleted' } });
    const still = await master.call('killJob', { params });
    expect(still.body.killed).toHaveLength(2);
  });

  it('tells a run that has ended from one that never was', async () => {
    await record(1);
    await master.refused('run_ended', 'killRun', { params: { job: 'a', run: id(1) } });
    await master.refused('run_not_found', 'killRun', { params: { job: 'a', run: id(2) } });
    expect(await kill(id(1))).toBeUndefined();
  });

  it('kills all runs of a job, and takes back what was only asked for', async () => {
    await claim(master, 'a', id(1), Date.now(), 'running');
    const asked = await master.call('runJob', { params, query: { queue: 'true' } });
    const { body } = await master.call('killJob', { params });
    expect(body.killed.map(({ run }: { run: string }) => run)).toEqual(
      expect.arrayContaining([id(1), asked.body.run]),
    );
    expect(await trigger(asked.body.run)).toBeUndefined();
    const taken = await master.call('getRun', { params: { job: 'a', run: asked.body.run } });
    expect(taken.body).toMatchObject({ state: 'killed', cause: { kind: 'manual' } });
    await master.refused('job_not_found', 'killJob', { params: { job: 'none' } });
  });
});
