// Ticks that come while a run of their job is on.
import { expect, test as alone } from 'vitest';
import type { OverlapPolicy } from '../../../src/common/model/job.ts';
import { createGate } from '../../support/gate.ts';
import { expectEachTickOnce, inState } from '../../support/outcomes.ts';
import { delay, waitFor } from '../../support/wait.ts';
import { useWorkers } from '../../support/workers.ts';

/** They mostly wait: all at the same time, each on its own prefix. */
const test = alone.concurrent;

const cluster = useWorkers();

async function overlapping(overlap: OverlapPolicy) {
  const gate = createGate();
  const workers = await cluster.start(2, { handlers: { gate: gate.handler } });
  await cluster.jobs.create({
    name: 'job',
    schedule: '* * * * * *',
    overlap,
    task: { kind: 'handler', name: 'gate' },
  });
  const finish = async () => {
    gate.open();
    await Promise.all(workers.map((worker) => worker.stop()));
    expect(await cluster.jobs.active()).toEqual([]);
    expect(await cluster.jobs.locks()).toEqual([]);
    return cluster.jobs.runs('job');
  };
  const started = (count: number) =>
    waitFor(() => gate.passages.length >= count, { what: `${count} starts`, seen: () => gate.passages });
  return { gate, finish, started };
}

const skippedTicks = async (): Promise<number> =>
  inState(await cluster.jobs.runs('job'), 'skipped').reduce((sum, { ticks }) => sum + ticks!.count, 0);

test('`forbid` skips them, in one record for each run that was in the way, and runs the next', async () => {
  const { gate, finish, started } = await overlapping('forbid');
  await started(1);
  await waitFor(async () => (await skippedTicks()) >= 2, { what: 'two ticks are skipped' });
  gate.open();
  gate.close();
  await started(2);
  await waitFor(async () => inState(await cluster.jobs.runs('job'), 'skipped').length === 2, {
    what: 'a second stretch of skipped ticks',
  });
  const runs = await finish();
  const [first, second, ...more] = inState(runs, 'skipped');
  expect(more).toEqual([]);
  expect(first!.reason).toContain(gate.passages[0]!.runId);
  expect(second!.reason).toContain(gate.passages[1]!.runId);
  expect(first!.ticks!.count).toBeGreaterThanOrEqual(2);
  expect(inState(runs, 'missed')).toEqual([]);
  expect(gate.most('job')).toBe(1);
  expectEachTickOnce(runs);
});

test('`queue` keeps the newest waiting, and starts it when the run ends', async () => {
  const { gate, finish, started } = await overlapping('queue');
  await started(1);
  const first = gate.passages[0]!;
  await waitFor(() => Date.now() > first.scheduledFor + 3_300, { what: 'three ticks pass' });
  expect(gate.passages).toHaveLength(1);
  gate.open();
  gate.close();
  await started(2);
  const second = gate.passages[1]!;
  expect(second.startedAt).toBeGreaterThanOrEqual(first.endedAt!);
  expect(second.scheduledFor).toBeGreaterThanOrEqual(first.scheduledFor + 3_000);
  // Due before it could start: it waited.
  expect(second.scheduledFor).toBeLessThanOrEqual(first.endedAt!);
  const runs = await finish();
  expect(inState(runs, 'skipped')).toEqual([]);
  expect(inState(runs, 'missed')[0]).toMatchObject({ ticks: { from: first.scheduledFor + 1_000 } });
  expect(gate.most('job')).toBe(1);
  expectEachTickOnce(runs);
});

test('`replace` kills the run that is on and starts the new one after its end', async () => {
  const { gate, finish, started } = await overlapping('replace');
  await started(4);
  const runs = await finish();
  expect(gate.most('job')).toBe(1);
  const killed = inState(runs, 'killed');
  expect(killed.length).toBeGreaterThanOrEqual(3);
  for (const { reason, killedBy } of killed.slice(0, 3)) {
    expect(reason).toContain('replace');
    expect(killedBy).toMatchObject({ by: 'overlap: replace', reason: 'the next tick has come' });
  }
  for (const [i, passage] of gate.passages.entries()) {
    const before = gate.passages[i - 1];
    expect(passage.startedAt).toBeGreaterThanOrEqual(before?.endedAt ?? 0);
  }
  expectEachTickOnce(runs);
});

test('`allow` runs them beside each other, each once and under a lock of its own', async () => {
  const { gate, finish, started } = await overlapping('allow');
  await started(3);
  expect(gate.inside('job')).toBeGreaterThanOrEqual(3);
  const { kvs } = await cluster.shared.etcd.range(cluster.keys.locks);
  const locked = kvs.map(({ key }) => cluster.keys.partsOf(key)[1]);
  expect(locked).toEqual(expect.arrayContaining(gate.passages.slice(0, 3).map(({ runId }) => runId)));
  const runs = await finish();
  expect(inState(runs, 'skipped', 'missed')).toEqual([]);
  expect(runs.map(({ id }) => id)).toEqual(gate.passages.map(({ runId }) => runId));
  expectEachTickOnce(runs);
});

test('also when another worker has become the one to schedule the job', async () => {
  const gate = createGate();
  const handlers = { gate: gate.handler };
  const [first] = await cluster.start(1, { name: 'first', handlers, drainTimeoutMs: 60_000 });
  const schedule = '* * * * * *';
  const task = { kind: 'handler', name: 'gate' } as const;
  for (const overlap of ['forbid', 'queue', 'replace'] as const)
    await cluster.jobs.create({ name: overlap, schedule, overlap, task });
  await waitFor(() => ['forbid', 'queue', 'replace'].every((job) => gate.of(job).length > 0), {
    what: 'every job is on',
  });
  const next = await cluster.start(1, { name: 'next', handlers });
  // Drains: what is on goes on, and the other worker takes the ticks.
  const stopped = first!.stop();
  await waitFor(() => gate.of('replace').length >= 3, { what: 'runs are replaced across workers' });
  await waitFor(async () => inState(await cluster.jobs.runs('forbid'), 'skipped').length > 0, {
    what: 'ticks are skipped for the run of another worker',
  });
  expect(gate.of('forbid')).toHaveLength(1);
  expect(gate.of('queue')).toHaveLength(1);
  gate.open();
  await stopped;
  await waitFor(() => gate.of('queue').length >= 2 && gate.of('forbid').length >= 2, {
    what: 'they run again',
  });
  await delay(100);
  await Promise.all(next.map((worker) => worker.stop()));
  for (const job of ['forbid', 'queue', 'replace']) {
    expect(gate.most(job)).toBe(1);
    expectEachTickOnce(await cluster.jobs.runs(job));
  }
});
