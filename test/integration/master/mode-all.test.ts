// Jobs that run on all matching workers, and jobs that none matches, through the API; the workers are real.
import { beforeEach, describe, expect, it } from 'vitest';
import type { JobDefinitionInput } from '../../../src/common/model/job.ts';
import { makeRunId } from '../../../src/common/model/ids.ts';
import { instant } from '../../../src/common/model/time.ts';
import { codecs } from '../../../src/common/store/keyspace.ts';
import type { RunningWorker } from '../../../src/worker/main.ts';
import { createGate, type Gate } from '../../support/gate.ts';
import { heldClock } from '../../support/held-clock.ts';
import { waitFor } from '../../support/wait.ts';
import { useWorkers } from '../../support/workers.ts';
import { job, startTestMaster, type TestMaster } from './harness.ts';

const cluster = useWorkers();
let master: TestMaster;
let gate: Gate;
beforeEach(async () => {
  master = await startTestMaster(cluster.shared);
  gate = createGate();
});

const onAll = (name: string, more: Partial<JobDefinitionInput> = {}): JobDefinitionInput =>
  job(name, {
    schedule: '@manual',
    workers: { labels: { region: ['eu', 'us'] }, mode: 'all' },
    task: { kind: 'handler', name: 'gate' },
    ...more,
  });

/** Two that match, and one that does not; the master knows them. */
async function workers(): Promise<RunningWorker[]> {
  const handlers = { gate: gate.handler };
  const [eu] = await cluster.start(1, { name: 'eu', labels: { region: 'eu' }, handlers });
  const [us] = await cluster.start(1, { name: 'us', labels: { region: 'us' }, handlers });
  const [asia] = await cluster.start(1, { name: 'asia', labels: { region: 'asia' }, handlers });
  const all = [eu!, us!, asia!];
  await waitFor(
    () => all.every(({ workerId }) => master.views.workers.get(workerId!)?.record.state === 'ready'),
    {
      what: 'the master knows the workers',
    },
  );
  return all;
}

const params = { job: 'a' };

describe('a run now of a job that runs on all', () => {
  it('runs once on each worker that matches, names every run, and waits for them all', async () => {
    gate.open();
    const [eu, us] = await workers();
    await master.call('createJob', { body: onAll('a') });
    const { status, body } = await master.call('runJob', { params, query: { wait: '1m' } });
    expect(status).toBe(200);
    expect(body.runs).toHaveLength(2);
    for (const worker of [eu!, us!]) {
      const run = body.runs.find((each: { worker: string }) => each.worker === worker.workerId);
      expect(run.record).toMatchObject({ id: run.run, state: 'succeeded', worker: worker.workerId });
    }
    expect(
      gate
        .of('a')
        .map(({ runId }) => runId)
        .sort(),
    ).toEqual(body.runs.map((each: { run: string }) => each.run).sort());
  });

  it('runs on the one worker that is chosen by its name or id', async () => {
    gate.open();
    const [eu, us] = await workers();
    await master.call('createJob', { body: onAll('a') });
    for (const [chosen, id] of [
      ['us', us!.workerId!],
      [eu!.workerId!, eu!.workerId!],
    ]) {
      const { body } = await master.call('runJob', { params, query: { worker: chosen!, wait: '1m' } });
      expect(body.runs).toMatchObject([{ worker: id, record: { worker: id, state: 'succeeded' } }]);
    }
    expect(gate.of('a')).toHaveLength(2);
  });

  it('is refused when the worker does not match, when none does, and when the job runs on one', async () => {
    const [eu, , asia] = await workers();
    await master.call('createJob', { body: onAll('a') });
    const { detail } = await master.refused('no_matching_worker', 'runJob', {
      params,
      query: { worker: 'asia' },
    });
    expect(detail).toBe(
      `a cannot run now: worker ${asia!.workerId} does not have the labels region=eu or us`,
    );
    const none = await master.refused('no_matching_worker', 'runJob', { params, query: { worker: 'moon' } });
    expect(none.detail).toBe('a cannot run now: no worker of the name or id moon is there');
    await master.call('drainWorker', { params: { worker: 'eu' } });
    await waitFor(() => master.views.workers.get(eu!.workerId!)?.record.state === 'draining', {
      what: 'the master knows that it drains',
    });
    const drained = await master.refused('no_matching_worker', 'runJob', { params, query: { worker: 'eu' } });
    expect(drained.detail).toMatch(/^a cannot run now: worker eu-\w+ is draining, and takes no work until/);
    await master.call('createJob', {
      body: onAll('b', { workers: { labels: { gpu: 'yes' }, mode: 'all' } }),
    });
    await master.refused('no_matching_worker', 'runJob', { params: { job: 'b' } });
    await master.call('createJob', { body: onAll('c', { workers: { mode: 'one' } }) });
    const refused = await master.refused('invalid_input', 'runJob', {
      params: { job: 'c' },
      query: { worker: 'eu' },
    });
    expect(refused.errors).toMatchObject([{ path: 'worker' }]);
    expect((await master.etcd.range(master.keys.triggers)).kvs).toEqual([]);
  });

  it('is asked of those that can run it, and refused when none can', async () => {
    gate.open();
    await workers();
    const handlers = { gate: gate.handler };
    const [app] = await cluster.start(1, { name: 'app', processes: false, handlers });
    await waitFor(() => master.views.workers.get(app!.workerId!)?.record.state === 'ready', {
      what: 'the master knows it',
    });
    const mode = { workers: { mode: 'all' as const } };
    const shell = { kind: 'shell', command: 'true' } as const;
    const send = { kind: 'handler', name: 'mail.send' } as const;
    await master.call('createJob', { body: onAll('a', { ...mode, task: shell }) });
    await master.call('createJob', { body: onAll('b', mode) });
    await master.call('createJob', { body: onAll('c', { ...mode, task: send }) });
    const runs = async (name: string) =>
      (await master.call('runJob', { params: { job: name }, query: { wait: '1m' } })).body.runs;
    const shells = await runs('a');
    expect(shells).toHaveLength(3);
    expect(shells.map(({ worker }: { worker: string }) => worker)).not.toContain(app!.workerId);
    const functions = await runs('b');
    expect(functions).toHaveLength(4);
    for (const { record } of [...shells, ...functions])
      expect(record).toMatchObject({
        state: 'succeeded',
        shard: { total: record.job === 'a' ? 3 : 4 },
      });
    const why = async (name: string, query = {}) =>
      (await master.refused('no_matching_worker', 'runJob', { params: { job: name }, query })).detail;
    expect(await why('c')).toBe('c cannot run now: no worker that has the handler "mail.send" is there');
    expect(await why('a', { worker: 'app' })).toBe(
      `a cannot run now: worker ${app!.workerId} does not run processes`,
    );
  });

  it('is refused while it runs on a worker that is asked, and not for another', async () => {
    await workers();
    await master.call('createJob', { body: onAll('a') });
    await master.call('runJob', { params, query: { worker: 'eu' } });
    await waitFor(() => gate.inside('a') === 1, { what: 'it runs on one' });
    await master.refused('job_running', 'runJob', { params });
    expect((await master.call('runJob', { params, query: { worker: 'us' } })).status).toBe(202);
    await waitFor(() => gate.inside('a') === 2, { what: 'it runs on both' });
    // Each worker has its own lock: what is queued waits for the run on its own worker.
    const { body } = await master.call('runJob', { params, query: { queue: 'true', worker: 'us' } });
    gate.open();
    await waitFor(
      async () => (await master.etcd.range({ key: master.keys.run('a', body.run) })).kvs.length > 0,
      {
        what: 'the one that was queued ran',
      },
    );
    expect(gate.most('a')).toBe(2);
  });

  it('ends as skipped, with the reason, on a worker that is gone', async () => {
    await workers();
    const { body } = await master.call('createJob', { body: onAll('a') });
    expect(body.job.name).toBe('a');
    const now = Date.now();
    const runId = makeRunId(instant(now), 'abcdef');
    const trigger = {
      cause: 'manual',
      attempt: 1,
      requestedAt: now,
      whenRunning: 'queue',
      worker: 'gone-000000',
    } as const;
    await master.write(master.keys.trigger('a', runId), codecs.trigger.encode(trigger));
    const record = await waitFor(async () => (await cluster.jobs.runs('a'))[0], { what: 'it is settled' });
    expect(record).toMatchObject({
      id: runId,
      state: 'skipped',
      reason: 'it was asked of gone-000000, which is gone, takes no more work, or no longer may run it',
    });
    expect((await master.etcd.range(master.keys.triggers)).kvs).toEqual([]);
  });
});

describe('a job that runs on all', () => {
  it('is killed on all', async () => {
    await workers();
    await master.call('createJob', { body: onAll('a') });
    await master.call('runJob', { params });
    await waitFor(() => gate.inside('a') === 2, { what: 'it runs on both' });
    const { body } = await master.call('killJob', { params, body: { reason: 'enough' } });
    expect(body.killed).toHaveLength(2);
    const runs = await waitFor(
      async () => {
        const ended = await cluster.jobs.runs('a');
        return ended.length === 2 ? ended : undefined;
      },
      { what: 'both have ended' },
    );
    for (const run of runs) expect(run).toMatchObject({ state: 'killed', reason: 'killed by api: enough' });
  });

  it('starts nowhere once its pause is answered, and the answer names no run that was given back', async () => {
    const clocks = [heldClock(), heldClock()];
    for (const [i, clock] of clocks.entries())
      await cluster.start(1, { name: `held-${i}`, clock, handlers: { gate: gate.handler } });
    const tick = Math.ceil(Date.now() / 1_000) * 1_000 + 3_000;
    for (const clock of clocks) clock.holdAt(tick - 50);
    const schedule = `@at ${new Date(tick).toISOString()}`;
    await master.call('createJob', { body: onAll('a', { schedule, workers: { mode: 'all' } }) });
    await waitFor(async () => (await cluster.jobs.active()).length === 2, { what: 'both have claimed' });
    // It names what may have started by its own clock: that stands before the tick, however long this took.
    const clock = heldClock();
    clock.holdAt(tick - 2_000);
    const before = await startTestMaster(cluster.shared, { clock });
    const { body } = await before.call('pauseJob', { params });
    expect(body.started).toEqual([]);
    expect(await cluster.jobs.locks()).toEqual([]);
    for (const clock of clocks) clock.letGo();
    await waitFor(() => Date.now() > tick + 500, { what: 'the tick passes' });
    expect(gate.of('a')).toEqual([]);
  });

  it('leaves no key when it is deleted, also while its workers are there', async () => {
    gate.open();
    const ids = (await workers()).slice(0, 2).map(({ workerId }) => workerId!);
    await master.call('createJob', { body: onAll('a', { schedule: '* * * * * *' }) });
    const own = ids.map((id) => master.keys.cursorOf('a', id));
    await waitFor(
      async () => {
        const { kvs } = await master.etcd.range(master.keys.cursorsOf('a'));
        return own.every((key) => kvs.some((kv) => kv.key === key && kv.lease !== '0'));
      },
      { what: 'each has a cursor under its lease' },
    );
    await master.call('deleteJob', { params });
    await waitFor(async () => (await cluster.jobs.active()).length === 0, { what: 'what ran has ended' });
    const { kvs } = await master.etcd.range(master.keys.all);
    const left = kvs.map(({ key }) => key.slice(master.keys.prefix.length));
    expect(left.filter((key) => !/^(workers|masters)\//.test(key))).toEqual([]);
  });
});

describe('a job that no worker matches', () => {
  it('is shown as such with what it wants, in its view, in the list, and as a warning of the cluster', async () => {
    await workers();
    const wants = { gpu: 'yes', region: ['eu', 'us'] };
    await master.call('createJob', { body: onAll('a', { workers: { labels: wants } }) });
    await master.call('createJob', { body: onAll('b') });
    const unschedulable = {
      labels: wants,
      reason: 'no worker is registered with the labels gpu=yes, region=eu or us',
    };
    expect((await master.call('getJob', { params })).body.unschedulable).toEqual(unschedulable);
    expect((await master.call('getJob', { params: { job: 'b' } })).body).not.toHaveProperty('unschedulable');
    const { items } = (await master.call('listJobs')).body;
    expect(items[0]).toMatchObject({ name: 'a', unschedulable });
    expect(items[1]).not.toHaveProperty('unschedulable');
    const warnings = async () =>
      (await master.call('getCluster')).body.warnings.filter(
        ({ code }: { code: string }) => code === 'unmatched_jobs',
      );
    expect(await warnings()).toEqual([
      {
        code: 'unmatched_jobs',
        message: '1 job cannot run, for there is no worker with the labels gpu=yes, region=eu or us (1)',
      },
    ]);
    await master.call('pauseJob', { params });
    await waitFor(async () => (await warnings()).length === 0, { what: 'a paused job wants nothing' });
  });

  it('is shown with what is missing when it is not for its labels', async () => {
    await workers();
    await cluster.start(1, { name: 'app', processes: false, labels: { app: 'mail' } });
    const on = (labels: Record<string, string> | undefined, task: JobDefinitionInput['task']) => ({
      workers: labels ? { labels } : {},
      task,
    });
    const shell = { kind: 'shell', command: 'true' } as const;
    const send = { kind: 'handler', name: 'mail.send' } as const;
    const mail = { app: 'mail' };
    const cases: [name: string, JobDefinitionInput, missing: string | undefined][] = [
      ['a', onAll('a', on(undefined, send)), 'that has the handler "mail.send"'],
      ['b', onAll('b', on(mail, shell)), 'with the labels app=mail that runs processes'],
      ['c', onAll('c', on({ gpu: 'yes' }, send)), 'with the labels gpu=yes that has the handler "mail.send"'],
      ['d', onAll('d', on(mail, { kind: 'http', url: 'http://127.0.0.1:9/' })), undefined],
      ['e', onAll('e', on(undefined, shell)), undefined],
      ['f', onAll('f', on(mail, send)), 'that has the handler "mail.send"'],
    ];
    for (const [, body] of cases) await master.call('createJob', { body });
    const { items } = (await master.call('listJobs')).body;
    for (const [index, [name, , missing]] of cases.entries()) {
      const reason = missing === undefined ? undefined : `no worker is registered ${missing}`;
      expect(items[index].unschedulable?.reason).toBe(reason);
      const { body } = await master.call('getJob', { params: { job: name } });
      expect(body.unschedulable?.reason).toBe(reason);
    }
    const { warnings } = (await master.call('getCluster')).body;
    expect(warnings.find(({ code }: { code: string }) => code === 'unmatched_jobs').message).toBe(
      '4 jobs cannot run, for there is no worker that has the handler "mail.send" (2); with the labels app=mail that runs processes (1); with the labels gpu=yes that has the handler "mail.send" (1)',
    );
  });

  it('is refused when it wants one of no values, and the field is named', async () => {
    const problem = await master.refused('invalid_input', 'createJob', {
      body: onAll('a', { workers: { labels: { region: [] } } }),
    });
    expect(problem.errors).toMatchObject([{ path: 'workers.labels.region' }]);
    const mode = await master.refused('invalid_input', 'createJob', {
      body: onAll('a', { workers: { mode: 'each' as never } }),
    });
    expect(mode.errors).toEqual([
      { path: 'workers.mode', message: expect.stringContaining('"one", "all"') as string },
    ]);
  });
});

describe('a job that comes to another worker by an edit', () => {
  const hourly = (tick: number, more: Partial<JobDefinitionInput>): JobDefinitionInput =>
    onAll('a', { schedule: '@every 1h', anchor: new Date(tick).toISOString(), ...more });
  const edit = (tick: number, more: Partial<JobDefinitionInput>) =>
    master.call('putJob', { params, body: hourly(tick, more) });
  /** Ticks once, soon, and then for a long time not; resolves when that tick has run on this worker. */
  const ticked = async (worker: RunningWorker, more: Partial<JobDefinitionInput>): Promise<number> => {
    const tick = Math.ceil(Date.now() / 1_000) * 1_000 + 2_000;
    await master.call('createJob', { body: hourly(tick, more) });
    await waitFor(async () => (await cluster.jobs.runs('a')).some((run) => run.worker === worker.workerId), {
      what: 'it has run on one',
    });
    return tick;
  };
  /** The worker claims what is due to it. */
  const atWork = async (worker: RunningWorker, more: Partial<JobDefinitionInput>): Promise<void> => {
    await master.call('createJob', { body: onAll('z', { schedule: '* * * * * *', ...more }) });
    await waitFor(async () => (await cluster.jobs.runs('z')).some((run) => run.worker === worker.workerId), {
      what: 'it is at work',
    });
  };

  it('by its labels, runs no tick there from before that moment, nor misses one', async () => {
    gate.open();
    const [eu, us] = await workers();
    const on = (region: string) => ({ workers: { labels: { region }, mode: 'all' as const } });
    const tick = await ticked(eu!, on('eu'));
    await edit(tick, on('us'));
    await atWork(us!, on('us'));
    const runs = await cluster.jobs.runs('a');
    expect(runs).toMatchObject([{ worker: eu!.workerId, scheduledFor: tick }]);
  });

  it('by its labels, in two edits with mode one between them, runs none from before either', async () => {
    gate.open();
    const [eu, us] = await workers();
    const on = (region: string, mode: 'one' | 'all') => ({ workers: { labels: { region }, mode } });
    const tick = await ticked(eu!, on('eu', 'all'));
    await edit(tick, on('us', 'one'));
    await edit(tick, on('us', 'all'));
    await atWork(us!, on('us', 'all'));
    const runs = await cluster.jobs.runs('a');
    expect(runs).toMatchObject([{ worker: eu!.workerId, scheduledFor: tick }]);
  });

  it('by its task, runs no tick there from before that moment, nor misses one', async () => {
    gate.open();
    const handlers = { gate: gate.handler };
    const [app] = await cluster.start(1, { name: 'app', processes: false, handlers });
    const [plain] = await cluster.start(1, { name: 'plain' });
    const all = { workers: { mode: 'all' as const } };
    const tick = await ticked(plain!, { ...all, task: { kind: 'shell', command: 'true' } });
    await edit(tick, all);
    await atWork(app!, all);
    const runs = await cluster.jobs.runs('a');
    expect(runs).toMatchObject([{ worker: plain!.workerId, scheduledFor: tick }]);
  });
});
