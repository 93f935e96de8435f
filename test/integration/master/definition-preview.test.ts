// Trying a definition before it is saved: what a save would say, without the save.
import { beforeEach, describe, expect, it } from 'vitest';
import { codecs } from '../../../src/common/store/keyspace.ts';
import { useEtcd } from '../../support/shared-etcd.ts';
import { job, startTestMaster, workerOf, type TestMaster } from './harness.ts';

const shared = useEtcd();
let master: TestMaster;
beforeEach(async () => {
  master = await startTestMaster(shared);
});

const preview = async (definition: object, rest: object = {}) =>
  (await master.call('previewDefinition', { body: { definition, ...rest } as never })).body;
const AFTER = '2027-03-27T00:00:00Z';

describe('the preview of a definition', () => {
  it('of a new job shows it with its defaults, in words, and when it ticks, with remarks', async () => {
    const body = job('a', { schedule: '30 2 * * *', timezone: 'Europe/Berlin' });
    const told = await preview(body, { after: AFTER, count: 2 });
    expect(told).toMatchObject({
      ok: true,
      errors: [],
      definition: { name: 'a', overlap: 'forbid', killGrace: '10s' },
      description: expect.stringContaining('02:30'),
      stored: null,
      hint: expect.stringContaining('no worker'),
    });
    expect(told.ticks).toMatchObject([
      { at: '2027-03-27T01:30:00.000Z', local: '2027-03-27T02:30:00+01:00' },
      { at: '2027-03-28T01:00:00.000Z', remark: expect.stringContaining('does not exist') },
    ]);
    expect((await master.call('listJobs')).body.total).toBe(0);
  });

  it('tells all that a save would refuse, each with its field, and the ticks all the same', async () => {
    const wrong = { ...job('a'), retry: { limit: -1 }, colour: 'red', overlap: 'queue', killGrace: 'soon' };
    const told = await preview(wrong, { after: AFTER, count: 1 });
    const { errors } = await master.refused('invalid_input', 'createJob', { body: wrong as never });
    expect(told).toMatchObject({ ok: false, definition: null, stored: null });
    expect(told.errors).toEqual(errors);
    expect(told.errors.length).toBeGreaterThan(2);
    expect(told.ticks).toMatchObject([{ at: '2027-03-27T03:00:00.000Z' }]);
    const unclear = await preview({ ...job('a'), schedule: 'at noon' });
    expect(unclear).toMatchObject({ ok: false, description: null, ticks: [] });
    expect(unclear.errors[0].path).toBe('schedule');
    expect((await preview({})).errors.map(({ path }: { path: string }) => path)).toContain('name');
    expect((await preview({ ...job('a'), name: 17 })).ok).toBe(false);
  });

  it('of a job that exists shows its ticks beside the new ones, and what would change', async () => {
    await master.write(master.keys.worker('w-abc123'), codecs.worker.encode(workerOf()));
    const { body: created } = await master.call('createJob', { body: job('a', { description: 'old' }) });
    const told = await preview(
      { schedule: '0 4 * * *', task: { kind: 'shell', command: 'true' } },
      { job: 'a', after: AFTER, count: 1 },
    );
    expect(told).toMatchObject({
      ok: true,
      ticks: [{ at: '2027-03-27T04:00:00.000Z' }],
      stored: {
        generation: 1,
        modRevision: created.job.revisions.mod,
        paused: false,
        ticks: [{ at: '2027-03-27T03:00:00.000Z' }],
      },
    });
    expect(told.stored.changes).toEqual([
      { path: 'schedule', before: '0 3 * * *', after: '0 4 * * *' },
      { path: 'description', before: 'old' },
    ]);
    const same = await preview(job('a', { description: 'old' }));
    expect(same.stored.changes).toEqual([]);
    const faulty = await preview({ ...job('a'), timeout: 'soon' });
    expect(faulty.stored.changes).toBeNull();
  });

  it('keeps a job paused and its secrets secret, as a save does', async () => {
    const env = { TOKEN: { secret: true as const, value: 'hunter2-hunter2' } };
    const body = job('a', { paused: true, task: { kind: 'shell', command: 'true', env } });
    await master.call('createJob', { body });
    const sent = { ...job('a'), task: { kind: 'shell', command: 'false', env: { TOKEN: { secret: true } } } };
    const told = await preview(sent);
    expect(told).toMatchObject({
      ok: true,
      definition: { paused: true },
      stored: { paused: true, ticks: [] },
    });
    expect(told.ticks.length).toBe(10);
    expect(told.stored.changes.map(({ path }: { path: string }) => path)).toEqual(['task.command']);
    expect(JSON.stringify(told)).not.toContain('hunter2');
  });

  it('does not let a job be renamed', async () => {
    await master.call('createJob', { body: job('a') });
    const told = await preview(job('b'), { job: 'a' });
    expect(told.errors).toMatchObject([{ path: 'name' }]);
    expect(told).toMatchObject({ ok: false, definition: null, stored: { generation: 1, changes: null } });
  });

  it('goes by what is given where the stored job cannot be read', async () => {
    await master.write(master.keys.job('a'), '{"secret": "hunter2"');
    const told = await preview(job('a'));
    expect(told).toMatchObject({ ok: true, stored: null });
    expect(JSON.stringify(told)).not.toContain('hunter2');
  });
});

describe('schedules in words', () => {
  it('stand in lists and with the job', async () => {
    await master.call('createJob', { body: job('a', { schedule: '*/5 * * * *' }) });
    await master.call('createJob', { body: job('b', { schedule: 'H 0 * * *' }) });
    await master.call('createJob', { body: job('c', { schedule: 'H 0 * * *' }) });
    const { items } = (await master.call('listJobs')).body;
    const texts = items.map((item: { scheduleText: string }) => item.scheduleText);
    expect(texts[0]).toBe('Every 5 minutes');
    // What H stands for is each job's own.
    expect(texts[1]).not.toBe(texts[2]);
    expect((await master.call('getJob', { params: { job: 'b' } })).body.scheduleText).toBe(texts[1]);
  });
});
