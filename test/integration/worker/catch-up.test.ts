// Ticks that passed while no worker was there.
import { expect, test as alone } from 'vitest';
import type { JobDefinitionInput } from '../../../src/common/model/job.ts';
import { instant, toIso } from '../../../src/common/model/time.ts';
import { codecs } from '../../../src/common/store/keyspace.ts';
import { createGate } from '../../support/gate.ts';
import { expectEachTickOnce, inState } from '../../support/outcomes.ts';
import { delay, waitFor } from '../../support/wait.ts';
import { useWorkers } from '../../support/workers.ts';
import { put } from '../../support/writes.ts';

/** They mostly wait: all at the same time, each on its own prefix. */
const test = alone.concurrent;

const cluster = useWorkers();

const MINUTE = 60_000;

test('after an outage each policy runs what it should, and the rest is one record', async () => {
  const gate = createGate();
  gate.open();
  const now = Date.now();
  const newest = now - 5 * MINUTE;
  const tick = (before: number): number => newest - before * 10 * MINUTE;
  const create = async (name: string, catchUp: JobDefinitionInput['catchUp']): Promise<void> => {
    await cluster.jobs.create(
      {
        name,
        schedule: '@every 10m',
        anchor: toIso(instant(newest)),
        catchUp,
        task: { kind: 'handler', name: 'gate' },
      },
      { since: tick(20) },
    );
    await put(cluster.shared.etcd, cluster.keys.cursor(name), codecs.cursor.encode(tick(5)));
  };
  // Five ticks have passed: tick(4) to tick(0), the newest five minutes ago.
  await create('latest', { policy: 'latest', window: '1h' });
  await create('latest-too-late', { policy: 'latest', window: '2m' });
  await create('all', { policy: 'all', window: '1h' });
  await create('all-in-window', { policy: 'all', window: '26m' });
  await create('none', { policy: 'none' });
  await cluster.start(2, { handlers: { gate: gate.handler } });

  const outcome = async (job: string) => {
    const runs = await cluster.jobs.runs(job);
    return {
      ran: inState(runs, 'succeeded').map(({ cause }) => [cause.kind, cause.tick]),
      missed: inState(runs, 'missed').map(({ ticks }) => ticks),
    };
  };
  const told = async (job: string, records: number): Promise<void> => {
    await waitFor(async () => (await cluster.jobs.runs(job)).length >= records, {
      what: `${records} records of ${job}`,
    });
  };
  await told('latest', 2);
  expect(await outcome('latest')).toEqual({
    ran: [['catch_up', tick(0)]],
    missed: [{ count: 4, from: tick(4), to: tick(1) }],
  });
  await told('latest-too-late', 1);
  expect(await outcome('latest-too-late')).toEqual({
    ran: [],
    missed: [{ count: 5, from: tick(4), to: tick(0) }],
  });
  await told('all', 5);
  expect(await outcome('all')).toEqual({
    ran: [4, 3, 2, 1, 0].map((before) => ['catch_up', tick(before)]),
    missed: [],
  });
  await told('all-in-window', 4);
  expect(await outcome('all-in-window')).toEqual({
    ran: [2, 1, 0].map((before) => ['catch_up', tick(before)]),
    missed: [{ count: 2, from: tick(4), to: tick(3) }],
  });
  await told('none', 1);
  expect(await outcome('none')).toEqual({ ran: [], missed: [{ count: 5, from: tick(4), to: tick(0) }] });
  expect(gate.of('all').map(({ scheduledFor }) => scheduledFor)).toEqual([4, 3, 2, 1, 0].map(tick));
  expect(gate.most('all')).toBe(1);
});

test('workers that leave and come back settle every tick of the time between', async () => {
  const gate = createGate();
  gate.open();
  const handlers = { gate: gate.handler };
  const policies = ['latest', 'all', 'none'] as const;
  for (const policy of policies) {
    await cluster.jobs.create({
      name: policy,
      schedule: '* * * * * *',
      catchUp: { policy, window: '1h' },
      task: { kind: 'handler', name: 'gate' },
    });
  }
  const ran = (count: number) =>
    waitFor(() => policies.every((job) => gate.of(job).length >= count), { what: `${count} runs of each` });
  const [first] = await cluster.start(1, { handlers });
  await ran(1);
  await first!.stop();
  const left = Date.now();
  // Nobody is there: this very time is what the test is about.
  await delay(3_100);
  const before = new Map(policies.map((job) => [job, gate.of(job).length]));
  const [second] = await cluster.start(1, { handlers });
  await waitFor(() => policies.every((job) => gate.of(job).length >= before.get(job)! + 2), {
    what: 'two more runs of each',
  });
  await second!.stop();
  for (const job of policies) expectEachTickOnce(await cluster.jobs.runs(job));
  expect(inState(await cluster.jobs.runs('all'), 'missed')).toEqual([]);
  expect(inState(await cluster.jobs.runs('latest'), 'missed')).toMatchObject([
    { ticks: { count: expect.any(Number) } },
  ]);
  const none = inState(await cluster.jobs.runs('none'), 'missed');
  expect(none[0]!.ticks!.from).toBeGreaterThan(left - 1_000);
  expect(none[0]!.ticks!.count).toBeGreaterThanOrEqual(2);
});
