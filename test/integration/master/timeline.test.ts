// Runs and ticks over time, as a page draws them.
import { beforeEach, describe, expect, it } from 'vitest';
import { makeRunId } from '../../../src/common/model/ids.ts';
import type { RunRecord } from '../../../src/common/model/run.ts';
import { instant } from '../../../src/common/model/time.ts';
import { codecs } from '../../../src/common/store/keyspace.ts';
import { useEtcd } from '../../support/shared-etcd.ts';
import { waitFor } from '../../support/wait.ts';
import { claim, job, runOf, startTestMaster, type TestMaster } from './harness.ts';

const shared = useEtcd();
let master: TestMaster;
beforeEach(async () => {
  master = await startTestMaster(shared);
  await waitFor(async () => (await master.call('getOverview')).body.complete, {
    what: 'it has looked at all',
  });
});

const idAt = (at: number, n = 1): string => makeRunId(instant(at), n.toString(16).padStart(6, '0'));
const MINUTE = 60_000;

async function ended(name: string, at: number, took: number, rest: Partial<RunRecord> = {}): Promise<string> {
  const id = idAt(at);
  const run = runOf(name, id, {
    scheduledFor: at,
    startedAt: at,
    endedAt: at + took,
    durationMs: took,
    ...rest,
  });
  await master.write(master.keys.run(name, id), codecs.run.encode(run));
  return id;
}
const timeline = async (query: object = {}) => (await master.call('getTimeline', { query })).body;
const idsOf = (runs: { id: string }[]): string[] => runs.map(({ id }) => id);

describe('the timeline', () => {
  it('shows what was on in a stretch, what still is, and what nothing ran for', async () => {
    const now = Date.now();
    for (const name of ['a', 'b']) await master.call('createJob', { body: job(name) });
    const old = await ended('a', now - 20 * MINUTE, 1_000);
    const long = await ended('a', now - 16 * MINUTE, 5 * MINUTE, { state: 'failed', exitCode: 1 });
    const short = await ended('b', now - 2 * MINUTE, 1_000, { worker: 'w-000001' });
    const missed = await ended('b', now - MINUTE, 0, {
      state: 'missed',
      startedAt: undefined!,
      worker: undefined!,
    });
    const on = idAt(now - 3_000);
    await claim(master, 'a', on, now, 'running');
    const seen = await waitFor(
      async () => {
        const told = await timeline({ ahead: 0 });
        return told.total === 4 && told;
      },
      { what: 'all are seen', seen: timeline },
    );
    expect(idsOf(seen.runs)).toEqual([long, short, missed, on]);
    expect(seen.cut).toBe(false);
    expect(seen.runs[3].endedAt).toBeUndefined();
    expect(seen.runs[2].startedAt).toBeUndefined();
    expect(seen.coming).toMatchObject({ jobs: [], totalJobs: 0 });
    const iso = (at: number) => new Date(at).toISOString();
    const before = await timeline({ from: iso(now - 30 * MINUTE), to: iso(now - 15 * MINUTE) });
    expect(idsOf(before.runs)).toEqual([old, long]);
    expect(idsOf((await timeline({ job: 'b' })).runs)).toEqual([short, missed]);
    expect(idsOf((await timeline({ worker: 'w-000001' })).runs)).toEqual([short]);
    // Of too many, what went wrong and what is on before the rest.
    const cut = await timeline({ limit: 3 });
    expect(idsOf(cut.runs)).toEqual([long, missed, on]);
    expect(cut).toMatchObject({ total: 4, cut: true });
    const wrong = { from: iso(now), to: iso(now - 1) };
    const { errors } = await master.refused('invalid_input', 'getTimeline', { query: wrong });
    expect(errors).toMatchObject([{ path: 'from' }]);
  });

  it('shows the ticks that come, a few of a job that ticks often, and how many', async () => {
    await master.call('createJob', { body: job('secondly', { schedule: '* * * * * *' }) });
    await master.call('createJob', { body: job('often', { schedule: '*/2 * * * *' }) });
    await master.call('createJob', { body: job('never', { schedule: '@manual' }) });
    await master.call('createJob', { body: job('paused', { schedule: '* * * * *', paused: true }) });
    const { coming } = await timeline();
    expect(coming.totalJobs).toBe(2);
    const [first, second] = coming.jobs;
    expect([first.job, first.ticks.length]).toEqual(['secondly', 20]);
    expect([899, 900]).toContain(first.count);
    expect(second.job).toBe('often');
    expect([7, 8]).toContain(second.count);
    expect(second.ticks).toHaveLength(second.count);
    expect((await timeline({ job: 'often' })).coming.jobs).toHaveLength(1);
    expect((await timeline({ worker: 'w-000001' })).coming.jobs).toEqual([]);
  });
});

describe('the forecast', () => {
  it('shows in which slots and seconds jobs crowd, of all or of some', async () => {
    await master.call('createJob', { body: job('a', { schedule: '0 * * * *', labels: { team: 'x' } }) });
    await master.call('createJob', { body: job('b', { schedule: '0 * * * *' }) });
    await master.call('createJob', { body: job('c', { schedule: '30 * * * *' }) });
    await master.call('createJob', { body: job('d', { schedule: '0 * * * *', paused: true }) });
    const { body } = await master.call('getForecast');
    expect(body).toMatchObject({ slotSeconds: 300, jobs: 3, approximate: false });
    expect([body.slots.length, body.ticks]).toEqual([288, 72]);
    const full = body.slots.filter((slot: { ticks: number }) => slot.ticks > 0);
    expect(full).toHaveLength(48);
    const hour = full.find((slot: { at: string }) => slot.at.slice(14, 16) === '00');
    expect(hour).toMatchObject({ ticks: 2, busiest: { at: hour.at, ticks: 2 } });
    expect(body.crowded[0]).toMatchObject({ ticks: 2 });
    const some = await master.call('getForecast', { query: { label: 'team=x', slot: '1h', hours: 2 } });
    expect(some.body).toMatchObject({ slotSeconds: 3_600, jobs: 1, ticks: 2 });
    expect(some.body.slots).toHaveLength(2);
  });

  it('is made once a minute for the same question', async () => {
    const [first, again] = await Promise.all([master.call('getForecast'), master.call('getForecast')]);
    await master.call('createJob', { body: job('a') });
    const later = await master.call('getForecast');
    expect([again.body.at, later.body.at]).toEqual([first.body.at, first.body.at]);
    expect((await master.call('getForecast', { query: { hours: 12 } })).body.jobs).toBe(1);
  });
});
