import { expect, test } from 'vitest';
import { jobName } from '../../../bench/support/jobs.ts';
import { isHeld, openLedger, type Ledger } from '../../../bench/support/ledger.ts';

const FIRST = 1_800_000_000_000;
const PERIOD = 5_000;
/** The second job is due 2.5 s after the first. */
const firstOf = (job: number): number => FIRST + job * 2_500;

/** Two jobs, three ticks each, the first of each a warm-up. */
const open = (): Ledger =>
  openLedger({ jobs: 2, firstOf, periodMs: PERIOD, ticks: 3, judgedFrom: FIRST + PERIOD });

const tickOf = (job: number, number: number): number => firstOf(job) + number * PERIOD;

const start = (ledger: Ledger, job: number, number: number, lag = 3): void =>
  ledger.started({ jobs: [jobName(job)], ticks: [tickOf(job, number)], at: [tickOf(job, number) + lag] });

const record = (ledger: Ledger, job: number, number: number, more: object = {}): void =>
  ledger.recorded(
    JSON.stringify({
      job: jobName(job),
      state: 'succeeded',
      scheduledFor: tickOf(job, number),
      startLagMs: 4,
      ...more,
    }),
  );

const all = [0, 1].flatMap((job) => [0, 1, 2].map((number) => [job, number] as const));

function filled(): Ledger {
  const ledger = open();
  for (const [job, number] of all) {
    start(ledger, job, number);
    record(ledger, job, number);
  }
  return ledger;
}

test('a load is held when each tick was started once and recorded once, on time', () => {
  const ledger = filled();
  expect(ledger.isStarted && ledger.isRecorded).toBe(true);
  const sum = ledger.sum();
  expect(sum).toMatchObject({ due: 6, startedOnce: 6, recordedOnce: 6, strays: 0, startsJudged: 4 });
  expect(sum.lag.max).toBe(3);
  expect(sum.recordedLag.max).toBe(4);
  expect(isHeld(sum)).toBe(true);
});

test.each<[string, (ledger: Ledger) => void, object]>([
  ['a second start', (ledger) => start(ledger, 1, 2), { startedTwice: 1, startedOnce: 5 }],
  ['a second record', (ledger) => record(ledger, 0, 0), { recordedTwice: 1, recordedOnce: 5 }],
  ['a start of no tick', (ledger) => start(ledger, 0, 3), { strays: 1 }],
  ['a start between two ticks', (ledger) => start(ledger, 0, 0.5), { strays: 1 }],
  ['a record of a job that is none', (ledger) => record(ledger, 2, 0), { strays: 1 }],
])('%s is noticed', (_, spoil, expected) => {
  const ledger = filled();
  spoil(ledger);
  expect(ledger.sum()).toMatchObject(expected);
  expect(isHeld(ledger.sum())).toBe(false);
});

test.each<[string, number, object]>([
  ['over a second late', 1_001, { overASecondLate: 1, early: 0 }],
  ['before its tick', -1, { overASecondLate: 0, early: 1 }],
])('a start %s is noticed', (_, lag, expected) => {
  const ledger = open();
  for (const [job, number] of all) {
    start(ledger, job, number, job === 1 && number === 1 ? lag : 3);
    record(ledger, job, number);
  }
  expect(ledger.sum()).toMatchObject(expected);
  expect(isHeld(ledger.sum())).toBe(false);
});

test('lags of the warm-up are left out, its ticks are counted', () => {
  const ledger = open();
  start(ledger, 0, 0, 5_000);
  const sum = ledger.sum();
  expect(sum).toMatchObject({ startedOnce: 1, notStarted: 5, startsJudged: 0, overASecondLate: 0 });
});

test('one record of missed ticks stands for each of them', () => {
  const ledger = open();
  record(ledger, 0, 0, {
    state: 'missed',
    startLagMs: undefined,
    ticks: { count: 2, from: tickOf(0, 0), to: tickOf(0, 1) },
  });
  record(ledger, 0, 2);
  const sum = ledger.sum();
  expect(sum).toMatchObject({ recordedOnce: 3, unrecorded: 3, states: { missed: 2, succeeded: 1 } });
  expect(isHeld(sum)).toBe(false);
});
