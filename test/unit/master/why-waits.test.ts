// Why nobody takes a run that was asked for, by the states of the workers.
import { describe, expect, it } from 'vitest';
import { jobDefinition } from '../../../src/common/model/job.ts';
import { instant } from '../../../src/common/model/time.ts';
import type { WorkerRecord, WorkerState } from '../../../src/common/model/worker.ts';
import { nobodyFor, whyNobody, whyWaits } from '../../../src/master/reads/why-waits.ts';

const definition = jobDefinition.parse({
  name: 'a',
  schedule: '@manual',
  task: { kind: 'shell', command: 'true' },
});
const worker = (id: string, state: WorkerState): WorkerRecord => ({
  id,
  name: id,
  host: 'h',
  pid: 1,
  version: '1',
  labels: {},
  slots: 4,
  running: 0,
  state,
  http: 'http://h',
  token: 't',
  startedAt: 0,
  wallClock: 0,
});
const why = (...states: WorkerState[]): string | undefined =>
  whyNobody(
    definition,
    undefined,
    states.map((state, i) => worker(`w${i}`, state)),
  );

describe('a tick that is due for long', () => {
  const NOW = instant(1_000_000_000);
  const joined = (id: string, ago: number): WorkerRecord => ({
    ...worker(id, 'ready'),
    joinedAt: NOW - ago,
  });

  it('waits for a worker that has only just joined, and for nobody when one was there before', () => {
    expect(nobodyFor(definition, [joined('w0', 2_000), worker('w1', 'draining')], NOW)).toEqual({
      reason: 'w0 joined a moment ago and is about to settle it',
      catchUp: undefined,
    });
    expect(nobodyFor(definition, [joined('w0', 2_000), joined('w1', 60_000)], NOW)).toBeUndefined();
    expect(nobodyFor(definition, [joined('w0', 2_000), worker('of-old', 'ready')], NOW)).toBeUndefined();
  });
});

describe('a run that was asked for', () => {
  it('is taken by one that is ready, and by one with a wrong clock when none is ready or full', () => {
    expect(why('full', 'ready')).toBeUndefined();
    expect(why('clock_skew', 'draining')).toBeUndefined();
    expect(why('clock_skew', 'full')).toMatch(/w0 is off by its clock, w1 is full \(4 slots\)$/);
  });

  it('waits for workers that are full, loading or draining, a few of them by name', () => {
    expect(why('full', 'loading', 'draining', 'full', 'full')).toBe(
      'no worker that may run it takes work now: w0 is full (4 slots), w1 is loading the jobs, w2 is draining and 2 more',
    );
    expect(why()).toBe('no worker is registered');
  });

  it('of one worker waits for that one alone', () => {
    const of = (state: WorkerState) =>
      whyNobody(definition, 'w0', [worker('w0', state), worker('w1', 'ready')]);
    expect(of('ready')).toBeUndefined();
    expect(of('clock_skew')).toBeUndefined();
    expect(of('full')).toBe('w0 is full (4 slots)');
    expect(of('draining')).toContain('is draining: it is about to be recorded as skipped');
    expect(whyNobody(definition, 'w0', [])).toContain('is gone');
  });

  it('waits behind the run that is on; of one worker, only behind a run on that worker', () => {
    const locks = [{ runId: '20260101T000000.000Z-000001', worker: 'w1', startAt: 0 }];
    const workers = [worker('w0', 'ready'), worker('w1', 'ready')];
    const of = (asked: string | undefined) => whyWaits({ definition, asked, locks, before: 0 }, workers);
    expect(of('w0')).toBe('a worker is about to take it');
    expect(of('w1')).toMatch(/is on, on w1$/);
    expect(of(undefined)).toMatch(/is on, on w1$/);
  });

  it('that is a retry tells its wait, and from when it may be taken', () => {
    const attempt = { number: 2, notBefore: instant(Date.parse('2027-01-15T08:00:00Z')) };
    expect(
      whyWaits({ definition, asked: undefined, locks: [], before: 0, attempt }, [worker('w0', 'ready')]),
    ).toBe('attempt 2 is not made before 2027-01-15T08:00:00.000Z');
  });
});
