// Every family of keys full of what does not belong there, while real masters and workers go on: nobody dies, spins or
// stops running the good jobs; what cannot be read is told; and when it is gone, so is the word of it.
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { codecs, keyspace } from '../../src/common/store/keyspace.ts';
import { runOf, workerOf } from '../integration/master/harness.ts';
import { startWorkerProcess } from '../support/processes.ts';
import { useEtcd } from '../support/shared-etcd.ts';
import { delay, waitFor } from '../support/wait.ts';
import { jobRecord, jobsOf, takesWork } from '../support/workers.ts';
import { put } from '../support/writes.ts';
import { oddText, oddValue } from './arbitrary.ts';
import { checkAnswer, document } from './documented.ts';
import { startMasterProcess } from './master-process.ts';
import { FACTOR, fuzz } from './runs.ts';

const shared = useEtcd();
const GOOD = ['good-0', 'good-1', 'good-2'];
const RUN = '20261122T143000.000Z-7f3a9c';
const DEAD = 'dead-000000';

/** A value of each family as it should be: one field of it is then made something else. */
const RIGHT: Readonly<Record<string, object>> = {
  jobs: jobRecord({ name: 'stray', schedule: '* * * * * *', task: { kind: 'shell', command: 'true' } }),
  versions: jobRecord({ name: 'stray', schedule: '@manual', task: { kind: 'shell', command: 'true' } }),
  lock: { runId: RUN, worker: DEAD, startAt: 0 },
  active: { ...runOf('stray', RUN), state: 'running' },
  runs: runOf('stray', RUN),
  trigger: { cause: 'manual', attempt: 1, requestedAt: 0, whenRunning: 'skip' },
  kill: { by: 'x', at: 0 },
  workers: workerOf({ id: DEAD }),
  masters: { id: 'm', host: 'h', pid: 1, version: '0', http: 'http://x', startedAt: 0, wallClock: 0 },
  drain: { by: 'x', at: 0 },
};

const garbage = fc.oneof(
  fc.constantFrom(
    '',
    ' ',
    'garbage',
    '{',
    '[]',
    'null',
    '{}',
    '"x"',
    '0',
    '-1',
    '1e400',
    '9'.repeat(16),
    '\0\0',
  ),
  fc.constant('['.repeat(50_000) + ']'.repeat(50_000)),
  fc.constant(`"${'x'.repeat(300_000)}"`),
  oddText,
  oddValue.map((value) => JSON.stringify(value) ?? ''),
);

/** A field that has to be there, made something that it cannot be. */
const broken = (family: string): fc.Arbitrary<string> => {
  const right = RIGHT[family];
  if (!right) return garbage;
  const fields = Object.keys(right).filter((field) => !['change', 'durationMs'].includes(field));
  return fc
    .tuple(fc.constantFrom(...fields), fc.constantFrom<unknown>(null, [], { a: 1 }, -0.5, undefined))
    .map(([field, odd]) => JSON.stringify({ ...right, [field]: odd }));
};

/** Below each family: what looks like its keys, and what does not. */
const PLACES: Readonly<Record<string, readonly string[]>> = {
  jobs: ['stray', 'stray/x', '', 'ü', '__proto__', 'constructor', 'x'.repeat(2_000)],
  versions: ['good-0/0000000000000001', 'good-0/zzz', 'good-1/9007199254740991', 'stray/', ''],
  cursor: ['stray', 'good-0/@', `good-0/@${DEAD}`, ''],
  lock: ['stray', 'stray/x', ''],
  active: [`${DEAD}/good-0/${RUN}`, `${DEAD}/stray/${RUN}`, `${DEAD}/good-0`, DEAD, '', 'a/b/c/d'],
  runs: [`good-0/${RUN}`, 'good-0/zzz', 'good-0/', 'stray/x/y', ''],
  output: [`good-0/${RUN}`, 'good-0/zzz', ''],
  trigger: [`good-0/${RUN}`, 'good-1/..', 'good-1/nonsense', `stray/${RUN}`, ''],
  kill: [`good-0/${RUN}`, 'good-0/nonsense', ''],
  workers: [DEAD, 'x/y', '', 'ü'],
  masters: ['m', 'x/y', ''],
  drain: [DEAD, 'nobody', 'x/y', ''],
};

const entries = (prefix: string): fc.Arbitrary<readonly (readonly [string, string])[]> => {
  const places = Object.entries(PLACES).flatMap(([family, keys]) =>
    keys.map((key) => [family, key] as const),
  );
  return fc.tuple(
    ...places.map(([family, key]) =>
      fc.oneof(garbage, broken(family)).map((value) => [`${prefix}${family}/${key}`, value] as const),
    ),
    garbage.map((value) => [`${prefix}history-cut`, value] as const),
    garbage.map((value) => [`${prefix}unknown/family`, value] as const),
    garbage.map((value) => [`${prefix}unknown`, value] as const),
  );
};

/** Ticks of 10 ms that a process has spent. */
function cpuOf(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return Number(fields[11]) + Number(fields[12]);
}

test(
  'garbage under every family of keys stops nobody, is told, and is forgotten when it is gone',
  async () => {
    const { etcd, prefix, server } = shared;
    const keys = keyspace(prefix);
    const jobs = jobsOf(etcd, keys);
    const master = await startMasterProcess(server.endpoint, prefix);
    shared.cleanup(() => master.stop());
    const workers = await Promise.all(
      ['a', 'b'].map((name) => startWorkerProcess({ endpoint: server.endpoint, prefix, name })),
    );
    shared.cleanup(() => Promise.all(workers.map((worker) => worker.stop())));
    for (const worker of workers) await takesWork(etcd, keys, worker.workerId);
    for (const name of GOOD)
      await jobs.create({
        name,
        schedule: '* * * * * *',
        task: { kind: 'shell', command: 'true' },
        history: { keep: 100 },
      });

    /** Newest tick of each good job that has run. */
    const newest = async (): Promise<string[]> => {
      const found = await Promise.all(
        GOOD.map((name) => etcd.range({ ...keys.runsOf(name), descending: true, limit: 200 })),
      );
      return found.map(({ kvs }) => {
        const ended = kvs.find(
          ({ key, value }) => key.includes('Z-') && !key.endsWith(RUN) && codecs.run.decode(value).ok,
        );
        return ended?.key ?? '';
      });
    };
    const allRunOn = async (what: string): Promise<void> => {
      for (let times = 0; times < 2; times++) {
        const before = await newest();
        await waitFor(async () => (await newest()).every((key, i) => key > before[i]!), {
          what: `all good jobs run ${what}`,
          timeout: 40_000,
          seen: () => [before, workers.map(({ log }) => log.slice(-3))],
        });
      }
    };
    const warnings = async (): Promise<string[]> => {
      const answer = await fetch(`${master.url}/api/v1/cluster`);
      const { warnings: all } = (await answer.json()) as { warnings: { code: string }[] };
      return all.map(({ code }) => code);
    };
    const reads = ['listJobs', 'listRuns', 'listWorkers', 'getCluster', 'metrics'];
    const readsOfJob = ['getJob', 'listRunsOfJob', 'listTicks', 'listVersions'];
    const answersWell = async (): Promise<void> => {
      for (const operation of document.operations) {
        const isOfJob = readsOfJob.includes(operation.operationId);
        if (!reads.includes(operation.operationId) && !isOfJob) continue;
        for (const name of isOfJob ? [...GOOD, 'stray'] : ['']) {
          const answer = await fetch(`${master.url}${operation.path.replace('{job}', name)}`);
          const headers = Object.fromEntries(answer.headers);
          checkAnswer(operation, { statusCode: answer.status, headers, body: await answer.text() });
        }
      }
    };

    await allRunOn('at first');
    const rounds = fc.sample(entries(prefix), { ...fuzz(), numRuns: Math.max(1, Math.round(FACTOR)) });
    for (const round of rounds) {
      for (const [key, value] of round) await put(etcd, key, value);
      await allRunOn('among garbage');
      await answersWell();
      expect(await warnings()).toContain('unreadable_values');
      expect(await warnings()).toContain('broken_jobs');

      const pids = [master.pid, ...workers.map(({ pid }) => pid)];
      const before = pids.map(cpuOf);
      await delay(2_000);
      for (const [i, pid] of pids.entries()) expect(cpuOf(pid) - before[i]!).toBeLessThan(150);

      for (let i = 0; i < round.length; i += 100)
        await etcd.txn({
          compare: [],
          success: round.slice(i, i + 100).map(([key]) => ({ type: 'delete' as const, key })),
          failure: [],
        });
      await allRunOn('when it is gone');
      await waitFor(
        async () =>
          !(await warnings()).some((code) => code === 'unreadable_values' || code === 'broken_jobs'),
        {
          what: 'the warnings are gone',
        },
      );
    }
    expect(master.isAlive).toBe(true);
    expect(workers.map(({ log }) => log.filter(({ level }) => level === 60))).toEqual([[], []]);
    expect(master.log.filter(({ msg }) => msg === 'a request failed')).toEqual([]);
    // Told, not shouted.
    for (const { log } of [master, ...workers]) {
      const errors = log.filter(({ level }) => level === 50);
      expect(errors.length).toBeLessThan(rounds.length * rounds[0]!.length * 4);
    }
  },
  120_000 * FACTOR,
);
