// `etcron audit` over what real workers did: in order whatever happened to them, and not when something is planted.
import type { AddressInfo } from 'node:net';
import { expect, test as alone, vi } from 'vitest';
import { runProgram } from '../../../src/cli/program.ts';
import type { Audit, JobAudit } from '../../../src/cli/audit.ts';
import type { JobDefinitionInput } from '../../../src/common/model/job.ts';
import type { RunRecord } from '../../../src/common/model/run.ts';
import { codecs } from '../../../src/common/store/keyspace.ts';
import { createGate } from '../../support/gate.ts';
import { inState } from '../../support/outcomes.ts';
import { startWorkerProcess } from '../../support/processes.ts';
import { delay, waitFor } from '../../support/wait.ts';
import { useWorkers } from '../../support/workers.ts';
import { put } from '../../support/writes.ts';
import { startTestMaster, type TestMaster } from './harness.ts';

/** They mostly wait: all at the same time, each on its own prefix. */
const test = alone.concurrent;

const cluster = useWorkers();

interface Stage {
  readonly master: TestMaster;
  readonly create: (name: string, rest?: Partial<JobDefinitionInput>) => Promise<void>;
  /** Exit code and what was printed; also of the ticks of this very moment. */
  readonly audit: (
    ...args: string[]
  ) => Promise<Audit & { readonly code: number; of(job: string): JobAudit['counts'] }>;
}

let atWork: Promise<unknown> = Promise.resolve();

/** One after the other: what is printed is taken from this process's own output. */
function printed(argv: string[]): Promise<{ readonly code: number; readonly out: string }> {
  const run = atWork.then(async () => {
    let out = '';
    const spy = vi.spyOn(process.stdout, 'write').mockImplementation((text) => ((out += String(text)), true));
    const code = await runProgram(argv).finally(() => spy.mockRestore());
    return { code: code!, out };
  });
  atWork = run.catch(() => undefined);
  return run;
}

async function stage(): Promise<Stage> {
  const master = await startTestMaster(cluster.shared);
  await master.app.listen({ host: '127.0.0.1', port: 0 });
  const { port } = master.app.server.address() as AddressInfo;
  return {
    master,
    create: async (name, rest = {}) => {
      const body = {
        name,
        schedule: '* * * * * *',
        history: { keep: 500 },
        task: { kind: 'handler' as const, name: 'gate' },
        ...rest,
      };
      expect((await master.call('createJob', { body })).status).toBe(201);
    },
    audit: async (...args) => {
      const url = `http://127.0.0.1:${port}`;
      const { code, out } = await printed(['node', 'etcron', 'audit', '--url', url, '--json', ...args]);
      const found = JSON.parse(out) as Audit;
      return { ...found, code, of: (job) => found.jobs.find((each) => each.job === job)!.counts };
    },
  };
}

/** Its records, once there are enough that pass. */
const records = (
  job: string,
  count: number,
  passes: (run: RunRecord) => boolean = () => true,
): Promise<RunRecord[]> =>
  waitFor(
    async () => {
      const found = (await cluster.jobs.runs(job)).filter(passes);
      return found.length >= count ? found : undefined;
    },
    { what: `${count} records of ${job}`, timeout: 40_000 },
  );

const openGate = () => {
  const gate = createGate();
  gate.open();
  return gate;
};

const IN_ORDER = { code: 0, ok: true, total: { unexplained: 0, twice: 0, notKnown: 0 } };

test('jobs that run, fail, overlap and wait are in order; a run that is planted and a record that is gone are found', async () => {
  const { master, create, audit } = await stage();
  const gate = openGate();
  const slow = createGate();
  const fails = () => Promise.reject(new Error('it fails'));
  await cluster.start(2, { handlers: { gate: gate.handler, slow: slow.handler, fails } });
  await create('plain');
  await create('fails', { task: { kind: 'handler', name: 'fails' } });
  await create('allowed', { overlap: 'allow', task: { kind: 'handler', name: 'slow' } });
  await create('forbidden', { task: { kind: 'handler', name: 'slow' } });
  await create('queued', { overlap: 'queue', task: { kind: 'handler', name: 'slow' } });
  await create('by-hand', { schedule: '@manual' });
  await master.call('runJob', { params: { job: 'by-hand' } });
  await master.call('runJob', { params: { job: 'plain' }, query: { queue: 'true' } });
  await records('plain', 6);
  await records('by-hand', 1);
  await records('forbidden', 1, ({ state }) => state === 'skipped');
  await waitFor(() => slow.inside('queued') === 1, { what: 'a run is on, and others wait for it' });
  const during = await audit();
  expect(during).toMatchObject(IN_ORDER);
  expect(during.of('queued')).toMatchObject({ running: 1 });
  slow.open();
  await records('queued', 2, ({ state }) => state === 'succeeded');
  const after = await audit();
  expect(after).toMatchObject(IN_ORDER);
  expect(after.of('forbidden').skipped).toBeGreaterThan(0);
  expect(after.of('by-hand')).toMatchObject({ due: 0 });
  for (const job of ['plain', 'fails', 'allowed', 'queued']) expect(after.of(job).ran).toBeGreaterThan(1);

  // Another run of a tick, as if two workers had run it; and a record that somebody has removed.
  const ran = await records('plain', 4, ({ cause }) => cause.kind === 'schedule');
  const [twice, gone] = [ran[1]!, ran[2]!];
  const id = `${twice.id.slice(0, 20)}-ffffff`;
  await master.write(
    master.keys.run('plain', id),
    codecs.run.encode({ ...twice, id, worker: 'other-ffffff' }),
  );
  await master.etcd.txn({
    compare: [],
    success: [{ type: 'delete', key: master.keys.run('plain', gone.id) }],
    failure: [],
  });
  const planted = await audit('--job', 'plain');
  expect(planted).toMatchObject({ code: 1, ok: false, total: { unexplained: 1, twice: 1 } });
  const told = planted.jobs[0]!.wrong.map(({ tick, outcome }) => [outcome, Date.parse(tick)]);
  expect(told).toEqual([
    ['twice', twice.cause.tick],
    ['unexplained', gone.cause.tick],
  ]);
  expect(await audit('--job', 'fails,queued')).toMatchObject({ code: 0 });
});

test('a worker that is killed leaves no tick unexplained, and what is tried again elsewhere is no second run', async () => {
  const { create, audit } = await stage();
  const { endpoint } = cluster.shared.server;
  const workers = await Promise.all(
    ['one', 'two'].map((name) => startWorkerProcess({ endpoint, prefix: cluster.shared.prefix, name })),
  );
  for (const worker of workers) cluster.shared.cleanup(() => worker.stop());
  const task = { kind: 'shell' as const, command: 'sleep 3' };
  await create('retried', { task, retry: { limit: 3, delay: '100ms' } });
  await create('lost', { task });
  await create('short', { task: { kind: 'shell', command: 'true' } });
  const holder = await waitFor(
    async () =>
      (await cluster.jobs.active()).find(({ job, state }) => job === 'retried' && state === 'running')
        ?.worker,
    { what: 'retried is running' },
  );
  workers.find(({ workerId }) => workerId === holder)!.signal('SIGKILL');
  // While its lease lasts, too.
  expect(await audit()).toMatchObject(IN_ORDER);
  await records('retried', 1, ({ state }) => state === 'lost');
  await records('retried', 1, ({ cause, state }) => cause.kind === 'retry' && state === 'succeeded');
  await records('short', 12);
  const after = await audit();
  expect(after).toMatchObject(IN_ORDER);
  expect(after.of('retried').ran).toBeGreaterThan(0);
});

test('ticks that nobody is there for are unexplained until somebody is, and then missed', async () => {
  const { create, audit } = await stage();
  const handlers = { gate: openGate().handler };
  await create('job');
  const [first] = await cluster.start(1, { handlers });
  await records('job', 3);
  await first!.stop();
  // Nobody is there: this very time is what the test is about.
  await delay(3_000);
  const alone = await audit('--grace', '1s');
  expect(alone).toMatchObject({ code: 1, total: { twice: 0, notKnown: 0 } });
  expect(alone.total.unexplained).toBeGreaterThan(0);
  expect(alone.jobs[0]!.wrong[0]).toMatchObject({
    reason: 'still due: no worker has settled it; no worker is registered',
  });
  expect(await audit()).toMatchObject({ code: 0 });
  const [second] = await cluster.start(1, { handlers });
  await records('job', 1, ({ state }) => state === 'missed');
  await second!.stop();
  const found = await audit();
  expect(found).toMatchObject(IN_ORDER);
  expect(found.total.missed).toBeGreaterThan(0);
});

test('ticks that wait for a slot, for a drained worker, or for one that matches are no alarm', async () => {
  const { create, audit } = await stage();
  const slow = createGate();
  const handlers = { gate: openGate().handler, slow: slow.handler };
  const [worker] = await cluster.start(1, { slots: 1, handlers });
  await create('job', { overlap: 'queue' });
  await create('elsewhere', { workers: { labels: { gpu: 'yes' } }, catchUp: { policy: 'all' } });
  await records('job', 2);
  const since = Date.now();
  await cluster.jobs.create(
    {
      name: 'first',
      schedule: `@at ${new Date(since + 1_000).toISOString()}`,
      task: { kind: 'handler', name: 'slow' },
    },
    { since },
  );
  await waitFor(() => slow.inside('first') === 1, { what: 'the only slot is taken' });
  const stateOf = async (id: string): Promise<string | undefined> => {
    const { kvs } = await cluster.shared.etcd.range({ key: cluster.keys.worker(id) });
    const decoded = kvs[0] && codecs.worker.decode(kvs[0].value);
    return decoded?.ok ? decoded.value.state : undefined;
  };
  const becomes = (state: string) =>
    waitFor(async () => (await stateOf(worker!.workerId!)) === state, { what: `it is ${state}` });
  await becomes('full');
  // Longer than the grace.
  await delay(4_000);
  const full = await audit('--grace', '1s');
  expect(full).toMatchObject(IN_ORDER);
  expect(full.of('job').waiting).toBeGreaterThan(2);
  expect(full.of('elsewhere').waiting).toBeGreaterThan(4);
  const wish = codecs.drain.encode({ by: 'test', at: Date.now() });
  await put(cluster.shared.etcd, cluster.keys.drain(worker!.workerId!), wish);
  await becomes('draining');
  slow.open();
  await delay(2_500);
  const drained = await audit('--grace', '1s');
  expect(drained).toMatchObject(IN_ORDER);
  expect(drained.of('job').waiting).toBeGreaterThan(full.of('job').waiting);
});

test('edits, a pause, a resume, and a job made anew leave no tick unexplained', async () => {
  const { master, create, audit } = await stage();
  await cluster.start(2, { handlers: { gate: openGate().handler } });
  const params = { job: 'job' };
  await create('job');
  await records('job', 2);
  await master.call('putJob', {
    params,
    body: { schedule: '*/2 * * * * *', history: { keep: 500 }, task: { kind: 'handler', name: 'gate' } },
  });
  const edited = (await cluster.jobs.runs('job')).length;
  await records('job', edited + 2);
  await master.call('pauseJob', { params });
  const paused = await audit();
  expect(paused).toMatchObject(IN_ORDER);
  await delay(2_100);
  await master.call('putJob', {
    params,
    body: {
      schedule: '*/2 * * * * *',
      description: 'x',
      paused: true,
      history: { keep: 400 },
      task: { kind: 'handler', name: 'gate' },
    },
  });
  const still = await audit();
  expect(still).toMatchObject(IN_ORDER);
  expect(still.of('job').paused).toBeGreaterThan(0);
  await master.call('resumeJob', { params });
  const resumed = (await cluster.jobs.runs('job')).length;
  const runs = await records('job', resumed + 2);
  const found = await audit();
  expect(found).toMatchObject(IN_ORDER);
  // All versions are kept, so all ticks since the creation are known, those of the first schedule too.
  expect(found.jobs[0]!.scheduleKnownFrom <= found.jobs[0]!.jobCreatedAt).toBe(true);
  expect(found.of('job').ran).toBeGreaterThanOrEqual(runs.length);

  const [old] = inState(runs, 'succeeded');
  await master.etcd.txn({
    compare: [],
    success: [{ type: 'delete', key: master.keys.run('job', old!.id) }],
    failure: [],
  });
  expect(await audit()).toMatchObject({ code: 1, total: { unexplained: 1 } });

  await master.call('deleteJob', { params });
  expect(await audit()).toMatchObject({ code: 0, jobs: [] });
  await create('job');
  await records('job', 3);
  const anew = await audit();
  expect(anew).toMatchObject(IN_ORDER);
  expect(anew.of('job').due).toBeLessThan(found.of('job').due + 10);
});

test('under mode all each worker runs each tick, and none is told to have run twice', async () => {
  const { create, audit } = await stage();
  const handlers = { gate: openGate().handler };
  await cluster.start(2, { handlers });
  await create('job', { workers: { mode: 'all' } });
  await records('job', 8);
  const found = await audit();
  expect(found).toMatchObject(IN_ORDER);
  expect(found.of('job').ran).toBeGreaterThan(1);
});
