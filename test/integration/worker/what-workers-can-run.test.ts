// Workers side by side of which not each can run everything: jobs go where they can run, and nowhere else.
import { expect, test as alone } from 'vitest';
import type { JobDefinitionInput } from '../../../src/common/model/job.ts';
import type { RunRecord } from '../../../src/common/model/run.ts';
import type { RunningWorker } from '../../../src/worker/main.ts';
import { createGate, type Gate } from '../../support/gate.ts';
import { expectEachTickOnce, inState } from '../../support/outcomes.ts';
import { waitFor } from '../../support/wait.ts';
import { jobOwnedBy, jobRecord, useWorkers } from '../../support/workers.ts';

/** They mostly wait: all at the same time, each on its own prefix. */
const test = alone.concurrent;

const cluster = useWorkers();

const everySecond = (name: string, more: Partial<JobDefinitionInput> = {}): JobDefinitionInput => ({
  name,
  schedule: '* * * * * *',
  history: { keep: 500 },
  // However slow the machine, each tick runs.
  overlap: 'queue',
  catchUp: { policy: 'all' },
  task: { kind: 'handler', name: 'gate' },
  ...more,
});
const shell = { kind: 'shell', command: 'true' } as const;

const plain = async (name = 'plain', more: object = {}): Promise<RunningWorker> =>
  (await cluster.start(1, { name, ...more }))[0]!;
const app = async (gate: Gate, name = 'app', more: object = {}): Promise<RunningWorker> =>
  (await cluster.start(1, { name, processes: false, handlers: { gate: gate.handler }, ...more }))[0]!;

const openGate = (): Gate => {
  const gate = createGate();
  gate.open();
  return gate;
};

/** The records of a job, once `enough` says so. */
const records = (job: string, what: string, enough: (runs: RunRecord[]) => boolean): Promise<RunRecord[]> =>
  waitFor(
    async () => {
      const runs = await cluster.jobs.runs(job);
      return enough(runs) ? runs : undefined;
    },
    { what, timeout: 60_000 },
  );
const succeeded = (job: string, count: number) =>
  records(job, `${job} has run ${count} times`, (runs) => inState(runs, 'succeeded').length >= count);
const workersOf = (runs: readonly RunRecord[]): (string | undefined)[] => [
  ...new Set(runs.map(({ worker }) => worker)),
];

test('functions run where they are, processes where they may, and each tick once', async () => {
  const workers = [await plain(), await app(openGate())];
  const ids = workers.map(({ workerId }) => workerId);
  const names = [{ name: 'plain' }, { name: 'app' }];
  // By the ranking alone each would be the other worker's.
  const functions = [0, 1].map((nth) => jobOwnedBy('plain', names, nth));
  const processes = [0, 1].map((nth) => jobOwnedBy('app', names, nth));
  for (const name of functions) await cluster.jobs.create(everySecond(name));
  for (const name of processes) await cluster.jobs.create(everySecond(name, { task: shell }));
  for (const name of [...functions, ...processes]) await succeeded(name, 3);
  await cluster.stopAll();
  for (const [at, jobs] of [
    [ids[0], processes],
    [ids[1], functions],
  ] as const) {
    for (const name of jobs) {
      const runs = await cluster.jobs.runs(name);
      expect(runs.filter(({ state }) => state !== 'succeeded')).toEqual([]);
      expect(workersOf(runs)).toEqual([at]);
      expectEachTickOnce(runs);
    }
  }
});

test('a job moves to where it can run when its task becomes another, and no run fails', async () => {
  const gate = openGate();
  const [processes, functions] = [await plain(), await app(gate)];
  const written = await cluster.jobs.create(everySecond('job', { task: shell }));
  await succeeded('job', 2);
  await cluster.jobs.write(jobRecord(everySecond('job'), { generation: 2 }), written.revision);
  await waitFor(() => gate.of('job').length >= 2, { what: 'the function runs' });
  const ids = [processes.workerId, functions.workerId];
  await cluster.stopAll();
  const runs = await cluster.jobs.runs('job');
  expect(runs.filter(({ state }) => state !== 'succeeded')).toEqual([]);
  expect(workersOf(runs.filter(({ generation }) => generation === 1))).toEqual([ids[0]]);
  expect(workersOf(runs.filter(({ generation }) => generation === 2))).toEqual([ids[1]]);
});

test('of a job on all, those are counted that can run it', async () => {
  const workers = [await app(openGate(), 'a'), await plain('b'), await app(openGate(), 'c')];
  const [a, b, c] = workers.map(({ workerId }) => workerId!);
  const all = { workers: { mode: 'all' } } as const;
  await cluster.jobs.create(everySecond('function', all));
  await cluster.jobs.create(everySecond('process', { ...all, task: shell }));
  const functions = await records('function', 'it runs on both', (runs) =>
    [a, c].every((id) => runs.filter(({ worker }) => worker === id).length >= 2),
  );
  const processes = await succeeded('process', 2);
  const shards = (runs: RunRecord[]) =>
    new Set(runs.map(({ worker, shard }) => `${worker} ${shard!.index}/${shard!.total}`));
  expect(shards(functions)).toEqual(new Set([`${a} 0/2`, `${c} 1/2`]));
  expect(shards(processes)).toEqual(new Set([`${b} 0/1`]));
  expect([...functions, ...processes].filter(({ state }) => state !== 'succeeded')).toEqual([]);
});

test(
  'ticks that no worker can run are missed and say what is missing, until one comes that can',
  { timeout: 120_000 },
  async () => {
    const first = await app(openGate(), 'app', { labels: { region: 'eu' } });
    const us = { labels: { region: 'us' } };
    const jobs: [JobDefinitionInput, reason: string][] = [
      [everySecond('process', { task: shell }), 'no worker that runs processes was there to run it'],
      [
        everySecond('function', { task: { kind: 'handler', name: 'mail.send' } }),
        'no worker that has the handler "mail.send" was there to run it',
      ],
      [everySecond('elsewhere', { workers: us }), 'no worker with the labels region=us was there to run it'],
      [
        everySecond('both', { workers: { ...us, mode: 'all' }, task: shell }),
        'no worker with the labels region=us that runs processes was there to run it',
      ],
    ];
    // Of `all` each would wait for as long as its window.
    for (const [job] of jobs) await cluster.jobs.create({ ...job, catchUp: { policy: 'latest' } });
    for (const [{ name }, reason] of jobs) {
      const [missed] = await records(name, 'its ticks are told', (runs) => runs.length > 0);
      expect(missed).toMatchObject({ state: 'missed', reason });
      expect(missed!.worker).toBeUndefined();
    }
    const handlers = { gate: () => undefined, 'mail.send': () => undefined };
    const second = await plain('able', { ...us, handlers });
    const ids = [first.workerId, second.workerId];
    for (const [{ name }] of jobs) await succeeded(name, 2);
    await cluster.stopAll();
    for (const [{ name }] of jobs) {
      const runs = await cluster.jobs.runs(name);
      expect(workersOf(inState(runs, 'succeeded'))).toEqual([ids[1]]);
      expect(inState(runs, 'failed')).toEqual([]);
      expectEachTickOnce(runs);
    }
  },
);

test('what is lost with its worker is tried again where it can run', { timeout: 90_000 }, async () => {
  const gate = createGate();
  const lost = await app(gate, 'app', { ttlSeconds: 5 });
  const id = lost.workerId!;
  const name = jobOwnedBy('plain', [{ name: 'plain' }, { name: 'other' }, { name: 'app' }]);
  await cluster.jobs.create(
    everySecond(name, { schedule: '@every 2s', retry: { limit: 1, delay: '10ms' }, overlap: 'forbid' }),
  );
  await waitFor(() => gate.inside(name) === 1, { what: 'it runs' });
  const others = [await plain(), await app(gate, 'other')];
  const { kvs } = await cluster.shared.etcd.range({ key: cluster.keys.worker(id) });
  await cluster.shared.etcd.leaseRevoke(kvs[0]!.lease);
  await records(name, 'it is lost', (all) => inState(all, 'lost').length === 1);
  gate.open();
  const runs = await records(name, 'it is tried again', (all) =>
    all.some(({ cause, endedAt }) => cause.kind === 'retry' && endedAt !== undefined),
  );
  const retry = runs.find(({ cause }) => cause.kind === 'retry')!;
  expect(retry.state).toBe('succeeded');
  expect(retry.worker).not.toBe(others[0]!.workerId);
});
