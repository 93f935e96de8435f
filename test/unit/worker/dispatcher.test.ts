// How a tick's runs are started when there are many: in turns of the event loop, none that is not armed any more.
import { beforeEach, expect, test } from 'vitest';
import { armedRun } from '../../../src/common/core/lifecycle.ts';
import { jobDefinition } from '../../../src/common/model/job.ts';
import { instant } from '../../../src/common/model/time.ts';
import { keyspace } from '../../../src/common/store/keyspace.ts';
import type { Assignment } from '../../../src/worker/assignment.ts';
import { createDispatcher, type Dispatcher } from '../../../src/worker/dispatcher.ts';
import type { Recorder } from '../../../src/worker/recorder.ts';
import { createScriptedTasks, type ScriptedTasks } from '../../support/scripted-tasks.ts';
import { createTestClock, type TestClock } from '../../support/test-clock.ts';

/** What each start takes, as if the processes that have begun had the processor to themselves. */
const A_START = 150;
const DUE_IN = 5_000;

let clock: TestClock;
let tasks: ScriptedTasks;
let recorded: [job: string, state: string][];
let dispatcher: Dispatcher;

beforeEach(() => {
  clock = createTestClock();
  tasks = createScriptedTasks(() => clock.now());
  recorded = [];
  const recorder: Pick<Recorder, 'record' | 'holdBack'> = {
    record(_assignment, run) {
      recorded.push([run.job, run.state]);
      return Promise.resolve('recorded');
    },
    holdBack() {},
  };
  const ports = {
    clock,
    keys: keyspace('/dispatcher/'),
    batcher: { submit: () => Promise.resolve(true) },
    beginOutput: () => () => {},
    tasks: {
      ...tasks,
      startTask(...args: Parameters<ScriptedTasks['startTask']>) {
        clock.freeze(A_START);
        return tasks.startTask(...args);
      },
    },
  };
  dispatcher = createDispatcher(ports as never, recorder as never, {
    currentRevision: () => 8,
    isJobGone: () => false,
    onOver() {},
    onLockLost() {},
  });
});

function armed(job: string): Assignment {
  const startAt = instant(clock.now() + DUE_IN);
  const run = armedRun({
    job,
    generation: 1,
    jobCreated: 7,
    id: '20270115T080000.000Z-abcdef',
    cause: { kind: 'schedule', tick: startAt },
    worker: 'w1-000001',
    scheduledFor: startAt,
    now: clock.now(),
    attempt: 1,
  });
  const assignment = {
    definition: jobDefinition.parse({
      name: job,
      schedule: '@manual',
      task: { kind: 'shell', command: 'true' },
    }),
    run,
    membership: { workerId: 'w1-000001', isValid: () => true, deadline: Infinity },
    lock: 'job',
    fencingToken: 99,
    jobRevision: 8,
    startAt,
  } as never;
  dispatcher.arm(assignment);
  return assignment;
}

const startedJobs = (): string[] => tasks.attempts.map(({ context }) => context.job);

test('runs due together start in turns when their starts take long, and all of them start', async () => {
  for (const job of ['a', 'b', 'c', 'd', 'e']) armed(job);
  const seen: number[] = [];
  clock.setTimer(DUE_IN + A_START, () => void seen.push(startedJobs().length));
  await clock.advance(DUE_IN + 10 * A_START);
  expect(startedJobs()).toEqual(['a', 'b', 'c', 'd', 'e']);
  // Another timer had its turn when two had been started.
  expect(seen).toEqual([2]);
});

test('a run that is killed between two turns of its tick does not start', async () => {
  for (const job of ['a', 'b', 'c', 'd']) armed(job);
  clock.setTimer(DUE_IN + A_START, () => {
    dispatcher.kill('c', '20270115T080000.000Z-abcdef', { by: 'somebody', at: 1 });
  });
  await clock.advance(DUE_IN + 10 * A_START);
  expect(startedJobs()).toEqual(['a', 'b', 'd']);
  expect(recorded).toEqual([['c', 'killed']]);
});
