import { describe, expect, test } from 'vitest';
import {
  armedRun,
  attemptEnded,
  endedRun,
  lostRun,
  passedTicks,
  startedRun,
} from '../../../src/common/core/lifecycle.ts';
import { runRecord, type Attempt, type RunRecord } from '../../../src/common/model/run.ts';
import { instant } from '../../../src/common/model/time.ts';

const TICK = 1_800_000_000_000;
const VERSION = { job: 'backup', generation: 3, jobCreated: 17 };

const armed = armedRun({
  ...VERSION,
  id: '20270115T080000.000Z-abcdef',
  cause: { kind: 'schedule', tick: TICK },
  worker: 'w1-000001',
  scheduledFor: instant(TICK),
  now: instant(TICK - 100),
  attempt: 1,
});
const running = startedRun(armed, instant(TICK + 7), 1, 99);

const attempt = (number: number, more: Partial<Attempt> = {}): Attempt => ({
  number,
  startedAt: TICK + 7,
  endedAt: TICK + 50,
  outcome: 'failed',
  ...more,
});

/** A record that no reader would accept is none. */
const valid = (record: RunRecord): RunRecord => {
  expect(runRecord.parse(JSON.parse(JSON.stringify(record)))).toEqual(record);
  return record;
};

describe('an armed run', () => {
  test('has been claimed and has not started', () => {
    expect(valid(armed)).toMatchObject({ state: 'armed', armedAt: TICK - 100, attempt: 1, attempts: [] });
    expect(armed.startedAt).toBeUndefined();
  });

  test('keeps which definition it goes by', () => {
    expect(armed).toMatchObject({ job: 'backup', generation: 3, jobCreated: 17 });
  });
});

describe('a run that starts', () => {
  test('tells when, how late, and its fencing token', () => {
    expect(valid(running)).toMatchObject({
      state: 'running',
      startedAt: TICK + 7,
      startLagMs: 7,
      fencingToken: 99,
    });
  });

  test('keeps the start of its first attempt when a further one starts', () => {
    const again = startedRun(attemptEnded(running, attempt(1)), instant(TICK + 9_000), 2, 99);
    expect(valid(again)).toMatchObject({ attempt: 2, startedAt: TICK + 7, startLagMs: 7 });
    expect(again.attempts).toHaveLength(1);
  });

  test('leaves the record that it came from as it was', () => {
    expect(armed.state).toBe('armed');
    attemptEnded(running, attempt(1));
    expect(running.attempts).toEqual([]);
  });
});

describe('a run that ends', () => {
  test('tells what its last attempt told, not the ones before', () => {
    const tried = [attempt(1, { exitCode: 3 }), attempt(2, { signal: 'SIGKILL', error: 'out of memory' })];
    const ended = endedRun(tried.reduce(attemptEnded, running), { state: 'failed', at: instant(TICK + 60) });
    expect(valid(ended)).toMatchObject({
      state: 'failed',
      endedAt: TICK + 60,
      durationMs: 53,
      signal: 'SIGKILL',
      error: 'out of memory',
    });
    expect(ended.exitCode).toBeUndefined();
  });

  test('has no duration when it never started', () => {
    const killed = endedRun(armed, { state: 'killed', at: instant(TICK), reason: 'by hand' });
    expect(valid(killed)).toMatchObject({ state: 'killed', reason: 'by hand' });
    expect(killed.durationMs).toBeUndefined();
  });

  test('has a duration of nothing when the clock was set back meanwhile', () => {
    expect(endedRun(running, { state: 'succeeded', at: instant(TICK - 5_000) }).durationMs).toBe(0);
  });

  test('tells how much it wrote, and of a cut only when there was one', () => {
    const end = { state: 'succeeded', at: instant(TICK + 60), outputBytes: 12 } as const;
    expect(valid(endedRun(running, { ...end, outputTruncated: false })).outputTruncated).toBeUndefined();
    expect(valid(endedRun(running, { ...end, outputTruncated: true }))).toMatchObject({
      outputBytes: 12,
      outputTruncated: true,
    });
  });
});

describe('a run whose worker is gone', () => {
  test('that was armed may not have started, and says so', () => {
    const lost = valid(lostRun(armed, instant(TICK + 5_000)));
    expect(lost).toMatchObject({ state: 'lost', endedAt: TICK + 5_000 });
    expect(lost.reason).toContain('may not have started');
    expect(lost.durationMs).toBeUndefined();
  });

  test('that was running was lost while it ran', () => {
    const lost = valid(lostRun(running, instant(TICK + 5_000)));
    expect(lost).toMatchObject({ state: 'lost', startedAt: TICK + 7, durationMs: 4_993 });
    expect(lost.reason).toContain('while the task was running');
  });
});

describe('ticks that nothing ran for', () => {
  const ticks = { count: 60, from: TICK, to: TICK + 59_000 };

  test('are one record, named after the last of them, so that history keeps the newest', () => {
    const told = { reason: 'nobody was there', at: instant(TICK + 60_000), suffix: '00aa11' };
    const record = valid(passedTicks(VERSION, 'missed', ticks, told));
    expect(record).toMatchObject({
      id: '20270115T080059.000Z-00aa11',
      state: 'missed',
      ticks,
      scheduledFor: TICK,
      attempts: [],
      reason: 'nobody was there',
    });
    expect(record.worker).toBeUndefined();
  });

  test('that go on take the place of the record before', () => {
    const told = { reason: 'still on', at: instant(TICK + 60_000), id: armed.id };
    expect(valid(passedTicks(VERSION, 'skipped', ticks, told)).id).toBe(armed.id);
  });
});
