// Invariant 5: no process of a task outlives its worker's claim. The tasks' own journals are the judge.
import { fork, type ChildProcess } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { monotonic } from '../../../src/common/model/time.ts';
import { exited } from '../../support/spawned.ts';
import { waitFor } from '../../support/wait.ts';
import { clock, isRunning, journalPids, journalled, lastTime, shell, untilGone, useRig } from './rig.ts';

const rig = useRig();
const FAR_MS = 3_600_000;
const workers: ChildProcess[] = [];

afterEach(() => {
  for (const worker of workers.splice(0)) worker.kill('SIGKILL');
});

async function startWorker(deadlineMs: number, command: string) {
  const worker = fork(rig.built.worker, [rig.built.runner, rig.dir, String(deadlineMs), command], {
    stdio: 'ignore',
  });
  workers.push(worker);
  const messages: { runner?: number; deadlineAt?: number; outcome?: string }[] = [];
  worker.on('message', (message) => messages.push(message as (typeof messages)[number]));
  const first = await waitFor(() => messages[0], { what: 'the worker has started its task' });
  return { worker, messages, runner: first.runner!, deadlineAt: first.deadlineAt! };
}

describe('the fence', () => {
  test('a worker killed with SIGKILL leaves no process of its task and no runner', async () => {
    const journal = join(rig.dir, 'journal');
    const { worker, runner } = await startWorker(FAR_MS, journalled(journal));
    const pids = await journalPids(journal);
    expect(pids.every(isRunning)).toBe(true);

    worker.kill('SIGKILL');

    await untilGone([...pids, runner]);
  });

  test('a frozen worker: its task runs until the deadline, is dead after it, and ends as lost', async () => {
    const journal = join(rig.dir, 'journal');
    const { worker, messages, deadlineAt } = await startWorker(3_000, journalled(journal));
    const pids = await journalPids(journal);

    worker.kill('SIGSTOP');

    await untilGone(pids);
    const gone = Date.now();
    const frozenJournal = readFileSync(journal, 'utf8');
    expect(gone).toBeGreaterThanOrEqual(deadlineAt);
    // What was written before the deadline tells that the freeze alone had not stopped it.
    expect(lastTime(journal)).toBeGreaterThan(deadlineAt - 2_500);
    worker.kill('SIGCONT');
    await waitFor(() => messages.some(({ outcome }) => outcome === 'lost') || undefined, {
      what: 'the worker learns that its task is lost',
      seen: () => messages,
    });
    expect(readFileSync(journal, 'utf8')).toBe(frozenJournal);
    await exited(worker);
  });

  test('a deadline that moves on keeps the task; one that does not, ends it', async () => {
    const runner = await rig.runner();
    const journal = join(rig.dir, 'journal');
    runner.setDeadline(monotonic(clock.monotonic() + 500));
    runner.setDeadline(monotonic(clock.monotonic() + FAR_MS));
    const task = runner.start(shell(journalled(journal)));
    const pids = await journalPids(journal);
    const past = Date.now() + 700;
    await waitFor(() => lastTime(journal) > past || undefined, {
      what: 'the task outlives the first deadline',
    });

    runner.setDeadline(monotonic(clock.monotonic() + 50));

    expect(await task.ended).toMatchObject({ outcome: 'lost', signal: 'SIGKILL' });
    expect(pids.filter(isRunning)).toEqual([]);
  });

  test('past the deadline nothing starts; with a new one it does', async () => {
    const runner = await rig.runner();
    const journal = join(rig.dir, 'journal');
    runner.setDeadline(clock.monotonic());
    const late = await runner.start(shell(`echo ran > ${journal}`)).ended;
    expect(late).toMatchObject({ outcome: 'lost', error: expect.stringContaining('before it started') });
    expect(() => readFileSync(journal)).toThrow('ENOENT');

    runner.setDeadline(monotonic(clock.monotonic() + FAR_MS));
    expect(await runner.start(shell('exit 0')).ended).toMatchObject({ outcome: 'succeeded' });
  });

  test('killAll ends every task as lost, with all its processes', async () => {
    const runner = await rig.runner();
    const journals = ['a', 'b', 'c'].map((name) => join(rig.dir, name));
    const tasks = journals.map((journal) => runner.start(shell(journalled(journal))));
    const pids = (await Promise.all(journals.map(journalPids))).flat();

    await runner.killAll();

    expect(pids.filter(isRunning)).toEqual([]);
    for (const task of tasks) expect((await task.ended).outcome).toBe('lost');
  });
});
