// The environment of a task: what it is told, what it inherits, and what never reaches it.
import { expect, test } from 'vitest';
import { instant } from '../../../src/common/model/time.ts';
import { inheritedFrom, processRequest } from '../../../src/worker/tasks/process.ts';
import type { TaskContext } from '../../../src/worker/tasks/task.ts';

const context: TaskContext = {
  job: 'job',
  runId: '20261122T143000.000Z-7f3a9c',
  scheduledFor: instant(Date.UTC(2026, 10, 22, 14, 30)),
  attempt: 2,
  fencingToken: 42,
  worker: 'w-000001',
  killGraceMs: 1000,
  outputLimit: 1000,
  env: { B: 'by hand', ETCRON_JOB: 'forged' },
};
const inherited = inheritedFrom({
  PATH: '/bin',
  HOME: '/root',
  LANG: 'C.UTF-8',
  ETCRON_ETCD_PASSWORD: 'secret',
  AWS_SECRET_ACCESS_KEY: 'secret',
  NODE_OPTIONS: '--inspect',
});

test('a task is told its run, gets its own variables over the inherited ones, and no setting of the worker', () => {
  const { env } = processRequest(
    {
      kind: 'exec',
      argv: ['x'],
      env: {
        A: 'defined',
        B: 'defined',
        LANG: 'de_DE.UTF-8',
        S: { secret: true, value: 'hidden' },
        T: { secret: true },
      },
    },
    context,
    inherited,
  );
  expect(env).toEqual({
    PATH: '/bin',
    HOME: '/root',
    LANG: 'de_DE.UTF-8',
    A: 'defined',
    B: 'by hand',
    S: 'hidden',
    ETCRON_JOB: 'job',
    ETCRON_RUN_ID: '20261122T143000.000Z-7f3a9c',
    ETCRON_SCHEDULED_FOR: '2026-11-22T14:30:00.000Z',
    ETCRON_ATTEMPT: '2',
    ETCRON_FENCING_TOKEN: '42',
    ETCRON_WORKER: 'w-000001',
  });
});

test("another user does not get the worker's home", () => {
  const { env } = processRequest({ kind: 'exec', argv: ['x'], user: 'app' }, context, inherited);
  expect(env).not.toHaveProperty('HOME');
});

test('a shell task is its shell, -c and the command', () => {
  const request = processRequest({ kind: 'shell', shell: '/bin/bash', command: 'a | b' }, context, inherited);
  expect(request).toMatchObject({ argv: ['/bin/bash', '-c', 'a | b'], programField: 'task.shell' });
});

test('a task of a job that runs on all workers is told which of them it is on, and cannot be told otherwise', () => {
  const { env } = processRequest(
    { kind: 'exec', argv: ['x'], env: { ETCRON_SHARD_INDEX: '7' } },
    { ...context, shard: { index: 1, total: 3 } },
    inherited,
  );
  expect(env).toMatchObject({ ETCRON_SHARD_INDEX: '1', ETCRON_SHARD_TOTAL: '3' });
});
