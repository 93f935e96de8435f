// More to run than a worker has slots for: each job gets its turn.
import { expect, test as alone } from 'vitest';
import type { JobDefinitionInput } from '../../../src/common/model/job.ts';
import { makeRunId } from '../../../src/common/model/ids.ts';
import { instant } from '../../../src/common/model/time.ts';
import { codecs } from '../../../src/common/store/keyspace.ts';
import type { HandlerContext } from '../../../src/worker/tasks/handler.ts';
import { createGate } from '../../support/gate.ts';
import { expectEachTickOnce, inState } from '../../support/outcomes.ts';
import { delay, waitFor } from '../../support/wait.ts';
import { useWorkers } from '../../support/workers.ts';
import { put } from '../../support/writes.ts';

/** They mostly wait: all at the same time, each on its own prefix. */
const test = alone.concurrent;

const cluster = useWorkers();

const SECOND = 1_000;

const askFor = async (job: string): Promise<string> => {
  const now = Date.now();
  const id = makeRunId(instant(now), 'cccccc');
  const trigger = { cause: 'manual', attempt: 1, requestedAt: now, whenRunning: 'queue' } as const;
  await put(cluster.shared.etcd, cluster.keys.trigger(job, id), codecs.trigger.encode(trigger));
  return id;
};

test('jobs that are always behind leave the slot to each other, to jobs that are not, and to runs by hand', async () => {
  const starts: string[] = [];
  const slow = async ({ job }: HandlerContext): Promise<void> => {
    starts.push(job);
    await delay(1_200);
  };
  await cluster.start(1, { slots: 1, handlers: { slow } });
  const jobs: Record<string, Partial<JobDefinitionInput>> = {
    newest: { overlap: 'queue' },
    backlog: { overlap: 'queue', catchUp: { policy: 'all' } },
    beside: { overlap: 'allow', catchUp: { policy: 'all' } },
    skipping: { overlap: 'forbid' },
  };
  const names = Object.keys(jobs);
  for (const [name, more] of Object.entries(jobs))
    await cluster.jobs.create(
      { name, schedule: '* * * * * *', task: { kind: 'handler', name: 'slow' }, ...more },
      { since: Date.now() - 60 * SECOND },
    );
  await cluster.jobs.create({
    name: 'by-hand',
    schedule: '@manual',
    task: { kind: 'handler', name: 'slow' },
  });
  await waitFor(() => names.every((name) => starts.includes(name)), { what: 'each has had a turn' });
  const settled = starts.length;
  await waitFor(() => starts.length >= settled + 2, { what: 'it goes on' });
  const asked = starts.length;
  await askFor('by-hand');
  await waitFor(() => starts.length >= asked + 2 * names.length, {
    what: 'two more rounds',
    timeout: 60_000,
    seen: () => starts,
  });
  const place = starts.indexOf('by-hand');
  // The one that is on, and those that have waited longer.
  expect(place).toBeGreaterThanOrEqual(asked);
  expect(place).toBeLessThanOrEqual(asked + names.length + 1);
  const rounds = starts.filter((name) => name !== 'by-hand').slice(settled);
  for (let at = 0; at + names.length <= rounds.length; at++)
    expect(rounds.slice(at, at + names.length).toSorted()).toEqual(names.toSorted());
  await cluster.stopAll();
  for (const name of names) expectEachTickOnce(await cluster.jobs.runs(name));
}, 120_000);

test('the worker tells how many jobs wait for a slot, and since when', async () => {
  const gate = createGate();
  const [worker] = await cluster.start(1, { slots: 1, handlers: { gate: gate.handler } });
  const task = { kind: 'handler', name: 'gate' } as const;
  await cluster.jobs.create({ name: 'on', schedule: '@manual', task });
  await askFor('on');
  await waitFor(() => gate.inside('on') === 1, { what: 'the slot is taken' });
  const due = Math.floor(Date.now() / SECOND) * SECOND;
  for (const name of ['one', 'two'])
    await cluster.jobs.create(
      { name, schedule: `@at ${new Date(due).toISOString()}`, task },
      { since: due - 1 },
    );
  const metric = async (name: string): Promise<number> => {
    const text = await (await fetch(`${worker!.url}/metrics`)).text();
    return Number(new RegExp(`^etcron_worker_${name}(?:\\{.*\\})? (\\S+)$`, 'm').exec(text)?.[1]);
  };
  await waitFor(async () => (await metric('jobs_waiting')) === 2, { what: 'both wait' });
  expect(await metric('longest_wait_seconds')).toBeGreaterThan(0);
  const told = async () => {
    const { kvs } = await cluster.shared.etcd.range({ key: cluster.keys.worker(worker!.workerId!) });
    const record = codecs.worker.decode(kvs[0]!.value);
    return record.ok ? record.value.waiting : undefined;
  };
  const waiting = await waitFor(
    async () => {
      const now = await told();
      return now?.jobs === 2 ? now : undefined;
    },
    { what: 'it is told', timeout: 30_000 },
  );
  expect(Math.abs(waiting.since - due)).toBeLessThan(SECOND);
  gate.open();
  await waitFor(async () => (await metric('jobs_waiting')) === 0, { what: 'nobody waits' });
  await waitFor(async () => (await told()) === undefined, { what: 'that is told', timeout: 30_000 });
  for (const name of ['one', 'two'])
    expect(inState(await cluster.jobs.runs(name), 'missed', 'skipped')).toEqual([]);
}, 90_000);
