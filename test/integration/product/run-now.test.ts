// Runs by hand through a real master and a real worker: every answer that a wait can get, and what overrides do.
import { beforeEach, describe, expect, test } from 'vitest';
import type { JobDefinitionInput } from '../../../src/common/model/job.ts';
import type { TriggerRecord } from '../../../src/common/model/run.ts';
import type { Etcd } from '../../../src/common/store/etcd.ts';
import { codecs } from '../../../src/common/store/keyspace.ts';
import { createGate, type Gate } from '../../support/gate.ts';
import { inState } from '../../support/outcomes.ts';
import { waitFor } from '../../support/wait.ts';
import { jobOwnedBy, useWorkers } from '../../support/workers.ts';
import { put } from '../../support/writes.ts';
import { startTestMaster, type TestMaster } from '../master/harness.ts';

const cluster = useWorkers();
let master: TestMaster;
let gate: Gate;

beforeEach(async () => {
  master = await startTestMaster(cluster.shared);
  gate = createGate();
});

const WAIT = { wait: '1m' };
const start = (count = 1, name?: string) =>
  cluster.start(count, {
    handlers: {
      gate: gate.handler,
      stubborn: () => new Promise(() => {}),
      shout: ({ payload, log }) => log(String(payload)),
    },
    ...(name === undefined ? {} : { name }),
  });
const shell = (command: string, more: Partial<JobDefinitionInput> = {}) =>
  create({ task: { kind: 'shell', command }, ...more });
const gated = (more: Partial<JobDefinitionInput> = {}) =>
  create({ task: { kind: 'handler', name: 'gate' }, ...more });
const create = (more: Pick<JobDefinitionInput, 'task'> & Partial<JobDefinitionInput>) =>
  cluster.jobs.create({ name: 'job', schedule: '@manual', ...more });
const run = (query: object = {}, body?: object) =>
  master.call('runJob', { params: { job: 'job' }, query, ...(body && { body }) });
const outputOf = async (id: string) =>
  (await master.call('getRunOutput', { params: { job: 'job', run: id } })).text;
const trigger = async () => (await master.etcd.range(master.keys.triggersOf('job'))).kvs.length;

test('a run that is followed before a worker has taken it is followed from its start', async () => {
  await shell('echo taken');
  const { body } = await run();
  expect(body.hint).toContain('no worker is registered');
  const followed = master.call('getRunOutput', {
    params: { job: 'job', run: body.run },
    query: { follow: 'true' },
  });
  await start();
  expect((await followed).text).toBe('taken\n');
});

describe('a wait answers when the run has', () => {
  test.for([
    ['succeeded', 'exit 0', {}, { exitCode: 0 }],
    ['failed', 'exit 3', {}, { exitCode: 3 }],
    ['timed_out', 'sleep 1000', { timeout: '100ms', killGrace: '100ms' }, { signal: 'SIGTERM' }],
  ] as const)('%s', async ([state, command, more, ended]) => {
    await start();
    await shell(command, more);
    const { status, body } = await run(WAIT);
    expect(status).toBe(200);
    expect(body.record).toMatchObject({
      id: body.run,
      state,
      cause: { kind: 'manual', by: 'api' },
      ...ended,
    });
  });

  test('been killed', async () => {
    await start();
    await gated();
    const answer = run(WAIT);
    await waitFor(() => gate.inside('job') === 1, { what: 'it runs' });
    const { runId } = gate.of('job')[0]!;
    await master.call('killRun', { params: { job: 'job', run: runId }, body: { reason: 'enough' } });
    const { status, body } = await answer;
    expect(status).toBe(200);
    expect(body.record).toMatchObject({ id: runId, state: 'killed', reason: 'killed by api: enough' });
  });

  test('been taken back before a worker took it', async () => {
    await gated();
    const answer = run(WAIT);
    await waitFor(async () => (await trigger()) === 1, { what: 'it is asked for' });
    await master.call('killJob', { params: { job: 'job' } });
    expect((await answer).body.record).toMatchObject({ state: 'killed' });
  });

  test('been skipped, for another run came first', async () => {
    await gated();
    const answer = run(WAIT);
    await waitFor(async () => (await trigger()) === 1, { what: 'it is asked for' });
    const { leaseId } = await master.etcd.leaseGrant(60);
    const held = codecs.lock.encode({
      runId: '20260101T000000.000Z-000001',
      worker: 'other-000000',
      startAt: 1,
    });
    await put(master.etcd, master.keys.lock('job'), held, leaseId);
    await start();
    const { status, body } = await answer;
    expect(status).toBe(200);
    expect(body.record).toMatchObject({ state: 'skipped', reason: 'a run of the job was on' });
    await master.etcd.leaseRevoke(leaseId);
  });

  test('waited for the run that is on, and run after it', async () => {
    await start();
    await gated();
    await run();
    await waitFor(() => gate.inside('job') === 1, { what: 'the first runs' });
    await master.refused('job_running', 'runJob', { params: { job: 'job' }, query: WAIT });
    const answer = run({ ...WAIT, queue: 'true' });
    await waitFor(async () => (await trigger()) === 1, { what: 'the second waits' });
    gate.open();
    const { status, body } = await answer;
    expect(status).toBe(200);
    expect(body.record).toMatchObject({ state: 'succeeded' });
    expect(gate.most('job')).toBe(1);
    expect(gate.of('job')).toHaveLength(2);
  });
});

describe('a wait that is over first', () => {
  test('answers the run as it stands, and the run goes on', async () => {
    await start();
    await gated();
    const { status, body } = await run({ wait: '2500ms' });
    expect(status).toBe(202);
    expect(body.record).toMatchObject({ id: body.run, state: 'running' });
    gate.open();
    await waitFor(async () => inState(await cluster.jobs.runs('job'), 'succeeded').length === 1, {
      what: 'it has ended',
    });
  });

  test('without a worker answers that it is asked for, and the next worker runs it', async () => {
    await shell('true');
    const { status, body } = await run({ wait: '100ms' });
    expect([status, body.record]).toEqual([202, null]);
    await start();
    await waitFor(async () => (await cluster.jobs.runs('job')).some(({ id }) => id === body.run), {
      what: 'it has run',
    });
  });

  test('because the job is deleted says so', async () => {
    await shell('true');
    const answer = master.refused('job_not_found', 'runJob', { params: { job: 'job' }, query: WAIT });
    await waitFor(async () => (await trigger()) === 1, { what: 'it is asked for' });
    await master.call('deleteJob', { params: { job: 'job' } });
    expect(await answer).toMatchObject({ status: 404 });
  });

  test('because its client is gone lets go of all it held, and the run stays asked for', async () => {
    let watches = 0;
    const counted: Etcd = {
      ...cluster.shared.etcd,
      watch(request, handlers) {
        const isWait = request.key.includes('/runs/job/') || request.key.endsWith('/jobs/job');
        if (isWait) watches++;
        const watch = cluster.shared.etcd.watch(request, handlers);
        return {
          ...watch,
          cancel() {
            if (isWait) watches--;
            watch.cancel();
          },
        };
      },
    };
    const other = await startTestMaster(cluster.shared, { etcd: counted });
    const url = await other.app.listen({ host: '127.0.0.1', port: 0 });
    await shell('true');
    const gone = new AbortController();
    const answer = fetch(`${url}/api/v1/jobs/job/run?wait=10m`, { method: 'POST', signal: gone.signal });
    answer.catch(() => undefined);
    await waitFor(() => watches === 2, { what: 'it waits' });
    gone.abort();
    await waitFor(() => watches === 0, { what: 'nothing waits any more' });
    expect(await trigger()).toBe(1);
  });
});

describe('overrides', () => {
  test('reach the task, and are never seen again', async () => {
    await start();
    await shell('echo "$GREETING $OTHER $ETCRON_JOB"; sleep 1.5', {
      task: {
        kind: 'shell',
        command: 'echo "$GREETING $OTHER $ETCRON_JOB"; sleep 1.5',
        env: { GREETING: 'usual', OTHER: 'kept' },
      },
    });
    const answer = run(WAIT, { env: { GREETING: 'sesame-open' } });
    await waitFor(async () => (await cluster.jobs.active()).some(({ state }) => state === 'running'), {
      what: 'it runs',
    });
    const seen: unknown[] = [
      (await master.call('listRuns')).body,
      (await master.call('listRunsOfJob', { params: { job: 'job' } })).body,
      (await master.call('getJob', { params: { job: 'job' } })).body,
    ];
    const { body } = await answer;
    seen.push(body, (await master.call('getRun', { params: { job: 'job', run: body.run } })).body);
    expect(await outputOf(body.run as string)).toBe('sesame-open kept job\n');
    expect(JSON.stringify(seen)).not.toContain('sesame-open');
    expect(master.log()).not.toContain('sesame-open');
    const { kvs } = await master.etcd.range(master.keys.all);
    const outputs = master.keys.outputsOf('job').key;
    expect(kvs.filter(({ key, value }) => !key.startsWith(outputs) && value.includes('sesame-open'))).toEqual(
      [],
    );
  });

  test('of a payload reach the handler', async () => {
    await start();
    await create({ task: { kind: 'handler', name: 'shout', payload: 'usual' } });
    const { body } = await run(WAIT, { payload: 'special' });
    expect(await outputOf(body.run as string)).toBe('special\n');
    expect(await outputOf((await run(WAIT)).body.run as string)).toBe('usual\n');
  });

  const long = 'x'.repeat(70_000);
  type Senseless = [
    string,
    string,
    JobDefinitionInput['task'],
    { env?: Record<string, string>; payload?: TriggerRecord['payload'] },
  ];
  test.for<Senseless>([
    ['a payload of a shell task', 'payload', { kind: 'shell', command: 'true' }, { payload: 1 }],
    ['a payload of an exec task', 'payload', { kind: 'exec', argv: ['true'] }, { payload: null }],
    ['an environment of a handler', 'env', { kind: 'handler', name: 'gate' }, { env: { A: '1' } }],
    [
      'a name that etcron sets',
      'env.ETCRON_JOB',
      { kind: 'shell', command: 'true' },
      { env: { ETCRON_JOB: 'forged' } },
    ],
    ['a zero byte', 'env.A', { kind: 'shell', command: 'true' }, { env: { A: 'a\0b' } }],
    ['too much environment', '', { kind: 'shell', command: 'true' }, { env: { A: long } }],
    ['too large a payload', '', { kind: 'handler', name: 'gate' }, { payload: [long] }],
  ])('that make no sense are refused: %s', async ([, path, task, body]) => {
    await create({ task });
    const { errors } = await master.refused('invalid_input', 'runJob', { params: { job: 'job' }, body });
    expect(errors!.map((each) => each.path)).toEqual([path]);
    expect(await trigger()).toBe(0);
  });
});

test("a request that waits behind another worker's run holds up no tick: those are told as skipped meanwhile", async () => {
  const [first] = await start(1, 'first');
  const pair = [{ name: 'first' }, { name: 'second' }];
  const name = jobOwnedBy('first', pair);
  await cluster.jobs.create({ name, schedule: '* * * * * *', task: { kind: 'handler', name: 'gate' } });
  await waitFor(() => gate.inside(name) === 1, { what: 'the first worker runs it' });
  await start(1, 'second');
  const [on] = gate.of(name);
  await master.call('drainWorker', { params: { worker: first!.workerId! } });
  const asked = await master.call('runJob', { params: { job: name }, query: { queue: 'true' } });
  const after = Date.now();
  await waitFor(
    async () =>
      inState(await cluster.jobs.runs(name), 'skipped').some(
        ({ ticks, scheduledFor }) => (ticks?.to ?? scheduledFor) > after + 1_000,
      ),
    { what: 'ticks are skipped while the request waits' },
  );
  expect(gate.of(name)).toEqual([on]);
  gate.open();
  const record = await waitFor(
    async () => (await cluster.jobs.runs(name)).find(({ id }) => id === asked.body.run),
    { what: 'the request has run' },
  );
  expect(record.state).toBe('succeeded');
  expect(gate.most(name)).toBe(1);
});
