// One claimed run, attempt by attempt: what is told of each, when another is made, and what a kill ends.
import { beforeEach, describe, expect, test } from 'vitest';
import { armedRun } from '../../../src/common/core/lifecycle.ts';
import { jobDefinition, type JobDefinitionInput } from '../../../src/common/model/job.ts';
import type { RunRecord } from '../../../src/common/model/run.ts';
import { instant, monotonic } from '../../../src/common/model/time.ts';
import { startExecution, type Execution } from '../../../src/worker/execution.ts';
import { createScriptedTasks, type ScriptedTasks } from '../../support/scripted-tasks.ts';
import { createTestClock, type TestClock } from '../../support/test-clock.ts';

let clock: TestClock;
let tasks: ScriptedTasks;
let told: RunRecord[];
let steps: number;
let announced: () => Promise<boolean>;

beforeEach(() => {
  clock = createTestClock();
  tasks = createScriptedTasks(() => clock.now());
  told = [];
  steps = 0;
  announced = () => Promise.resolve(true);
});

function start(more: Partial<JobDefinitionInput> = {}, deadline = Infinity): Execution {
  const definition = jobDefinition.parse({
    name: 'job',
    schedule: '@manual',
    task: { kind: 'shell', command: 'true' },
    ...more,
  });
  const run = armedRun({
    job: 'job',
    generation: 1,
    jobCreated: 7,
    id: '20270115T080000.000Z-abcdef',
    cause: { kind: 'manual' },
    worker: 'w1-000001',
    scheduledFor: clock.now(),
    now: clock.now(),
    attempt: 1,
  });
  const membership = {
    workerId: 'w1-000001',
    leaseId: 1n,
    isValid: () => true,
    deadline: monotonic(deadline),
  } as never;
  return startExecution(
    { definition, run, membership, lock: 'job', fencingToken: 99, jobRevision: 8, startAt: clock.now() },
    {
      clock,
      tasks,
      onWaiting: (_owner, record) => told.push(record),
      announce: (_owner, record) => {
        told.push(record);
        return announced();
      },
      onProgress: () => steps++,
    },
    undefined,
  );
}

const SOMEBODY = { by: 'somebody', at: 1_000 };
const SOMEBODY_ELSE = { by: 'somebody else', at: 2_000 };

describe('attempts', () => {
  test('are on record one by one, each with its own times, exit code, status and error', async () => {
    const execution = start({ retry: { limit: 2, delay: '10s', factor: 2 } });
    const from = clock.now();
    await clock.advance(1_000);
    tasks.attempts[0]!.end({ outcome: 'failed', exitCode: 75, error: 'exit code 75' });
    await clock.advance(10_000);
    await clock.advance(500);
    tasks.attempts[1]!.end({ outcome: 'failed', httpStatus: 503, error: 'status 503' });
    await clock.advance(20_000);
    await clock.advance(250);
    tasks.attempts[2]!.end({ outcome: 'succeeded', exitCode: 0, tail: 'done' });
    const { run, tail } = await execution.ended;
    expect(run.attempts).toEqual([
      {
        number: 1,
        startedAt: from,
        endedAt: from + 1_000,
        outcome: 'failed',
        exitCode: 75,
        error: 'exit code 75',
      },
      {
        number: 2,
        startedAt: from + 11_000,
        endedAt: from + 11_500,
        outcome: 'failed',
        httpStatus: 503,
        error: 'status 503',
      },
      { number: 3, startedAt: from + 31_500, endedAt: from + 31_750, outcome: 'succeeded', exitCode: 0 },
    ]);
    expect(run).toMatchObject({ state: 'succeeded', attempt: 3, exitCode: 0, startedAt: from });
    expect(run.httpStatus).toBeUndefined();
    expect(tail).toBe('done');
    expect(tasks.attempts.map(({ context }) => context.attempt)).toEqual([1, 2, 3]);
  });

  test('that fail for good leave the last status on the run itself', async () => {
    const execution = start();
    tasks.attempts[0]!.end({ outcome: 'failed', httpStatus: 404, error: 'status 404' });
    const { run } = await execution.ended;
    expect(run).toMatchObject({ state: 'failed', httpStatus: 404, error: 'status 404' });
    expect(run.endedAt).toBe(instant(clock.now()));
  });

  test('end with one that `retry.on` does not name, and the record says so', async () => {
    const execution = start({ retry: { limit: 5, delay: '1s', on: { exitCodes: [75] } } });
    tasks.attempts[0]!.end({ outcome: 'failed', exitCode: 75, error: 'exit code 75' });
    await clock.advance(1_000);
    tasks.attempts[1]!.end({ outcome: 'failed', exitCode: 2, error: 'exit code 2' });
    const { run } = await execution.ended;
    expect(run).toMatchObject({
      state: 'failed',
      exitCode: 2,
      reason: 'not tried again: retry.on does not name exit code 2',
    });
    expect(run.attempts).toHaveLength(2);
  });

  test('are over with a kill, also one that comes while the next is waited for', async () => {
    const execution = start({ retry: { limit: 5, delay: '1h' } });
    tasks.attempts[0]!.end({ outcome: 'failed', exitCode: 1 });
    await clock.advance(1_000);
    execution.kill(SOMEBODY, 'killed by somebody');
    execution.kill(SOMEBODY_ELSE, 'killed by somebody else');
    const { run } = await execution.ended;
    expect(run).toMatchObject({ state: 'killed', reason: 'killed by somebody', endedAt: clock.now() });
    expect(run.killedBy).toEqual(SOMEBODY);
    expect(run.attempts).toHaveLength(1);
    expect(clock.pendingTimers).toBe(0);
  });

  test('that are killed while they run are not made again', async () => {
    const execution = start({ retry: { limit: 5, delay: '1s' } });
    execution.kill({ ...SOMEBODY, reason: 'enough' }, 'killed by somebody: enough');
    execution.kill(SOMEBODY_ELSE, 'killed by somebody else');
    expect(tasks.attempts[0]!.asked).toEqual(['kill', 'kill']);
    tasks.attempts[0]!.end({ outcome: 'killed', signal: 'SIGTERM' });
    const { run } = await execution.ended;
    await clock.advance(10_000);
    expect(run).toMatchObject({ state: 'killed', reason: 'killed by somebody: enough' });
    expect(run.killedBy).toEqual({ ...SOMEBODY, reason: 'enough' });
    expect(tasks.attempts).toHaveLength(1);
  });
});

describe('a run whose job is deleted', () => {
  test('ends with the attempt that is on', async () => {
    const execution = start({ retry: { limit: 5, delay: '1s' } });
    execution.endAttempts();
    tasks.attempts[0]!.end({ outcome: 'failed', exitCode: 1 });
    expect((await execution.ended).run.state).toBe('failed');
    await clock.advance(10_000);
    expect(tasks.attempts).toHaveLength(1);
  });

  test('ends at once while it waits for its next attempt', async () => {
    const execution = start({ retry: { limit: 5, delay: '1d' } });
    tasks.attempts[0]!.end({ outcome: 'failed', exitCode: 1 });
    await clock.advance(10);
    execution.endAttempts();
    expect((await execution.ended).run.state).toBe('failed');
    expect(tasks.attempts).toHaveLength(1);
    expect(clock.pendingTimers).toBe(0);
  });
});

describe('progress', () => {
  const handler = { task: { kind: 'handler', name: 'it' } } as const;
  const tell = (attempt: number, ...fractions: number[]) =>
    fractions.forEach((fraction) => tasks.attempts[attempt]!.context.onProgress!(fraction));

  test('is on the record while a handler runs, told in steps worth telling, and stays at its end', async () => {
    const execution = start(handler);
    expect(execution.record.progress).toBeUndefined();
    tell(0, 0.1, 0.101, 0.109, 0.333_333_3, 0.333_333_3);
    expect(execution.record.progress).toBe(0.333);
    expect(steps).toBe(2);
    tell(0, 0.995, 1, 1);
    expect(execution.record.progress).toBe(1);
    expect(steps).toBe(4);
    tasks.attempts[0]!.end({ outcome: 'succeeded' });
    expect((await execution.ended).run.progress).toBe(1);
  });

  test('begins anew with each attempt', async () => {
    const execution = start({ ...handler, retry: { limit: 1, delay: '1s' } });
    tell(0, 0.7);
    tasks.attempts[0]!.end({ outcome: 'failed', error: 'x' });
    await clock.advance(500);
    expect(execution.record.progress).toBe(0.7);
    await clock.advance(500);
    expect(execution.record.progress).toBeUndefined();
    tell(1, 0);
    expect(execution.record.progress).toBe(0);
    tasks.attempts[1]!.end({ outcome: 'failed', error: 'x' });
    expect((await execution.ended).run.progress).toBe(0);
  });

  test('is not asked of a process', () => {
    start();
    expect(tasks.attempts[0]!.context.onProgress).toBeUndefined();
  });
});

describe('a run whose claim is lost', () => {
  const lasting = { onLostLease: 'continue', retry: { limit: 3, delay: '1s' } } as const;

  test('is killed at once, and ends as lost', async () => {
    const execution = start({ retry: { limit: 3 } });
    await clock.advance(10);
    execution.fence('the claim was lost (expired)');
    expect(tasks.attempts[0]!.asked).toEqual(['killNow']);
    tasks.attempts[0]!.end({ outcome: 'killed', signal: 'SIGKILL' });
    const { run, further } = await execution.ended;
    expect(run).toMatchObject({ state: 'lost', reason: 'the claim was lost (expired)' });
    expect([execution.isOutliving, further, run.mayHaveOverlapped]).toEqual([false, 'as-lost', undefined]);
  });

  test('runs on where it may, and its record tells since when', async () => {
    const execution = start(lasting, 5_000);
    expect(tasks.attempts[0]!.context.outlivesClaim).toBe(true);
    const from = clock.now();
    await clock.advance(5_000);
    execution.fence('the claim was lost (expired)');
    execution.fence('the claim was lost (gone)');
    await clock.advance(1_000);
    expect(execution.isOutliving).toBe(true);
    expect(execution.record).toMatchObject({ state: 'running', mayHaveOverlapped: true });
    expect(tasks.attempts[0]!.asked).toEqual([]);
    tasks.attempts[0]!.end({ outcome: 'succeeded', exitCode: 0 });
    const { run } = await execution.ended;
    expect(run).toMatchObject({ state: 'succeeded', mayHaveOverlapped: true, durationMs: 6_000 });
    const since = new Date(from + 5_000).toISOString();
    expect(run.reason).toContain(`the claim was lost (expired) at ${since} and the task ran on`);
  });

  test('is not made to try again here, but left to be tried elsewhere', async () => {
    const execution = start(lasting, 5_000);
    await clock.advance(5_000);
    execution.fence('the claim was lost (expired)');
    tasks.attempts[0]!.end({ outcome: 'failed', exitCode: 1 });
    const { run, further } = await execution.ended;
    expect([run.state, further]).toEqual(['failed', run.endedAt! + 1_000]);
    await clock.advance(10_000);
    expect(tasks.attempts).toHaveLength(1);
  });

  test('can still be killed, and says both', async () => {
    const execution = start(lasting, 5_000);
    await clock.advance(5_000);
    execution.fence('the claim was lost (expired)');
    execution.kill(SOMEBODY, 'killed by somebody');
    expect(tasks.attempts[0]!.asked).toEqual(['kill']);
    tasks.attempts[0]!.end({ outcome: 'killed', signal: 'SIGTERM' });
    const { run, further } = await execution.ended;
    expect(run.reason).toMatch(/^killed by somebody; the claim was lost \(expired\) at /);
    expect([run.state, run.mayHaveOverlapped, further]).toEqual(['killed', true, undefined]);
  });

  test('is given up between two attempts, for nothing runs that could go on', async () => {
    const execution = start(lasting);
    tasks.attempts[0]!.end({ outcome: 'failed', exitCode: 1 });
    await clock.advance(10);
    execution.fence('the claim was lost (expired)');
    const { run, further } = await execution.ended;
    expect(run).toMatchObject({
      state: 'failed',
      exitCode: 1,
      reason: 'the claim was lost (expired) before attempt 2',
    });
    expect([run.nextAttemptAt, further]).toEqual([undefined, clock.now() - 10 + 1_000]);
    expect(tasks.attempts).toHaveLength(1);
  });

  test.each([
    [4_999, undefined],
    [5_001, true],
  ])('tells an end after %d ms, heard of after the loss, by when it came', async (at, mayHaveOverlapped) => {
    const execution = start(lasting, 5_000);
    const from = clock.now();
    await clock.advance(0);
    clock.freeze(60_000);
    execution.fence('the claim was lost (expired)');
    tasks.attempts[0]!.end({ outcome: 'failed', exitCode: 1, endedAt: instant(from + at) });
    const { run, further } = await execution.ended;
    expect(run).toMatchObject({ state: 'failed', endedAt: from + at });
    expect(run.mayHaveOverlapped).toBe(mayHaveOverlapped);
    expect(run.reason?.includes('the task ran on')).toBe(mayHaveOverlapped);
    // Without a claim nothing starts here, in time or not.
    expect(further).toBe(from + at + 1_000);
    expect(tasks.attempts).toHaveLength(1);
  });

  test.each([
    [4_999, undefined],
    [5_001, true],
  ])('tells an end after %d ms, heard of late, by when it came', async (at, mayHaveOverlapped) => {
    const execution = start(lasting, 5_000);
    const from = clock.now();
    // Frozen: neither the deadline nor the end is noticed.
    clock.freeze(60_000);
    tasks.attempts[0]!.end({ outcome: 'succeeded', endedAt: instant(from + at) });
    const { run } = await execution.ended;
    expect(run).toMatchObject({ state: 'succeeded', endedAt: from + at });
    expect(run.mayHaveOverlapped).toBe(mayHaveOverlapped);
    expect(run.reason?.includes(new Date(from + 5_000).toISOString())).toBe(mayHaveOverlapped);
  });
});

describe('a further attempt', () => {
  const twice = { retry: { limit: 3, delay: '1s' } } as const;
  const failed = { outcome: 'failed', exitCode: 1, outputTruncated: true } as const;

  test('is waited for, and told before it starts', async () => {
    let tell = (_isTold: boolean): void => {};
    announced = () => new Promise((resolve) => (tell = resolve));
    const execution = start(twice);
    tasks.attempts[0]!.end(failed);
    await clock.advance(999);
    expect(execution.record).toMatchObject({ attempt: 1, nextAttemptAt: clock.now() + 1 });
    await clock.advance(60_001);
    expect(tasks.attempts).toHaveLength(1);
    // Whoever looks at it now must take it for one that is on.
    expect(execution.record).toMatchObject({ attempt: 2 });
    expect(told.map(({ attempt, nextAttemptAt }) => [attempt, nextAttemptAt !== undefined])).toEqual([
      [1, true],
      [2, false],
    ]);
    tell(true);
    await clock.advance(0);
    expect(tasks.attempts).toHaveLength(2);
  });

  test('that cannot be told does not start: another run is to make it', async () => {
    announced = () => Promise.resolve(false);
    const execution = start(twice);
    tasks.attempts[0]!.end(failed);
    await clock.advance(1_000);
    const { run, further } = await execution.ended;
    expect(run).toMatchObject({ state: 'failed', attempt: 1, reason: 'the claim was lost before attempt 2' });
    expect(run.outputTruncated).toBe(true);
    expect(further).toBe(clock.now());
    expect(tasks.attempts).toHaveLength(1);
  });

  test('is ended by a kill that comes while it is told', async () => {
    let tell = (_isTold: boolean): void => {};
    announced = () => new Promise((resolve) => (tell = resolve));
    const execution = start(twice);
    tasks.attempts[0]!.end(failed);
    await clock.advance(1_000);
    execution.kill(SOMEBODY, 'killed by somebody');
    tell(true);
    const { run, further } = await execution.ended;
    expect([run.state, run.attempt, further]).toEqual(['killed', 1, undefined]);
    expect(tasks.attempts).toHaveLength(1);
  });
});

describe('a worker that leaves', () => {
  const hourly = { retry: { limit: 3, delay: '1h', factor: 1 } } as const;

  test('hands over what waits for its next attempt, with its delay', async () => {
    const execution = start(hourly);
    tasks.attempts[0]!.end({ outcome: 'failed', exitCode: 1 });
    await clock.advance(10);
    execution.leave();
    const { run, further } = await execution.ended;
    expect(run).toMatchObject({ state: 'failed', reason: 'the worker was shut down before attempt 2' });
    expect(further).toBe(clock.now() - 10 + 3_600_000);
    expect(clock.pendingTimers).toBe(0);
  });

  test('lets an attempt end, and hands over what follows', async () => {
    const execution = start(hourly);
    execution.leave();
    await clock.advance(10);
    tasks.attempts[0]!.end({ outcome: 'timed_out' });
    const { run, further } = await execution.ended;
    expect([run.state, further]).toEqual(['timed_out', clock.now() + 3_600_000]);
  });

  test('ends a run at the end of its patience: killed, and as one whose worker was lost', async () => {
    const execution = start(hourly);
    execution.shutDown({ by: 'the worker', at: 5 }, 'the worker shuts down');
    execution.kill(SOMEBODY, 'killed by somebody');
    tasks.attempts[0]!.end({ outcome: 'killed', signal: 'SIGTERM' });
    const { run, further } = await execution.ended;
    expect([run.state, run.reason, further]).toEqual(['killed', 'the worker shuts down', 'as-lost']);
    expect(run.killedBy).toEqual({ by: 'the worker', at: 5 });
  });

  test('does not try again what a user had killed before', async () => {
    const execution = start(hourly);
    execution.kill(SOMEBODY, 'killed by somebody');
    execution.shutDown({ by: 'the worker', at: 5 }, 'the worker shuts down');
    tasks.attempts[0]!.end({ outcome: 'killed' });
    expect((await execution.ended).further).toBeUndefined();
  });
});
