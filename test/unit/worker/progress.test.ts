// How often progress is told: at most once a second for a run, so many at once for a worker, the latest.
import { beforeEach, expect, test } from 'vitest';
import { createProgress, type Progress } from '../../../src/worker/progress.ts';
import { createTestClock, type TestClock } from '../../support/test-clock.ts';

let clock: TestClock;
let told: string[];
let answers: Record<string, 'told' | 'later' | 'never'>;
let progress: Progress<string>;

beforeEach(() => {
  clock = createTestClock();
  told = [];
  answers = {};
  progress = createProgress<string>({
    clock,
    tell(run) {
      told.push(run);
      return answers[run] ?? 'told';
    },
  });
});

test('a run is told of once a second, however often it changes', async () => {
  for (let n = 0; n < 50; n++) {
    progress.changed('a');
    progress.changed('b');
    await clock.advance(100);
  }
  expect(told.filter((run) => run === 'a')).toHaveLength(5);
  expect(told.filter((run) => run === 'b')).toHaveLength(5);
});

test('nothing is told, and no timer waits, when nothing changes', async () => {
  progress.changed('a');
  await clock.advance(1_000);
  expect(told).toEqual(['a']);
  expect(clock.pendingTimers).toBe(0);
  await clock.advance(60_000);
  expect(told).toEqual(['a']);
});

test('too many changes at once are told in rounds, first come first', async () => {
  const runs = Array.from({ length: 450 }, (_, n) => `run-${n}`);
  for (const run of runs) progress.changed(run);
  await clock.advance(1_000);
  expect(told).toHaveLength(200);
  await clock.advance(1_000);
  expect(told).toHaveLength(400);
  await clock.advance(1_000);
  expect(told).toEqual(runs);
  expect(clock.pendingTimers).toBe(0);
});

test('one too early for its telling is asked again, one that is over is forgotten', async () => {
  answers = { young: 'later', over: 'never' };
  progress.changed('young');
  progress.changed('over');
  await clock.advance(2_000);
  expect(told).toEqual(['young', 'over', 'young']);
  answers = {};
  await clock.advance(5_000);
  expect(told).toEqual(['young', 'over', 'young', 'young']);
});
