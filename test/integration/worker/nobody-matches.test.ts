// Jobs that no worker matches: their ticks are told as missed while they come, by one worker for all.
import { expect, test } from 'vitest';
import type { JobDefinitionInput } from '../../../src/common/model/job.ts';
import type { RunRecord } from '../../../src/common/model/run.ts';
import { codecs } from '../../../src/common/store/keyspace.ts';
import { NOBODY_FOR } from '../../../src/worker/keeper.ts';
import { createGate } from '../../support/gate.ts';
import { expectEachTickOnce, inState } from '../../support/outcomes.ts';
import { waitFor } from '../../support/wait.ts';
import { useWorkers } from '../../support/workers.ts';
import { put } from '../../support/writes.ts';

const cluster = useWorkers();

const job = (
  name: string,
  mode: 'one' | 'all',
  more: Partial<JobDefinitionInput> = {},
): JobDefinitionInput => ({
  name,
  schedule: '* * * * * *',
  history: { keep: 500 },
  catchUp: { policy: 'all' },
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
    const [worker] = await cluster.start(1, { handlers, labels: { region: 'us', gpu: 'yes' } });
    const id = worker!.workerId!;
    for (const name of names) {
      await waitFor(async () => inState(await cluster.jobs.runs(name), 'succeeded').length >= 2, {
        what: 'it runs',
      });
    }
    await Promise.all([worker!, ...others].map((each) => each.stop()));
    for (const name of names) {
      const runs = await cluster.jobs.runs(name);
      expectEachTickOnce(runs);
      for (const run of inState(runs, 'succeeded')) expect(run.worker).toBe(id);
    }
    // What was told as missed stays so; what was not yet told is caught up on one worker, and on all told as missed.
    expect(inState(await cluster.jobs.runs('one'), 'missed')).toHaveLength(1);
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
    expect(inState(runs, 'missed')).toEqual([]);
    expectEachTickOnce(runs);
  },
);
