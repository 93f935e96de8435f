// The housekeeper: one of the masters, prunes by age, removes leftovers, gives up history when space is short.
import { beforeEach, describe, expect, it } from 'vitest';
import pino from 'pino';
import { makeRunId } from '../../../src/common/model/ids.ts';
import { instant } from '../../../src/common/model/time.ts';
import { systemClock } from '../../../src/common/runtime/clock.ts';
import { codecs, keyspace, type Keyspace } from '../../../src/common/store/keyspace.ts';
import { put } from '../../../src/common/store/transactions/parts.ts';
import type { Etcd } from '../../../src/common/store/etcd.ts';
import { createLeftovers } from '../../../src/master/housekeeping/leftovers.ts';
import { startHousekeeper, type Housekeeper } from '../../../src/master/housekeeper.ts';
import { newJobRecord } from '../../../src/master/job-record.ts';
import { jobDefinition } from '../../../src/common/model/job.ts';
import { useEtcd } from '../../support/shared-etcd.ts';
import { waitFor } from '../../support/wait.ts';
import { job, runOf } from './harness.ts';

const shared = useEtcd();
const clock = systemClock();
const logger = pino({ level: 'silent' });
let keys: Keyspace;
beforeEach(() => {
  keys = keyspace(shared.prefix);
});

async function start(
  masterId: string,
  options: { quotaBytes?: number; leftoverAge?: number; etcd?: Etcd } = {},
): Promise<Housekeeper & { leaseId: string }> {
  const { leaseId } = await shared.etcd.leaseGrant(60);
  const housekeeper = startHousekeeper({
    etcd: options.etcd ?? shared.etcd,
    keys,
    clock,
    logger,
    masterId,
    registration: { leaseId },
    quotaBytes: options.quotaBytes ?? 2 * 1024 ** 3,
    timing: { roundEvery: 20, pace: 1, leftoverAge: options.leftoverAge ?? 3_600_000 },
  });
  shared.cleanup(() => housekeeper.stop());
  return Object.assign(housekeeper, { leaseId });
}

async function createJob(
  name: string,
  history: { keep?: number; for?: string } = {},
  generation = 1,
): Promise<void> {
  const record = newJobRecord(jobDefinition.parse(job(name, { history })), clock.now());
  await write(keys.job(name), codecs.job.encode({ ...record, generation }));
}

const write = (key: string, value: string) =>
  shared.etcd.txn({ compare: [], success: [put(key, value)], failure: [] });
const idAgo = (ms: number, n = 0): string =>
  makeRunId(instant(Date.now() - ms), n.toString(16).padStart(6, '0'));
const exists = async (key: string) => (await shared.etcd.range({ key, keysOnly: true })).kvs.length > 0;
const MINUTE = 60_000;

async function addRun(name: string, id: string): Promise<void> {
  await write(keys.run(name, id), codecs.run.encode(runOf(name, id)));
  await write(keys.output(name, id), 'text');
}

describe('the office', () => {
  it('is held by one, and goes to another when its lease ends', async () => {
    const first = await start('m1');
    const holder = async () => (await shared.etcd.range({ key: keys.housekeeper })).kvs[0]?.value;
    await waitFor(async () => (await holder()) === '"m1"', { what: 'm1 is elected' });
    const second = await start('m2');
    await waitFor(() => first.isElected, { what: 'm1 knows it' });
    expect(second.isElected).toBe(false);
    await first.stop();
    await shared.etcd.leaseRevoke(first.leaseId);
    await waitFor(() => second.isElected, { what: 'm2 takes over' });
    expect(await holder()).toBe('"m2"');
  });
});

describe('history', () => {
  it('goes when it is older than the job keeps it, with its output; what is younger stays', async () => {
    await createJob('short', { for: '10m' });
    await createJob('long', { for: '30d' });
    const [old, young] = [idAgo(11 * MINUTE), idAgo(5 * MINUTE)];
    for (const name of ['short', 'long']) for (const id of [old, young]) await addRun(name, id);
    await start('m1');
    await waitFor(async () => !(await exists(keys.run('short', old))), { what: 'the old record is gone' });
    expect(await exists(keys.output('short', old))).toBe(false);
    for (const key of [
      keys.run('short', young),
      keys.output('short', young),
      keys.run('long', old),
      keys.run('long', young),
    ]) {
      expect(await exists(key)).toBe(true);
    }
  });

  it('goes when it is far more than the job keeps, and a few more than that are left to the workers', async () => {
    await createJob('many', { keep: 3 });
    await createJob('few', { keep: 3 });
    const ids = Array.from({ length: 60 }, (_, n) => idAgo((60 - n) * 1_000, n));
    for (const id of ids) await addRun('many', id);
    for (const id of ids.slice(0, 20)) await addRun('few', id);
    await start('m1');
    const left = async (name: string) =>
      (await shared.etcd.range({ ...keys.runsOf(name), keysOnly: true })).kvs.map(
        (kv) => keys.partsOf(kv.key)[1],
      );
    await waitFor(async () => (await left('many')).length <= 3, { what: 'what is too many is gone' });
    expect(await left('many')).toEqual(ids.slice(-3));
    expect(await exists(keys.output('many', ids[0]!))).toBe(false);
    expect(await left('few')).toHaveLength(20);
  });

  it('of a definition that cannot be read is left alone', async () => {
    await write(keys.job('broken'), '{}');
    await createJob('short', { for: '10m' });
    const old = idAgo(400 * 24 * 60 * MINUTE);
    await addRun('broken', old);
    await addRun('short', old);
    await start('m1', { leftoverAge: 0 });
    await waitFor(async () => !(await exists(keys.run('short', old))), { what: 'the round has come by' });
    expect(await exists(keys.run('broken', old))).toBe(true);
  });
});

describe('leftovers of deleted jobs', () => {
  it('go once they have stood for a while; those of jobs that exist stay', async () => {
    await createJob('here');
    const id = idAgo(MINUTE);
    await addRun('here', id);
    await write(keys.cursor('here'), '1');
    await addRun('gone', id);
    await write(keys.cursor('gone'), '1');
    await write(keys.cursorOfAll('gone'), '1');
    await write(keys.cursorOf('gone', 'w-000001'), '1');
    await write(keys.cursorOfAll('here'), '1');
    for (const name of ['here', 'gone']) await write(keys.version(name, 1), '{}');
    await start('m1', { leftoverAge: 50 });
    const ofGone = [
      keys.run('gone', id),
      keys.output('gone', id),
      keys.cursor('gone'),
      keys.cursorOfAll('gone'),
      keys.cursorOf('gone', 'w-000001'),
      keys.version('gone', 1),
    ];
    for (const key of ofGone) await waitFor(async () => !(await exists(key)), { what: `${key} is gone` });
    for (const key of [
      keys.run('here', id),
      keys.output('here', id),
      keys.cursor('here'),
      keys.cursorOfAll('here'),
      keys.version('here', 1),
    ])
      expect(await exists(key)).toBe(true);
  });

  it('stay while they are young', async () => {
    const id = idAgo(MINUTE);
    await addRun('gone', id);
    await createJob('short', { for: '10m' });
    const marker = idAgo(11 * MINUTE);
    await start('m1');
    for (let round = 0; round < 2; round++) {
      await addRun('short', marker);
      await waitFor(async () => !(await exists(keys.run('short', marker))), { what: 'a round has come by' });
    }
    expect(await exists(keys.run('gone', id))).toBe(true);
  });
});

describe('a sweep of leftovers', () => {
  const sweeps = (options: { requestsPerSweep?: number } = {}) => {
    const leftovers = createLeftovers({ etcd: shared.etcd, keys, clock, age: 0, ...options });
    let requests = 0;
    return {
      sweep: () => leftovers.sweep(() => (requests++, Promise.resolve())),
      requests: () => requests,
    };
  };
  const NAMES = ['a', 'a-', 'a-b', 'a.b', 'a0', 'a0.', 'aa', 'b', 'Z', '0', 'z-9'];
  const families = (name: string): string[] => {
    const id = idAgo(MINUTE);
    return [keys.run(name, id), keys.output(name, id), keys.cursor(name), keys.version(name, 1)];
  };
  const left = async () =>
    (await shared.etcd.range({ ...keys.all, keysOnly: true })).kvs.map((kv) => kv.key).sort();

  it.for([0, 1, 2])('finds what lies between the jobs, whatever their names (%i)', async (modulo) => {
    const staying: string[] = [];
    let leftovers = 0;
    for (const [index, name] of NAMES.entries()) {
      const all = families(name);
      for (const key of all) await write(key, '1');
      if (index % 3 === modulo) leftovers += all.length;
      else {
        await createJob(name);
        staying.push(keys.job(name), ...all);
      }
    }
    expect(await sweeps().sweep()).toEqual({ removed: leftovers, isComplete: true });
    expect(await left()).toEqual(staying.sort());
  });

  it('costs a few requests, however long the histories of the jobs that exist', async () => {
    for (const name of NAMES) {
      await createJob(name);
      for (let n = 0; n < 30; n++) await addRun(name, idAgo(MINUTE, n));
    }
    const { sweep, requests } = sweeps();
    expect(await sweep()).toEqual({ removed: 0, isComplete: true });
    expect(requests()).toBe(1 + 4);
  });

  it('goes on where the last one stopped, and comes to the end of a large heap', async () => {
    await createJob('here');
    for (const key of families('here')) await write(key, '1');
    for (let n = 0; n < 250; n++) await addRun('gone', idAgo(MINUTE, n));
    for (const key of families('zero')) await write(key, '1');
    const { sweep } = sweeps({ requestsPerSweep: 2 });
    const first = await sweep();
    expect(first).toEqual({ removed: 101, isComplete: false });
    let removed = first.removed;
    for (let sweepsDone = 1; ; sweepsDone++) {
      expect(sweepsDone).toBeLessThan(20);
      const next = await sweep();
      removed += next.removed;
      if (next.isComplete) break;
    }
    expect(removed).toBe(504);
    expect(await left()).toHaveLength(5);
  });

  it('spares a job that was created after it had looked', async () => {
    const leftovers = createLeftovers({ etcd: shared.etcd, keys, clock, age: 0 });
    for (const key of families('late')) await write(key, '1');
    let requests = 0;
    await leftovers.sweep(async () => {
      if (++requests === 2) await createJob('late');
    });
    for (const key of families('late').slice(2)) expect(await exists(key)).toBe(true);
  });
});

describe('near the quota', () => {
  it('halves versions with it, oldest first, of jobs without a history too; what stands stays', async () => {
    await createJob('a', {}, 30);
    for (let generation = 11; generation < 30; generation++) await write(keys.version('a', generation), '{}');
    const left = async () =>
      (await shared.etcd.range({ ...keys.versionsOf('a'), keysOnly: true })).kvs.map((kv) =>
        keys.generationOf(kv.key),
      );
    const seen: number[][] = [];
    await start('m1', { quotaBytes: 1_000 });
    await waitFor(
      async () => {
        const now = await left();
        if (now.length !== seen.at(-1)?.length) seen.push(now);
        return now.length === 0;
      },
      { what: 'all but the one that stands are gone', seen: () => seen },
    );
    for (const each of seen)
      expect(each).toEqual(Array.from({ length: each.length }, (_, i) => 30 - each.length + i));
    expect(await exists(keys.job('a'))).toBe(true);
  });

  it('is looked after in the midst of a round that takes long', async () => {
    await createJob('a', { keep: 8 });
    for (let n = 0; n < 8; n++) await addRun('a', idAgo((8 - n) * MINUTE, n));
    // A round that has no end while nobody looks: the same page of jobs again and again.
    let looks = 0;
    const isFull = (): boolean => looks > 1;
    const endless: Etcd = {
      ...shared.etcd,
      async range(request, options) {
        const isJobs = request.rangeEnd === keys.jobs.rangeEnd;
        if (!isJobs || isFull()) return shared.etcd.range(request, options);
        return { ...(await shared.etcd.range({ ...request, key: keys.jobs.key }, options)), more: true };
      },
      async status() {
        looks++;
        const status = await shared.etcd.status();
        const dbSizeInUse = isFull() ? 1_000_000 : 0;
        return { ...status, members: status.members.map((member) => ({ ...member, dbSizeInUse })) };
      },
    };
    await start('m1', { quotaBytes: 1_000, etcd: endless });
    const left = async () => (await shared.etcd.range({ ...keys.runsOf('a'), countOnly: true })).count;
    await waitFor(async () => (await left()) === 1, { what: 'history has given way, time and again' });
    expect(looks).toBeGreaterThan(1);
  });

  it('halves history again and again, oldest first, but keeps the newest record of each job', async () => {
    await createJob('a', { keep: 8 });
    const ids = Array.from({ length: 8 }, (_, n) => idAgo((8 - n) * MINUTE, n));
    for (const id of ids) await addRun('a', id);
    const before = (await shared.etcd.range({ key: keys.job('a') })).revision;
    await start('m1', { quotaBytes: 1_000 });
    const left = async () =>
      (await shared.etcd.range({ ...keys.runsOf('a'), keysOnly: true })).kvs.map(
        (kv) => keys.partsOf(kv.key)[1],
      );
    await waitFor(async () => (await left()).length <= 4, { what: 'half is gone' });
    // Who asks what became of a tick has to know that its record may be gone.
    expect(await exists(keys.historyCut)).toBe(true);
    await waitFor(async () => (await left()).length === 1, {
      what: 'all but the newest are gone',
      seen: () => ids,
    });
    expect(await left()).toEqual([ids.at(-1)]);
    expect(await exists(keys.job('a'))).toBe(true);
    await expect(shared.etcd.range({ key: keys.job('a'), revision: before })).rejects.toMatchObject({
      kind: 'compacted',
    });
  });
});
