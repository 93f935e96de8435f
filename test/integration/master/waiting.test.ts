// Runs that were asked for and that no worker has taken: shown as such, with the reason, and taken back.
import { beforeEach, describe, expect, it } from 'vitest';
import { codecs } from '../../../src/common/store/keyspace.ts';
import { useEtcd } from '../../support/shared-etcd.ts';
import { waitFor } from '../../support/wait.ts';
import { claim, job, startTestMaster, WORKER, workerOf, type TestMaster } from './harness.ts';

const shared = useEtcd();
let master: TestMaster;
beforeEach(async () => {
  master = await startTestMaster(shared);
  await master.call('createJob', { body: job('a') });
});

const params = { job: 'a' };
const HELD = '20260101T000000.000Z-000001';
const idsOf = (items: readonly { id: string }[]): string[] => items.map(({ id }) => id);

async function register(rest: Parameters<typeof workerOf>[0] = {}): Promise<void> {
  const worker = workerOf(rest);
  await master.write(master.keys.worker(worker.id), codecs.worker.encode(worker));
  await waitFor(() => master.views.workers.get(worker.id)?.record.state === worker.state, {
    what: 'the view knows the worker',
  });
}
const ask = async (name = 'a', query: object = { queue: 'true' }) =>
  (await master.call('runJob', { params: { job: name }, query })).body;
const show = async (run: string, name = 'a') =>
  (await master.call('getRun', { params: { job: name, run } })).body;

describe('a run that waits', () => {
  it('is shown with its cause and reason, alone, among the runs of its job, and with the job', async () => {
    const { run }: { run: string } = await ask();
    const seen = await show(run);
    expect(seen).toMatchObject({
      id: run,
      job: 'a',
      state: 'waiting',
      cause: { kind: 'manual', by: 'api' },
      reason: 'no worker is registered',
      attempt: 0,
    });
    const { run: second }: { run: string } = await ask();
    // Of one millisecond their suffixes decide.
    const inOrder = second > run ? [run, second] : [second, run];
    const listed = async (query: object) => (await master.call('listRunsOfJob', { params, query })).body;
    expect(idsOf((await listed({})).items)).toEqual(inOrder.toReversed());
    expect(idsOf((await listed({ state: 'waiting' })).items)).toHaveLength(2);
    expect((await listed({ state: 'running' })).items).toEqual([]);
    const page = await listed({ limit: '1' });
    expect(idsOf((await listed({ limit: '1', cursor: page.nextCursor })).items)).toEqual([inOrder[0]]);
    const { waiting } = (await master.call('getJob', { params })).body;
    expect(idsOf(waiting)).toEqual(inOrder);
    expect(waiting[1].reason).toContain('1 request of the job comes first');
  });

  it('is listed among those of all jobs, page by page', async () => {
    await master.call('createJob', { body: job('b') });
    await master.call('createJob', { body: job('c') });
    const runs = [await ask('a'), await ask('b'), await ask('c')].map(({ run }) => run as string);
    const first = await master.call('listRuns', { query: { state: 'waiting', limit: '2' } });
    expect(idsOf(first.body.items)).toEqual(runs.slice(0, 2));
    const query = { state: 'waiting', cursor: first.body.nextCursor } as const;
    const second = await master.call('listRuns', { query });
    expect(idsOf(second.body.items)).toEqual(runs.slice(2));
    expect(second.body.nextCursor).toBeNull();
    expect((await master.call('listRuns')).body.items).toEqual([]);
    await master.refused('invalid_input', 'listRuns', { query: { state: 'waiting', cursor: 'x' } });
  });

  it('tells the run before it, workers that are full, what nobody has, and when nothing is in the way', async () => {
    await register();
    await claim(master, 'a', HELD, Date.now(), 'running');
    const { run, hint } = await ask();
    expect(hint).toBeUndefined();
    expect((await show(run)).reason).toBe(`run ${HELD} of the job is on, on ${WORKER}`);
    await register({ state: 'full' });
    expect((await show(run)).reason).toBe(
      `run ${HELD} of the job is on, on ${WORKER}; no worker that may run it takes work now: ${WORKER} is full (4 slots)`,
    );
    await master.call('createJob', { body: job('b', { workers: { labels: { gpu: 'yes' } } }) });
    const none = await ask('b');
    expect(none.hint).toMatch(
      /^no worker is registered with the labels gpu=yes\. It waits until one can take it/,
    );
    expect((await show(none.run, 'b')).reason).toBe('no worker is registered with the labels gpu=yes');
    const send = { kind: 'handler', name: 'mail.send' } as const;
    await master.call('createJob', { body: job('d', { task: send }) });
    await register({ can: { processes: true, handlers: ['mail.sort'] } });
    await waitFor(() => master.views.workers.get(WORKER)?.record.can !== undefined, { what: 'it is known' });
    const unable = await ask('d');
    expect(unable.hint).toMatch(/^no worker is registered that has the handler "mail\.send"\. It waits/);
    expect((await show(unable.run, 'd')).reason).toBe(
      'no worker is registered that has the handler "mail.send"',
    );
    await register({ labels: { gpu: 'yes' } });
    await waitFor(async () => (await show(none.run, 'b')).reason === 'a worker is about to take it', {
      what: 'the view knows the label',
    });
    await master.call('createJob', { body: job('c', { overlap: 'allow' }) });
    await claim(master, 'c', HELD, Date.now(), 'running');
    expect((await show((await ask('c')).run, 'c')).reason).toBe('a worker is about to take it');
  });

  it('of a paused job waits for no resume', async () => {
    await register();
    await master.call('pauseJob', { params });
    expect((await show((await ask()).run)).reason).toBe('a worker is about to take it');
  });

  it('is asked of one worker, under mode all, and tells of that one', async () => {
    await register();
    await master.call('createJob', { body: job('b', { workers: { mode: 'all' } }) });
    const { run } = await ask('b');
    expect(await show(run, 'b')).toMatchObject({ worker: WORKER, reason: 'a worker is about to take it' });
    await register({ state: 'draining' });
    expect((await show(run, 'b')).reason).toContain(`it was asked of ${WORKER}, which is draining`);
    // By an edit after it was asked for.
    await register({ can: { processes: false, handlers: [] } });
    expect((await show(run, 'b')).reason).toContain(
      `it was asked of ${WORKER}, which does not run processes: it is about to be recorded as skipped`,
    );
  });

  it('has no output yet, and says why', async () => {
    const { run } = await ask();
    const { detail } = await master.refused('output_not_found', 'getRunOutput', {
      params: { job: 'a', run },
    });
    expect(detail).toBe(`there is no output yet: ${run} waits; no worker is registered`);
  });

  it('is taken back by a kill, and leaves a record that says so', async () => {
    const { run } = await ask();
    const at = { params: { job: 'a', run } };
    const killed = await master.call('killRun', { ...at, body: { reason: 'not needed' } });
    expect(killed.body.killed).toEqual([{ run }]);
    expect(await show(run)).toMatchObject({
      state: 'killed',
      reason: 'taken back before a worker claimed it, by api: not needed',
    });
    expect((await master.call('getJob', { params })).body.waiting).toEqual([]);
    await master.refused('run_ended', 'killRun', at);
  });

  it('is found when a worker takes it in the moment in which it is looked for', async () => {
    const { run } = await ask();
    let taken = false;
    const watched: typeof shared.etcd = {
      ...shared.etcd,
      async range(request, options) {
        if (!taken && request.key === master.keys.trigger('a', run)) {
          taken = true;
          await claim(master, 'a', run, Date.now());
          await master.etcd.txn({
            compare: [],
            success: [{ type: 'delete', key: request.key }],
            failure: [],
          });
        }
        return shared.etcd.range(request, options);
      },
    };
    const other = await startTestMaster(shared, { etcd: watched });
    await other.views.whenLoaded;
    const { body } = await other.call('getRun', { params: { job: 'a', run } });
    expect(taken).toBe(true);
    expect(body).toMatchObject({ id: run, state: 'armed' });
  });

  it('that cannot be read, or whose job cannot, is shown all the same', async () => {
    await master.write(master.keys.trigger('a', HELD), 'nonsense');
    expect((await show(HELD)).reason).toContain('no worker takes it');
    await master.write(master.keys.job('broken'), '{}');
    await master.write(
      master.keys.trigger('broken', HELD),
      codecs.trigger.encode({ cause: 'manual', attempt: 1, requestedAt: 0, whenRunning: 'queue' }),
    );
    expect((await show(HELD, 'broken')).reason).toContain('definition');
  });
});
