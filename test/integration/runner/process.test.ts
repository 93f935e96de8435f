// How tasks start, end, and are ended.
import { existsSync, readFileSync, statSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { waitFor } from '../../support/wait.ts';
import {
  isRunning,
  journalPids,
  journalled,
  outputHolds,
  request,
  runningWith,
  shell,
  useRig,
} from './rig.ts';

const rig = useRig();

describe('an end', () => {
  test('tells the exit code, the output in its order, and the times', async () => {
    const runner = await rig.runner();
    const task = runner.start(shell('echo one; echo two >&2; echo three > /dev/stderr; cat; exit 3'));
    const end = await task.ended;
    expect(end).toMatchObject({
      outcome: 'failed',
      exitCode: 3,
      error: 'exit code 3',
      tail: 'one\ntwo\nthree\n',
    });
    expect(await task.started).toBe(end.startedAt);
    expect(end.endedAt).toBeGreaterThanOrEqual(end.startedAt);
  });

  test('by a signal is a failure that names it', async () => {
    const runner = await rig.runner();
    expect(await runner.start(shell('kill -SEGV $$')).ended).toMatchObject({
      outcome: 'failed',
      signal: 'SIGSEGV',
      error: 'ended by signal SIGSEGV',
    });
  });

  test('waits for no background child, and leaves none of a hundred', async () => {
    const runner = await rig.runner();
    const list = join(rig.dir, 'pids');
    const end = await runner.start(shell(`for i in $(seq 100); do sleep 1000 & echo $! >> ${list}; done`))
      .ended;
    expect(end.outcome).toBe('succeeded');
    const pids = readFileSync(list, 'utf8').trim().split('\n').map(Number);
    expect(pids).toHaveLength(100);
    expect(pids.filter(isRunning)).toEqual([]);
  });
});

describe('a kill', () => {
  test('gives the task its grace, and is a kill although it then exits with 0', async () => {
    const runner = await rig.runner();
    const task = runner.start(shell('trap "echo saved; exit 0" TERM; echo up; while :; do sleep 0.02; done'));
    await outputHolds(rig.dir, 'up');
    task.kill();
    task.kill();
    const end = await task.ended;
    expect(end).toMatchObject({ outcome: 'killed', exitCode: 0 });
    expect(end.tail).toMatch(/saved\n$/);
  });

  test('ends a task that ignores SIGTERM after the grace, with what fled from its group', async () => {
    const runner = await rig.runner();
    const journal = join(rig.dir, 'journal');
    const task = runner.start(shell(`trap "" TERM; ${journalled(journal)}`, { killGraceMs: 100 }));
    const pids = await journalPids(journal);
    task.kill();
    expect(await task.ended).toMatchObject({ outcome: 'killed', signal: 'SIGKILL' });
    expect(pids.filter(isRunning)).toEqual([]);
  });

  test('reaches a process that is always one ahead of who looks for it', async () => {
    const runner = await rig.runner();
    const step = join(rig.dir, 'step');
    const steps = (): number => (existsSync(`${step}s`) ? statSync(`${step}s`).size : 0);
    // Each step is a new process in a new session, and the one before is gone.
    await writeFile(step, `echo >> ${step}s; [ -e ${step} ] && { setsid sh ${step} & }\n`);
    for (let i = 0; i < 8; i++) {
      const before = steps();
      const task = runner.start(shell(`sh ${step} & sleep 1000`));
      await waitFor(() => steps() >= before + 3, { what: 'it runs away' });
      task.killNow();
      const { outcome, error } = await task.ended;
      expect({ outcome, error }).toEqual({ outcome: 'killed', error: undefined });
      const at = steps();
      expect(runningWith(step)).toEqual([]);
      expect(steps()).toBe(at);
    }
  });

  test('wakes a stopped task so that it can end in its grace', async () => {
    const runner = await rig.runner();
    const task = runner.start(
      shell('trap "exit 0" TERM; echo up; kill -STOP $$; while :; do sleep 0.02; done'),
    );
    await outputHolds(rig.dir, 'up');
    task.kill();
    expect(await task.ended).toMatchObject({ outcome: 'killed', exitCode: 0 });
  });

  test('without grace is SIGKILL at once', async () => {
    const runner = await rig.runner();
    const task = runner.start(shell('trap "" TERM; while :; do sleep 0.02; done'));
    await task.started;
    task.killNow();
    expect(await task.ended).toMatchObject({ outcome: 'killed', signal: 'SIGKILL' });
  });
});

test('a timeout ends the task as timed out, by the same ladder', async () => {
  const runner = await rig.runner();
  const task = runner.start(
    shell('trap "" TERM; while :; do sleep 0.02; done', { timeoutMs: 100, killGraceMs: 100 }),
  );
  expect(await task.ended).toMatchObject({
    outcome: 'timed_out',
    signal: 'SIGKILL',
    error: 'it ran longer than its timeout of 100ms',
  });
});

describe('a task that cannot start fails with the field and what would be right', () => {
  test.for([
    [
      'an unknown program',
      { argv: ['no-such-program'] },
      /^task\.argv\[0\]: "no-such-program" is not found.*PATH/,
    ],
    ['a missing file', { argv: ['/no/such/file'] }, /^task\.argv\[0\]: "\/no\/such\/file" does not exist/],
    [
      'a missing shell',
      { argv: ['/no/zsh'], programField: 'task.shell' },
      /^task\.shell: "\/no\/zsh" does not exist/,
    ],
    ['a missing directory', { argv: ['ls'], cwd: '/no/dir' }, /^task\.cwd: "\/no\/dir" does not exist/],
    [
      'a directory that is a file',
      { argv: ['ls'], cwd: '/etc/passwd' },
      /^task\.cwd: "\/etc\/passwd" is not a dir/,
    ],
    ['an unknown user', { argv: ['ls'], user: 'no-such-user' }, /^task\.user: .*no user "no-such-user"/],
    ['a zero byte', { argv: ['echo', 'hush\0'] }, /^task\.argv\[0\]: (?!.*hush).* hold a zero byte/],
    [
      'a secret with a zero byte',
      { argv: ['ls'], env: { S: 'hush\0' } },
      /^task\.argv\[0\]: (?!.*hush).*zero/,
    ],
    ['no program', { argv: [''] }, /^task\.argv\[0\]: .* the program is empty/],
    ['arguments without end', { argv: ['echo', 'x'.repeat(3_000_000)] }, /larger than this system takes/],
  ] as const)('%s', async ([, more, message]) => {
    const runner = await rig.runner();
    const task = runner.start(request(more.argv, more));
    const end = await task.ended;
    expect(end).toMatchObject({ outcome: 'failed', outputBytes: 0 });
    expect(end.error).toMatch(message);
    expect(await task.started).toBe(end.startedAt);
  });

  test('a file that is not executable', async () => {
    const runner = await rig.runner();
    const file = join(rig.dir, 'script');
    await writeFile(file, '#!/bin/sh\n', { mode: 0o644 });
    const end = await runner.start(request([file])).ended;
    expect(end.error).toMatch(/may not be executed.*chmod/);
  });
});

test.runIf(process.getuid?.() === 0)("runs as another user, with that user's home", async () => {
  const runner = await rig.runner();
  const end = await runner.start(shell('id -un; echo $USER; pwd', { user: 'nobody', cwd: '/' })).ended;
  expect(end).toMatchObject({ outcome: 'succeeded', tail: 'nobody\nnobody\n/\n' });
});
