// A master whose clock is off, among workers whose clocks are right.
import pino from 'pino';
import { expect, test } from 'vitest';
import type { ClusterView } from '../../../src/common/api/cluster.ts';
import type { WorkerView } from '../../../src/common/api/workers.ts';
import type { JobRecord } from '../../../src/common/model/job.ts';
import { codecs } from '../../../src/common/store/keyspace.ts';
import { put } from '../../support/writes.ts';
import { workerOf } from './harness.ts';
import { start } from '../../../src/master/main.ts';
import { steppedClock, type SteppedClock } from '../../support/stepped-clock.ts';
import { waitFor } from '../../support/wait.ts';
import { useWorkers } from '../../support/workers.ts';

const cluster = useWorkers();
const MINUTE = 60_000;

async function startMaster(clock: SteppedClock) {
  const { server, prefix } = cluster.shared;
  const master = await start({
    config: {
      etcd: { endpoints: [server.endpoint], prefix, timeout: 5_000 },
      log: { level: 'silent', format: 'json' },
      listen: { host: '127.0.0.1', port: 0 },
      advertise: undefined,
      allowedHosts: [],
      tokens: [],
      quotaBytes: 2 * 1024 ** 3,
    },
    logger: pino({ level: 'silent' }),
    clock,
  });
  cluster.shared.cleanup(() => master.stop());
  const get = async <T>(path: string): Promise<T> =>
    (await (await fetch(`${master.url}/api/v1/${path}`)).json()) as T;
  const create = async (name: string): Promise<JobRecord> => {
    const answer = await fetch(`${master.url}/api/v1/jobs`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ name, schedule: '* * * * * *', task: { kind: 'shell', command: 'true' } }),
    });
    expect(answer.status).toBe(201);
    const { kvs } = await cluster.shared.etcd.range({ key: cluster.keys.job(name) });
    const decoded = codecs.job.decode(kvs[0]!.value);
    if (!decoded.ok) throw new Error(decoded.error);
    return decoded.value;
  };
  /** With so many warnings of clocks. */
  const offsetShown = (test: (offset: number) => boolean, warnings: number) =>
    waitFor(
      async () => {
        const view = await get<ClusterView>('cluster');
        const offset = view.masters[0]?.clockOffsetMs ?? null;
        const found = view.warnings.filter(({ code }) => code === 'clock_offset').length;
        return offset !== null && test(offset) && found === warnings;
      },
      { what: 'the offset is shown', timeout: 30_000 },
    );
  return { master, get, create, offsetShown };
}

test.each([
  ['ahead', 5 * MINUTE],
  ['behind', -5 * MINUTE],
])(
  'five minutes %s: it tells so, and the jobs that it creates tick from the right moment on',
  async (_, off) => {
    await cluster.start(2);
    const { get, create, offsetShown } = await startMaster(steppedClock(off));
    // Of the master alone: the workers' clocks are right.
    await offsetShown((offset) => Math.abs(offset - off) < 1_500, 1);
    const { since } = await create('job');
    expect(Math.abs(since - Date.now())).toBeLessThan(5_000);
    const right = async (): Promise<boolean> => {
      const { items } = await get<{ items: WorkerView[] }>('workers');
      return items.every(({ clockOffsetMs }) => clockOffsetMs !== null && Math.abs(clockOffsetMs) < 1_500);
    };
    await waitFor(right, { what: 'the workers are shown as right', timeout: 30_000 });
  },
);

test('set forward by ten minutes while it runs: its jobs tick from the right moment on all the same', async () => {
  await cluster.start(2);
  const clock = steppedClock();
  const { create, offsetShown } = await startMaster(clock);
  await offsetShown((offset) => Math.abs(offset) < 1_500, 0);
  clock.step(10 * MINUTE);
  expect(Math.abs((await create('at-once')).since - Date.now())).toBeLessThan(5_000);
  await offsetShown((offset) => offset > 9 * MINUTE, 1);
  expect(Math.abs((await create('later')).since - Date.now())).toBeLessThan(5_000);
});

test.each([
  ['ahead', 5 * MINUTE],
  ['behind', -5 * MINUTE],
])(
  'asked for a job in the moment of its start, its clock five minutes %s: it compares first',
  async (_, off) => {
    await cluster.start(2);
    const { master, create } = await startMaster(steppedClock(off));
    const ready = fetch(`${master.url}/readyz`);
    const jobs = await Promise.all(['a', 'b', 'c'].map(create));
    for (const { since } of jobs) expect(Math.abs(since - Date.now())).toBeLessThan(5_000);
    await ready;
    expect((await fetch(`${master.url}/readyz`)).status).toBe(200);
  },
);

test('it is not ready, and keeps changes waiting, until the others have told their time or had enough time to', async () => {
  const { etcd } = cluster.shared;
  // Registered, and telling nobody the time.
  for (const id of ['silent-000001', 'silent-000002'])
    await put(etcd, cluster.keys.worker(id), codecs.worker.encode(workerOf({ id })));
  const { master, get, create } = await startMaster(steppedClock());
  let isCreated = false;
  const created = { tooEarly: false, whole: create('job').then(() => (isCreated = true)) };
  const details = new Set<string>();
  const isReady = async (): Promise<boolean> => {
    const wasCreated = isCreated;
    const answer = await fetch(`${master.url}/readyz`);
    if (wasCreated && !answer.ok) created.tooEarly = true;
    if (!answer.ok) details.add(((await answer.json()) as { detail: string }).detail);
    return answer.ok;
  };
  // Reading needs no decision.
  expect(await get('jobs')).toMatchObject({ items: [] });
  expect(isCreated).toBe(false);
  await waitFor(isReady, { what: 'it is ready' });
  expect([...details].at(-1)).toBe("the clock is being compared with the others'");
  await created.whole;
  expect(created.tooEarly).toBe(false);
});

test('while etcd is away it answers that it could not compare its clock, and changes nothing', async () => {
  const { server } = cluster.shared;
  server.pause();
  try {
    const { master } = await startMaster(steppedClock());
    const answer = await fetch(`${master.url}/api/v1/jobs/none/pause`, { method: 'POST' });
    expect(answer.status).toBe(503);
    expect(answer.headers.get('retry-after')).toBe('1');
    expect(await answer.json()).toMatchObject({ code: 'not_ready' });
  } finally {
    server.resume();
  }
});
