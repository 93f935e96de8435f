// A runner that dies or freezes: its tasks die with it, their runs end, and a new runner takes over.
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { isRunning, journalPids, journalled, outputHolds, runningWith, shell, useRig } from './rig.ts';

const rig = useRig();

test('a killed runner: its task fails with the reason, its processes are gone, and the next task runs', async () => {
  const deaths: string[] = [];
  const runner = await rig.runner((reason) => deaths.push(reason));
  const first = runner.pid!;
  const journal = join(rig.dir, 'journal');
  const task = runner.start(shell(`echo said before; ${journalled(journal)}`));
  const pids = await journalPids(journal);
  await outputHolds(rig.dir, 'said before');

  process.kill(first, 'SIGKILL');

  expect(await task.ended).toMatchObject({
    outcome: 'failed',
    error: 'the runner died (signal SIGKILL)',
    tail: 'said before\n',
    outputBytes: 12,
  });
  expect(pids.filter(isRunning)).toEqual([]);
  expect(await runner.start(shell('echo again')).ended).toMatchObject({
    outcome: 'succeeded',
    tail: 'again\n',
  });
  expect(runner.pid).not.toBe(first);
  expect(deaths).toEqual(['the runner died (signal SIGKILL)']);
});

test('a runner killed in the middle of many starts leaves none of their processes, told of or not', async () => {
  const runner = await rig.runner();
  const journals = Array.from({ length: 40 }, (_, n) => join(rig.dir, `journal-${n}`));
  const tasks = journals.map((journal) => runner.start(shell(journalled(journal))));
  await journalPids(journals[0]!);

  process.kill(runner.pid!, 'SIGKILL');

  expect((await tasks[0]!.ended).outcome).toBe('failed');
  // Others went to further runners, which live; what is left after this was left by the dead one.
  await runner.killAll();
  expect(runningWith(rig.dir)).toEqual([]);
});

test('a frozen runner is killed and replaced, and its task ends as failed', async () => {
  const runner = await rig.runner();
  const frozen = runner.pid!;
  const journal = join(rig.dir, 'journal');
  const task = runner.start(shell(journalled(journal)));
  const pids = await journalPids(journal);

  process.kill(frozen, 'SIGSTOP');

  expect(await task.ended).toMatchObject({
    outcome: 'failed',
    error: expect.stringContaining('runner died'),
  });
  expect([frozen, ...pids].filter(isRunning)).toEqual([]);
  expect((await runner.start(shell('exit 0')).ended).outcome).toBe('succeeded');
});

test('SIGTERM and SIGINT do not end a runner: only its worker does', async () => {
  const runner = await rig.runner();
  const { pid } = runner;
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.kill(pid!, signal);
  expect((await runner.start(shell('exit 0')).ended).outcome).toBe('succeeded');
  expect(runner.pid).toBe(pid);

  await runner.stop();

  expect(isRunning(pid!)).toBe(false);
  expect(await runner.start(shell('exit 0')).ended).toMatchObject({
    outcome: 'failed',
    error: expect.stringContaining('stopping'),
  });
});

test('a task that is given to a runner which is not up yet waits for it', async () => {
  const runner = rig.rising();
  expect(runner.pid).toBeUndefined();
  const task = runner.start(shell('echo at last'));
  expect(await task.ended).toMatchObject({ outcome: 'succeeded', tail: 'at last\n' });
  await runner.whenUp;
});

test('a runner that does not come up says why, and what waits for it fails', async () => {
  const runner = rig.rising({ entry: join(rig.dir, 'nothing-here.js') });
  const task = runner.start(shell('echo never'));
  await expect(runner.whenUp).rejects.toThrow('the runner did not start: exit code 1');
  expect(await task.ended).toMatchObject({
    outcome: 'failed',
    error: 'the runner did not start: exit code 1',
  });
});
