// Ticks that change hands: a worker drains, is full, or was about to start what is no longer its to start.
import { expect, test as alone } from 'vitest';
import { perform } from '../../../src/common/store/intent.ts';
import { codecs } from '../../../src/common/store/keyspace.ts';
import { requestKill } from '../../../src/common/store/transactions/jobs.ts';
import { createGate } from '../../support/gate.ts';
import { heldClock } from '../../support/held-clock.ts';
import { expectEachTickOnce, inState } from '../../support/outcomes.ts';
import { startTcpProxy } from '../../support/tcp-proxy.ts';
import { waitFor } from '../../support/wait.ts';
import { jobOwnedBy, jobRecord, useWorkers } from '../../support/workers.ts';
import { put } from '../../support/writes.ts';

/** They mostly wait: all at the same time, each on its own prefix. */
const test = alone.concurrent;

const cluster = useWorkers();

const everySecond = (name: string) =>
  ({ name, schedule: '* * * * * *', task: { kind: 'handler', name: 'gate' } }) as const;

/** Each, however late. */
const eachTick = (name: string) => ({ ...everySecond(name), catchUp: { policy: 'all' } }) as const;

const armed = async (job: string) =>
  (await cluster.jobs.active()).filter((run) => run.job === job && run.state === 'armed');

const PAIR = [{ name: 'leaving' }, { name: 'staying' }];

/** A worker whose clock stands just before a tick that it has claimed, and another whose clock goes on. */
async function armedAndAnother() {
  const gate = createGate();
  gate.open();
  const handlers = { gate: gate.handler };
  // However long its clock stands still, it goes by no other.
  const clock = heldClock();
  const [leaving] = await cluster.start(1, { name: 'leaving', handlers, clock, maxClockOffsetMs: 3_600_000 });
  const [staying] = await cluster.start(1, { name: 'staying', handlers });
  const job = jobOwnedBy('leaving', PAIR);
  const tick = Math.ceil(Date.now() / 1_000) * 1_000 + 2_000;
  clock.holdAt(tick - 50);
  const written = await cluster.jobs.create(eachTick(job), { since: tick - 1 });
  const [run] = await waitFor(async () => ((await armed(job)).length > 0 ? armed(job) : undefined), {
    what: 'the tick is claimed',
  });
  expect(run).toMatchObject({ worker: leaving!.workerId, scheduledFor: tick });
  return { gate, clock, leaving: leaving!, staying: staying!, job, tick, run: run!, written };
}

test('a worker that is stopped gives its claims back, and another runs the tick', async () => {
  const { gate, leaving, staying, job, tick } = await armedAndAnother();
  const asked = Date.now();
  await leaving.stop();
  await waitFor(() => gate.of(job).length > 0, { what: 'the tick runs' });
  const first = gate.of(job)[0]!;
  expect(first.scheduledFor).toBe(tick);
  console.info(`taken over ${first.startedAt - Math.max(asked, tick)} ms after it was due and given back`);
  await staying.stop();
  const runs = await cluster.jobs.runs(job);
  expect(runs[0]).toMatchObject({ state: 'succeeded', cause: { tick } });
  expectEachTickOnce(runs);
});

test('a claim that is on its way when its worker is stopped is given back too', async () => {
  const proxy = await startTcpProxy(cluster.shared.server);
  cluster.shared.cleanup(() => proxy.stop());
  const gate = createGate();
  gate.open();
  const handlers = { gate: gate.handler };
  const settings = { name: 'leaving', handlers, endpoint: proxy.address, ttlSeconds: 30 };
  const [leaving] = await cluster.start(1, settings);
  const [staying] = await cluster.start(1, { name: 'staying', handlers });
  const job = jobOwnedBy('leaving', PAIR);
  const tick = Math.ceil(Date.now() / 1_000) * 1_000 + 2_000;
  await cluster.jobs.create({ ...everySecond(job), catchUp: { policy: 'all' } }, { since: tick - 1 });
  // What etcd answers comes late: the claim is made, and its worker does not know yet.
  proxy.delay(400);
  await waitFor(async () => (await armed(job)).length > 0, { what: 'the tick is claimed', interval: 5 });
  await leaving!.stop();
  proxy.delay(0);
  await waitFor(() => gate.of(job).length >= 2, { what: 'the job runs elsewhere' });
  await staying!.stop();
  const runs = await cluster.jobs.runs(job);
  expect(inState(runs, 'lost')).toEqual([]);
  expect(runs[0]).toMatchObject({ state: 'succeeded', cause: { tick } });
  expect(gate.of(job).map(({ scheduledFor }) => scheduledFor)).toEqual(runs.map(({ cause }) => cause.tick));
  expectEachTickOnce(runs);
});

test('an armed run of an edited definition is given back, and the tick is claimed anew', async () => {
  const { gate, clock, job, tick, run, written } = await armedAndAnother();
  const edited = { ...eachTick(job), task: { kind: 'handler', name: 'gate', payload: 'new' } } as const;
  await cluster.jobs.write(jobRecord(edited, { since: tick - 1, generation: 2 }), written.revision);
  const [again] = await waitFor(
    async () => {
      const now = await armed(job);
      return now[0] && now[0].id !== run.id ? now : undefined;
    },
    { what: 'the tick is claimed again' },
  );
  expect(again).toMatchObject({ scheduledFor: tick, generation: 2 });
  expect(gate.of(job)).toEqual([]);
  clock.letGo();
  await waitFor(() => gate.of(job).length > 0, { what: 'the tick runs' });
  expect(gate.of(job)[0]).toMatchObject({ runId: again!.id, scheduledFor: tick, payload: 'new' });
});

test('an armed run of a job that goes to another worker with the edit runs there', async () => {
  const { gate, staying, job, tick, written } = await armedAndAnother();
  const gpu = await cluster.start(1, {
    name: 'gpu',
    labels: { gpu: 'yes' },
    handlers: { gate: gate.handler },
  });
  const moved = { ...eachTick(job), workers: { labels: { gpu: 'yes' } } };
  await cluster.jobs.write(jobRecord(moved, { since: tick - 1, generation: 2 }), written.revision);
  await waitFor(() => gate.of(job).length > 0, { what: 'the tick runs' });
  const runs = await waitFor(
    async () => {
      const found = await cluster.jobs.runs(job);
      return found.length > 0 ? found : undefined;
    },
    { what: 'it is on record' },
  );
  expect(runs[0]).toMatchObject({ worker: gpu[0]!.workerId, cause: { tick }, generation: 2 });
  await staying.stop();
});

test('an armed run that is killed ends as killed, and its task never starts', async () => {
  const { gate, clock, job, tick, run } = await armedAndAnother();
  const { etcd } = cluster.shared;
  const { leaseId } = await etcd.leaseGrant(60);
  const kill = codecs.kill.encode({ by: 'somebody', reason: 'not now', at: Date.now() });
  await put(etcd, cluster.keys.kill(job, run.id), kill, leaseId);
  const [ended] = await waitFor(
    async () => {
      const runs = await cluster.jobs.runs(job);
      return runs.length > 0 ? runs : undefined;
    },
    { what: 'it is on record' },
  );
  expect(ended).toMatchObject({
    id: run.id,
    state: 'killed',
    reason: 'killed by somebody: not now',
    killedBy: { by: 'somebody', reason: 'not now' },
    attempts: [],
  });
  expect(ended!.startedAt).toBeUndefined();
  clock.letGo();
  await waitFor(() => gate.of(job).length > 0, { what: 'a later tick runs' });
  expect(gate.of(job)[0]!.scheduledFor).toBeGreaterThan(tick);
});

test('a run that is killed in the moment in which it is given back ends as killed, and its tick runs nowhere', async () => {
  const gate = createGate();
  gate.open();
  const handlers = { gate: gate.handler };
  const proxy = await startTcpProxy(cluster.shared.server);
  cluster.shared.cleanup(() => proxy.stop());
  const clock = heldClock();
  const held = { clock, maxClockOffsetMs: 3_600_000 };
  const [leaving] = await cluster.start(1, { name: 'leaving', handlers, ...held, endpoint: proxy.address });
  await cluster.start(1, { name: 'staying', handlers });
  const jobs = [jobOwnedBy('leaving', PAIR), jobOwnedBy('leaving', PAIR, 1)];
  const tick = Math.ceil(Date.now() / 1_000) * 1_000 + 2_000;
  clock.holdAt(tick - 50);
  const schedule = `@at ${new Date(tick).toISOString()}`;
  for (const job of jobs) await cluster.jobs.create({ ...everySecond(job), schedule }, { since: tick - 1 });
  const runs = await waitFor(
    async () => {
      const claimed = await Promise.all(jobs.map(armed));
      return claimed.every(({ length }) => length === 1) ? claimed.flat() : undefined;
    },
    { what: 'the ticks are claimed' },
  );
  const { etcd } = cluster.shared;
  const { leaseId } = await etcd.leaseGrant(60);
  const kill = { by: 'somebody', reason: 'not now', at: Date.now() };
  const askToKill = ({ job, id, worker }: (typeof runs)[number]) =>
    perform(etcd, requestKill(cluster.keys, { job, runId: id, workerId: worker!, kill, leaseId }));
  // The worker does not hear of this one.
  proxy.pause('down');
  expect(await askToKill(runs[0]!)).toBe(true);
  // What it sends now arrives after this one.
  proxy.pause('up');
  const stopped = leaving!.stop();
  expect(await askToKill(runs[1]!)).toBe(true);
  proxy.resume('up');
  proxy.resume('down');
  await stopped;
  for (const [i, job] of jobs.entries()) {
    const [record, ...more] = await cluster.jobs.runs(job);
    expect(more).toEqual([]);
    expect(record).toMatchObject({ id: runs[i]!.id, state: 'killed', attempts: [], killedBy: kill });
  }
  expect((await etcd.range(cluster.keys.kills)).kvs).toEqual([]);
  expect(await cluster.jobs.locks()).toEqual([]);
  await waitFor(() => Date.now() > tick + 1_500, { what: 'the tick would have run' });
  expect(gate.passages).toEqual([]);
});

test('a worker that drains by request takes no more, finishes what it runs, and takes work again when asked', async () => {
  const gate = createGate();
  const handlers = { gate: gate.handler };
  const [leaving] = await cluster.start(1, { name: 'leaving', handlers });
  const [staying] = await cluster.start(1, { name: 'staying', handlers });
  const job = jobOwnedBy('leaving', PAIR);
  await cluster.jobs.create(everySecond(job));
  await waitFor(() => gate.inside(job) === 1, { what: 'it runs' });
  const key = cluster.keys.drain(leaving!.workerId!);
  await put(cluster.shared.etcd, key, codecs.drain.encode({ by: 'test', at: Date.now() }));
  await waitFor(
    async () => {
      const { kvs } = await cluster.shared.etcd.range({ key: cluster.keys.worker(leaving!.workerId!) });
      return kvs[0]!.value.includes('"state":"draining"');
    },
    { what: 'it tells that it drains' },
  );
  expect(gate.inside(job)).toBe(1);
  gate.open();
  const workers = async () => inState(await cluster.jobs.runs(job), 'succeeded').map(({ worker }) => worker);
  await waitFor(async () => (await workers()).filter((id) => id === staying!.workerId).length >= 2, {
    what: 'the other worker runs it',
  });
  expect((await workers()).filter((id) => id === leaving!.workerId)).toHaveLength(1);
  await cluster.shared.etcd.txn({ compare: [], success: [{ type: 'delete', key }], failure: [] });
  await waitFor(async () => (await workers()).filter((id) => id === leaving!.workerId).length >= 2, {
    what: 'the first worker runs it again',
  });
  await Promise.all([leaving!.stop(), staying!.stop()]);
  expectEachTickOnce(await cluster.jobs.runs(job));
});

test('a full worker leaves its ticks to others', async () => {
  const gate = createGate();
  const open = createGate();
  open.open();
  const handlers = { gate: gate.handler, quick: open.handler };
  const ranked = [
    { name: 'small', slots: 1 },
    { name: 'large', slots: 1 },
  ];
  const [small] = await cluster.start(1, { name: 'small', slots: 1, handlers });
  const [large] = await cluster.start(1, { name: 'large', slots: 1, handlers });
  const [long, quick] = [jobOwnedBy('small', ranked), jobOwnedBy('small', ranked, 1)];
  await cluster.jobs.create(everySecond(long));
  await waitFor(() => gate.inside(long) === 1, { what: 'the long job takes the only slot' });
  await cluster.jobs.create({ ...everySecond(quick), task: { kind: 'handler', name: 'quick' } });
  await waitFor(() => open.of(quick).length >= 2, { what: 'the other job runs' });
  const runs = await waitFor(
    async () => {
      const found = inState(await cluster.jobs.runs(quick), 'succeeded');
      return found.length >= 2 ? found : undefined;
    },
    { what: 'two records' },
  );
  for (const { worker } of runs) expect(worker).toBe(large!.workerId);
  gate.open();
  await Promise.all([small!.stop(), large!.stop()]);
  expectEachTickOnce(await cluster.jobs.runs(quick));
});

test('a job runs only on workers that have its labels, and when there is none it waits for one', async () => {
  const gate = createGate();
  gate.open();
  const handlers = { gate: gate.handler };
  await cluster.start(2, { handlers, labels: { region: 'us' } });
  await cluster.jobs.create({ ...everySecond('anywhere') });
  await cluster.jobs.create({ ...everySecond('eu-only'), workers: { labels: { region: 'eu' } } });
  await waitFor(() => gate.of('anywhere').length >= 2, { what: 'a job without wishes runs' });
  expect(gate.of('eu-only')).toEqual([]);
  const [european] = await cluster.start(1, { handlers, labels: { region: 'eu' } });
  await waitFor(() => gate.of('eu-only').length >= 2, { what: 'the job runs' });
  const id = european!.workerId;
  await european!.stop();
  const runs = await cluster.jobs.runs('eu-only');
  expect(new Set(inState(runs, 'succeeded').map(({ worker }) => worker))).toEqual(new Set([id]));
  expectEachTickOnce(runs);
});
