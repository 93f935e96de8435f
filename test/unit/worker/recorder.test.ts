// When ends are written: at once, a herd's in turns, and those held back not before their time.
import { pino } from 'pino';
import { beforeEach, describe, expect, it } from 'vitest';
import { endedRun } from '../../../src/common/core/lifecycle.ts';
import { instant } from '../../../src/common/model/time.ts';
import { keyspace } from '../../../src/common/store/keyspace.ts';
import type { Assignment } from '../../../src/worker/assignment.ts';
import type { WorkerPorts } from '../../../src/worker/ports.ts';
import { createRecorder, type Recorder } from '../../../src/worker/recorder.ts';
import { createTestClock, type TestClock } from '../../support/test-clock.ts';

let clock: TestClock;
let recorder: Recorder;
let written: string[];

beforeEach(() => {
  clock = createTestClock();
  written = [];
  recorder = createRecorder({
    clock,
    keys: keyspace('/recorder/'),
    logger: pino({ level: 'silent' }),
    randomSuffix: () => '000000',
    etcd: { txn: () => Promise.resolve({ responses: [] }) },
    batcher: {
      submit({ job }: { readonly job: string }) {
        written.push(job);
        return Promise.resolve('recorded');
      },
    },
  } as unknown as WorkerPorts);
});

function end(job: string): void {
  const run = {
    id: 'run',
    job,
    state: 'running',
    attempts: [],
    scheduledFor: instant(0),
  } as unknown as Assignment['run'];
  const assignment = {
    run,
    lock: 'job',
    fencingToken: 1,
    membership: { workerId: 'worker' },
    definition: { history: { keep: 20 } },
  } as unknown as Assignment;
  void recorder.record(assignment, endedRun(run, { state: 'succeeded', at: clock.now() }), '');
}

describe('the ends of runs', () => {
  it('are written at once', async () => {
    end('a');
    await clock.advance(0);
    expect(written).toEqual(['a']);
  });

  it('are written in turns of a hundred', async () => {
    for (let i = 0; i < 250; i++) end(`job-${i}`);
    await Promise.resolve();
    expect(written).toHaveLength(100);
    await clock.advance(0);
    expect(written).toHaveLength(250);
    expect(new Set(written).size).toBe(250);
  });

  it('wait while they are held back, and no longer', async () => {
    recorder.holdBack(20);
    for (let i = 0; i < 150; i++) end(`job-${i}`);
    await clock.advance(19);
    expect(written).toEqual([]);
    await clock.advance(1);
    expect(written).toHaveLength(150);
    end('after');
    await clock.advance(0);
    expect(written.at(-1)).toBe('after');
  });

  it('that go out already wait too, and all of them for as long as it was said last', async () => {
    for (let i = 0; i < 150; i++) end(`job-${i}`);
    recorder.holdBack(20);
    await clock.advance(10);
    expect(written).toHaveLength(100);
    recorder.holdBack(20);
    await clock.advance(19);
    expect(written).toHaveLength(100);
    await clock.advance(1);
    expect(written).toHaveLength(150);
  });
});
