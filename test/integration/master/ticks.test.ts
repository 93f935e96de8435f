// What became of each tick, as the API tells it.
import { beforeEach, describe, expect, it } from 'vitest';
import { instant, toIso } from '../../../src/common/model/time.ts';
import { codecs } from '../../../src/common/store/keyspace.ts';
import { useEtcd } from '../../support/shared-etcd.ts';
import { jobRecord, jobsOf } from '../../support/workers.ts';
import { claim, job, runOf, startTestMaster, workerOf, WORKER, type TestMaster } from './harness.ts';
import { makeRunId } from '../../../src/common/model/ids.ts';
import type { JobDefinitionInput } from '../../../src/common/model/job.ts';
import type { WorkerState } from '../../../src/common/model/worker.ts';
import type { RunRecord } from '../../../src/common/model/run.ts';

const shared = useEtcd();
let master: TestMaster;
let created: number;
/** The newest whole minute but two: everything up to it is past its grace. */
let newest: number;
const MINUTE = 60_000;
const minute = (before: number): number => newest - before * MINUTE;
const iso = (at: number): string => toIso(instant(at));

beforeEach(async () => {
  master = await startTestMaster(shared);
  newest = Math.floor(Date.now() / MINUTE) * MINUTE - 2 * MINUTE;
  const { revision } = await jobsOf(shared.etcd, master.keys).create(job('a', { schedule: '* * * * *' }), {
    since: minute(10),
  });
  created = revision;
  await master.write(master.keys.cursor('a'), codecs.cursor.encode(newest));
});

let serial = 0;
const record = (before: number, rest: Partial<RunRecord> = {}) => {
  const id = makeRunId(instant(minute(before)), (serial++).toString(16).padStart(6, '0'));
  const run = runOf('a', id, { jobCreated: created, startLagMs: 3, ...rest });
  return master.write(master.keys.run('a', id), codecs.run.encode(run)).then(() => id);
};
const ask = async (query: Record<string, string> = {}) =>
  (await master.call('listTicks', { params: { job: 'a' }, query: { to: iso(newest), ...query } })).body;

describe('the ticks of a job', () => {
  it('are told one by one with what became of them and why, and counted', async () => {
    const ran = await record(9);
    await record(8, { state: 'failed', exitCode: 3 });
    const lost = await record(7, { state: 'lost', reason: 'worker lost' });
    await record(6, {
      id: makeRunId(instant(minute(6)), 'aaaaaa'),
      cause: { kind: 'retry', retryOf: lost, tick: minute(7) },
    });
    await record(6, { state: 'lost', reason: 'worker lost' });
    await record(3, {
      state: 'missed',
      reason: 'nobody',
      cause: { kind: 'schedule', tick: minute(5) },
      ticks: { count: 3, from: minute(5), to: minute(3) },
    });
    await record(2);
    await record(2);
    // minute(1): no record.
    await record(0, {
      state: 'skipped',
      reason: 'overlap: forbid',
      ticks: { count: 1, from: newest, to: newest },
    });
    const { items, counts, nextCursor, scheduleKnownFrom, historyKnownFrom, historyHint } = await ask();
    expect(nextCursor).toBeNull();
    expect(scheduleKnownFrom).toBe(iso(minute(10)));
    expect(historyKnownFrom).toBeNull();
    expect(historyHint).toBeNull();
    expect(items.map((item: { outcome: string }) => item.outcome)).toEqual([
      'ran',
      'ran',
      'ran',
      'lost',
      'missed',
      'missed',
      'missed',
      'twice',
      'unexplained',
      'skipped',
    ]);
    expect(items[0]).toMatchObject({
      tick: iso(minute(9)),
      worker: WORKER,
      startLagMs: 3,
      runs: [{ run: ran, state: 'succeeded' }],
    });
    expect(items[2].runs).toHaveLength(2);
    expect(items[4]).toMatchObject({ tick: iso(minute(5)), reason: 'nobody' });
    expect(counts).toEqual({
      due: 10,
      ran: 3,
      partly: 0,
      failed: 1,
      mayHaveOverlapped: 0,
      skipped: 1,
      missed: 3,
      lost: 1,
      twice: 1,
      unexplained: 1,
      notKnown: 0,
      running: 0,
      waiting: 0,
      notYet: 0,
      paused: 0,
    });
    const bad = await ask({ outcome: 'unexplained,twice', limit: '1' });
    expect(bad.items).toMatchObject([{ tick: iso(minute(2)), outcome: 'twice' }]);
    expect(bad.counts).toEqual(counts);
    expect((await ask({ outcome: 'unexplained,twice', cursor: bad.nextCursor })).items).toMatchObject([
      { tick: iso(minute(1)), outcome: 'unexplained' },
    ]);
  });

  it('tell of one run who ran it and how late, of several workers and of a retry', async () => {
    const shard = { index: 0, total: 2 };
    await record(4, { shard, state: 'lost', worker: 'w-000001', startLagMs: 11 });
    await record(4, { shard, worker: 'w-000004', startLagMs: 44 });
    const lost = await record(3, { state: 'lost', worker: 'w-000001', startLagMs: 11 });
    const cause = { kind: 'retry', retryOf: lost, tick: minute(3) } as const;
    await record(2, { cause, worker: 'w-000004', startLagMs: 44 });
    const { items } = await ask({ outcome: 'ran,lost' });
    expect(items).toMatchObject([
      { tick: iso(minute(4)), outcome: 'lost', worker: 'w-000001', startLagMs: 11 },
      { tick: iso(minute(3)), outcome: 'ran', worker: 'w-000004', startLagMs: 44 },
    ]);
    expect(items.map(({ runs }: { runs: unknown[] }) => runs.length)).toEqual([2, 2]);
  });

  it('wait for workers that are full or draining, for as long as they are, and no longer', async () => {
    const { revision } = await jobsOf(shared.etcd, master.keys).create(
      job('b', { schedule: '* * * * *', catchUp: { policy: 'none' } }),
      { since: minute(10) },
    );
    expect(revision).toBeGreaterThan(0);
    const told = async (states: readonly WorkerState[]) => {
      for (const [i, state] of states.entries()) {
        const worker = workerOf({ id: `w${i}-000001`, state });
        await master.write(master.keys.worker(worker.id), codecs.worker.encode(worker));
      }
      const { body } = await master.call('listTicks', {
        params: { job: 'b' },
        query: { from: iso(minute(9)), to: iso(newest) },
      });
      expect(new Set(body.items.map((item: { outcome: string; reason: string }) => item.reason)).size).toBe(
        1,
      );
      return [body.items[0].outcome, body.items[0].reason, body.counts.due] as const;
    };
    expect(await told(['full', 'draining'])).toEqual([
      'waiting',
      'no worker that may run it takes work now: w0-000001 is full (4 slots), w1-000001 is draining',
      10,
    ]);
    expect(await told(['full', 'loading'])).toMatchObject(['waiting', /loading the jobs/, 10]);
    expect(await told(['full', 'ready'])).toEqual(['unexplained', 'still due: no worker has settled it', 10]);
  });

  it('of a job that nobody matches wait as long as catchUp says, whoever else is there', async () => {
    const worker = workerOf();
    await master.write(master.keys.worker(worker.id), codecs.worker.encode(worker));
    const outcomes = async (name: string, definition: Partial<JobDefinitionInput>) => {
      const labels = { gpu: 'yes' };
      await jobsOf(shared.etcd, master.keys).create(
        job(name, { schedule: '* * * * *', workers: { labels }, ...definition }),
        { since: minute(10) },
      );
      const { body } = await master.call('listTicks', {
        params: { job: name },
        query: { from: iso(minute(9)) },
      });
      const nobody = 'no worker is registered with the labels gpu=yes';
      for (const { outcome, reason } of body.items)
        expect(reason).toBe(
          outcome === 'waiting' ? nobody : `still due: no worker has settled it; ${nobody}`,
        );
      return body.counts as Record<'due' | 'waiting' | 'unexplained', number>;
    };
    // Up to now: the last minute is within the grace, and the one before the newest that is past it.
    expect((await outcomes('latest', { catchUp: { policy: 'latest', window: '1h' } })).waiting).toBe(2);
    expect((await outcomes('all', { catchUp: { policy: 'all', window: '1h' } })).unexplained).toBe(0);
    expect((await outcomes('some', { catchUp: { policy: 'all', window: '5m' } })).waiting).toBe(6);
    const none = await outcomes('none', { catchUp: { policy: 'none' } });
    const onAll = await outcomes('on-all', { workers: { labels: { gpu: 'yes' }, mode: 'all' } });
    for (const { waiting, unexplained, due } of [none, onAll]) {
      // Two in the first second of a minute: what has just come is on time.
      expect(waiting).toBeLessThanOrEqual(2);
      expect(unexplained).toBe(due - waiting);
    }
  });

  it('say what became of them on other workers, and which run may have overlapped', async () => {
    await record(3, { shard: { index: 0, total: 3 }, mayHaveOverlapped: true });
    await record(3, {
      worker: 'other-000001',
      state: 'skipped',
      reason: 'overlap: forbid',
      ticks: { count: 1, from: minute(3), to: minute(3) },
    });
    const { items, counts } = await ask({ outcome: 'ran' });
    expect(items).toMatchObject([
      {
        tick: iso(minute(3)),
        outcome: 'ran',
        partly: true,
        reason: 'skipped on other-000001: overlap: forbid; 2 of 3 workers have a record',
        runs: [{ worker: WORKER, mayHaveOverlapped: true }],
      },
    ]);
    expect(counts).toMatchObject({ ran: 1, partly: 1, mayHaveOverlapped: 1 });
  });

  it('are known from the oldest record that is surely kept on, and the setting that would reach further is named', async () => {
    const { revision } = await jobsOf(shared.etcd, master.keys).create(
      job('short', { schedule: '* * * * *', history: { keep: 2 } }),
      { since: minute(10) },
    );
    await master.write(master.keys.cursor('short'), codecs.cursor.encode(newest));
    for (const before of [1, 0]) {
      const id = makeRunId(instant(minute(before)), '00000a');
      const run = runOf('short', id, { jobCreated: revision });
      await master.write(master.keys.run('short', id), codecs.run.encode(run));
    }
    const { body } = await master.call('listTicks', {
      params: { job: 'short' },
      query: { to: iso(newest) },
    });
    expect(body.historyKnownFrom).toBe(iso(minute(1)));
    expect(body.historyHint).toMatch(/keeps its last 2 records: a larger history\.keep/);
    expect(body.counts).toMatchObject({ ran: 2, unexplained: 0 });
    expect(body.counts.notKnown).toBeGreaterThan(0);
  });

  it('are found that ran and failed', async () => {
    await record(3, { state: 'failed', exitCode: 2 });
    await record(4);
    const { items, counts } = await ask({ failed: 'true' });
    expect(items.map(({ tick }: { tick: string }) => tick)).toEqual([iso(minute(3))]);
    expect(counts).toMatchObject({ ran: 2, failed: 1 });
  });

  it('are found that ran on some workers only', async () => {
    await record(3, { shard: { index: 0, total: 1 } });
    await record(4, { shard: { index: 0, total: 2 } });
    const some = await ask({ partly: 'true' });
    expect(some.items.map(({ tick }: { tick: string }) => tick)).toEqual([iso(minute(4))]);
    expect((await ask({ partly: 'true', outcome: 'skipped' })).items).toEqual([]);
    expect((await ask({ outcome: 'ran' })).items).toHaveLength(2);
  });

  it('are running or armed while a claim is on, and say so when its worker is gone', async () => {
    await claim(master, 'a', makeRunId(instant(newest), 'aaaaaa'), newest, 'running');
    const active = master.keys.active(WORKER, 'a', makeRunId(instant(newest), 'aaaaaa'));
    const [kv] = (await master.etcd.range({ key: active })).kvs;
    const run = codecs.run.decode(kv!.value);
    await master.write(active, codecs.run.encode({ ...(run.ok ? run.value : never()), jobCreated: created }));
    const of = async () => (await ask({ from: iso(newest) })).items;
    expect(await of()).toMatchObject([{ outcome: 'running', reason: expect.stringContaining('gone') }]);
    await master.write(master.keys.worker(WORKER), codecs.worker.encode(workerOf()));
    expect((await of())[0]).not.toHaveProperty('reason');
    // A dead worker's lock goes with its lease; the claim is found all the same.
    await master.etcd.txn({
      compare: [],
      success: [{ type: 'delete', key: master.keys.lock('a') }],
      failure: [],
    });
    expect(await of()).toMatchObject([{ outcome: 'running' }]);
  });

  it('that are due and not settled wait for the grace, then are unexplained', async () => {
    await master.write(master.keys.cursor('a'), codecs.cursor.encode(minute(1)));
    const of = async (query: Record<string, string>) =>
      (await ask({ from: iso(newest), ...query })).items.map(({ outcome }: { outcome: string }) => outcome);
    expect(await of({ grace: '1h' })).toEqual(['waiting']);
    expect(await of({})).toEqual(['unexplained']);
    expect(await of({ from: iso(newest + 10 * MINUTE), to: iso(newest + 11 * MINUTE) })).toEqual([
      'not_yet',
      'not_yet',
    ]);
  });

  it('of months of seconds are told page by page, and counted without a loop over them', async () => {
    const { revision } = await jobsOf(shared.etcd, master.keys).write(
      jobRecord(job('b', { schedule: '* * * * * *' }), { since: newest - 90 * 86_400_000 }),
      0,
    );
    expect(revision).toBeGreaterThan(0);
    const params = { job: 'b' };
    const query = { from: iso(newest - 90 * 86_400_000 + 1), to: iso(newest), limit: '1000' };
    const first = (await master.call('listTicks', { params, query: query })).body;
    expect(first.counts).toMatchObject({ due: 90 * 86_400, unexplained: 90 * 86_400 });
    expect(first.items).toHaveLength(1_000);
    const second = (await master.call('listTicks', { params, query: { ...query, cursor: first.nextCursor } }))
      .body;
    expect(Date.parse(second.items[0].tick) - Date.parse(first.items[999].tick)).toBe(1_000);
  });

  it('are refused for what is not understood, by the field', async () => {
    const wrong = async (query: Record<string, string>): Promise<string[]> => {
      const { errors } = await master.refused('invalid_input', 'listTicks', {
        params: { job: 'a' },
        query: query,
      });
      return errors!.map(({ path }) => path);
    };
    expect(await wrong({ from: 'yesterday' })).toEqual(['from']);
    expect(await wrong({ from: '2026-02-30T00:00:00Z' })).toEqual(['from']);
    expect(await wrong({ to: '2026-01-01' })).toEqual(['to']);
    expect(await wrong({ from: iso(newest), to: iso(minute(1)) })).toEqual(['from']);
    expect(await wrong({ from: '2020-01-01T00:00:00Z' })).toEqual(['from']);
    expect(await wrong({ outcome: 'ran,vanished' })).toEqual(['outcome[1]']);
    const { detail } = await master.refused('invalid_input', 'listTicks', {
      params: { job: 'a' },
      query: { outcome: 'bad' },
    });
    expect(detail).toMatch(/"bad" is no outcome: write one or several of ran, .*unexplained/);
    expect(await wrong({ partly: 'yes' })).toEqual(['partly']);
    expect(await wrong({ limit: '0', cursor: 'x', grace: '3' })).toEqual(['grace', 'limit']);
    expect(await wrong({ cursor: 'x' })).toEqual(['cursor']);
    expect(await wrong({ since: '1h' })).toEqual(['since']);
    await master.refused('job_not_found', 'listTicks', { params: { job: 'none' } });
    await master.write(master.keys.job('broken'), '{}');
    await master.refused('job_broken', 'listTicks', { params: { job: 'broken' } });
  });
});

const never = (): never => {
  throw new Error('the record does not parse');
};

describe('the calendar', () => {
  it('counts the ticks of each day by their outcome, in the zone that is asked for', async () => {
    const clock = Date.now();
    const body = job('cal', { schedule: '0 * * * *', timezone: 'Europe/Berlin', history: { keep: 1_000 } });
    await master.call('createJob', { body });
    const kv = (await master.etcd.range({ key: master.keys.job('cal') })).kvs[0]!;
    const stored = codecs.job.decode(kv.value);
    if (!stored.ok) throw new Error(stored.error);
    const hour = 3_600_000;
    const tick = Math.floor(clock / hour) * hour - 30 * hour;
    // As if it had been there for two days, with one run.
    const created = { createdAt: clock - 48 * hour, updatedAt: clock - 48 * hour, since: tick - 1 };
    await master.write(master.keys.job('cal'), codecs.job.encode({ ...stored.value, ...created }));
    const id = makeRunId(instant(tick), '000001');
    const run = runOf('cal', id, { jobCreated: kv.createRevision });
    await master.write(master.keys.run('cal', id), codecs.run.encode(run));
    await master.write(master.keys.cursor('cal'), String(tick));
    const { body: told } = await master.call('getCalendar', { params: { job: 'cal' }, query: { days: 4 } });
    expect(told).toMatchObject({ job: 'cal', timezone: 'Europe/Berlin' });
    expect(told.days).toHaveLength(4);
    const sum = (field: string): number =>
      told.days.reduce((all: number, day: { counts: Record<string, number> }) => all + day.counts[field]!, 0);
    expect([told.counts.ran, sum('ran')]).toEqual([1, 1]);
    expect(sum('due')).toBe(told.counts.due);
    expect(sum('notYet')).toBe(told.counts.notYet);
    const day = new Intl.DateTimeFormat('sv-SE', { timeZone: 'Europe/Berlin' }).format(tick);
    expect(told.days.find(({ date }: { date: string }) => date === day).counts.ran).toBe(1);
    const utc = await master.call('getCalendar', {
      params: { job: 'cal' },
      query: { days: 1, timezone: 'UTC' },
    });
    expect(utc.body.days[0].from).toMatch(/T00:00:00\.000Z$/);
  });

  it('refuses what is no zone, and knows no job that is not there', async () => {
    await master.call('createJob', { body: job('cal') });
    const query = { timezone: 'Mars/Olympus' };
    const { errors } = await master.refused('invalid_input', 'getCalendar', {
      params: { job: 'cal' },
      query,
    });
    expect(errors).toMatchObject([{ path: 'timezone' }]);
    await master.refused('job_not_found', 'getCalendar', { params: { job: 'gone' } });
  });
});
