// Kills asked of the API, of real tasks: what dies, and what the record says of who asked and why.
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, expect, test } from 'vitest';
import type { JobDefinitionInput } from '../../../src/common/model/job.ts';
import { statOf } from '../../../src/worker/runner/proc.ts';
import { createGate } from '../../support/gate.ts';
import { waitFor } from '../../support/wait.ts';
import { useWorkers } from '../../support/workers.ts';
import { startTestMaster, type TestMaster } from '../master/harness.ts';

const cluster = useWorkers();
let master: TestMaster;
beforeEach(async () => {
  master = await startTestMaster(cluster.shared);
});

const isRunning = (pid: number): boolean => statOf(pid)?.over === false;

const create = async (name: string, more: Partial<JobDefinitionInput>): Promise<void> => {
  await master.call('createJob', {
    body: { name, schedule: '@manual', task: { kind: 'handler', name: 'gate' }, ...more },
  });
};

const run = async (name: string): Promise<string> =>
  (await master.call('runJob', { params: { job: name }, query: { queue: 'true' } })).body.run as string;

const ended = (job: string, id: string) =>
  waitFor(async () => (await cluster.jobs.runs(job)).find((each) => each.id === id), {
    what: `the record of ${job}/${id}`,
  });

test('a task that ignores SIGTERM, with children in the background and in sessions of their own, is gone as a whole', async () => {
  await cluster.start(1);
  const folder = mkdtempSync(join(tmpdir(), 'etcron-kill-'));
  cluster.shared.cleanup(() => rmSync(folder, { recursive: true, force: true }));
  const file = join(folder, 'pids');
  await create('stubborn', {
    killGrace: '300ms',
    retry: { limit: 3, delay: '10ms' },
    task: {
      kind: 'shell',
      command:
        `trap '' TERM; sleep 1000 & a=$!; setsid sleep 1000 & b=$!; ` +
        // A daemon: its parent has ended, so init has it.
        `c=$(setsid sh -c 'sleep 1000 > /dev/null 2>&1 & echo $!'); ` +
        `echo $$ $a $b $c > ${file}.new; mv ${file}.new ${file}; while :; do sleep 0.05; done`,
    },
  });
  const id = await run('stubborn');
  await waitFor(() => existsSync(file), { what: 'the task is on' });
  const pids = readFileSync(file, 'utf8').trim().split(' ').map(Number);
  expect(pids.map(isRunning)).toEqual([true, true, true, true]);
  const kill = (reason: string) =>
    master.call('killRun', { params: { job: 'stubborn', run: id }, body: { reason } });
  expect((await kill('too slow')).body.killed).toMatchObject([{ run: id }]);
  await kill('too slow for me, too');
  const record = await ended('stubborn', id);
  const { killedBy } = record;
  expect(killedBy).toMatchObject({
    by: 'api',
    reason: expect.stringMatching(/^too slow( for me, too)?$/) as string,
  });
  const { body: shown } = await master.call('getRun', { params: { job: 'stubborn', run: id } });
  expect(shown.killedBy).toEqual({ ...killedBy, at: new Date(killedBy!.at).toISOString() });
  expect(record).toMatchObject({ state: 'killed', signal: 'SIGKILL', attempts: [{ outcome: 'killed' }] });
  expect(record.reason).toMatch(/^killed by api: too slow( for me, too)?$/);
  expect(pids.filter(isRunning)).toEqual([]);
  await master.refused('run_ended', 'killRun', { params: { job: 'stubborn', run: id } });
  expect(await cluster.jobs.runs('stubborn')).toHaveLength(1);
});

test('of a job: what runs, what waits for its next attempt, what is asked for, and nothing comes after', async () => {
  const gate = createGate();
  const failing = (): never => {
    throw new Error('wrong');
  };
  await cluster.start(2, { handlers: { gate: gate.handler, failing } });
  await create('many', { overlap: 'allow' });
  await create('waits', {
    retry: { limit: 5, delay: '1h' },
    task: { kind: 'handler', name: 'failing' },
  });
  await create('queued', {});
  const many = [await run('many'), await run('many'), await run('many')];
  const waits = await run('waits');
  const first = await run('queued');
  await waitFor(() => gate.inside('many') === 3 && gate.inside('queued') === 1, { what: 'they run' });
  const second = await run('queued');
  await waitFor(async () => (await cluster.jobs.active()).some(({ attempts }) => attempts.length === 1), {
    what: 'the first attempt has failed',
  });
  for (const job of ['many', 'waits', 'queued']) {
    const { body } = await master.call('killJob', { params: { job }, body: { reason: 'enough' } });
    const expected = { many, waits: [waits], queued: [first, second] }[job]!;
    expect(body.killed.map((each: { run: string }) => each.run).sort()).toEqual(expected.toSorted());
    for (const id of expected) {
      const record = await ended(job, id);
      expect(record).toMatchObject({ state: 'killed', killedBy: { by: 'api', reason: 'enough' } });
      expect(record.reason).toBe(
        id === second ? 'taken back before a worker claimed it, by api: enough' : 'killed by api: enough',
      );
    }
  }
  expect((await ended('waits', waits)).attempts).toMatchObject([{ outcome: 'failed', error: 'wrong' }]);
  expect(await cluster.jobs.active()).toEqual([]);
  expect((await cluster.shared.etcd.range(cluster.keys.triggers)).kvs).toEqual([]);
  expect((await cluster.shared.etcd.range(cluster.keys.kills)).kvs).toEqual([]);
  expect(await cluster.jobs.allRuns()).toHaveLength(6);
});
