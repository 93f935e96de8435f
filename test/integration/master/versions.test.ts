// Versions of a definition through the API: kept, listed, read, compared, restored.
import { beforeEach, describe, expect, it } from 'vitest';
import type { FieldChange } from '../../../src/common/core/definition-diff.ts';
import { codecs } from '../../../src/common/store/keyspace.ts';
import { useEtcd } from '../../support/shared-etcd.ts';
import { job, startTestMaster, type TestMaster } from './harness.ts';

const shared = useEtcd();
let master: TestMaster;
beforeEach(async () => {
  master = await startTestMaster(shared);
});

type Rest = Parameters<typeof job>[1];
interface Item {
  generation: number;
  current: boolean;
  at: string | null;
  by: string | null;
  change: string | null;
  from?: number;
  changed: string[] | null;
  changes: number | null;
  error?: string;
}

const put = (rest: Rest = {}, which = master, headers: Record<string, string> = {}) =>
  which.call('putJob', { params: { job: 'a' }, body: job('a', rest), headers });
const list = async (name = 'a'): Promise<Item[]> =>
  (await master.call('listVersions', { params: { job: name } })).body.items;
const params = (version: number) => ({ job: 'a', version: String(version) });
const read = (version: number) => master.call('getVersion', { params: params(version) });
const restore = (version: number, which = master, headers: Record<string, string> = {}) =>
  which.call('restoreVersion', { params: params(version), headers });
const diff = async (version: number, against?: number | 'current'): Promise<FieldChange[]> => {
  const query = against === undefined ? {} : { against: String(against) };
  return (await master.call('diffVersion', { params: params(version), query })).body.changes;
};
const current = async () => (await master.call('getJob', { params: { job: 'a' } })).body;
const stored = async () =>
  (await master.etcd.range({ ...master.keys.versionsOf('a') })).kvs.map((kv) => ({
    generation: master.keys.generationOf(kv.key),
    value: kv.value,
  }));

describe('the list of versions', () => {
  it('tells newest first what was done, by whom, when, and which fields changed', async () => {
    await put();
    await put({ description: 'two', retry: { limit: 3 } });
    await master.call('pauseJob', { params: { job: 'a' } });
    await master.call('resumeJob', { params: { job: 'a' } });
    await put({ description: 'two', retry: { limit: 3 }, paused: true });
    const items = await list();
    expect(items.map(({ generation, change, changed }) => [generation, change, changed])).toEqual([
      [5, 'paused', ['paused']],
      [4, 'resumed', ['paused']],
      [3, 'paused', ['paused']],
      [2, 'edited', ['description', 'retry.limit']],
      [1, 'created', null],
    ]);
    expect(items.map(({ by }) => by)).toEqual(Array.from({ length: 5 }, () => 'api'));
    expect(items.map((item) => item.current)).toEqual([true, false, false, false, false]);
    const times = items.map(({ at }) => Date.parse(at!));
    expect(times).toEqual(times.toSorted((a, b) => b - a));
    expect(items[0]!.at).toBe((await current()).updatedAt);
  });

  it('names the token of who asked, in a batch and for a restore as well', async () => {
    const tokens = ['anna', 'bert'].map((name) => ({
      name,
      token: { reveal: () => `the-token-of-${name}` },
    }));
    const guarded = await startTestMaster(shared, { access: { allowedHosts: [], tokens: tokens as never } });
    const as = (name: string) => ({ authorization: `Bearer the-token-of-${name}` });
    const operations = [{ op: 'put' as const, definition: job('a') }];
    await guarded.call('batchJobs', { body: { operations } }, as('anna'));
    await guarded.call('pauseJob', { params: { job: 'a' } }, as('bert'));
    await guarded.call('resumeJob', { params: { job: 'a' } }, as('anna'));
    await guarded.call('putJob', { params: { job: 'a' }, body: job('a', { timeout: '1m' }) }, as('bert'));
    await guarded.call('restoreVersion', { params: params(1) }, as('anna'));
    expect((await list()).map(({ by, change, from }) => [by, change, from])).toEqual([
      ['anna', 'restored', 1],
      ['bert', 'edited', undefined],
      ['anna', 'resumed', undefined],
      ['bert', 'paused', undefined],
      ['anna', 'created', undefined],
    ]);
    expect(guarded.log()).not.toContain('the-token-of');
  });

  it('has no new one after a change of nothing', async () => {
    await put({ description: 'one' });
    await put({ description: 'one' });
    expect(await list()).toHaveLength(1);
    expect(await stored()).toEqual([]);
  });

  it('gives the ETag that a restore can name', async () => {
    const { headers } = await put();
    const listed = await master.call('listVersions', { params: { job: 'a' } });
    expect(listed.headers['etag']).toBe(headers['etag']);
  });

  it('names twenty of the changed fields, and counts them all', async () => {
    const env = (value: string) => Object.fromEntries(Array.from({ length: 30 }, (_, i) => [`V${i}`, value]));
    await put({ task: { kind: 'shell', command: 'true', env: env('1') } });
    await put({ task: { kind: 'shell', command: 'true', env: env('2') } });
    const [newest] = await list();
    expect(newest!.changed).toHaveLength(20);
    expect(newest!.changes).toBe(30);
  });

  it('is of jobs that exist', async () => {
    const given = { params: { job: 'none' } };
    await master.refused('job_not_found', 'listVersions', given);
    const one = { params: { job: 'none', version: '1' } };
    await master.refused('job_not_found', 'getVersion', one);
    await master.refused('job_not_found', 'diffVersion', one);
    const { status } = await master.refused('job_not_found', 'restoreVersion', one);
    expect(status).toBe(404);
  });
});

describe('twenty versions', () => {
  it('are left of 25, and no more keys than that', async () => {
    for (let i = 1; i <= 25; i++) await put({ description: `edit ${i}` });
    expect((await list()).map(({ generation }) => generation)).toEqual(
      Array.from({ length: 20 }, (_, i) => 25 - i),
    );
    expect((await stored()).map(({ generation }) => generation)).toEqual(
      Array.from({ length: 19 }, (_, i) => i + 6),
    );
    expect((await list()).at(-1)).toMatchObject({ generation: 6, change: 'edited', changed: null });
    expect((await read(6)).body.definition.description).toBe('edit 6');
    const gone = await master.refused('version_not_found', 'getVersion', { params: params(5) });
    expect(gone).toMatchObject({ status: 404, detail: expect.stringContaining('6 to 25') });
    await master.refused('version_not_found', 'restoreVersion', { params: params(5) });
    await master.refused('version_not_found', 'diffVersion', { params: params(6) });
    expect(await diff(6, 7)).toHaveLength(1);
  });

  it('of the largest definitions are listed, compared and restored', async () => {
    const command = (i: number) => `${i} ${'x'.repeat(64_000)}`;
    for (let i = 1; i <= 22; i++) await put({ task: { kind: 'shell', command: command(i) } });
    const bytes = (await stored()).reduce((sum, { value }) => sum + Buffer.byteLength(value), 0);
    expect(bytes).toBeLessThanOrEqual(19 * 65 * 1024);
    expect(await list()).toHaveLength(20);
    expect(await diff(22)).toMatchObject([{ path: 'task.command' }]);
    await restore(3);
    expect((await current()).definition.task.command).toBe(command(3));
  });
});

describe('a version', () => {
  it('is read as it was, with who made it', async () => {
    await put({ description: 'one' });
    await put({ description: 'two' });
    expect((await read(1)).body).toMatchObject({
      name: 'a',
      generation: 1,
      current: false,
      change: 'created',
      by: 'api',
      definition: { description: 'one', timezone: 'UTC' },
    });
    expect((await read(2)).body).toMatchObject({ current: true, definition: (await current()).definition });
  });

  it('is named by a whole number', async () => {
    await put();
    for (const version of ['0', '-1', '1.5', 'x', '01', '99999999999999999']) {
      const { errors } = await master.refused('invalid_input', 'getVersion', {
        params: { job: 'a', version },
      });
      expect(errors!.map(({ path }) => path)).toEqual(['version']);
    }
    await master.refused('version_not_found', 'getVersion', { params: params(2) });
  });

  it('that was kept by nobody is there all the same: the one that stands', async () => {
    const record = { ...codecs.job.decode((await jobOfOldMaster()).value) };
    expect(record.ok).toBe(true);
    expect(await list()).toMatchObject([
      { generation: 4, current: true, by: null, change: 'edited', changed: null },
    ]);
    await put({ description: 'new' });
    expect(await list()).toMatchObject([
      { generation: 5, by: 'api', changed: ['description'] },
      { generation: 4, by: null },
    ]);
    await restore(4);
    expect((await current()).definition.description).toBe('old');
  });

  it('that cannot be read is told as such, and hinders no other', async () => {
    await put({ description: 'one' });
    await put({ description: 'two' });
    await put({ description: 'three' });
    await master.write(master.keys.version('a', 2), '{"definition": {"name": "a", "password": "hidden"}}');
    const items = await list();
    expect(items[1]).toMatchObject({ generation: 2, at: null, change: null, changed: null });
    expect(items[1]!.error).toContain('definition.task');
    const { detail } = await master.refused('job_broken', 'getVersion', { params: params(2) });
    expect(detail + JSON.stringify(items)).not.toContain('hidden');
    await master.refused('job_broken', 'diffVersion', { params: params(3) });
    expect(await diff(3, 1)).toHaveLength(1);
  });
});

/** As a master wrote it that kept no versions. */
async function jobOfOldMaster(): Promise<{ value: string }> {
  await put({ description: 'old' });
  const { kvs } = await master.etcd.range({ key: master.keys.job('a') });
  const { change: _change, ...record } = JSON.parse(kvs[0]!.value) as Record<string, unknown>;
  const value = JSON.stringify({ ...record, generation: 4 });
  await master.write(master.keys.job('a'), value);
  return { value };
}

describe('the difference of versions', () => {
  beforeEach(async () => {
    await put({ schedule: '0 1 * * *' });
    await put({ schedule: '0 2 * * *', timeout: '1m' });
    await put({ schedule: '0 3 * * *', timeout: '1m' });
  });

  it('is against the version before, any other, or the one that stands', async () => {
    const schedule = (before: number, after: number) => ({
      path: 'schedule',
      before: `0 ${before} * * *`,
      after: `0 ${after} * * *`,
    });
    expect(await diff(3)).toEqual([schedule(2, 3)]);
    expect(await diff(2)).toEqual([schedule(1, 2), { path: 'timeout', after: '1m' }]);
    expect(await diff(1, 'current')).toEqual([schedule(3, 1), { path: 'timeout', before: '1m' }]);
    expect(await diff(3, 1)).toEqual([schedule(1, 3), { path: 'timeout', after: '1m' }]);
    expect(await diff(3, 'current')).toEqual([]);
  });

  it('of the first is all that it says', async () => {
    const { body } = await master.call('diffVersion', { params: params(1) });
    expect(body.against).toBeNull();
    expect(body.changes).toContainEqual({ path: 'schedule', after: '0 1 * * *' });
  });

  it('is refused against what is not there, or no version', async () => {
    const ask = (against: string) => ({ params: params(3), query: { against } });
    await master.refused('version_not_found', 'diffVersion', ask('9'));
    for (const against of ['0', 'newest', '-1']) {
      const { errors } = await master.refused('invalid_input', 'diffVersion', ask(against));
      expect(errors).toEqual([{ path: 'against', message: expect.stringContaining('current') }]);
    }
  });
});

describe('restoring', () => {
  it('makes a new generation of it, with an ETag, and tells what was there', async () => {
    await put({ description: 'one' });
    await put({ description: 'two' });
    const { status, body, headers } = await restore(1);
    expect(status).toBe(200);
    expect(body).toMatchObject({
      job: { generation: 3, definition: { description: 'one' } },
      previous: { generation: 2, definition: { description: 'two' } },
      started: [],
    });
    expect(headers['etag']).toBe(`"${(await current()).revisions.mod}"`);
    expect((await list())[0]).toMatchObject({ change: 'restored', from: 1, changed: ['description'] });
    expect((await master.call('listJobs')).body.items[0].description).toBe('one');
  });

  it('of what stands already changes nothing', async () => {
    await put({ description: 'one' });
    const { body: before } = await put({ description: 'two' });
    expect((await restore(2)).body.job.revisions).toEqual(before.job.revisions);
    await put({ description: 'one' });
    expect((await restore(1)).body.job.generation).toBe(3);
  });

  it('is asked with an empty object as well as without a body', async () => {
    await put({ description: 'one' });
    await put({ description: 'two' });
    const given = { params: params(1), headers: {}, body: {} as never };
    expect((await master.call('restoreVersion', given)).body.job.generation).toBe(3);
  });

  it('honours If-Match', async () => {
    const first = await put({ description: 'one' });
    const second = await put({ description: 'two' });
    const ask = (tag: string) => ({ params: params(1), headers: { 'if-match': tag } });
    await master.refused('precondition_failed', 'restoreVersion', ask(first.headers['etag']!));
    await master.refused('invalid_input', 'restoreVersion', ask('nonsense'));
    expect(await list()).toHaveLength(2);
    expect((await restore(1, master, { 'if-match': second.headers['etag']! })).status).toBe(200);
    await master.refused('precondition_failed', 'restoreVersion', {
      params: { job: 'none', version: '1' },
      headers: { 'if-match': '*' },
    });
  });

  it('lets one of a restore and an edit at two masters win, and refuses the other', async () => {
    const other = await startTestMaster(shared);
    await put({ description: 'one' });
    for (let round = 0; round < 5; round++) {
      const { headers } = await put({ description: `edit ${round}` });
      const match = { 'if-match': headers['etag']! };
      const generation = (await current()).generation as number;
      const answers = await Promise.all([
        restore(1, other, match),
        put({ description: `late ${round}` }, master, match),
      ]);
      expect(answers.map(({ status }) => status).sort((a, b) => a - b)).toEqual([200, 412]);
      const now = await current();
      const won = answers.find(({ status }) => status === 200)!;
      expect(now.generation).toBe(generation + 1);
      expect(now.definition).toEqual(won.body.job.definition);
    }
  });

  it('loses no change of many at once that named no revision, and keeps each as a version', async () => {
    const other = await startTestMaster(shared);
    await put({ description: 'one' });
    await put({ description: 'two' });
    const answers = await Promise.all([
      restore(1),
      put({ description: 'three' }, other),
      restore(1, other),
      put({ description: 'four' }),
    ]);
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200]);
    const items = await list();
    expect(items.map(({ generation }) => generation)).toEqual(
      Array.from({ length: items.length }, (_, i) => items.length - i),
    );
    const generations = new Set(answers.map(({ body }) => body.job.generation));
    for (const generation of generations) expect(items[0]!.generation).toBeGreaterThanOrEqual(generation);
  });

  it('fires nothing from before that moment: `since` moves when the timing does, and never back', async () => {
    const { body: first } = await put({ schedule: '@hourly' });
    await put({ schedule: '@hourly', description: 'two' });
    const task = await restore(1);
    expect(task.body.job.since).toBe(first.job.since);
    const timed = await put({ schedule: '@daily' });
    const { body } = await restore(1);
    expect(Date.parse(body.job.since)).toBeGreaterThanOrEqual(Date.parse(timed.body.job.since));
    expect(Date.parse(body.job.since)).toBeGreaterThan(Date.parse(first.job.since));
    expect(body.job).toMatchObject({ anchor: first.job.anchor, createdAt: first.job.createdAt });
  });

  it('leaves what is paused paused, and what is not going', async () => {
    await put({ description: 'one' });
    await put({ description: 'two', paused: true });
    expect((await restore(1)).body.job.definition).toMatchObject({ description: 'one', paused: true });
    await master.call('resumeJob', { params: { job: 'a' } });
    expect((await restore(2)).body.job.definition).toMatchObject({ description: 'two', paused: false });
  });

  it('is checked as a PUT is today: an instant in the past is refused with its field', async () => {
    const soon = `@at ${new Date(Date.now() + 3_600_000).toISOString()}`;
    await put({ schedule: soon, description: 'one' });
    await put({ schedule: soon, description: 'two' });
    await put({ schedule: '@daily', description: 'three' });
    const past = '2026-01-01T00:00:00Z';
    for (const generation of [1, 2]) await age(master.keys.version('a', generation), soon, `@at ${past}`);
    const { errors } = await master.refused('invalid_input', 'restoreVersion', { params: params(1) });
    expect(errors).toEqual([{ path: 'schedule', message: expect.stringContaining('in the past') }]);
    expect((await current()).definition.description).toBe('three');
    // As an edit: what the job has already is not refused for its age.
    await age(master.keys.job('a'), '@daily', `@at ${past}`);
    expect((await restore(1)).body.job.definition.description).toBe('one');
  });

  it('works where the stored definition cannot be read, and goes on counting', async () => {
    await put({ description: 'one' });
    await put({ description: 'two' });
    await master.write(master.keys.job('a'), 'not json, but hidden');
    expect((await list()).map(({ generation }) => generation)).toEqual([1]);
    const { status, body } = await restore(1);
    expect(status).toBe(200);
    expect(body).toMatchObject({
      previous: null,
      job: { generation: 3, definition: { description: 'one' } },
    });
    expect((await list()).map(({ generation }) => generation)).toEqual([3, 1]);
  });

  it('keeps what cannot be read as a version, when it tells its generation', async () => {
    await put({ description: 'one' });
    const { kvs } = await master.etcd.range({ key: master.keys.job('a') });
    const newer = kvs[0]!.value
      .replace('"generation":1', '"generation":2')
      .replace('"paused"', '"zzz":1,"paused"');
    await master.write(master.keys.job('a'), newer);
    expect((await list())[0]).toMatchObject({ generation: 2, current: true, error: expect.any(String) });
    await put({ description: 'three' });
    expect((await current()).generation).toBe(3);
    expect((await stored()).find(({ generation }) => generation === 2)!.value).toBe(newer);
  });
});

/** Rewrites a stored value, as if time had passed. */
async function age(key: string, from: string, to: string): Promise<void> {
  const { kvs } = await master.etcd.range({ key });
  expect(kvs[0]!.value).toContain(from);
  await master.write(key, kvs[0]!.value.replace(from, to));
}

describe('secrets', () => {
  const withEnv = (env: object): Rest => ({ task: { kind: 'shell', command: 'true', env: env as never } });
  const secret = (value: string) => ({ secret: true, value });
  /** Everything that the API tells about the versions of the job. */
  const allTold = async (): Promise<string> => {
    const answers: string[] = [(await master.call('listVersions', { params: { job: 'a' } })).text];
    const generations = (await list()).map(({ generation }) => generation);
    for (const generation of generations) {
      answers.push((await read(generation)).text);
      for (const against of [...generations.map(String), 'current'])
        answers.push(
          (await master.call('diffVersion', { params: params(generation), query: { against } })).text,
        );
    }
    return answers.join('\n');
  };

  it('are never told by versions, differences, restores or the log', async () => {
    await put(withEnv({ A: secret('hidden-1'), B: 'open' }));
    await put(withEnv({ A: secret('hidden-2') }));
    await put(withEnv({ C: secret('hidden-3') }));
    await put();
    const restored = await restore(1);
    expect((await allTold()) + restored.text + master.log()).not.toContain('hidden');
    expect(await diff(2)).toEqual([
      { path: 'task.env.A', before: { secret: true }, after: { secret: true }, secret: true },
      { path: 'task.env.B', before: 'open' },
    ]);
    expect((await read(1)).body.definition.task.env).toEqual({ A: { secret: true }, B: 'open' });
  });

  it('of headers are none of the answers either, in whatever case their names are written', async () => {
    const withHeaders = (headers: object): Rest => ({
      task: { kind: 'http', url: 'http://127.0.0.1/hook', headers: headers as never },
    });
    await put(withHeaders({ authorization: 'hidden-1', accept: 'open' }));
    await put(withHeaders({ Authorization: secret('hidden-2') }));
    await put(withHeaders({ Authorization: secret('hidden-3') }));
    const restored = await restore(1);
    expect((await allTold()) + restored.text + master.log()).not.toContain('hidden');
    expect(await diff(3)).toMatchObject([{ path: 'task.headers.Authorization', secret: true }]);
    expect((await read(1)).body.definition.task.headers).toEqual({
      authorization: { secret: true },
      accept: 'open',
    });
  });

  it('come back with the version that is restored', async () => {
    await put(withEnv({ A: secret('hidden-1') }));
    await put(withEnv({ A: secret('hidden-2') }));
    await put();
    await restore(1);
    const { kvs } = await master.etcd.range({ key: master.keys.job('a') });
    expect(codecs.job.decode(kvs[0]!.value)).toMatchObject({
      value: { definition: { task: { env: { A: { secret: true, value: 'hidden-1' } } } } },
    });
  });

  it('that were plain once are not told by the versions before, and stay secrets when those are restored', async () => {
    await put(withEnv({ A: 'hidden' }));
    await put(withEnv({ A: { secret: true } }));
    await put(withEnv({ B: 'open' }));
    expect(await allTold()).not.toContain('hidden');
    const restored = await restore(1);
    expect(restored.body.job.definition.task.env).toEqual({ A: { secret: true } });
    expect((await allTold()) + restored.text).not.toContain('hidden');
  });
});

describe('a deletion', () => {
  it('takes all versions with it; a job created anew has only its own', async () => {
    for (const description of ['one', 'two', 'three']) await put({ description });
    await master.call('deleteJob', { params: { job: 'a' } });
    expect(await stored()).toEqual([]);
    await put({ description: 'anew' });
    expect((await list()).map(({ generation, change }) => [generation, change])).toEqual([[1, 'created']]);
    await master.refused('version_not_found', 'getVersion', { params: params(2) });
  });

  it('by hand leaves them behind, and the next job of that name takes none of them over', async () => {
    for (const description of ['one', 'two', 'three']) await put({ description });
    await master.etcd.txn({
      compare: [],
      success: [{ type: 'delete', key: master.keys.job('a') }],
      failure: [],
    });
    await put({ description: 'anew' });
    expect(await stored()).toEqual([]);
    expect(await list()).toHaveLength(1);
  });

  it('between the look of a restore and its write is no way into the job created after it', async () => {
    for (const description of ['one', 'two']) await put({ description });
    let looked = false;
    const etcd: typeof shared.etcd = {
      ...shared.etcd,
      async txn(txn, options) {
        const answer = await shared.etcd.txn(txn, options);
        if (
          !looked &&
          txn.success.some((op) => op.type === 'range' && op.key === master.keys.versionsOf('a').key)
        ) {
          looked = true;
          await master.call('deleteJob', { params: { job: 'a' } });
          await put({ description: 'anew' });
        }
        return answer;
      },
    };
    const racing = await startTestMaster(shared, { etcd });
    await racing.refused('job_changed', 'restoreVersion', { params: params(1) });
    expect(looked).toBe(true);
    expect((await current()).definition.description).toBe('anew');
  });
});

describe('a batch', () => {
  const batch = (operations: object[]) =>
    master.call('batchJobs', { body: { operations: operations as never } });

  it('keeps a version of each of a hundred jobs in the one transaction that changes them', async () => {
    const names = Array.from({ length: 100 }, (_, i) => `j${i}`);
    for (const description of ['one', 'two', 'three']) {
      const { body } = await batch(
        names.map((name) => ({ op: 'put', definition: job(name, { description }) })),
      );
      expect(new Set(body.results.map((each: { modRevision: number }) => each.modRevision)).size).toBe(1);
    }
    for (const name of ['j0', 'j99']) {
      const items = await list(name);
      expect(items.map(({ generation, change }) => [generation, change])).toEqual([
        [3, 'edited'],
        [2, 'edited'],
        [1, 'created'],
      ]);
    }
    // With the oldest to go, too, as after thirty changes.
    for (const name of names) await age(master.keys.job(name), '"generation":3', '"generation":30');
    const late = await batch(names.map((name) => ({ op: 'put', definition: job(name) })));
    expect(new Set(late.body.results.map((each: { modRevision: number }) => each.modRevision)).size).toBe(1);
    expect((await list('j99')).map(({ generation }) => generation)).toEqual([31, 30]);
    const { body } = await batch(names.map((name) => ({ op: 'delete', name })));
    expect(new Set(body.results.map((each: { modRevision: number }) => each.modRevision)).size).toBe(1);
    expect((await master.etcd.range({ ...master.keys.all, countOnly: true })).count).toBe(0);
  });

  it('of the largest definitions over the largest is within what etcd takes', async () => {
    const names = Array.from({ length: 30 }, (_, i) => `j${i}`);
    for (const letter of ['x', 'y']) {
      const command = letter.repeat(64_000);
      const { body } = await batch(
        names.map((name) => ({ op: 'put', definition: job(name, { task: { kind: 'shell', command } }) })),
      );
      const outcomes = body.results.map((each: { outcome: string }) => each.outcome);
      expect(new Set(outcomes)).toEqual(new Set([letter === 'x' ? 'created' : 'replaced']));
    }
    expect((await master.etcd.range({ ...master.keys.versions, countOnly: true })).count).toBe(30);
  });

  it('over a value that cannot be read goes on counting', async () => {
    await put({ description: 'one' });
    await put({ description: 'two' });
    await master.write(master.keys.job('a'), 'not json');
    const { body } = await batch([{ op: 'put', definition: job('a', { description: 'three' }) }]);
    expect(body.results).toMatchObject([{ outcome: 'replaced' }]);
    expect((await list()).map(({ generation }) => generation)).toEqual([3, 1]);
  });
});
