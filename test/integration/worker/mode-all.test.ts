// `workers.mode: all`: each matching worker runs each tick, by a lock and a cursor of its own.
import { expect, test as alone } from 'vitest';
import type { JobDefinitionInput } from '../../../src/common/model/job.ts';
import type { RunRecord } from '../../../src/common/model/run.ts';
import { codecs } from '../../../src/common/store/keyspace.ts';
import type { RunningWorker } from '../../../src/worker/main.ts';
import type { HandlerContext } from '../../../src/worker/tasks/handler.ts';
import { createGate } from '../../support/gate.ts';
import { heldClock } from '../../support/held-clock.ts';
import { expectEachTickOnce, inState, ticksTold } from '../../support/outcomes.ts';
import { waitFor } from '../../support/wait.ts';
import { jobRecord, useWorkers } from '../../support/workers.ts';
import { put } from '../../support/writes.ts';

/** They mostly wait: all at the same time, each on its own prefix. */
const test = alone.concurrent;

const cluster = useWorkers();

const onAll = (name: string, more: Partial<JobDefinitionInput> = {}): JobDefinitionInput => ({
  name,
  schedule: '* * * * * *',
  history: { keep: 500 },
  workers: { labels: { region: ['eu', 'us'] }, mode: 'all' },
  task: { kind: 'handler', name: 'gate' },
  ...more,
});

const openGate = () => {
  const gate = createGate();
  gate.open();
  return gate;
};

const of = (runs: readonly RunRecord[], worker: RunningWorker | string): RunRecord[] => {
  const id = typeof worker === 'string' ? worker : worker.workerId;
  return runs.filter((run) => run.worker === id);
};

/** The records of a job, once `enough` says so. */
const records = (job: string, what: string, enough: (runs: RunRecord[]) => boolean): Promise<RunRecord[]> =>
  waitFor(
    async () => {
      const runs = await cluster.jobs.runs(job);
      return enough(runs) ? runs : undefined;
    },
    { what },
  );

const stop = (workers: readonly RunningWorker[]) => Promise.all(workers.map((worker) => worker.stop()));

test('each tick runs once on each worker that matches, and on no other', async () => {
  const gate = openGate();
  const handlers = { gate: gate.handler };
  const [eu] = await cluster.start(1, { handlers, name: 'a', labels: { region: 'eu' } });
  const [us] = await cluster.start(1, { handlers, name: 'b', labels: { region: 'us' } });
  const [asia] = await cluster.start(1, { handlers, name: 'c', labels: { region: 'asia' } });
  const ids = [eu!.workerId!, us!.workerId!];
  await cluster.jobs.create(onAll('job'));
  await records('job', 'three ticks on both', (runs) => ids.every((id) => of(runs, id).length >= 3));
  await stop([eu!, us!, asia!]);
  const runs = await cluster.jobs.runs('job');
  expect(new Set(runs.map(({ worker }) => worker))).toEqual(new Set(ids));
  for (const id of ids) expectEachTickOnce(of(runs, id));
  for (const run of inState(runs, 'succeeded'))
    expect(run.shard).toEqual({ index: ids.indexOf(run.worker!), total: 2 });
  // What hung on the sessions went with them.
  const { kvs } = await cluster.shared.etcd.range(cluster.keys.cursors);
  expect(kvs.map(({ key }) => key)).toEqual([cluster.keys.cursorOfAll('job')]);
});

test('the task is told which of the workers it is on', async () => {
  const seen: { name: string; shard: HandlerContext['shard'] }[] = [];
  const named = (name: string) => ({
    handlers: { gate: ({ shard }: HandlerContext) => void seen.push({ name, shard }) },
    name,
    labels: { region: 'eu' },
  });
  const workers = [...(await cluster.start(1, named('x'))), ...(await cluster.start(1, named('y')))];
  await cluster.jobs.create(onAll('handler'));
  await cluster.jobs.create(
    onAll('shell', { task: { kind: 'shell', command: 'echo $ETCRON_SHARD_INDEX/$ETCRON_SHARD_TOTAL' } }),
  );
  const runs = await records('shell', 'a run on each', (all) =>
    workers.every((worker) => inState(of(all, worker), 'succeeded').length > 0),
  );
  for (const [index, worker] of workers.entries()) {
    const [run] = inState(of(runs, worker), 'succeeded');
    const { kvs } = await cluster.shared.etcd.range({ key: cluster.keys.output('shell', run!.id) });
    expect(kvs[0]!.value).toBe(`${index}/2\n`);
  }
  await waitFor(() => new Set(seen.map(({ name }) => name)).size === 2, { what: 'both handlers ran' });
  for (const { name, shard } of seen) expect(shard).toEqual({ index: name === 'x' ? 0 : 1, total: 2 });
});

test('a tick that comes while the run before it is on is skipped on that worker alone', async () => {
  const slow = createGate();
  const quick = openGate();
  const [busy] = await cluster.start(1, { handlers: { gate: slow.handler }, labels: { region: 'eu' } });
  const [idle] = await cluster.start(1, { handlers: { gate: quick.handler }, labels: { region: 'us' } });
  await cluster.jobs.create(onAll('job'));
  await records(
    'job',
    'ticks are skipped on one and run on the other',
    (runs) =>
      inState(of(runs, idle!), 'succeeded').length >= 3 &&
      (inState(of(runs, busy!), 'skipped')[0]?.ticks?.count ?? 0) >= 2,
  );
  slow.open();
  const workers = [busy!.workerId!, idle!.workerId!];
  await stop([busy!, idle!]);
  const runs = await cluster.jobs.runs('job');
  const [skipped] = inState(of(runs, workers[0]!), 'skipped');
  expect(skipped).toMatchObject({ reason: expect.stringContaining('overlap: forbid') as string });
  expect(inState(of(runs, workers[1]!), 'skipped')).toEqual([]);
  expect(slow.most('job')).toBe(1);
  for (const id of workers) expectEachTickOnce(of(runs, id));
});

test('a worker that joins runs the ticks from then on, and one that is stopped leaves none behind', async () => {
  const gate = openGate();
  const settings = { handlers: { gate: gate.handler }, labels: { region: 'eu' } };
  const [first] = await cluster.start(1, settings);
  await cluster.jobs.create(onAll('job'));
  await records('job', 'the first runs', (runs) => of(runs, first!).length >= 2);
  const joined = Date.now();
  const [second] = await cluster.start(1, settings);
  await records('job', 'both run', (runs) => of(runs, second!).length >= 2);
  const ids = [first!.workerId!, second!.workerId!];
  await first!.stop();
  const left = Date.now();
  await records('job', 'the second goes on', (runs) =>
    of(runs, ids[1]!).some(({ scheduledFor }) => scheduledFor > left + 1_000),
  );
  await second!.stop();
  const runs = await cluster.jobs.runs('job');
  for (const id of ids) expectEachTickOnce(of(runs, id));
  expect(Math.min(...ticksTold(of(runs, ids[1]!), 1_000))).toBeGreaterThan(joined);
  expect(inState(runs, 'missed', 'lost', 'killed')).toEqual([]);
  // One of the two was always there.
  const ticks = new Set(ticksTold(runs, 1_000));
  expect(ticks.size * 1_000).toBe(Math.max(...ticks) - Math.min(...ticks) + 1_000);
});

test('ticks of a time in which no matching worker was there are missed, and told once', async () => {
  const gate = openGate();
  const settings = { handlers: { gate: gate.handler }, labels: { region: 'eu' } };
  const others = await cluster.start(1, { handlers: { gate: gate.handler }, labels: { region: 'asia' } });
  const [first] = await cluster.start(1, settings);
  await cluster.jobs.create(onAll('job', { catchUp: { policy: 'all' } }));
  await records('job', 'the first runs', (runs) => of(runs, first!).length >= 2);
  await first!.stop();
  const left = Date.now();
  await waitFor(() => Date.now() > left + 3_000, { what: 'three ticks pass', interval: 100 });
  const workers = await cluster.start(2, settings);
  const ids = workers.map(({ workerId }) => workerId!);
  await records('job', 'both run', (runs) => ids.every((id) => of(runs, id).length >= 2));
  const runs = await records('job', 'the time between is told', (all) => inState(all, 'missed').length > 0);
  await stop([...workers, ...others]);
  const missed = inState(runs, 'missed');
  expect(missed).toHaveLength(1);
  expect(missed[0]!.worker).toBeUndefined();
  expect(missed[0]!.ticks!.count).toBeGreaterThanOrEqual(2);
  // No tick is told as missed that ran, and none between is left out.
  const told = ticksTold(missed, 1_000);
  const ran = inState(runs, 'succeeded').map(({ cause }) => cause.tick!);
  expect(told.filter((tick) => ran.includes(tick))).toEqual([]);
  const all = [...new Set([...told, ...ran])].sort((a, b) => a - b);
  expect(all).toEqual(Array.from({ length: all.length }, (_, i) => all[0]! + i * 1_000));
});

const MODES = { one: { mode: 'one' }, all: { mode: 'all' } } as const;

test('a change from one to all and back neither repeats a tick nor loses one', async () => {
  const gate = openGate();
  const workers = await cluster.start(3, { handlers: { gate: gate.handler } });
  const edited = (mode: 'one' | 'all') => onAll('job', { workers: MODES[mode], catchUp: { policy: 'all' } });
  let { revision } = await cluster.jobs.create(edited('one'));
  const since = jobRecord(edited('one')).since;
  const changes: { at: number; mode: 'one' | 'all' }[] = [];
  for (let i = 0; i < 8; i++) {
    const before = gate.of('job').length;
    await waitFor(() => gate.of('job').length > before, { what: 'a tick runs' });
    // At every place between two ticks, in the lead of the next as well.
    await waitFor(() => Date.now() % 1_000 >= i * 120, { what: 'the place between two ticks', interval: 2 });
    const mode = i % 2 === 0 ? 'all' : 'one';
    ({ revision } = await cluster.jobs.write(
      jobRecord(edited(mode), { since, generation: i + 2 }),
      revision,
    ));
    changes.push({ at: Date.now(), mode });
  }
  const last = Date.now();
  await waitFor(() => gate.of('job').some(({ scheduledFor }) => scheduledFor > last + 1_000), {
    what: 'the end',
  });
  await stop(workers);
  const runs = await cluster.jobs.runs('job');
  expect(inState(runs, 'missed', 'skipped', 'lost')).toEqual([]);
  const ticks = new Map<number, RunRecord[]>();
  for (const run of runs) ticks.set(run.cause.tick!, [...(ticks.get(run.cause.tick!) ?? []), run]);
  const first = Math.min(...ticks.keys());
  const final = Math.max(...ticks.keys());
  for (let tick = first; tick < final; tick += 1_000) {
    const ran = ticks.get(tick) ?? [];
    // Under one mode alone: by one worker without a shard, or by each with one.
    const shards = ran.filter(({ shard }) => shard !== undefined);
    expect({ tick, workers: ran.length, shards: shards.length }).toEqual(
      shards.length === 0 ? { tick, workers: 1, shards: 0 } : { tick, workers: 3, shards: 3 },
    );
    expect(new Set(ran.map(({ worker }) => worker)).size).toBe(ran.length);
  }
  expect([...ticks.values()].some((ran) => ran.length === 3)).toBe(true);
  expect([...ticks.values()].some((ran) => ran.length === 1)).toBe(true);
});

test('a tick that is claimed on all and given back for a change to one runs once', async () => {
  const gate = openGate();
  const clocks = [heldClock(), heldClock()];
  const started = await Promise.all(
    clocks.map((clock, i) => cluster.start(1, { name: `w${i}`, handlers: { gate: gate.handler }, clock })),
  );
  const tick = Math.ceil(Date.now() / 1_000) * 1_000 + 2_000;
  for (const clock of clocks) clock.holdAt(tick - 50);
  const all = { ...onAll('job', { workers: MODES.all }), schedule: `@at ${new Date(tick).toISOString()}` };
  const { revision } = await cluster.jobs.create(all, { since: tick - 1 });
  await waitFor(async () => (await cluster.jobs.active()).length === 2, { what: 'both have claimed' });
  const one = jobRecord({ ...all, workers: MODES.one }, { since: tick - 1, generation: 2 });
  await cluster.jobs.write(one, revision);
  await waitFor(
    async () => {
      const active = await cluster.jobs.active();
      return active.length === 1 && active[0]!.shard === undefined;
    },
    { what: 'one of them has claimed it anew' },
  );
  for (const clock of clocks) clock.letGo();
  await records('job', 'it ran', (runs) => runs.length > 0);
  await stop(started.flat());
  expect(gate.of('job').map(({ scheduledFor }) => scheduledFor)).toEqual([tick]);
  expect(await cluster.jobs.runs('job')).toMatchObject([{ state: 'succeeded', cause: { tick } }]);
});

test('a drained worker runs no tick, the others each, and again when it is resumed', async () => {
  const gate = openGate();
  const settings = { handlers: { gate: gate.handler }, labels: { region: 'eu' } };
  const workers = await cluster.start(2, settings);
  await cluster.jobs.create(onAll('job', { catchUp: { policy: 'none' } }));
  await records('job', 'both run', (runs) => workers.every((worker) => of(runs, worker).length >= 2));
  const [drained, other] = workers;
  const key = cluster.keys.drain(drained!.workerId!);
  const at = Date.now();
  await put(cluster.shared.etcd, key, codecs.drain.encode({ by: 'test', at }));
  const ranAfter = (runs: readonly RunRecord[], worker: RunningWorker, after: number) =>
    inState(of(runs, worker), 'succeeded').filter(({ scheduledFor }) => scheduledFor > after);
  await records('job', 'the other goes on', (runs) => ranAfter(runs, other!, at + 1_000).length >= 3);
  const between = await cluster.jobs.runs('job');
  expect(ranAfter(between, drained!, at + 1_000)).toEqual([]);
  const resumed = Date.now();
  await cluster.shared.etcd.txn({ compare: [], success: [{ type: 'delete', key }], failure: [] });
  await records('job', 'it runs again', (runs) => ranAfter(runs, drained!, resumed).length >= 2);
  const ids = workers.map(({ workerId }) => workerId!);
  await stop(workers);
  const runs = await cluster.jobs.runs('job');
  for (const id of ids) expectEachTickOnce(of(runs, id));
});

alone('an etcd that restarts costs no worker a tick, and repeats none', async () => {
  const gate = openGate();
  const workers = await cluster.start(2, { handlers: { gate: gate.handler }, labels: { region: 'eu' } });
  await cluster.jobs.create(onAll('job', { catchUp: { policy: 'all' } }));
  await records('job', 'both run', (runs) => workers.every((worker) => of(runs, worker).length >= 2));
  await cluster.shared.server.restart();
  const at = Date.now();
  const ranAfter = (runs: readonly RunRecord[], worker: RunningWorker) =>
    inState(of(runs, worker), 'succeeded').filter(({ scheduledFor }) => scheduledFor > at);
  await records('job', 'both go on', (runs) => workers.every((worker) => ranAfter(runs, worker).length >= 3));
  const ids = workers.map(({ workerId }) => workerId!);
  await stop(workers);
  const runs = await cluster.jobs.runs('job');
  for (const id of ids) expectEachTickOnce(of(runs, id));
  const started = gate.of('job').map(({ runId }) => runId);
  expect(new Set(started).size).toBe(started.length);
});

/**
 * Workers that were killed are registered until their leases end, which etcd puts off when its leader changes;
 * others may have begun meanwhile. `endThem` ends the lease.
 */
async function withDeadWorkers(job: string, hasRun = true) {
  const { etcd } = cluster.shared;
  const gate = openGate();
  const { leaseId } = await etcd.leaseGrant(120);
  const reached = Math.floor(Date.now() / 1_000) * 1_000 - 6_000;
  await cluster.start(1, { name: 'template', handlers: { gate: gate.handler }, labels: { region: 'eu' } });
  const { kvs } = await etcd.range(cluster.keys.workers);
  const decoded = codecs.worker.decode(kvs[0]!.value);
  if (!decoded.ok) throw new Error(decoded.error);
  const dead = { ...decoded.value, id: 'dead-aaaaaa', name: 'dead', joinedAt: reached - 60_000 };
  await cluster.stopAll();
  await put(etcd, cluster.keys.worker(dead.id), codecs.worker.encode(dead), leaseId);
  if (hasRun) await put(etcd, cluster.keys.cursorOfAll(job), codecs.cursor.encode(reached));
  const definition = onAll(job, { workers: MODES.all, catchUp: { policy: 'all' } });
  const { revision } = await cluster.jobs.create(definition, { since: reached - 1 });
  const [worker] = await cluster.start(1, { handlers: { gate: gate.handler }, labels: { region: 'eu' } });
  await records(job, 'it runs', (runs) => of(runs, worker!).length >= 2);
  return { gate, reached, definition, revision, worker: worker!, endThem: () => etcd.leaseRevoke(leaseId) };
}

test('ticks of workers that were dead, while others had begun, are on record when their leases have ended', async () => {
  const { reached, worker, endThem } = await withDeadWorkers('job');
  expect(inState(await cluster.jobs.runs('job'), 'missed')).toEqual([]);
  await endThem();
  const runs = await records('job', 'what was left', (all) => inState(all, 'missed').length > 0);
  await stop([worker]);
  const told = ticksTold(await cluster.jobs.runs('job'), 1_000);
  expect(told[0]).toBe(reached + 1_000);
  expectEachTickOnce(await cluster.jobs.runs('job'));
  expect(inState(runs, 'missed')[0]!.worker).toBeUndefined();
});

test('a change to mode one runs no tick again that ran on all while dead workers were registered', async () => {
  const { gate, definition, revision, reached, worker } = await withDeadWorkers('job');
  const changed = Date.now();
  const one = { ...definition, workers: MODES.one };
  await cluster.jobs.write(jobRecord(one, { since: reached - 1, generation: 2 }), revision);
  await waitFor(() => gate.of('job').some(({ scheduledFor }) => scheduledFor > changed + 2_000), {
    what: 'it goes on under mode one',
  });
  await stop([worker]);
  const ticks = gate.of('job').map(({ scheduledFor }) => scheduledFor);
  expect(ticks.filter((tick, index) => ticks.indexOf(tick) !== index)).toEqual([]);
});

const sessionsIn = async (): Promise<string[]> =>
  (await cluster.shared.etcd.range(cluster.keys.cursorsOfSessions('job'))).kvs.map(({ key }) => key);

test('what a worker ran while dead workers were registered is not told as missed when it is gone as well', async () => {
  const { gate, reached, worker, endThem } = await withDeadWorkers('job');
  const id = worker.workerId!;
  await worker.stop();
  expect(await sessionsIn()).toHaveLength(1);
  const ended = Date.now();
  await waitFor(() => Date.now() > ended + 2_000, { what: 'ticks that nobody is there for', interval: 100 });
  const [next] = await cluster.start(1, { handlers: { gate: gate.handler }, labels: { region: 'eu' } });
  await endThem();
  const isTold = (runs: readonly RunRecord[]): boolean => {
    const missed = inState(runs, 'missed').filter((run) => run.worker === undefined);
    return missed.length === 2 && of(runs, next!).length >= 3;
  };
  const runs = await records('job', 'the time before it, and the time after it', isTold);
  await waitFor(async () => (await sessionsIn()).length === 0, { what: 'nothing is left of its session' });
  await stop([next!]);
  expect(of(runs, id).length).toBeGreaterThanOrEqual(2);
  expect(ticksTold(runs, 1_000)[0]).toBe(reached + 1_000);
  expectEachTickOnce(await cluster.jobs.runs('job'));
});

test.each([
  ['stood before them', true],
  ['was never written', false],
])('nor is it run again under mode one; the cursor of all %s', async (_, hasRun) => {
  const { gate, definition, revision, reached, worker } = await withDeadWorkers('job', hasRun);
  await worker.stop();
  const changed = Date.now();
  const one = { ...definition, workers: MODES.one };
  await cluster.jobs.write(jobRecord(one, { since: reached - 1, generation: 2 }), revision);
  const [next] = await cluster.start(1, { handlers: { gate: gate.handler }, labels: { region: 'eu' } });
  await waitFor(() => gate.of('job').some(({ scheduledFor }) => scheduledFor > changed + 1_000), {
    what: 'it goes on under mode one',
  });
  await stop([next!]);
  const ticks = gate.of('job').map(({ scheduledFor }) => scheduledFor);
  expect(ticks.filter((tick, index) => ticks.indexOf(tick) !== index)).toEqual([]);
});
