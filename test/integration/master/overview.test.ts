// What an operator looks at first, from what the master has seen.
import { beforeEach, describe, expect, it } from 'vitest';
import { codecs } from '../../../src/common/store/keyspace.ts';
import { makeRunId } from '../../../src/common/model/ids.ts';
import { instant } from '../../../src/common/model/time.ts';
import type { RunRecord } from '../../../src/common/model/run.ts';
import { useEtcd } from '../../support/shared-etcd.ts';
import { waitFor } from '../../support/wait.ts';
import { claim, job, runOf, startTestMaster, workerOf, type TestMaster } from './harness.ts';

const shared = useEtcd();
let master: TestMaster;

const idAt = (at: number, n = 1): string => makeRunId(instant(at), n.toString(16).padStart(6, '0'));

/** A record as a worker writes it, of a run that ended a moment ago. */
async function ended(name: string, rest: Partial<RunRecord> = {}, n = 1): Promise<string> {
  const at = Date.now() - 1_000;
  const id = rest.id ?? idAt(at, n);
  const run = runOf(name, id, { startLagMs: 3, durationMs: 500, endedAt: at + 500, ...rest });
  await master.write(master.keys.run(name, id), codecs.run.encode(run));
  return id;
}

const overview = async () => (await master.call('getOverview')).body;
const hour = async () => (await master.call('getActivity', { query: { window: '1h' } })).body;
const sum = (buckets: Record<string, number>[], field: string): number =>
  buckets.reduce((all, bucket) => all + bucket[field]!, 0);

describe('the overview', () => {
  beforeEach(async () => {
    master = await startTestMaster(shared);
    await waitFor(async () => (await overview()).complete, { what: 'it has looked at all' });
  });

  it('counts jobs by state', async () => {
    await master.write(master.keys.worker('w-abc123'), codecs.worker.encode(workerOf({ running: 1 })));
    await master.call('createJob', { body: job('fine') });
    await master.call('createJob', { body: job('failing') });
    await master.call('createJob', { body: job('paused', { paused: true }) });
    await master.call('createJob', { body: job('nowhere', { workers: { labels: { gpu: 'yes' } } }) });
    await master.write(master.keys.job('broken'), '{}');
    await claim(master, 'fine', idAt(Date.now()), Date.now(), 'running');
    await ended('fine');
    await ended('failing', { state: 'failed', exitCode: 2 });
    await waitFor(
      async () => {
        const { jobs, runs } = await overview();
        return jobs.failing === 1 && jobs.broken === 1 && runs.running === 1;
      },
      { what: 'all is seen', seen: () => master.views.jobs.size },
    );
    const { jobs, runs, workers } = await overview();
    expect(jobs).toEqual({
      total: 5,
      active: 3,
      paused: 1,
      broken: 1,
      failing: 1,
      unschedulable: 1,
      running: 1,
    });
    expect(runs).toMatchObject({ armed: 0, waiting: 0, longest: [{ job: 'fine', state: 'running' }] });
    expect(workers).toEqual({ total: 1, byState: { ready: 1 }, slots: 4, busy: 1 });
  });

  it('tells the last failure of each job, and whether it has got over it', async () => {
    for (const name of ['a', 'b']) await master.call('createJob', { body: job(name) });
    const at = Date.now() - 60_000;
    await ended('a', { id: idAt(at), state: 'failed', endedAt: at, error: 'x'.repeat(1_000) });
    await ended('a', { id: idAt(at + 1), state: 'timed_out', endedAt: at + 1 });
    await ended('b', { id: idAt(at), state: 'lost', endedAt: at + 2, reason: 'worker gone' });
    await ended('a', { id: idAt(at + 3), endedAt: at + 3 });
    // Neither says anything about the job.
    await ended('b', { id: idAt(at + 4), endedAt: at + 4, state: 'skipped' });
    await ended('b', { id: idAt(at + 5), endedAt: at + 5, state: 'killed' });
    const { failures } = await waitFor(
      async () => {
        const seen = await overview();
        return seen.failures.length === 2 && seen.jobs.failing === 1 && seen;
      },
      { what: 'both are told' },
    );
    expect(failures).toMatchObject([
      { run: { job: 'b', state: 'lost', reason: 'worker gone' }, count: 1, failing: true },
      { run: { job: 'a', state: 'timed_out' }, count: 2, failing: false },
    ]);
    await master.call('deleteJob', { params: { job: 'b' } });
    await waitFor(async () => (await overview()).failures.length === 1, {
      what: 'what is gone is forgotten',
    });
    expect((await overview()).jobs.failing).toBe(0);
  });

  it('tells which jobs tick next, soonest first', async () => {
    await master.call('createJob', { body: job('yearly', { schedule: '0 0 1 1 *' }) });
    await master.call('createJob', { body: job('secondly', { schedule: '* * * * * *' }) });
    await master.call('createJob', { body: job('by-hand', { schedule: '@manual' }) });
    await master.call('createJob', { body: job('paused', { schedule: '* * * * * *', paused: true }) });
    const next = await waitFor(
      async () => {
        const seen = await overview();
        return seen.jobs.total === 4 && (seen.next as { job: string; tick: string }[]);
      },
      { what: 'all are seen' },
    );
    expect(next.map((each) => each.job)).toEqual(['secondly', 'yearly']);
    const later = await waitFor(
      async () => {
        const [first] = (await overview()).next;
        return first.tick > next[0]!.tick && first;
      },
      { what: 'a tick that has passed is not the next any more' },
    );
    expect(Date.parse(later.tick)).toBeGreaterThan(Date.parse(next[0]!.tick));
  });

  it('lays ends and lags over time, a stretch of ticks by its count', async () => {
    await master.call('createJob', { body: job('a') });
    const at = Date.now() - 5_000;
    await ended('a');
    await ended('a', { state: 'failed', startLagMs: 40 }, 2);
    await ended('a', { cause: { kind: 'manual' }, startLagMs: 9_000 }, 3);
    const missed: Partial<RunRecord> = {
      id: idAt(at, 4),
      state: 'missed',
      startedAt: undefined!,
      startLagMs: undefined!,
      ticks: { count: 5, from: at, to: at + 4 },
    };
    await ended('a', missed);
    // It grows by two more.
    await ended('a', { ...missed, ticks: { count: 7, from: at, to: at + 6 } });
    const { buckets, bucketSeconds } = await waitFor(
      async () => {
        const seen = await hour();
        return sum(seen.buckets, 'missed') === 7 && seen;
      },
      { what: 'all are counted', seen: hour },
    );
    expect([bucketSeconds, buckets.length]).toEqual([60, 60]);
    expect([sum(buckets, 'succeeded'), sum(buckets, 'failed'), sum(buckets, 'started')]).toEqual([2, 1, 2]);
    // A run by hand is never late.
    expect(Math.max(...buckets.map(({ lagMaxMs }: { lagMaxMs: number }) => lagMaxMs))).toBe(40);
    for (const [window, count] of [
      ['6h', 72],
      ['24h', 96],
    ] as const)
      expect((await master.call('getActivity', { query: { window } })).body.buckets).toHaveLength(count);
  });

  it('passes over what is no record of a run', async () => {
    await master.call('createJob', { body: job('a') });
    await master.write(master.keys.run('a', idAt(Date.now(), 1)), 'no json');
    await master.write(master.keys.run('a', idAt(Date.now(), 2)), '{"state":"failed"}');
    await master.write(`${master.keys.runs.key}a/no-id`, '{}');
    await ended('a', {}, 3);
    await waitFor(async () => sum((await hour()).buckets, 'succeeded') === 1, { what: 'the run is counted' });
    expect((await overview()).jobs.failing).toBe(0);
  });
});

describe('a master that starts', () => {
  it('learns from the history that etcd keeps, and says since when it sees all itself', async () => {
    master = await startTestMaster(shared);
    await master.call('createJob', { body: job('a') });
    await master.call('createJob', { body: job('b') });
    const at = Date.now() - 600_000;
    await ended('a', { id: idAt(at), endedAt: at, state: 'failed', error: 'no' });
    await ended('b', { id: idAt(at + 1), endedAt: at + 1, state: 'failed' });
    await ended('b', { id: idAt(at + 2), endedAt: at + 2 });
    const before = Date.now();
    master = await startTestMaster(shared);
    const told = await waitFor(
      async () => {
        const seen = await overview();
        return seen.complete && seen;
      },
      { what: 'it has learned' },
    );
    expect(Date.parse(told.since)).toBeGreaterThanOrEqual(before);
    expect(told.jobs.failing).toBe(1);
    expect(told.failures).toMatchObject([
      { run: { job: 'b' }, failing: false },
      { run: { job: 'a', error: 'no' }, failing: true },
    ]);
    const { buckets } = await hour();
    expect([sum(buckets, 'succeeded'), sum(buckets, 'failed')]).toEqual([1, 2]);
  });
});
