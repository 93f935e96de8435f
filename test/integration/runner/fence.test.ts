// Invariant 5: no process of a task outlives its worker's claim. The tasks' own journals are the judge.
import { fork, type ChildProcess } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { monotonic } from '../../../src/common/model/time.ts';
import { exited } from '../../support/spawned.ts';
import { waitFor } from '../../support/wait.ts';
import {
  clock,
  isRunning,
  journalPids,
  journalled,
  lastTime,
  shell,
  untilGone,
  useRig,
  WORKER_SCRIPT,
} from './rig.ts';

const rig = useRig();
const FAR_MS = 3_600_000;
const workers: ChildProcess[] = [];

afterEach(() => {
  for (const worker of workers.splice(0)) worker.kill('SIGKILL');
});

async function startWorker(deadlineMs: number, command: string, ...more: string[]) {
  const worker = fork(WORKER_SCRIPT, [rig.dir, String(deadlineMs), command, ...more], {
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

  test('a task that outlives its claim passes the deadline with its children, and others do not', async () => {
    const runner = await rig.runner();
    const [kept, fenced] = [join(rig.dir, 'kept'), join(rig.dir, 'fenced')];
    const survivor = runner.start(shell(journalled(kept), { outlivesClaim: true }));
    const victim = runner.start(shell(journalled(fenced)));
    const survivors = await journalPids(kept);
    const victims = await journalPids(fenced);

    runner.setDeadline(monotonic(clock.monotonic() + 50));

    expect(await victim.ended).toMatchObject({ outcome: 'lost', signal: 'SIGKILL' });
    await untilGone(victims);
    // What comes too late is not started, whatever it outlives.
    const late = runner.start(shell('echo up; sleep 1000', { outlivesClaim: true }));
    expect(await late.ended).toMatchObject({ outcome: 'lost', outputBytes: 0 });
    const past = Date.now() + 200;
    await waitFor(() => lastTime(kept) > past || undefined, { what: 'it goes on' });
    expect(survivors.every(isRunning)).toBe(true);

    survivor.kill();
    expect(await survivor.ended).toMatchObject({ outcome: 'killed' });
    expect(survivors.filter(isRunning)).toEqual([]);
  });

  test('a task that outlives its claim does not outlive its worker', async () => {
    const journal = join(rig.dir, 'journal');
    const { worker, runner, deadlineAt } = await startWorker(3_000, journalled(journal), 'outlives');
    const pids = await journalPids(journal);
    await waitFor(() => lastTime(journal) > deadlineAt + 300 || undefined, {
      what: 'it is past the deadline',
    });
    expect(pids.every(isRunning)).toBe(true);

    worker.kill('SIGKILL');

    await untilGone([...pids, runner]);
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
