// Runs by hand, kills, retries and timeouts.
import { expect, test as alone } from 'vitest';
import { makeRunId } from '../../../src/common/model/ids.ts';
import type { JobDefinitionInput } from '../../../src/common/model/job.ts';
import type { TriggerRecord } from '../../../src/common/model/run.ts';
import { instant } from '../../../src/common/model/time.ts';
import { perform } from '../../../src/common/store/intent.ts';
import { requestKill, requestRun } from '../../../src/common/store/transactions/jobs.ts';
import type { HandlerContext } from '../../../src/worker/tasks/handler.ts';
import { createGate } from '../../support/gate.ts';
import { inState } from '../../support/outcomes.ts';
import { waitFor } from '../../support/wait.ts';
import { useWorkers } from '../../support/workers.ts';

/** They mostly wait: all at the same time, each on its own prefix. */
const test = alone.concurrent;

const cluster = useWorkers();

let asked = 0;

/** Asks for a run as a master does; answers its id. */
async function runNow(job: string, jobRevision: number, more: Partial<TriggerRecord> = {}): Promise<string> {
  const now = Date.now();
  const runId = makeRunId(instant(now), (++asked).toString(16).padStart(6, '0'));
  const trigger = {
    cause: 'manual',
    by: 'test',
    attempt: 1,
    requestedAt: now,
    whenRunning: 'queue',
    ...more,
  } as const;
  const answer = await perform(
    cluster.shared.etcd,
    requestRun(cluster.keys, { job, jobRevision, runs: [{ runId, trigger }], onlyWhenIdle: false }),
  );
  expect(answer.ok).toBe(true);
  return runId;
}

const manual = (name: string, more: Partial<JobDefinitionInput> = {}): JobDefinitionInput => ({
  name,
  schedule: '@manual',
  task: { kind: 'handler', name: 'gate', payload: 'usual' },
  ...more,
});

const recordOf = (job: string, runId: string) =>
  waitFor(async () => (await cluster.jobs.runs(job)).find(({ id }) => id === runId), {
    what: `the record of ${runId}`,
  });

test('a run by hand takes the id it was given, with what it overrides', async () => {
  const gate = createGate();
  gate.open();
  await cluster.start(2, { handlers: { gate: gate.handler } });
  const { revision } = await cluster.jobs.create(manual('job', { paused: true }));
  const runId = await runNow('job', revision, { payload: 'special' });
  expect(await recordOf('job', runId)).toMatchObject({
    state: 'succeeded',
    cause: { kind: 'manual', by: 'test' },
  });
  expect(gate.passages).toMatchObject([{ runId, payload: 'special' }]);
});

test('requests that come while a run is on wait for it one after the other, or end as skipped', async () => {
  const gate = createGate();
  await cluster.start(2, { handlers: { gate: gate.handler } });
  const { revision } = await cluster.jobs.create(manual('job'));
  const first = await runNow('job', revision);
  await waitFor(() => gate.inside('job') === 1, { what: 'the first is on' });
  const impatient = await runNow('job', revision, { whenRunning: 'skip' });
  const second = await runNow('job', revision);
  const third = await runNow('job', revision);
  expect(await recordOf('job', impatient)).toMatchObject({ state: 'skipped', cause: { by: 'test' } });
  expect(gate.passages.map(({ runId }) => runId)).toEqual([first]);
  gate.open();
  for (const runId of [first, second, third])
    expect(await recordOf('job', runId)).toMatchObject({ state: 'succeeded' });
  expect(gate.passages.map(({ runId }) => runId)).toEqual([first, second, third]);
  expect(gate.most('job')).toBe(1);
  expect((await cluster.shared.etcd.range(cluster.keys.triggers)).kvs).toEqual([]);
});

test('a request while a scheduled run is on keeps the overlap rule, and the schedule goes on after it', async () => {
  const gate = createGate();
  await cluster.start(2, { handlers: { gate: gate.handler } });
  const { revision } = await cluster.jobs.create(manual('job', { schedule: '* * * * * *' }));
  await waitFor(() => gate.inside('job') === 1, { what: 'a scheduled run is on' });
  const runId = await runNow('job', revision);
  await waitFor(async () => inState(await cluster.jobs.runs('job'), 'skipped').length > 0, {
    what: 'a tick is skipped',
  });
  expect(gate.passages).toHaveLength(1);
  gate.open();
  expect(await recordOf('job', runId)).toMatchObject({ state: 'succeeded', cause: { kind: 'manual' } });
  await waitFor(() => gate.passages.length >= 4, { what: 'ticks run again' });
  expect(gate.most('job')).toBe(1);
});

test('a running task that is killed ends as killed, with who and why', async () => {
  await cluster.start(2);
  const { revision } = await cluster.jobs.create(
    manual('job', { task: { kind: 'shell', command: 'sleep 1000' }, killGrace: '1s' }),
  );
  const runId = await runNow('job', revision);
  const run = await waitFor(
    async () => (await cluster.jobs.active()).find(({ state }) => state === 'running'),
    {
      what: 'it is told as running',
    },
  );
  const { etcd } = cluster.shared;
  const { leaseId } = await etcd.leaseGrant(60);
  const kill = { by: 'somebody', reason: 'enough', at: Date.now() };
  const request = requestKill(cluster.keys, { job: 'job', runId, workerId: run.worker!, kill, leaseId });
  expect(await perform(etcd, request)).toBe(true);
  expect(await recordOf('job', runId)).toMatchObject({
    state: 'killed',
    reason: 'killed by somebody: enough',
    killedBy: kill,
    signal: 'SIGTERM',
    attempts: [{ outcome: 'killed' }],
  });
  expect((await etcd.range(cluster.keys.kills)).kvs).toEqual([]);
  expect(await perform(etcd, request)).toBe(false);
});

test('a task that exceeds its timeout ends as timed out, and what ignores its signal as well', async () => {
  await cluster.start(1, { handlers: { stubborn: () => new Promise(() => undefined) } });
  const limits = { timeout: '200ms', killGrace: '100ms' } as const;
  const shell = await cluster.jobs.create(
    manual('shell', {
      ...limits,
      task: { kind: 'shell', command: 'trap "" TERM; while :; do sleep 1; done' },
    }),
  );
  const handler = await cluster.jobs.create(
    manual('handler', { ...limits, task: { kind: 'handler', name: 'stubborn' } }),
  );
  const ids = [await runNow('shell', shell.revision), await runNow('handler', handler.revision)];
  const killed = await recordOf('shell', ids[0]!);
  expect(killed).toMatchObject({ state: 'timed_out', signal: 'SIGKILL' });
  expect(killed.mayHaveOverlapped).toBeUndefined();
  // Nobody can end it: that it is still on is told.
  expect(await recordOf('handler', ids[1]!)).toMatchObject({
    state: 'timed_out',
    mayHaveOverlapped: true,
    reason: expect.stringMatching(/ignored its signal and went on/) as string,
  });
});

test('a failed attempt is tried again in the same run, and every attempt is on record', async () => {
  const tries = new Map<string, number>();
  const flaky = ({ job, attempt, payload }: HandlerContext): void => {
    tries.set(job, attempt);
    if (attempt <= Number(payload)) throw new Error(`attempt ${attempt} went wrong`);
  };
  await cluster.start(2, { handlers: { flaky } });
  const retry = { limit: 2, delay: '50ms', factor: 1 };
  const task = (failures: number) => ({ kind: 'handler', name: 'flaky', payload: failures }) as const;
  const recovers = await cluster.jobs.create(manual('recovers', { retry, task: task(2) }));
  const fails = await cluster.jobs.create(manual('fails', { retry, task: task(9) }));
  const once = await cluster.jobs.create(manual('once', { task: task(9) }));
  const ids = {
    recovers: await runNow('recovers', recovers.revision),
    fails: await runNow('fails', fails.revision),
    once: await runNow('once', once.revision),
  };
  const failed = (number: number) => ({ number, outcome: 'failed', error: `attempt ${number} went wrong` });
  expect(await recordOf('recovers', ids.recovers)).toMatchObject({
    state: 'succeeded',
    attempt: 3,
    attempts: [failed(1), failed(2), { number: 3, outcome: 'succeeded' }],
  });
  expect(await recordOf('fails', ids.fails)).toMatchObject({
    state: 'failed',
    attempts: [failed(1), failed(2), failed(3)],
  });
  expect(await recordOf('once', ids.once)).toMatchObject({ state: 'failed', attempts: [failed(1)] });
  expect(Object.fromEntries(tries)).toEqual({ recovers: 3, fails: 3, once: 1 });
});

test('a run that is killed between two attempts is not tried again', async () => {
  const flaky = (): never => {
    throw new Error('wrong');
  };
  await cluster.start(1, { handlers: { flaky } });
  const { revision } = await cluster.jobs.create(
    manual('job', { retry: { limit: 5, delay: '1h' }, task: { kind: 'handler', name: 'flaky' } }),
  );
  const runId = await runNow('job', revision);
  const run = await waitFor(
    async () => (await cluster.jobs.active()).find(({ attempts }) => attempts.length === 1),
    { what: 'the first attempt is told' },
  );
  const { etcd } = cluster.shared;
  const { leaseId } = await etcd.leaseGrant(60);
  const kill = { by: 'somebody', at: Date.now() };
  await perform(etcd, requestKill(cluster.keys, { job: 'job', runId, workerId: run.worker!, kill, leaseId }));
  const record = await recordOf('job', runId);
  expect(record.attempts).toHaveLength(1);
  expect(record).toMatchObject({ state: 'killed', reason: 'killed by somebody' });
});
