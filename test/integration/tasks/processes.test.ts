// Each field of shell and exec tasks, from the definition to the running process, and what a wrong one says.
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { z } from 'zod';
import { task as taskSchema } from '../../../src/common/model/job.ts';
import { instant } from '../../../src/common/model/time.ts';
import { openTaskPort } from '../../../src/worker/tasks/task-port.ts';
import type { TaskContext, TaskEnd } from '../../../src/worker/tasks/task.ts';
import { clock, useRig } from '../runner/rig.ts';

const rig = useRig();
const isRoot = process.getuid?.() === 0;

type TaskInput = z.input<typeof taskSchema>;

async function run(input: TaskInput, more: Partial<TaskContext> = {}): Promise<TaskEnd> {
  const runner = await rig.runner();
  const workerEnv = { PATH: process.env['PATH'], HOME: '/of/the/worker', ETCRON_ETCD_USER: 'hush' };
  const port = openTaskPort({ runner, handlers: {}, dataDir: rig.dir, clock, workerEnv });
  return port.startTask(taskSchema.parse(input), {
    job: 'job',
    runId: '20261122T143000.000Z-7f3a9c',
    scheduledFor: instant(Date.UTC(2026, 10, 22, 14, 30)),
    attempt: 1,
    fencingToken: 42,
    worker: 'w-000001',
    killGraceMs: 20_000,
    outputLimit: 100_000,
    ...more,
  }).ended;
}
const shell = (command: string, more: Partial<Extract<TaskInput, { kind: 'shell' }>> = {}): TaskInput => ({
  kind: 'shell',
  command,
  ...more,
});
const exec = (argv: string[], more: Partial<Extract<TaskInput, { kind: 'exec' }>> = {}): TaskInput => ({
  kind: 'exec',
  argv,
  ...more,
});

describe('shell', () => {
  test('reads a command of several lines by /bin/sh', async () => {
    const end = await run(shell('for i in 1 2; do\n  echo "$i"\ndone | tail -1\necho $0'));
    expect(end).toMatchObject({ outcome: 'succeeded', exitCode: 0, tail: '2\n/bin/sh\n' });
  });

  test('reads it by the shell that is named, by path or by name', async () => {
    for (const name of ['/bin/bash', 'bash'])
      expect(await run(shell('a=(x y); echo ${a[1]}', { shell: name }))).toMatchObject({ tail: 'y\n' });
  });
});

describe('exec', () => {
  test('hands over the arguments as they are', async () => {
    const end = await run(exec(['printf', '%s|', '$HOME', '*', 'a b', '', '"', 'ä']));
    expect(end.tail).toBe('$HOME|*|a b||"|ä|');
  });

  test('looks on the PATH of the task, and takes a path as it is', async () => {
    const bin = join(rig.dir, 'bin');
    mkdirSync(bin);
    writeFileSync(join(bin, 'own-tool'), '#!/bin/sh\necho "own $1"\n', { mode: 0o755 });
    const env = { PATH: `${bin}:/usr/bin:/bin` };
    expect(await run(exec(['own-tool', 'one'], { env }))).toMatchObject({ tail: 'own one\n' });
    expect(await run(exec([join(bin, 'own-tool'), 'two']))).toMatchObject({ tail: 'own two\n' });
    expect((await run(exec(['own-tool']))).error).toMatch(/^task\.argv\[0\]: "own-tool" is not found/);
  });
});

describe('both', () => {
  const both = (text: string) => [shell(text), exec(['/bin/sh', '-c', text])] as const;

  test('work in the directory that is named', async () => {
    const cwd = join(rig.dir, 'work here');
    mkdirSync(cwd);
    for (const input of both('pwd'))
      expect(await run({ ...input, cwd } as TaskInput)).toMatchObject({ tail: `${cwd}\n` });
  });

  test('get their variables, secret ones, those of a run by hand, and none of the settings', async () => {
    const env = { A: 'defined', B: 'defined', S: { secret: true as const, value: 'hidden' } };
    for (const input of both('echo "$A $B $S $ETCRON_JOB $HOME [$ETCRON_ETCD_USER]"')) {
      const end = await run({ ...input, env } as TaskInput, { env: { B: 'by hand', ETCRON_JOB: 'forged' } });
      expect(end.tail).toBe('defined by hand hidden job /of/the/worker []\n');
    }
  });

  test.runIf(isRoot)('run as the user that is named, of that user and no other group', async () => {
    const cwd = join(rig.dir, 'shared');
    mkdirSync(cwd);
    // The folder of the test is root's alone.
    for (const dir of [rig.dir, cwd]) chmodSync(dir, 0o777);
    for (const [index, input] of both('id -un; id -Gn; echo "$USER $LOGNAME"; touch "mark-$N"').entries()) {
      const end = await run({ ...input, user: 'nobody', cwd, env: { N: String(index) } } as TaskInput);
      expect(end.tail).toMatch(/^nobody\n\w+\nnobody nobody\n$/);
      expect((await stat(join(cwd, `mark-${index}`))).uid).not.toBe(0);
    }
  });

  const notExecutable = (): string => {
    const file = join(rig.dir, 'not-executable');
    writeFileSync(file, '#!/bin/sh\n', { mode: 0o644 });
    return file;
  };
  const table: [string, () => TaskInput, RegExp][] = [
    ['a shell', () => shell('x', { shell: '/no/zsh' }), /^task\.shell: "\/no\/zsh" does not exist/],
    ['a shell by name', () => shell('x', { shell: 'no-zsh' }), /^task\.shell: "no-zsh" is not found .*PATH/],
    ['a shell to execute', () => shell('x', { shell: notExecutable() }), /^task\.shell: .*chmod \+x/],
    ['a program', () => exec(['no-such']), /^task\.argv\[0\]: "no-such" is not found .*PATH/],
    ['a file', () => exec(['/no/such']), /^task\.argv\[0\]: "\/no\/such" does not exist/],
    ['a program to execute', () => exec([notExecutable()]), /^task\.argv\[0\]: .*chmod \+x/],
    ['a directory (shell)', () => shell('x', { cwd: '/no/dir' }), /^task\.cwd: "\/no\/dir" does not exist/],
    ['a directory (exec)', () => exec(['ls'], { cwd: '/no/dir' }), /^task\.cwd: "\/no\/dir" does not exist/],
    ['a user (shell)', () => shell('x', { user: 'no-one' }), /^task\.user: .* no user "no-one"/],
    ['a user (exec)', () => exec(['ls'], { user: 'no-one' }), /^task\.user: .* no user "no-one"/],
  ];
  test.for(table)('fail by the field when there is no such thing: %s', async ([, input, words]) => {
    const end = await run(input());
    expect(end).toMatchObject({ outcome: 'failed', outputBytes: 0, error: expect.stringMatching(words) });
  });
});
