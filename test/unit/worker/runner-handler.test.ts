// Handlers behind the task port: how they end, how they are asked to stop, what they cost.
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { instant, monotonic } from '../../../src/common/model/time.ts';
import { systemClock } from '../../../src/common/runtime/clock.ts';
import type { Handler, HandlerContext } from '../../../src/worker/tasks/handler.ts';
import { openTaskPort } from '../../../src/worker/tasks/task-port.ts';
import type { TaskContext } from '../../../src/worker/tasks/task.ts';

const clock = systemClock();
const RUN = '20261122T143000.000Z-7f3a9c';
let dataDir: string;

beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'etcron-handler-'));
});
afterEach(() => rm(dataDir, { recursive: true, force: true }));

const context = (more: Partial<TaskContext> = {}): TaskContext => ({
  job: 'job',
  runId: RUN,
  scheduledFor: instant(1_795_000_000_000),
  attempt: 1,
  fencingToken: 42,
  worker: 'w-000001',
  killGraceMs: 3_600_000,
  outputLimit: 1000,
  ...more,
});
const port = (handlers: Record<string, Handler>) => openTaskPort({ handlers, dataDir, clock, workerEnv: {} });
const start = (handler: Handler, more: Partial<TaskContext> = {}, payload?: string | { list: number[] }) =>
  port({ it: handler }).startTask(
    { kind: 'handler', name: 'it', ...(payload !== undefined && { payload }) },
    context(more),
  );

/** Resolves when the signal is aborted: a handler that does as it is asked. */
const obedient: Handler = ({ signal }) =>
  new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()));
const deaf: Handler = () => new Promise(() => {});

describe('a handler', () => {
  test('gets what its run is, and its own copy of the payload', async () => {
    const seen: HandlerContext[] = [];
    const payload = { list: [1] };
    const handler: Handler = (handed) => {
      seen.push(handed);
      (handed.payload as typeof payload).list.push(2);
    };
    expect(await start(handler, {}, payload).ended).toMatchObject({ outcome: 'succeeded', outputBytes: 0 });
    expect(seen[0]).toMatchObject({
      job: 'job',
      runId: RUN,
      attempt: 1,
      fencingToken: 42,
      payload: { list: [1, 2] },
    });
    expect(seen[0]!.scheduledFor).toEqual(new Date(1_795_000_000_000));
    expect(payload).toEqual({ list: [1] });
  });

  test('marks what a further attempt logs, so that two attempts can be told apart', async () => {
    for (const attempt of [1, 2]) await start(({ log }) => log(`attempt ${attempt}`), { attempt }).ended;
    expect(await readFile(join(dataDir, `runs/job/${RUN}.log`), 'utf8')).toBe(
      'attempt 1\n[etcron: attempt 2]\nattempt 2\n',
    );
  });

  test('is handed the payload of a run by hand over that of the definition', async () => {
    let seen: unknown;
    await start((handed) => void (seen = handed.payload), { payload: 'by hand' }, 'defined').ended;
    expect(seen).toBe('by hand');
  });

  test.for([
    [
      'throws',
      () => {
        throw new TypeError('no such thing');
      },
      'TypeError: no such thing',
    ],
    ['rejects', () => Promise.reject(new Error('later')), 'later'],
    ['rejects with no error', () => Promise.reject('text'), 'the handler threw text'],
  ] as const)('that %s fails', async ([, handler, error]) => {
    expect(await start(handler).ended).toMatchObject({ outcome: 'failed', error });
  });

  test('of another kind fails where no processes run', async () => {
    const task = { kind: 'shell', command: 'true', shell: '/bin/sh' } as const;
    expect(await port({}).startTask(task, context()).ended).toMatchObject({
      outcome: 'failed',
      error: 'task.kind: this worker runs no processes, so no task of the kind shell',
    });
  });

  test('that is not registered fails, naming those that are; inherited names are none', async () => {
    const tasks = port({ mail: obedient, clean: obedient });
    for (const name of ['other', 'constructor']) {
      const end = await tasks.startTask({ kind: 'handler', name }, context()).ended;
      expect(end.outcome).toBe('failed');
      expect(end.error).toBe(
        `task.name: no handler "${name}" is registered in this worker (registered: clean, mail)`,
      );
    }
  });

  test('writes lines to its output under the limit of the run, and nothing after its end', async () => {
    let log: HandlerContext['log'] = () => {};
    const end = await start((handed) => {
      log = handed.log;
      for (let n = 0; n < 300; n++) handed.log(`line ${n}`);
    }).ended;
    log('too late');
    expect(end).toMatchObject({ outputTruncated: true, outputBytes: 10 * 7 + 90 * 8 + 200 * 9 });
    expect(end.tail.endsWith('line 298\nline 299\n')).toBe(true);
    const kept = await readFile(join(dataDir, `runs/job/${RUN}.log`), 'utf8');
    expect(kept.slice(1000)).toMatch(
      /^\n\[etcron: output cut here, at its limit of 1000 bytes\]\n\[etcron: \d+ bytes were not kept\]\n$/,
    );
  });

  test('that logs nothing makes no file', async () => {
    await start(() => {}).ended;
    expect(existsSync(join(dataDir, 'runs'))).toBe(false);
  });

  test('tells its progress; nonsense is not passed on', async () => {
    const told: number[] = [];
    const handler: Handler = ({ progress }) => [0, 0.5, 1, 2, -1, Number.NaN].forEach(progress);
    await start(handler, { onProgress: (fraction) => told.push(fraction) }).ended;
    expect(told).toEqual([0, 0.5, 1]);
  });
});

describe('a handler is asked to stop', () => {
  test('by a kill', async () => {
    const task = start(obedient);
    task.kill();
    expect((await task.ended).outcome).toBe('killed');
  });

  test('by its timeout', async () => {
    expect(await start(obedient, { timeoutMs: 10 }).ended).toMatchObject({
      outcome: 'timed_out',
      error: 'the run reached its timeout',
    });
  });

  test('by the fence, and after it none starts', async () => {
    const tasks = port({ it: obedient });
    const task = tasks.startTask({ kind: 'handler', name: 'it' }, context());
    tasks.setDeadline(monotonic(clock.monotonic() + 20));
    expect((await task.ended).outcome).toBe('lost');
    let ran = false;
    const after = port({ it: () => void (ran = true) });
    after.setDeadline(clock.monotonic());
    expect((await after.startTask({ kind: 'handler', name: 'it' }, context()).ended).outcome).toBe('lost');
    expect(ran).toBe(false);
  });

  test('and is told why', async () => {
    let reason: unknown;
    const task = start(async ({ signal }) => {
      await new Promise((resolve) => signal.addEventListener('abort', resolve));
      reason = signal.reason;
    });
    task.kill();
    await task.ended;
    expect(reason).toEqual(new Error('the run was killed'));
  });

  test('and when it does not, its run ends after the grace and says so', async () => {
    const task = start(deaf, { killGraceMs: 10 });
    task.kill();
    expect(await task.ended).toMatchObject({
      outcome: 'killed',
      error: expect.stringContaining("is still going on in the worker's process"),
    });
  });

  test('killAll ends all as lost', async () => {
    const tasks = port({ it: obedient });
    const running = [1, 2, 3].map(() => tasks.startTask({ kind: 'handler', name: 'it' }, context()));
    await tasks.killAll();
    for (const task of running) expect((await task.ended).outcome).toBe('lost');
  });
});
