// Attempts that the worker of a run can't make any more: it was lost, or shut down, while the run waited for its next
// one, or while an attempt was on. Another worker makes them, by the policy and not before their time.
import { expect, test as alone } from 'vitest';
import type { JobDefinitionInput } from '../../../src/common/model/job.ts';
import type { RunRecord } from '../../../src/common/model/run.ts';
import type { RunningWorker } from '../../../src/worker/main.ts';
import { createGate } from '../../support/gate.ts';
import { startTcpProxy } from '../../support/tcp-proxy.ts';
import { waitFor } from '../../support/wait.ts';
import { jobOwnedBy, useWorkers, type WorkerSettings } from '../../support/workers.ts';
import { startTestMaster } from '../master/harness.ts';

/** They mostly wait: all at the same time, each on its own prefix. */
const test = alone.concurrent;

const cluster = useWorkers();
const NAMES = [{ name: 'leaves' }, { name: 'stays' }];
const owned = (nth = 0): string => jobOwnedBy('leaves', NAMES, nth);
const fails = (): never => {
  throw new Error('no');
};

async function startBoth(leaving: Partial<WorkerSettings>): Promise<[RunningWorker, RunningWorker]> {
  const [leaves] = await cluster.start(1, { name: 'leaves', ...leaving });
  const [stays] = await cluster.start(1, { name: 'stays', handlers: { task: () => undefined } });
  return [leaves!, stays!];
}

async function runNow(name: string, more: Partial<JobDefinitionInput>): Promise<string> {
  const master = await startTestMaster(cluster.shared);
  await cluster.jobs.create({ name, schedule: '@manual', task: { kind: 'handler', name: 'task' }, ...more });
  return (await master.call('runJob', { params: { job: name } })).body.run as string;
}

const waits = (job: string): Promise<RunRecord> =>
  waitFor(
    () => cluster.jobs.active().then((all) => all.find((run) => run.job === job && run.nextAttemptAt)),
    { what: `${job} waits for its next attempt` },
  );

const isOn = (job: string): Promise<unknown> =>
  waitFor(
    () => cluster.jobs.active().then((all) => all.find((run) => run.job === job && run.state === 'running')),
    { what: `${job} is on` },
  );

const records = (job: string, count: number): Promise<RunRecord[]> =>
  waitFor(() => cluster.jobs.runs(job).then((all) => all.length === count && all), {
    what: `${count} records of ${job}`,
    timeout: 60_000,
  });

test('lost between two attempts: the record says how the last one ended, and the next is made elsewhere in its time', async () => {
  const proxy = await startTcpProxy(cluster.shared.server);
  cluster.shared.cleanup(() => proxy.stop());
  const [, stays] = await startBoth({
    endpoint: proxy.address,
    drainTimeoutMs: 500,
    handlers: { task: fails },
  });
  const retry = { limit: 3, delay: '15s' } as const;
  const policies: Partial<JobDefinitionInput>[] = [
    { retry },
    // Nothing was lost while it ran: what it told by itself decides.
    { retry: { ...retry, on: { error: true, lost: false } } },
    // Nothing is running on.
    { retry, onLostLease: 'continue' },
  ];
  const jobs = policies.map((_, nth) => owned(nth));
  const ids = await Promise.all(policies.map((policy, nth) => runNow(jobs[nth]!, policy)));
  const waiting = await Promise.all(jobs.map(waits));
  proxy.pause('up');
  proxy.pause('down');
  cluster.shared.cleanup(() => {
    proxy.resume('up');
    proxy.resume('down');
  });
  for (const [nth, job] of jobs.entries()) {
    const [before, after] = await records(job, 2);
    const { nextAttemptAt } = waiting[nth]!;
    expect(before).toMatchObject({
      id: ids[nth],
      state: 'failed',
      error: 'no',
      reason: 'the worker was lost before attempt 2',
      attempt: 1,
      attempts: [{ number: 1, outcome: 'failed' }],
    });
    expect(before!.nextAttemptAt).toBeUndefined();
    expect(after).toMatchObject({
      state: 'succeeded',
      worker: stays.workerId,
      cause: { kind: 'retry', retryOf: ids[nth] },
      attempt: 2,
    });
    expect(nextAttemptAt).toBeGreaterThanOrEqual(before!.attempts[0]!.endedAt + 15_000);
    expect(after!.startedAt).toBeGreaterThanOrEqual(nextAttemptAt!);
  }
});

test('lost while a further attempt was on: that one counts', async () => {
  const proxy = await startTcpProxy(cluster.shared.server);
  cluster.shared.cleanup(() => proxy.stop());
  const gate = createGate();
  const job = owned();
  const [leaves] = await startBoth({
    endpoint: proxy.address,
    drainTimeoutMs: 500,
    handlers: { task: (context) => (context.attempt === 1 ? fails() : gate.handler(context)) },
  });
  await runNow(job, { retry: { limit: 2, delay: '10ms', on: { error: true, lost: false } } });
  await waitFor(() => gate.inside(job) === 1, { what: 'the second attempt is on' });
  proxy.pause('up');
  proxy.pause('down');
  const settled = await records(job, 1);
  expect(settled).toMatchObject([{ state: 'lost', attempt: 2, attempts: [{ number: 1 }] }]);
  expect(settled[0]!.reason).toContain('not tried again: retry.on does not name the loss of the worker');
  proxy.resume('up');
  proxy.resume('down');
  await leaves.stop();
});

test('a worker that shuts down hands over what waits for its next attempt, at once', async () => {
  const [leaves, stays] = await startBoth({ drainTimeoutMs: 600_000, handlers: { task: fails } });
  const job = owned();
  const id = await runNow(job, { retry: { limit: 3, delay: '5s' } });
  const { nextAttemptAt } = await waits(job);
  await leaves.stop();
  expect(await cluster.jobs.runs(job)).toMatchObject([
    {
      id,
      state: 'failed',
      error: 'no',
      reason: 'the worker was shut down before attempt 2',
      attempts: [{}],
    },
  ]);
  const [, after] = await records(job, 2);
  expect(after).toMatchObject({
    state: 'succeeded',
    worker: stays.workerId,
    cause: { retryOf: id },
    attempt: 2,
  });
  expect(after!.startedAt).toBeGreaterThanOrEqual(nextAttemptAt!);
});

test('what is killed because the drain is over is tried again like a loss, unless a user had killed it', async () => {
  const gate = createGate();
  const [leaves, stays] = await startBoth({ drainTimeoutMs: 1_000, handlers: { task: gate.handler } });
  const [again, never, killed] = [owned(0), owned(1), owned(2)];
  const id = await runNow(again, { retry: { limit: 1 } });
  await runNow(never, { retry: { limit: 1, on: { error: true, lost: false } } });
  // It ends for the user's kill, and takes its time.
  const killedId = await runNow(killed, {
    task: { kind: 'shell', command: "trap '' TERM; sleep 30" },
    killGrace: '2s',
    retry: { limit: 1 },
  });
  await Promise.all([again, never, killed].map(isOn));
  const master = await startTestMaster(cluster.shared);
  await master.call('killRun', { params: { job: killed, run: killedId } });
  await leaves.stop();
  const [first, second] = await records(again, 2);
  expect(first).toMatchObject({
    id,
    state: 'killed',
    killedBy: { by: 'the worker' },
    reason: 'the worker shuts down, and the drain timeout is over',
  });
  expect(second).toMatchObject({
    state: 'succeeded',
    worker: stays.workerId,
    cause: { kind: 'retry', retryOf: id },
    attempt: 2,
  });
  const [last] = await records(never, 1);
  expect(last!.reason).toBe(
    'the worker shuts down, and the drain timeout is over; not tried again: retry.on does not name the loss of the worker',
  );
  expect(await records(killed, 1)).toMatchObject([{ state: 'killed', killedBy: { by: 'api' } }]);
  const { etcd } = cluster.shared;
  expect((await etcd.range(cluster.keys.triggers)).kvs).toEqual([]);
});

test('killed at the fence and settled by a peer first: the record is completed with what its worker knows', async () => {
  const { server } = cluster.shared;
  const proxy = await startTcpProxy(server);
  cluster.shared.cleanup(() => proxy.stop());
  const gate = createGate();
  const [leaves] = await startBoth({
    endpoint: proxy.address,
    drainTimeoutMs: 500,
    handlers: { task: gate.handler },
  });
  const job = owned();
  const id = await runNow(job, { retry: { limit: 1 } });
  await isOn(job);
  const startedAt = gate.of(job)[0]!.startedAt;
  const oldId = leaves.workerId;
  proxy.pause('up');
  proxy.pause('down');
  const [guess] = await records(job, 2);
  expect(guess).toMatchObject({ id, state: 'lost', attempts: [] });
  proxy.resume('up');
  proxy.resume('down');
  const told = await waitFor(
    () => cluster.jobs.runs(job).then(([first]) => first!.attempts.length > 0 && first),
    { what: 'the record is completed', timeout: 60_000 },
  );
  expect(told).toMatchObject({ id, state: 'lost', worker: oldId, attempts: [{ number: 1 }] });
  expect(told.reason).toMatch(/^worker lost while the task was running; the claim was lost/);
  expect(told.startedAt).toBeLessThanOrEqual(startedAt);
  expect(told.endedAt).toBeLessThanOrEqual(guess!.endedAt!);
  // One retry, by the peer.
  expect(await cluster.jobs.runs(job)).toMatchObject([
    { id },
    { cause: { retryOf: id }, state: 'succeeded' },
  ]);
  expect((await cluster.shared.etcd.range(cluster.keys.triggers)).kvs).toEqual([]);
});

test('env of a run that waits, and a job edited to another kind of task meanwhile: the run tells, and does nothing', async () => {
  const gate = createGate();
  await cluster.start(1, { handlers: { task: gate.handler } });
  const master = await startTestMaster(cluster.shared);
  const shell = { name: 'job', schedule: '@manual', task: { kind: 'shell', command: 'sleep 2' } } as const;
  await master.call('createJob', { body: shell });
  await master.call('runJob', { params: { job: 'job' } });
  await isOn('job');
  await master.call('runJob', {
    params: { job: 'job' },
    query: { queue: 'true' },
    body: { env: { A: '1' } },
  });
  await master.call('putJob', {
    params: { job: 'job' },
    body: { ...shell, task: { kind: 'handler', name: 'task' } },
  });
  const [, run] = await records('job', 2);
  expect(run).toMatchObject({
    state: 'failed',
    error:
      'env: the run was asked for with an environment, and the job has been edited since: a task of the kind handler has none',
  });
  expect(gate.passages).toEqual([]);
});
