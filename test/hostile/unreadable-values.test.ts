// What was wrong with how values of etcd that nobody can read were met, case by case.
import { Writable } from 'node:stream';
import { pino } from 'pino';
import { expect, test } from 'vitest';
import { makeRunId } from '../../src/common/model/ids.ts';
import { instant } from '../../src/common/model/time.ts';
import { systemClock } from '../../src/common/runtime/clock.ts';
import { codecs } from '../../src/common/store/keyspace.ts';
import { createUnreadable } from '../../src/common/store/unreadable.ts';
import { startHousekeeper } from '../../src/master/housekeeper.ts';
import { job, runOf, startTestMaster } from '../integration/master/harness.ts';
import { createRequests } from '../../src/worker/requests.ts';
import { createGate } from '../support/gate.ts';
import { waitFor } from '../support/wait.ts';
import { jobRecord, useWorkers } from '../support/workers.ts';
import { put, remove } from '../support/writes.ts';

const cluster = useWorkers();
const task = { kind: 'handler', name: 'gate' } as const;
const everySecond = (name: string) => ({ name, schedule: '* * * * * *', task });

function keptLog() {
  const lines: Record<string, unknown>[] = [];
  const stream = new Writable({
    write(chunk: Buffer, _encoding, done) {
      lines.push(JSON.parse(chunk.toString()) as Record<string, unknown>);
      done();
    },
  });
  return {
    logger: pino({ level: 'debug' }, stream),
    errorsOf: (key: string) => lines.filter((line) => line['key'] === key && line['level'] === 50),
  };
}

async function openWorker() {
  const gate = createGate();
  gate.open();
  const log = keptLog();
  const [worker] = await cluster.start(1, { handlers: { gate: gate.handler }, logger: log.logger });
  return { gate, worker: worker!, ...log };
}

async function metric(url: string, name: string): Promise<number> {
  const text = await (await fetch(`${url}/metrics`)).text();
  return Number(new RegExp(`^${name}\\{[^}]*\\} (\\d+)$`, 'm').exec(text)![1]);
}

test('a cursor that becomes unreadable makes no tick due again, is told, and the job goes on', async () => {
  const { etcd } = cluster.shared;
  const { gate, errorsOf } = await openWorker();
  await cluster.jobs.create(everySecond('job'), { since: Date.now() - 3_600_000 });
  await waitFor(() => gate.of('job').length >= 2, { what: 'it runs' });
  const cursor = cluster.keys.cursor('job');
  for (const value of ['tomorrow', '9999999999999999', '']) {
    const before = gate.of('job').length;
    await put(etcd, cursor, value);
    await waitFor(() => gate.of('job').length >= before + 2, { what: `it goes on after "${value}"` });
  }
  const ticks = gate.of('job').map(({ scheduledFor }) => scheduledFor);
  expect(new Set(ticks).size).toBe(ticks.length);
  expect(errorsOf(cursor).length).toBeGreaterThan(0);
  const { kvs } = await etcd.range({ key: cursor });
  expect(codecs.cursor.decode(kvs[0]!.value).ok).toBe(true);
});

test('a lock that is none holds its job, is told once, and frees it when it is removed', async () => {
  const { etcd } = cluster.shared;
  const lock = cluster.keys.lock('job');
  await put(etcd, lock, 'mine!');
  const { gate, worker, errorsOf } = await openWorker();
  await cluster.jobs.create(everySecond('job'));
  await cluster.jobs.create(everySecond('other'));
  await waitFor(() => errorsOf(lock).length > 0 && gate.of('other').length >= 3, { what: 'it is told' });
  expect(gate.of('job')).toEqual([]);
  expect(errorsOf(lock)).toHaveLength(1);
  expect(await metric(worker.url, 'etcron_worker_values_unreadable')).toBe(1);
  await remove(etcd, lock);
  await waitFor(() => gate.of('job').length > 0, { what: 'it runs' });
  expect(await metric(worker.url, 'etcron_worker_values_unreadable')).toBe(0);
});

test('a request to run that names no run, or an impossible time, is passed over, and others run', async () => {
  const { etcd } = cluster.shared;
  const { gate, worker, errorsOf } = await openWorker();
  await cluster.jobs.create({ name: 'job', schedule: '@manual', task });
  const good = { cause: 'manual', attempt: 1, requestedAt: Date.now(), whenRunning: 'queue' } as const;
  const bad = [
    [cluster.keys.trigger('job', '..'), codecs.trigger.encode(good)],
    [cluster.keys.trigger('job', 'nonsense'), codecs.trigger.encode(good)],
    [
      cluster.keys.trigger('job', makeRunId(instant(0), '000000')),
      codecs.trigger.encode({ ...good, requestedAt: 9e15 }),
    ],
    [
      cluster.keys.trigger('job', makeRunId(instant(0), '000001')),
      codecs.trigger.encode({ ...good, tick: -9e15 }),
    ],
  ] as const;
  for (const [key, value] of bad) await put(etcd, key, value);
  await waitFor(() => bad.every(([key]) => errorsOf(key).length === 1), { what: 'each is told' });
  expect(await metric(worker.url, 'etcron_worker_values_unreadable')).toBe(4);
  const id = makeRunId(instant(Date.now()), 'abcdef');
  await put(etcd, cluster.keys.trigger('job', id), codecs.trigger.encode(good));
  await waitFor(() => gate.of('job').length > 0, { what: 'the good one runs' });
  expect(gate.of('job').map(({ runId }) => runId)).toEqual([id]);
  for (const [key] of bad) await remove(etcd, key);
  await waitFor(async () => (await metric(worker.url, 'etcron_worker_values_unreadable')) === 0, {
    what: 'none is left',
  });
});

test('a value nested without end is unreadable, and ends no process', async () => {
  const { etcd } = cluster.shared;
  const deep = `${'['.repeat(100_000)}${']'.repeat(100_000)}`;
  const record = codecs.job.encode(jobRecord({ name: 'deep', schedule: '* * * * * *', task }));
  await put(
    etcd,
    cluster.keys.job('deep'),
    record.replace('"name":"gate"', `"name":"gate","payload":${deep}`),
  );
  const master = await startTestMaster(cluster.shared, { keys: cluster.keys });
  const { gate } = await openWorker();
  await cluster.jobs.create(everySecond('good'));
  await waitFor(() => gate.of('good').length > 1, { what: 'the good one runs' });
  expect(await master.refused('job_broken', 'getJob', { params: { job: 'deep' } })).toMatchObject({
    status: 422,
  });
});

test('a claimed run that stands under the key of another is told by the API, and never settled elsewhere', async () => {
  const { etcd } = cluster.shared;
  const master = await startTestMaster(cluster.shared, { keys: cluster.keys });
  const { errorsOf, worker } = await openWorker();
  await cluster.jobs.create({ name: 'job', schedule: '@manual', task });
  const { kvs } = await etcd.range({ key: cluster.keys.job('job') });
  const id = '20261122T143000.000Z-7f3a9c';
  const key = cluster.keys.active('dead-000000', 'job', id);
  const other = { ...runOf('job', '20261122T143000.000Z-000000'), state: 'running' as const };
  await put(etcd, key, codecs.run.encode({ ...other, jobCreated: kvs[0]!.createRevision }));
  // A worker that starts looks at all that is active.
  const second = await openWorker();
  await waitFor(() => second.errorsOf(key).length === 1 || errorsOf(key).length === 1, {
    what: 'it is told',
  });
  expect(await cluster.jobs.runs('job')).toEqual([]);
  const warnings = async (): Promise<{ code: string; message: string }[]> =>
    (await master.call('getCluster')).body.warnings;
  await waitFor(
    async () =>
      (await warnings()).some(({ code, message }) => code === 'unreadable_values' && message.includes(key)),
    {
      what: 'the API tells',
    },
  );
  await remove(etcd, key);
  await waitFor(async () => !(await warnings()).some(({ code }) => code === 'unreadable_values'), {
    what: 'it is forgotten',
  });
  expect(worker.url).toMatch(/^http/);
});

test('what a version to come has written beside what we know stays: by a change, a loss, a request given back', async () => {
  const { etcd } = cluster.shared;
  const master = await startTestMaster(cluster.shared, { keys: cluster.keys });
  const record = { ...jobRecord(job('job', { paused: true })), shelf: { a: [1] } };
  await put(etcd, cluster.keys.job('job'), JSON.stringify(record));
  const { body } = await master.call('resumeJob', { params: { job: 'job' } });
  expect(body.job).not.toHaveProperty('shelf');
  const stored = async (key: string): Promise<unknown> =>
    JSON.parse((await etcd.range({ key })).kvs[0]!.value);
  expect(await stored(cluster.keys.job('job'))).toMatchObject({ generation: 2, shelf: { a: [1] } });

  const created = (await etcd.range({ key: cluster.keys.job('job') })).kvs[0]!.createRevision;
  const id = '20261122T143000.000Z-7f3a9c';
  const run = { ...runOf('job', id), state: 'running', jobCreated: created, energy: { joules: 3 } };
  await put(etcd, cluster.keys.active('dead-000000', 'job', id), JSON.stringify(run));
  await openWorker();
  await waitFor(async () => (await cluster.jobs.runs('job')).length > 0, { what: 'it is settled' });
  expect(await stored(cluster.keys.run('job', id))).toMatchObject({ state: 'lost', energy: { joules: 3 } });
  const shown = await master.call('getRun', { params: { job: 'job', run: id } });
  expect(shown.body).not.toHaveProperty('energy');

  // What is given back is written as it was kept.
  const requests = createRequests(cluster.keys, createUnreadable(pino({ level: 'silent' })));
  const trigger = { cause: 'manual', attempt: 1, requestedAt: 1, whenRunning: 'queue', colour: 'red' };
  const asked = cluster.keys.trigger('job', id);
  const kv = {
    key: asked,
    value: JSON.stringify(trigger),
    createRevision: 1,
    modRevision: 1,
    version: 1,
    lease: '0',
  };
  requests.putTrigger(kv);
  expect(JSON.parse(codecs.trigger.encode(requests.of('job')![0]!.record))).toEqual(trigger);
});

test('a generation that cannot be counted on from leaves a job that can be put anew', async () => {
  const { etcd } = cluster.shared;
  const master = await startTestMaster(cluster.shared, { keys: cluster.keys });
  const key = cluster.keys.job('job');
  const largest = { ...jobRecord(job('job')), generation: Number.MAX_SAFE_INTEGER };
  for (const [value, beside] of [
    [JSON.stringify(largest), undefined],
    ['{', `${cluster.keys.versionsOf('job').key}zzz`],
    ['{', cluster.keys.version('job', Number.MAX_SAFE_INTEGER)],
  ] as const) {
    await put(etcd, key, value);
    if (beside !== undefined) await put(etcd, beside, 'stray');
    await master.refused('job_broken', 'getJob', { params: { job: 'job' } });
    expect((await master.call('putJob', { params: { job: 'job' }, body: job('job') })).status).toBe(200);
    expect((await master.call('getJob', { params: { job: 'job' } })).status).toBe(200);
  }
});

test('a housekeeper that no master is keeps no house', async () => {
  const { etcd, prefix } = cluster.shared;
  const { keys } = await startTestMaster(cluster.shared, { keys: cluster.keys });
  await put(etcd, keys.housekeeper, '{"not":"a master"}');
  const { leaseId } = await etcd.leaseGrant(30);
  const { logger } = keptLog();
  const housekeeper = startHousekeeper({
    etcd,
    keys,
    clock: systemClock(),
    logger,
    masterId: `m${prefix.length}`,
    registration: { leaseId },
    quotaBytes: 2 * 1024 ** 3,
    timing: { roundEvery: 20, pace: 1, leftoverAge: 1_000 },
  });
  cluster.shared.cleanup(() => housekeeper.stop());
  await waitFor(() => housekeeper.isElected, { what: 'it is elected' });
  const { kvs } = await etcd.range({ key: keys.housekeeper });
  expect(kvs[0]).toMatchObject({ value: JSON.stringify(`m${prefix.length}`), lease: leaseId });
});
