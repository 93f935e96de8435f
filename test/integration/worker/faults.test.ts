// What workers do when etcd, or the way to it, is gone for a while.
import { expect, test as alone } from 'vitest';
import { LEAD } from '../../../src/worker/rounds.ts';
import { createGate } from '../../support/gate.ts';
import { beatFor, judgeTicks, openJournal, overlapsIn } from '../../support/journal.ts';
import { expectEachTickOnce, inState } from '../../support/outcomes.ts';
import { startTcpProxy } from '../../support/tcp-proxy.ts';
import { waitFor } from '../../support/wait.ts';
import type { RunningWorker } from '../../../src/worker/main.ts';
import { jobOwnedBy, jobRecord, useWorkers } from '../../support/workers.ts';

/** They mostly wait: all at the same time, each on its own prefix. */
const test = alone.concurrent;

const cluster = useWorkers();

const everySecond = (name: string, payload = 'old') =>
  ({ name, schedule: '* * * * * *', task: { kind: 'handler', name: 'gate', payload } }) as const;

alone('a worker whose watch was compacted away misses no change', async () => {
  const { etcd, server } = cluster.shared;
  const proxy = await startTcpProxy(server);
  cluster.shared.cleanup(() => proxy.stop());
  const gate = createGate();
  gate.open();
  await cluster.start(1, { handlers: { gate: gate.handler }, endpoint: proxy.address, ttlSeconds: 20 });
  const edited = await cluster.jobs.create(everySecond('edited'));
  const deleted = await cluster.jobs.create(everySecond('deleted'));
  const again = await cluster.jobs.create(everySecond('again'));
  await cluster.jobs.create(everySecond('kept'));
  await waitFor(() => ['edited', 'deleted', 'again', 'kept'].every((job) => gate.of(job).length > 0), {
    what: 'every job runs',
  });
  const cutAt = Date.now();
  proxy.refuse(true);
  proxy.cutNow();
  await cluster.jobs.write(jobRecord(everySecond('edited', 'new'), { generation: 2 }), edited.revision);
  await cluster.jobs.remove('deleted', deleted.revision);
  await cluster.jobs.remove('again', again.revision);
  await cluster.jobs.create(everySecond('again', 'new'));
  const { revision } = await cluster.jobs.create(everySecond('created', 'new'));
  await etcd.compact(revision);
  proxy.refuse(false);
  // What was claimed before the cut may still have started: as far ahead as claims are made.
  const since = (job: string) => gate.of(job).filter((each) => each.scheduledFor > cutAt + LEAD.max);
  await waitFor(() => ['edited', 'again', 'created', 'kept'].every((job) => since(job).length >= 2), {
    what: 'every job runs again',
    seen: () => gate.passages,
  });
  for (const job of ['edited', 'again', 'created'])
    expect(since(job).filter(({ payload }) => payload !== 'new')).toEqual([]);
  expect(since('deleted')).toEqual([]);
  expect(await cluster.jobs.runs('deleted')).toEqual([]);
});

alone('ticks go on after etcd was restarted, and none runs twice', async () => {
  const { server } = cluster.shared;
  const gate = createGate();
  gate.open();
  const workers = await cluster.start(3, { handlers: { gate: gate.handler }, ttlSeconds: 30 });
  const jobs = Array.from({ length: 6 }, (_, i) => `job-${i}`);
  for (const job of jobs) await cluster.jobs.create(everySecond(job));
  const ran = (count: number) =>
    waitFor(() => jobs.every((job) => gate.of(job).length >= count), {
      what: `${count} runs of each job`,
      timeout: 40_000,
    });
  await ran(2);
  await server.restart();
  await ran(gate.of('job-0').length + 3);
  await server.kill();
  await server.start();
  await ran(gate.of('job-0').length + 3);
  await Promise.all(workers.map((worker) => worker.stop()));
  for (const job of jobs) {
    const ticks = gate.of(job).map(({ scheduledFor }) => scheduledFor);
    expect(new Set(ticks).size).toBe(ticks.length);
    const runs = await cluster.jobs.runs(job);
    expectEachTickOnce(runs);
    expect(inState(runs, 'succeeded')).toHaveLength(ticks.length);
  }
});

test('answers that are lost, of claims and of records, make no tick run twice or go unrecorded', async () => {
  const gate = createGate();
  gate.open();
  const proxies = await Promise.all([1, 2].map(() => startTcpProxy(cluster.shared.server)));
  for (const proxy of proxies) cluster.shared.cleanup(() => proxy.stop());
  const workers: RunningWorker[] = [];
  for (const proxy of proxies) {
    const settings = { endpoint: proxy.address, ttlSeconds: 20, handlers: { gate: gate.handler } };
    workers.push(...(await cluster.start(1, settings)));
  }
  const jobs = Array.from({ length: 12 }, (_, i) => `job-${i}`);
  for (const job of jobs)
    await cluster.jobs.create({ ...everySecond(job), overlap: 'queue', catchUp: { policy: 'all' } });
  await waitFor(() => jobs.every((job) => gate.of(job).length > 0), { what: 'every job runs' });
  // Each cut lets a few more bytes of the answers through: in the middle of them, whatever they are.
  const accepted = () => proxies.reduce((sum, proxy) => sum + proxy.accepted, 0);
  const before = accepted();
  let bytes = 1;
  const cutting = setInterval(() => {
    for (const proxy of proxies) proxy.cutAfter('down', (bytes = (bytes * 7) % 1_021));
  }, 150);
  cluster.shared.cleanup(() => clearInterval(cutting));
  await waitFor(() => accepted() >= before + 30, { what: 'thirty cuts', timeout: 40_000 });
  clearInterval(cutting);
  const ran = gate.of('job-0').length;
  await waitFor(() => jobs.every((job) => gate.of(job).length >= ran + 2), { what: 'they go on' });
  await Promise.all(workers.map((worker) => worker.stop()));
  for (const job of jobs) {
    const ticks = gate.of(job).map(({ scheduledFor }) => scheduledFor);
    expect(new Set(ticks).size).toBe(ticks.length);
    const runs = await cluster.jobs.runs(job);
    expectEachTickOnce(runs);
    expect(inState(runs, 'succeeded').map(({ id }) => id)).toEqual(gate.of(job).map(({ runId }) => runId));
  }
  expect(await cluster.jobs.active()).toEqual([]);
  expect(await cluster.jobs.locks()).toEqual([]);
});

test('a worker that learns late who else is there runs no tick that another has run', async () => {
  const gate = createGate();
  gate.open();
  const handlers = { gate: gate.handler };
  const proxy = await startTcpProxy(cluster.shared.server);
  cluster.shared.cleanup(() => proxy.stop());
  const [slow] = await cluster.start(1, { name: 'slow', endpoint: proxy.address, ttlSeconds: 30, handlers });
  const jobs = Array.from({ length: 8 }, (_, i) => `job-${i}`);
  for (const job of jobs)
    await cluster.jobs.create({ ...everySecond(job), overlap: 'queue', catchUp: { policy: 'all' } });
  await waitFor(() => jobs.every((job) => gate.of(job).length >= 2), { what: 'every job runs' });
  // What it hears and says takes over a second each way: both take the jobs for theirs, and both claim.
  proxy.delay(1_300);
  for (let i = 0; i < 2; i++) {
    const [quick] = await cluster.start(1, { name: 'quick', handlers });
    const ran = Math.max(...jobs.map((job) => gate.of(job).length));
    await waitFor(() => jobs.some((job) => gate.of(job).length >= ran + 4), { what: 'four more runs' });
    await quick!.stop();
  }
  proxy.delay(0);
  const ran = Math.max(...jobs.map((job) => gate.of(job).length));
  await waitFor(() => jobs.every((job) => gate.of(job).length >= ran), { what: 'all catch up' });
  await slow!.stop();
  for (const job of jobs) {
    const ticks = gate.of(job).map(({ scheduledFor }) => scheduledFor);
    expect(new Set(ticks).size).toBe(ticks.length);
    expectEachTickOnce(await cluster.jobs.runs(job));
  }
});

test('a worker cut off from etcd has no task left when another starts the next run', async () => {
  const proxy = await startTcpProxy(cluster.shared.server);
  cluster.shared.cleanup(() => proxy.stop());
  const journal = openJournal();
  cluster.shared.cleanup(() => journal.remove());
  const [cutOff] = await cluster.start(1, { name: 'cut-off', endpoint: proxy.address });
  const [other] = await cluster.start(1, { name: 'other' });
  const oldId = cutOff!.workerId!;
  const job = jobOwnedBy('cut-off', [{ name: 'cut-off' }, { name: 'other' }]);
  await cluster.jobs.create({
    name: job,
    schedule: '* * * * * *',
    task: { kind: 'shell', command: journal.task(beatFor(600)) },
  });
  await waitFor(() => journal.lines().length > 3, { what: 'the task runs on the worker to be cut off' });
  expect(journal.starts().map(({ worker }) => worker)).toEqual([oldId]);
  // Half-open, as when a cable is pulled: nobody is told that the connection is gone.
  proxy.pause('up');
  proxy.pause('down');
  const next = await waitFor(() => journal.starts().find(({ worker }) => worker === other!.workerId), {
    what: 'the next run starts elsewhere',
    timeout: 30_000,
  });
  await waitFor(() => journal.lines().filter(({ runId }) => runId === next.runId).length > 10, {
    what: 'the next run goes on',
  });
  const last = journal
    .lines()
    .filter(({ worker }) => worker === oldId)
    .at(-1)!;
  expect(last.at).toBeLessThan(next.at);
  proxy.resume('up');
  proxy.resume('down');
  await waitFor(() => cutOff!.workerId !== undefined && cutOff!.workerId !== oldId, {
    what: 'the worker registers anew',
  });
  await Promise.all([cutOff!.stop(), other!.stop()]);
  expect(overlapsIn(journal.lines())).toEqual([]);
  expect(judgeTicks(journal.starts()).twice).toEqual([]);
  const runs = await cluster.jobs.runs(job);
  expect(runs[0]).toMatchObject({ worker: oldId, state: 'lost' });
  expectEachTickOnce(runs);
});
