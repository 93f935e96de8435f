// Jobs that no worker matches: those of their ticks that `catchUp` gives up are told as missed, by one worker for
// all; the others wait for who comes.
import { expect, test as alone } from 'vitest';
import type { JobDefinitionInput } from '../../../src/common/model/job.ts';
import type { RunRecord } from '../../../src/common/model/run.ts';
import { instant, toIso } from '../../../src/common/model/time.ts';
import { codecs } from '../../../src/common/store/keyspace.ts';
import { NOBODY_FOR } from '../../../src/worker/keeper.ts';
import { createGate } from '../../support/gate.ts';
import { expectEachTickOnce, inState } from '../../support/outcomes.ts';
import { waitFor } from '../../support/wait.ts';
import { useWorkers } from '../../support/workers.ts';
import { put } from '../../support/writes.ts';

/** They mostly wait: all at the same time, each on its own prefix. */
const test = alone.concurrent;

const cluster = useWorkers();

const job = (
  name: string,
  mode: 'one' | 'all',
  more: Partial<JobDefinitionInput> = {},
): JobDefinitionInput => ({
  name,
  schedule: '* * * * * *',
  history: { keep: 500 },
  catchUp: { policy: 'latest' },
  workers: { labels: { region: ['eu', 'us'], gpu: 'yes' }, mode },
  task: { kind: 'handler', name: 'gate' },
  ...more,
});

const missed = async (name: string): Promise<RunRecord[]> => inState(await cluster.jobs.runs(name), 'missed');

test(
  'their ticks are one growing record with the reason, until a worker comes that matches',
  { timeout: 120_000 },
  async () => {
    const gate = createGate();
    gate.open();
    const handlers = { gate: gate.handler };
    const others = await cluster.start(3, { handlers, labels: { region: 'eu' } });
    const since = Date.now();
    const names = ['one', 'all'] as const;
    for (const name of names) await cluster.jobs.create(job(name, name));
    await cluster.jobs.create(job('paused', 'one', { paused: true }));
    await cluster.jobs.create(job('within', 'one', { catchUp: { policy: 'all', window: '1h' } }));
    await cluster.jobs.create(job('past', 'one', { catchUp: { policy: 'all', window: '2s' } }));
    const counts = new Map<string, number>();
    for (const name of names) {
      const [first] = await waitFor(
        async () => {
          const found = await missed(name);
          return found.length > 0 ? found : undefined;
        },
        { what: 'the ticks are told', timeout: 60_000 },
      );
      expect(first!.ticks!.from).toBeGreaterThan(since - 1_000);
      expect(first!.reason).toBe('no worker with the labels gpu=yes, region=eu or us was there to run it');
      expect(first!.worker).toBeUndefined();
      counts.set(name, first!.ticks!.count);
    }
    for (const name of names) {
      await waitFor(async () => (await missed(name))[0]!.ticks!.count > counts.get(name)!, {
        what: 'the record grows',
        timeout: 60_000,
      });
      expect(await missed(name)).toHaveLength(1);
    }
    // Told in stretches, not tick by tick.
    const { kvs } = await cluster.shared.etcd.range(cluster.keys.runsOf('one'));
    expect(kvs[0]!.version).toBeLessThan((await missed('one'))[0]!.ticks!.count / 2);
    const came = Date.now();
    expect(await cluster.jobs.runs('within')).toEqual([]);
    const past = await missed('past');
    expect(past).toHaveLength(1);
    expect(past[0]!.reason).toBe('no worker with the labels gpu=yes, region=eu or us was there to run it');
    expect(past[0]!.ticks!.to).toBeLessThan(past[0]!.endedAt! - 2_000);
    const [worker] = await cluster.start(1, { handlers, labels: { region: 'us', gpu: 'yes' } });
    const id = worker!.workerId!;
    await waitFor(
      async () => inState(await cluster.jobs.runs('within'), 'succeeded').length > (came - since) / 1_000,
      {
        what: 'all within the window are caught up',
        timeout: 60_000,
      },
    );
    for (const name of [...names, 'past']) {
      await waitFor(async () => inState(await cluster.jobs.runs(name), 'succeeded').length >= 2, {
        what: 'it runs',
      });
    }
    await Promise.all([worker!, ...others].map((each) => each.stop()));
    expect(inState(await cluster.jobs.runs('within'), 'missed')).toEqual([]);
    for (const name of [...names, 'within', 'past']) {
      const runs = await cluster.jobs.runs(name);
      expectEachTickOnce(runs);
      for (const run of inState(runs, 'succeeded')) expect(run.worker).toBe(id);
    }
    // What was told as missed stays so, and the newest is caught up.
    expect(inState(await cluster.jobs.runs('one'), 'succeeded')[0]!.cause.tick).toBeLessThan(
      (await missed('one')).at(-1)!.ticks!.to + 2_000,
    );
    expect(await cluster.jobs.runs('paused')).toEqual([]);
  },
);

test(
  'a matching worker that drains, or is away for a moment, is waited for',
  { timeout: 120_000 },
  async () => {
    const gate = createGate();
    gate.open();
    const handlers = { gate: gate.handler };
    const gpu = { handlers, labels: { region: 'us', gpu: 'yes' } };
    const others = await cluster.start(1, { handlers });
    const [first] = await cluster.start(1, gpu);
    await cluster.jobs.create(job('job', 'one'));
    await waitFor(() => gate.of('job').length > 0, { what: 'it runs' });
    const key = cluster.keys.drain(first!.workerId!);
    const at = Date.now();
    await put(cluster.shared.etcd, key, codecs.drain.encode({ by: 'test', at }));
    await waitFor(() => Date.now() > at + NOBODY_FOR + 3_000, {
      what: 'it is drained for a while',
      interval: 100,
    });
    await first!.stop();
    const gone = Date.now();
    await waitFor(() => Date.now() > gone + 2_000, { what: 'nobody is there', interval: 100 });
    const [second] = await cluster.start(1, gpu);
    await waitFor(() => gate.of('job').some(({ scheduledFor }) => scheduledFor > gone + 4_000), {
      what: 'it goes on',
    });
    await Promise.all([second!, ...others].map((each) => each.stop()));
    const runs = await cluster.jobs.runs('job');
    // Told by the worker that came back, not by those that only watched.
    const told = inState(runs, 'missed');
    expect(told).not.toEqual([]);
    for (const { reason } of told) expect(reason).toBe('no worker was there and free to run it in time');
    expectEachTickOnce(runs);
  },
);

test(
  'a tick that comes while the only worker that matches is away runs when it is back, however many others there are',
  { timeout: 120_000 },
  async () => {
    const gate = createGate();
    gate.open();
    const gpu = { handlers: { gate: gate.handler }, labels: { region: 'us', gpu: 'yes' } };
    await cluster.start(2, { handlers: { gate: gate.handler } });
    const [first] = await cluster.start(1, gpu);
    const at = Math.floor(Date.now() / 1_000) * 1_000 + 4_000;
    await cluster.jobs.create(job('once', 'one', { schedule: `@at ${toIso(instant(at))}` }));
    await cluster.jobs.create(
      job('none', 'one', { schedule: `@at ${toIso(instant(at))}`, catchUp: { policy: 'none' } }),
    );
    await cluster.jobs.create(
      job('too-late', 'one', {
        schedule: `@at ${toIso(instant(at))}`,
        catchUp: { policy: 'latest', window: '15s' },
      }),
    );
    await first!.stop();
    expect(gate.passages).toEqual([]);
    const told = (name: string): Promise<RunRecord> =>
      waitFor(async () => (await missed(name))[0], { what: `${name} is told`, timeout: 60_000 });
    expect((await told('none')).endedAt! - at).toBeLessThan(15_000);
    // Not before its window has passed.
    expect((await told('too-late')).endedAt! - at).toBeGreaterThan(15_000);
    expect(await cluster.jobs.runs('once')).toEqual([]);
    await cluster.start(1, gpu);
    await waitFor(() => gate.of('once').length > 0, { what: 'it is caught up' });
    await cluster.stopAll();
    const runs = await cluster.jobs.runs('once');
    expect(runs).toMatchObject([{ state: 'succeeded', cause: { kind: 'catch_up', tick: at } }]);
    expect(gate.passages).toHaveLength(1);
  },
);
