// `workers.mode: all` together with what else decides about runs: overlap, a lost claim, a clock that is off. Each
// worker by itself.
import { expect, test as alone } from 'vitest';
import type { JobDefinitionInput, OverlapPolicy } from '../../../src/common/model/job.ts';
import { makeRunId } from '../../../src/common/model/ids.ts';
import type { RunRecord } from '../../../src/common/model/run.ts';
import { instant } from '../../../src/common/model/time.ts';
import { codecs } from '../../../src/common/store/keyspace.ts';
import { put } from '../../support/writes.ts';
import { createGate, type Gate } from '../../support/gate.ts';
import { expectEachTickOnce, inState } from '../../support/outcomes.ts';
import { steppedClock } from '../../support/stepped-clock.ts';
import { startTcpProxy } from '../../support/tcp-proxy.ts';
import { waitFor } from '../../support/wait.ts';
import { useWorkers } from '../../support/workers.ts';

/** They mostly wait: all at the same time, each on its own prefix. */
const test = alone.concurrent;

const cluster = useWorkers();

const onAll = (name: string, more: Partial<JobDefinitionInput> = {}): JobDefinitionInput => ({
  name,
  schedule: '* * * * * *',
  history: { keep: 500 },
  workers: { mode: 'all' },
  task: { kind: 'handler', name: 'gate' },
  ...more,
});

const of = (runs: readonly RunRecord[], id: string): RunRecord[] =>
  runs.filter(({ worker }) => worker === id);

/** A worker that is held up by its gate, and one whose gate is open. */
async function slowAndQuick() {
  const [slow, quick] = [createGate(), createGate()];
  quick.open();
  const [held] = await cluster.start(1, { name: 'slow', handlers: { gate: slow.handler } });
  const [free] = await cluster.start(1, { name: 'quick', handlers: { gate: quick.handler } });
  return { slow, quick, ids: { slow: held!.workerId!, quick: free!.workerId! } };
}

const hasStarted = (gate: Gate, job: string, count: number) =>
  waitFor(() => gate.of(job).length >= count, { what: `${count} starts`, seen: () => gate.of(job) });

/** Three more ticks have passed since its first run began. */
async function whileOn(gate: Gate, job: string): Promise<{ first: number; until: number }> {
  await hasStarted(gate, job, 1);
  const first = gate.of(job)[0]!.scheduledFor;
  await waitFor(() => Date.now() > first + 3_600, { what: 'three ticks pass' });
  return { first, until: Date.now() };
}

const isPast = (gate: Gate, job: string, until: number) =>
  waitFor(() => gate.of(job).some(({ scheduledFor }) => scheduledFor > until), { what: 'it goes on' });

test('a request that names no worker, and waits for a run, is taken by another one when that worker takes no more', async () => {
  const gate = createGate();
  const [a, b] = await cluster.start(2, { handlers: { gate: gate.handler } });
  await cluster.jobs.create(onAll('job', { schedule: '@manual' }));
  const ask = (suffix: string) =>
    put(
      cluster.shared.etcd,
      cluster.keys.trigger('job', makeRunId(instant(Date.now()), suffix)),
      codecs.trigger.encode({
        cause: 'manual',
        attempt: 1,
        requestedAt: Date.now(),
        whenRunning: 'queue',
      }),
    );
  await ask('aaaaaa');
  await hasStarted(gate, 'job', 1);
  const [first] = await cluster.jobs.active();
  await ask('bbbbbb');
  const drain = codecs.drain.encode({ by: 'test', at: Date.now() });
  await put(cluster.shared.etcd, cluster.keys.drain(first!.worker!), drain);
  await hasStarted(gate, 'job', 2);
  const other = a!.workerId === first!.worker ? b! : a!;
  expect((await cluster.jobs.active()).map(({ worker }) => worker)).toContain(other.workerId);
  gate.open();
  await cluster.stopAll();
});

const create = (overlap: OverlapPolicy) => cluster.jobs.create(onAll(overlap, { overlap }));

test('`queue` keeps the newest tick waiting on the worker whose run is on, and on no other', async () => {
  const { slow, quick, ids } = await slowAndQuick();
  await create('queue');
  const { first, until } = await whileOn(slow, 'queue');
  expect(slow.of('queue')).toHaveLength(1);
  slow.open();
  await isPast(slow, 'queue', until);
  await isPast(quick, 'queue', until);
  await cluster.stopAll();
  const runs = await cluster.jobs.runs('queue');
  const [one, two] = slow.of('queue');
  expect(two!.startedAt).toBeGreaterThanOrEqual(one!.endedAt!);
  expect(two!.scheduledFor).toBeGreaterThanOrEqual(first + 3_000);
  expect(inState(of(runs, ids.slow), 'missed')[0]).toMatchObject({ ticks: { from: first + 1_000 } });
  expect(inState(runs, 'skipped')).toEqual([]);
  expect(inState(of(runs, ids.quick), 'missed')).toEqual([]);
  expect([slow.most('queue'), quick.most('queue')]).toEqual([1, 1]);
  for (const id of Object.values(ids)) expectEachTickOnce(of(runs, id));
});

test('`replace` kills the run of the worker whose tick has come, and none of another', async () => {
  const { slow, quick, ids } = await slowAndQuick();
  await create('replace');
  await hasStarted(slow, 'replace', 4);
  const until = Date.now();
  slow.open();
  await isPast(slow, 'replace', until);
  await isPast(quick, 'replace', until);
  await cluster.stopAll();
  const runs = await cluster.jobs.runs('replace');
  const killed = inState(runs, 'killed');
  expect(killed.length).toBeGreaterThanOrEqual(3);
  for (const { worker, killedBy } of killed)
    expect([worker, killedBy?.by]).toEqual([ids.slow, 'overlap: replace']);
  expect(inState(of(runs, ids.quick), 'killed', 'missed', 'skipped')).toEqual([]);
  const passages = slow.of('replace');
  for (const [i, passage] of passages.entries())
    expect(passage.startedAt).toBeGreaterThanOrEqual(passages[i - 1]?.endedAt ?? 0);
  for (const id of Object.values(ids)) expectEachTickOnce(of(runs, id));
});

test('`allow` runs the ticks of each worker beside each other, under locks of their own', async () => {
  const { slow, quick, ids } = await slowAndQuick();
  await create('allow');
  const { until } = await whileOn(slow, 'allow');
  await waitFor(() => slow.inside('allow') >= 4, { what: 'its runs are on beside each other' });
  const { kvs } = await cluster.shared.etcd.range(cluster.keys.locksOfRuns('allow'));
  const locked = kvs.map(({ key }) => cluster.keys.partsOf(key)[1]);
  expect(locked).toEqual(
    expect.arrayContaining(
      slow
        .of('allow')
        .slice(0, 4)
        .map(({ runId }) => runId),
    ),
  );
  slow.open();
  await isPast(slow, 'allow', until);
  await isPast(quick, 'allow', until);
  await cluster.stopAll();
  const runs = await cluster.jobs.runs('allow');
  expect(inState(runs, 'skipped', 'missed', 'killed', 'lost')).toEqual([]);
  for (const id of Object.values(ids)) expectEachTickOnce(of(runs, id));
});

test('a run that goes on without its claim is told by its worker, which runs the ticks beside it when it is back', async () => {
  const [held, other] = [createGate(), createGate()];
  other.open();
  const proxy = await startTcpProxy(cluster.shared.server);
  cluster.shared.cleanup(() => proxy.stop());
  const settings = { name: 'cut-off', endpoint: proxy.address, handlers: { gate: held.handler } };
  const [away] = await cluster.start(1, settings);
  const reconnect = (): void => (proxy.resume('up'), proxy.resume('down'));
  cluster.shared.cleanup(reconnect);
  const [there] = await cluster.start(1, { name: 'there', handlers: { gate: other.handler } });
  const oldId = away!.workerId!;
  await cluster.jobs.create(
    onAll('job', { onLostLease: 'continue', retry: { limit: 2, delay: '10ms' }, catchUp: { policy: 'all' } }),
  );
  await hasStarted(held, 'job', 1);
  const run = held.of('job')[0]!.runId;
  const record = async () => (await cluster.jobs.runs('job')).find(({ id }) => id === run);
  proxy.pause('up');
  proxy.pause('down');
  await waitFor(async () => (await record())?.state === 'lost', {
    what: 'the other worker settles it',
    timeout: 40_000,
  });
  // Of its worker alone: tried again nowhere, and still on.
  expect((await cluster.shared.etcd.range(cluster.keys.triggers)).kvs).toEqual([]);
  expect(held.inside('job')).toBe(1);
  const cutAt = Date.now();
  reconnect();
  await waitFor(() => away!.workerId !== undefined && away!.workerId !== oldId, {
    what: 'it registers anew',
    timeout: 40_000,
  });
  const newId = away!.workerId!;
  await waitFor(() => held.inside('job') === 2, { what: 'a later tick runs beside it', timeout: 40_000 });
  held.open();
  const ended = await waitFor(
    async () => {
      const found = await record();
      return found?.state === 'succeeded' ? found : undefined;
    },
    { what: 'its end takes the place of its loss' },
  );
  expect(ended).toMatchObject({ worker: newId, mayHaveOverlapped: true, shard: { index: 0, total: 2 } });
  const until = Date.now();
  await isPast(held, 'job', until);
  await isPast(other, 'job', until);
  const thereId = there!.workerId!;
  await cluster.stopAll();
  const runs = await cluster.jobs.runs('job');
  expect(inState(runs, 'lost')).toEqual([]);
  expectEachTickOnce(of(runs, thereId));
  expect(inState(of(runs, thereId), 'missed', 'skipped')).toEqual([]);
  // The ticks of the new session alone; none of them twice.
  const anew = of(runs, newId).filter(({ id }) => id !== run);
  expectEachTickOnce(anew);
  expect(Math.min(...anew.map(({ scheduledFor }) => scheduledFor))).toBeGreaterThan(cutAt - 1_000);
});

/** What the news of another's clock may take on its way makes ours seem ahead, never behind. */
const TREMOR = 100;

async function threeClocks(ahead: number) {
  const gates = [createGate(), createGate(), createGate()];
  const clock = steppedClock(ahead);
  const ids: string[] = [];
  for (const [i, gate] of gates.entries()) {
    gate.open();
    const own = i === 2 ? { clock } : {};
    const [worker] = await cluster.start(1, { name: `w${i}`, handlers: { gate: gate.handler }, ...own });
    ids.push(worker!.workerId!);
  }
  await cluster.jobs.create(onAll('job', { overlap: 'queue', catchUp: { policy: 'all' } }));
  const earliest = (): number =>
    Math.max(...gates.flatMap((gate) => gate.of('job').map((each) => each.scheduledFor - each.startedAt)));
  /** Every worker has run so many more ticks. */
  const more = async (count: number): Promise<void> => {
    const wanted = gates.map((gate) => gate.of('job').length + count);
    await waitFor(() => gates.every((gate, i) => gate.of('job').length >= wanted[i]!), {
      what: `${count} more ticks on each`,
      timeout: 30_000,
      seen: () => gates.map((gate) => gate.of('job').length),
    });
  };
  return { clock, ids, earliest, more };
}

test('a worker that joins with a clock 5 s fast runs the ticks by the time of the others', async () => {
  const { ids, earliest, more } = await threeClocks(5_000);
  await more(3);
  await cluster.stopAll();
  expect(earliest()).toBeLessThanOrEqual(TREMOR);
  const runs = await cluster.jobs.runs('job');
  for (const id of ids) expectEachTickOnce(of(runs, id));
  expect(inState(runs, 'missed', 'skipped', 'lost')).toEqual([]);
});

test.each([
  ['forward', 600_000],
  ['back', -600_000],
])(
  'a clock of three that is set %s by ten minutes, and put right, touches no tick of any worker',
  async (_, by) => {
    const { clock, ids, earliest, more } = await threeClocks(0);
    await more(2);
    clock.step(by);
    await more(3);
    clock.step(-by);
    await more(4);
    await cluster.stopAll();
    expect(earliest()).toBeLessThanOrEqual(TREMOR);
    const runs = await cluster.jobs.runs('job');
    for (const id of ids) expectEachTickOnce(of(runs, id));
    expect(inState(runs, 'missed', 'skipped', 'lost')).toEqual([]);
  },
);
