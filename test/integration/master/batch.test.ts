// Batches: each hundred operations are one transaction, each operation has a result of its own.
import { beforeEach, describe, expect, it } from 'vitest';
import { useEtcd } from '../../support/shared-etcd.ts';
import { claim, endClaim, job, startTestMaster, type TestMaster } from './harness.ts';

const shared = useEtcd();
let master: TestMaster;
beforeEach(async () => {
  master = await startTestMaster(shared);
});

const put = (name: string, rest: object = {}) => ({ op: 'put' as const, definition: job(name), ...rest });
const batch = async (operations: readonly object[]) => {
  const answer = await master.call('batchJobs', { body: { operations: [...operations] as never[] } });
  return answer.body.results as {
    name: string;
    outcome: string;
    modRevision?: number;
    problem?: { code: string; errors?: { path: string }[] };
  }[];
};
const countJobs = async () => (await master.etcd.range({ ...master.keys.jobs, countOnly: true })).count;

describe('a batch', () => {
  it('writes each hundred in one transaction', async () => {
    const results = await batch(Array.from({ length: 250 }, (_, i) => put(`j${i}`)));
    expect(results.every(({ outcome }) => outcome === 'created')).toBe(true);
    const revisions = results.map(({ modRevision }) => modRevision);
    expect(new Set(revisions).size).toBe(3);
    expect(new Set(revisions.slice(0, 100)).size).toBe(1);
    expect(new Set(revisions.slice(100, 200)).size).toBe(1);
    expect(await countJobs()).toBe(250);
    expect((await master.call('listJobs', { query: { limit: 1 } })).body.total).toBe(250);
  });

  it('writes a hundred or none of them, when etcd fails', async () => {
    const etcd: typeof shared.etcd = {
      ...shared.etcd,
      txn(txn, options) {
        const isSecond = txn.success.some(
          (op) =>
            op.type === 'txn' &&
            op.txn.success.some((inner) => inner.type === 'put' && inner.key.endsWith('jobs/j100')),
        );
        return shared.etcd.txn(
          isSecond ? { ...txn, success: [...txn.success, ...txn.success] } : txn,
          options,
        );
      },
    };
    const failing = await startTestMaster(shared, { etcd });
    const operations = Array.from({ length: 250 }, (_, i) => put(`j${i}`));
    const { status } = await failing.call('batchJobs', { body: { operations } });
    expect(status).toBe(502);
    const { kvs } = await master.etcd.range(master.keys.jobs);
    const numbers = kvs.map(({ key }) => Number(key.slice(key.lastIndexOf('j') + 1)));
    const ofEach = [0, 1, 2].map((hundred) => numbers.filter((n) => Math.floor(n / 100) === hundred).length);
    expect([0, 100]).toContain(ofEach[0]);
    expect(ofEach[1]).toBe(0);
    expect([0, 50]).toContain(ofEach[2]);
    const again = await batch(operations);
    expect(again.filter(({ outcome }) => outcome === 'created')).toHaveLength(250 - kvs.length);
    expect(await countJobs()).toBe(250);
  });

  it('mixes puts and deletes, and answers each in its place', async () => {
    await batch([put('a'), put('b')]);
    const revision = (await master.call('getJob', { params: { job: 'a' } })).body.revisions.mod;
    const results = await batch([
      { op: 'delete', name: 'b' },
      { op: 'put', definition: job('a', { description: 'new' }), ifMatch: revision },
      put('c'),
      { op: 'delete', name: 'none' },
      put('d', { ifMatch: 7 }),
      { op: 'put', definition: { name: 'e', schedule: 'never', task: { kind: 'shell', command: 'x' } } },
      { op: 'put', definition: { name: 'bad name' } },
    ]);
    expect(results.map(({ name, outcome }) => `${name} ${outcome}`)).toEqual([
      'b deleted',
      'a replaced',
      'c created',
      'none refused',
      'd refused',
      'e refused',
      'bad name refused',
    ]);
    expect(results.map(({ problem }) => problem?.code)).toEqual([
      undefined,
      undefined,
      undefined,
      'job_not_found',
      'precondition_failed',
      'invalid_input',
      'invalid_input',
    ]);
    expect(results[5]!.problem!.errors!.map(({ path }) => path)).toEqual(['schedule']);
    expect((await master.call('listJobs')).body.items.map((item: { name: string }) => item.name)).toEqual([
      'a',
      'c',
    ]);
  });

  it('refuses a name that is there twice, as a whole', async () => {
    const { errors } = await master.refused('invalid_input', 'batchJobs', {
      body: { operations: [put('a'), { op: 'delete', name: 'a' }] as never },
    });
    expect(errors!.map(({ path }) => path)).toEqual(['operations[1].name']);
    expect(await countJobs()).toBe(0);
    await master.refused('invalid_input', 'batchJobs', { body: { operations: [] } });
    await master.refused('invalid_input', 'batchJobs', { body: { operations: [{ op: 'rename' }] as never } });
  });

  it('keeps transactions small enough for etcd when definitions are large', async () => {
    const command = 'x'.repeat(60_000);
    const results = await batch(
      Array.from({ length: 60 }, (_, i) => ({
        op: 'put',
        definition: job(`j${i}`, { task: { kind: 'shell', command } }),
      })),
    );
    expect(results.every(({ outcome }) => outcome === 'created')).toBe(true);
  });

  it('answers as strictly as a single write', async () => {
    await batch([put('a'), put('b'), put('c')]);
    const [a, b] = ['20260101T000000.000Z-00000a', '20260101T000000.000Z-00000b'] as const;
    await claim(master, 'a', a, Date.now() + 400);
    await claim(master, 'b', b, Date.now() + 400);
    const results = await batch([
      { op: 'put', definition: job('a', { description: 'new' }) },
      { op: 'delete', name: 'b' },
      { op: 'delete', name: 'c' },
    ]);
    expect(results).toMatchObject([
      { outcome: 'replaced', started: [{ run: a }] },
      { outcome: 'deleted', started: [{ run: b }] },
      { outcome: 'deleted', started: [] },
    ]);
    await endClaim(master, 'a', a);
  });
});

describe('a batch of many things to do', () => {
  const id = '20261122T143000.000Z-7f3a9c';
  const stateOf = async (name: string): Promise<boolean> =>
    (await master.call('getJob', { params: { job: name } })).body.definition.paused;

  it('pauses and resumes, each hundred in one transaction, and says what it left as it was', async () => {
    const names = Array.from({ length: 150 }, (_, i) => `j${i}`);
    await batch([...names.map((name) => put(name)), put('p', { definition: job('p', { paused: true }) })]);
    const paused = await batch([...names, 'p', 'gone'].map((name) => ({ op: 'pause', name })));
    expect(paused.slice(0, 150).every(({ outcome }) => outcome === 'paused')).toBe(true);
    expect(new Set(paused.slice(0, 150).map(({ modRevision }) => modRevision)).size).toBe(2);
    expect(paused.slice(150)).toMatchObject([
      { name: 'p', outcome: 'unchanged' },
      { name: 'gone', outcome: 'refused', problem: { code: 'job_not_found' } },
    ]);
    expect(await stateOf('j149')).toBe(true);
    const { items } = (await master.call('listVersions', { params: { job: 'j0' } })).body;
    expect(items[0]).toMatchObject({ generation: 2, change: 'paused', by: 'api' });
    const resumed = await batch([
      { op: 'resume', name: 'j0' },
      { op: 'resume', name: 'p' },
      { op: 'delete', name: 'j1' },
    ]);
    expect(resumed.map(({ outcome }) => outcome)).toEqual(['resumed', 'resumed', 'deleted']);
    expect([await stateOf('j0'), await stateOf('p'), await stateOf('j2')]).toEqual([false, false, true]);
    const total = async (state: 'paused') =>
      (await master.call('listJobs', { query: { state, limit: 1 } })).body.total;
    expect(await total('paused')).toBe(148);
  });

  it('waits for an armed run that a pause meets, as a pause by itself does', async () => {
    await batch([put('a'), put('b')]);
    await claim(master, 'a', id, Date.now() + 60_000);
    setTimeout(() => void endClaim(master, 'a', id), 300);
    const began = Date.now();
    const [a, b] = await batch([
      { op: 'pause', name: 'a' },
      { op: 'pause', name: 'b' },
    ]);
    expect(Date.now() - began).toBeGreaterThan(250);
    expect([a, b]).toMatchObject([
      { outcome: 'paused', started: [] },
      { outcome: 'paused', started: [] },
    ]);
  });

  it('asks for runs and kills one by one, and one refusal touches no other', async () => {
    await batch([put('a'), put('b'), put('c')]);
    await claim(master, 'b', id, Date.now(), 'running');
    const asked = await batch([
      { op: 'run', name: 'a' },
      { op: 'run', name: 'b' },
      { op: 'run', name: 'gone' },
      { op: 'run', name: 'c', queue: true },
    ]);
    expect(asked).toMatchObject([
      { outcome: 'asked', runs: [{}], hint: expect.stringContaining('no worker') },
      { outcome: 'refused', problem: { code: 'job_running' } },
      { outcome: 'refused', problem: { code: 'job_not_found' } },
      { outcome: 'asked' },
    ]);
    const { body } = await master.call('listRuns', { query: { state: 'waiting' } });
    expect(body.items.map((run: { job: string }) => run.job)).toEqual(['a', 'c']);
    const killed = await batch([
      { op: 'kill', name: 'a', reason: 'not now' },
      { op: 'kill', name: 'b' },
      { op: 'kill', name: 'gone' },
    ]);
    expect(killed).toMatchObject([
      { outcome: 'killed', killed: [{}] },
      { outcome: 'killed', killed: [{ run: id }] },
      { outcome: 'refused', problem: { code: 'job_not_found' } },
    ]);
    expect((await master.call('listRuns', { query: { state: 'waiting' } })).body.items).toHaveLength(1);
  });

  it('refuses as a whole what names a job twice, or asks for what it does not know', async () => {
    const twice = [
      { op: 'pause', name: 'a' },
      { op: 'run', name: 'a' },
    ] as const;
    const { errors } = await master.refused('invalid_input', 'batchJobs', {
      body: { operations: [...twice] },
    });
    expect(errors).toMatchObject([{ path: 'operations[1].name' }]);
    const unknown = [{ op: 'stop', name: 'a' }] as never[];
    await master.refused('invalid_input', 'batchJobs', { body: { operations: unknown } });
  });
});
