// What becomes of one tick, case by case.
import { describe, expect, test } from 'vitest';
import type { Era } from '../../../src/common/core/outcome-eras.ts';
import { evidenceOf } from '../../../src/common/core/outcome-evidence.ts';
import { countsOf, ticksOf } from '../../../src/common/core/outcome-pages.ts';
import { outcomesOf, type TickQuestion } from '../../../src/common/core/outcomes.ts';
import { makeRunId } from '../../../src/common/model/ids.ts';
import type { RunRecord } from '../../../src/common/model/run.ts';
import { instant } from '../../../src/common/model/time.ts';
import { every } from './outcomes-life.ts';

const MINUTE = 60_000;
const T0 = Date.parse('2026-03-01T12:00:00Z');
/** The tick of that minute. */
const tick = (minute: number): number => T0 + minute * MINUTE;

let serial = 0;
function run(minute: number, rest: Partial<RunRecord> = {}): RunRecord {
  const at = tick(minute);
  return {
    id: makeRunId(instant(at), (serial++).toString(16).padStart(6, '0')),
    job: 'j',
    state: 'succeeded',
    cause: { kind: 'schedule', tick: at },
    worker: 'w-000001',
    scheduledFor: at,
    armedAt: at - 200,
    startedAt: at,
    endedAt: at + 1_000,
    attempt: 1,
    attempts: [],
    generation: 1,
    jobCreated: 1,
    ...rest,
  };
}
const unstarted = (minute: number, rest: Partial<RunRecord>): RunRecord => {
  const { startedAt: _start, endedAt: _end, ...armed } = run(minute);
  return { ...armed, state: 'armed', ...rest };
};
const passed = (state: 'skipped' | 'missed', from: number, to: number): RunRecord =>
  run(from, {
    state,
    reason: `${state}, as told`,
    ticks: { count: to - from + 1, from: tick(from), to: tick(to) },
  });
const retry = (minute: number, retryOf: RunRecord, rest: Partial<RunRecord> = {}): RunRecord =>
  run(minute, {
    cause: { kind: 'retry', tick: tick(minute), retryOf: retryOf.id },
    worker: 'w-000002',
    ...rest,
  });

const era = (rest: Partial<Era> = {}): Era => ({
  ticks: every(60),
  after: instant(T0),
  until: Infinity,
  paused: 'no',
  overlap: 'forbid',
  ofAll: false,
  ofOneSince: [],
  generation: 1,
  ...rest,
});

interface Given extends Partial<Omit<TickQuestion, 'evidence' | 'cursor'>> {
  readonly ended?: readonly RunRecord[];
  readonly active?: readonly RunRecord[];
  /** A minute. */
  readonly cursor?: number;
}

/** Ticks of the minutes 1 to 10 are asked about at minute 10 and a half, all settled. */
function question({ active = [], ended = [], cursor = 10, ...rest }: Given): TickQuestion {
  return {
    from: instant(tick(0)),
    to: instant(tick(10)),
    now: instant(tick(10.5)),
    grace: MINUTE,
    eras: [era()],
    evidence: evidenceOf(ended, active),
    allRuns: [...ended, ...active],
    cursor: instant(tick(cursor)),
    knownAfter: -Infinity,
    held: undefined,
    retriesAsked: new Set(),
    ownerGone: new Set(),
    unreadable: new Set(),
    ...rest,
  };
}

/** Of one minute: outcome, and reason if there is one. */
function outcomeOf(minute: number, given: Given): string {
  const at = instant(tick(minute));
  const found = outcomesOf({ ...question(given), from: at, to: at });
  return found
    .map(({ outcome, reason }) => (reason === undefined ? outcome : `${outcome}: ${reason}`))
    .join(' + ');
}

const lost = run(5, { state: 'lost', reason: 'worker lost' });
const again = retry(5, lost);
const busy = run(2, { endedAt: tick(8) });

describe('a tick', () => {
  test.each<[string, Given, string]>([
    ['that ran', { ended: [run(5)] }, 'ran'],
    ['that ran and failed has run', { ended: [run(5, { state: 'failed' })] }, 'ran'],
    [
      'that timed out has run',
      { ended: [run(5, { state: 'timed_out', reason: 'timeout' })] },
      'ran: timeout',
    ],
    [
      'that was caught up later has run',
      { ended: [run(5, { cause: { kind: 'catch_up', tick: tick(5) } })] },
      'ran',
    ],
    [
      'whose run was killed has run',
      { ended: [run(5, { state: 'killed', reason: 'killed by me' })] },
      'ran: killed by me',
    ],
    [
      'whose run was killed before it started was skipped',
      { ended: [unstarted(5, { state: 'killed', reason: 'killed by me', endedAt: tick(5) })] },
      'skipped: killed by me',
    ],
    ['whose worker was lost is lost', { ended: [lost] }, 'lost: worker lost'],
    ['that was lost and ran elsewhere has run, once', { ended: [lost, again] }, 'ran'],
    [
      'whose retry elsewhere was lost, too, and retried again has run, once',
      { ended: [lost, retry(5, lost, { id: 'r2', state: 'lost' }), retry(5, run(5, { id: 'r2' }))] },
      'ran',
    ],
    [
      'whose retry elsewhere is on is running',
      { ended: [lost], active: [retry(5, lost, { state: 'running' })] },
      'running',
    ],
    [
      'whose retry waits for a worker waits',
      { ended: [lost], retriesAsked: new Set([lost.id]) },
      `waiting: run ${lost.id} was lost; its retry waits for a worker`,
    ],
    ['whose first run has been pruned, but not the retry, has run', { ended: [again] }, 'ran'],
    ['that is claimed is armed', { active: [unstarted(5, {})] }, 'armed'],
    ['that is on is running', { active: [run(5, { state: 'running' })] }, 'running'],
    [
      'that stands as active and as ended has ended',
      { ended: [run(5, { id: 'x' })], active: [run(5, { id: 'x', state: 'running' })] },
      'ran',
    ],
    [
      'within a skipped stretch is skipped',
      { ended: [passed('skipped', 3, 7)] },
      'skipped: skipped, as told',
    ],
    [
      'at the end of a missed stretch is missed',
      { ended: [passed('missed', 3, 5)] },
      'missed: missed, as told',
    ],
    [
      'that was given back and missed, though told of by one record, is missed',
      { ended: [passed('missed', 5, 5)] },
      'missed: missed, as told',
    ],
    [
      'of which nothing is on record, between others, is unexplained',
      { ended: [run(4), run(6)] },
      'unexplained: no record tells what became of it, although later ticks were settled',
    ],
    [
      'is not explained by a run by hand at its very instant',
      { ended: [run(5, { cause: { kind: 'manual' } })] },
      expect.stringMatching(/^unexplained/) as never,
    ],
    [
      'whose record does not parse says so',
      { unreadable: new Set([tick(5)]) },
      'unexplained: its record cannot be read',
    ],
    [
      'that history may have lost is not known',
      { knownAfter: tick(5) },
      'not_known: its record may have been removed with old history',
    ],
    [
      'right after what history may have lost is not excused',
      { knownAfter: tick(5) - 1 },
      expect.stringMatching(/^unexplained/) as never,
    ],
  ])('%s', (_, given, expected) => {
    expect(outcomeOf(5, given)).toEqual(expected);
  });

  test('with two claims ran twice, whatever became of them', () => {
    const [a, b] = [run(5), run(5, { worker: 'v-000001' })];
    expect(outcomeOf(5, { ended: [a, b] })).toBe(`twice: runs ${a.id} and ${b.id}`);
    expect(outcomeOf(5, { ended: [a], active: [{ ...b, state: 'running' }] })).toMatch(/^twice/);
    expect(outcomeOf(5, { ended: [a, { ...b, state: 'lost' }] })).toMatch(/^twice/);
  });

  test('whose lost run was retried twice ran twice', () => {
    expect(outcomeOf(5, { ended: [lost, again, retry(5, lost)] })).toMatch(/^twice/);
  });

  test('is counted as failed when the last run of it ended badly, and told by itself', () => {
    const at = instant(tick(5));
    const failed = (ended: RunRecord[]): number => {
      const asked = { ...question({ ended }), from: at, to: at };
      const segments = outcomesOf(asked);
      const counts = countsOf(segments, asked.now);
      const told = ticksOf(segments, { after: -Infinity, limit: 10, isFailed: true });
      expect(told.ticks).toHaveLength(counts.failed);
      expect(counts.failed).toBeLessThanOrEqual(counts.ran);
      return counts.failed;
    };
    expect(failed([run(5)])).toBe(0);
    for (const state of ['failed', 'timed_out', 'killed'] as const)
      expect(failed([run(5, { state })])).toBe(1);
    // Lost is an outcome of its own; what was tried again goes by the last.
    expect(failed([lost])).toBe(0);
    expect(failed([lost, { ...again, state: 'failed' }])).toBe(1);
    expect(failed([{ ...lost, state: 'failed' }, again])).toBe(0);
    const by = (worker: string, rest: Partial<RunRecord> = {}) =>
      run(5, { worker, shard: { index: 0, total: 2 }, ...rest });
    expect(failed([by('a'), by('b', { state: 'failed' })])).toBe(1);
  });

  test('that each worker runs for itself is right by two workers, and twice by one', () => {
    const by = (worker: string, rest: Partial<RunRecord> = {}) =>
      run(5, { worker, shard: { index: 0, total: 2 }, ...rest });
    const [a, b] = [by('a-000001'), by('b-000001')];
    expect(outcomeOf(5, { ended: [a, b, by('a-000002')] })).toBe('ran');
    expect(outcomeOf(5, { ended: [a, b, by('a-000001')] })).toMatch(/^twice/);
    expect(outcomeOf(5, { ended: [a, { ...b, state: 'lost', reason: 'gone' }] })).toBe('lost: gone');
    expect(outcomeOf(5, { ended: [a], active: [{ ...b, state: 'running' }] })).toBe('running');
    // One of them for all, and another for itself.
    expect(outcomeOf(5, { ended: [a, run(5)] })).toMatch(/^twice/);
  });

  describe('that each worker runs for itself', () => {
    const shard = { index: 0, total: 3 };
    const by = (worker: string, rest: Partial<RunRecord> = {}) => run(5, { worker, shard, ...rest });
    const [a, b, c] = [by('a'), by('b'), by('c')];
    const skippedBy = (worker: string) => ({ ...passed('skipped', 4, 6), worker });
    const partly = (given: Given): boolean => {
      const at = instant(tick(5));
      const asked = { ...question(given), from: at, to: at };
      const [segment] = outcomesOf(asked);
      const counts = countsOf(outcomesOf(asked), asked.now);
      expect(counts.due).toBe(1);
      expect(counts.partly).toBe(segment!.partly ? counts.ran : 0);
      return segment!.partly ?? false;
    };

    test('says on which workers it was skipped or missed, and why', () => {
      const ended = [a, skippedBy('b'), { ...passed('missed', 5, 5), worker: 'c' }];
      expect(outcomeOf(5, { ended })).toBe(
        'ran: skipped on b: skipped, as told; missed on c: missed, as told',
      );
      expect(partly({ ended })).toBe(true);
      expect(
        outcomeOf(4, { ended: [...ended, run(4, { worker: 'a', shard: { index: 0, total: 2 } })] }),
      ).toBe('ran: skipped on b: skipped, as told');
    });

    test('says that it was killed before its start on one of them', () => {
      const { startedAt: _start, ...killed } = by('b', { state: 'killed', reason: 'killed by me' });
      expect(outcomeOf(5, { ended: [a, killed, c] })).toBe('ran: skipped on b: killed by me');
      expect(outcomeOf(5, { ended: [killed] })).toBe('skipped: killed by me; 1 of 3 workers have a record');
      expect(partly({ ended: [killed] })).toBe(false);
    });

    test('says how many of them have a record when some have none', () => {
      expect(outcomeOf(5, { ended: [a, skippedBy('b')] })).toBe(
        'ran: skipped on b: skipped, as told; 2 of 3 workers have a record',
      );
      expect(partly({ ended: [a, b] })).toBe(true);
      expect(partly({ ended: [a, b, c] })).toBe(false);
      expect(outcomeOf(5, { ended: [{ ...a, state: 'timed_out', reason: 'timeout' }, b] })).toBe(
        'ran: timeout; 2 of 3 workers have a record',
      );
    });

    test('goes by the run that saw the most workers', () => {
      expect(partly({ ended: [by('a', { shard: { index: 0, total: 1 } }), b] })).toBe(true);
      expect(partly({ ended: [by('a', { shard: { index: 0, total: 1 } })] })).toBe(false);
    });

    test('misses no record that may still come, or that may be gone', () => {
      const on = run(4, { worker: 'c', shard, state: 'running' });
      expect(outcomeOf(5, { ended: [a, b], active: [on] })).toBe('ran');
      expect(outcomeOf(5, { ended: [a, b], grace: 6 * MINUTE })).toBe('ran');
      expect(outcomeOf(5, { ended: [a, b], knownAfter: tick(5) })).toBe('ran');
      expect(outcomeOf(5, { ended: [a, b], knownAfter: tick(5) - 1 })).toMatch(/2 of 3/);
    });

    test('names five of many workers', () => {
      const ended = [a, ...['1', '2', '3', '4', '5', '6', '7'].map(skippedBy)];
      expect(outcomeOf(5, { ended })).toMatch(/skipped on 5: skipped, as told; not run by 2 more workers$/);
    });

    test('says all of that of a tick of an earlier schedule, too', () => {
      const eras = [era({ after: instant(tick(8)) })];
      const asked = question({ eras, ended: [a, skippedBy('b')] });
      expect(outcomesOf(asked).find(({ runs }) => runs.length > 0)).toMatchObject({
        outcome: 'ran',
        partly: true,
        reason: 'skipped on b: skipped, as told; 2 of 3 workers have a record',
      });
    });
  });

  test('that one worker runs for all is not partly run, whatever else is on record', () => {
    expect(outcomeOf(5, { ended: [run(5), { ...passed('skipped', 4, 6), worker: 'b' }] })).toBe('ran');
  });

  describe('whose waiting retry was taken back', () => {
    const takenBack = (of: RunRecord): RunRecord => {
      const { worker: _none, startedAt: _start, armedAt: _claim, ...rest } = retry(5, of);
      return { ...rest, state: 'killed', reason: 'taken back' };
    };

    test('is lost, as the run before it was', () => {
      expect(outcomeOf(5, { ended: [lost, takenBack(lost)] })).toBe(
        'lost: worker lost; its retry never started: taken back',
      );
      const second = retry(5, lost, { state: 'lost', reason: 'lost again' });
      expect(outcomeOf(5, { ended: [lost, second, takenBack(second)] })).toBe(
        'lost: lost again; its retry never started: taken back',
      );
    });

    test('has run, if the run before it ended', () => {
      const failed = run(5, { state: 'failed' });
      expect(outcomeOf(5, { ended: [failed, takenBack(failed)] })).toBe(
        'ran: its retry never started: taken back',
      );
    });

    test('is not known when the record of the run before it is gone', () => {
      expect(outcomeOf(5, { ended: [takenBack(lost)] })).toBe(
        `not_known: the record of run ${lost.id} may have been removed with old history; its retry never started: taken back`,
      );
    });
  });

  test('with a run that ran on after its claim had ended is counted as such, whatever its outcome', () => {
    const asked = question({
      ended: [
        run(4),
        run(5, { mayHaveOverlapped: true }),
        run(6, { state: 'lost', mayHaveOverlapped: true }),
      ],
    });
    expect(countsOf(outcomesOf(asked), asked.now)).toMatchObject({
      due: 10,
      ran: 2,
      lost: 1,
      mayHaveOverlapped: 2,
    });
  });

  test('that runs on a worker that is gone says so', () => {
    const on = run(5, { state: 'running' });
    expect(outcomeOf(5, { active: [on], ownerGone: new Set([on.id]) })).toMatch(
      /^running: its worker is gone/,
    );
  });
});

describe('a tick that the cursor has not reached', () => {
  const open = { cursor: 4 };

  test.each<[string, number, Given, string | RegExp]>([
    [
      'is not due yet when it is to come',
      10.5,
      { now: instant(tick(10)), eras: [era({ ticks: every(30) })] },
      'not_yet',
    ],
    ['waits within the grace', 10, open, 'waiting: due; no worker has settled it yet'],
    ['is unexplained beyond the grace', 9, open, 'unexplained: still due: no worker has settled it'],
    [
      'is unexplained beyond the grace, although old records may be gone',
      9,
      { ...open, knownAfter: tick(10) },
      /^unexplained: still due/,
    ],
    ['is known all the same when a later version has recorded it', 9, { ...open, ended: [run(9)] }, 'ran'],
    [
      'waits for workers that may run it and take nothing now, however long',
      6,
      { ...open, nobody: { reason: 'all are full', catchUp: undefined } },
      'waiting: all are full',
    ],
    [
      'waits for the run that is on, rather than for a worker',
      6,
      {
        ...open,
        eras: [era({ overlap: 'queue' })],
        held: { runId: 'r', startAt: tick(4) },
        nobody: { reason: 'all are full', catchUp: undefined },
      },
      'waiting: waits for run r to end',
    ],
    ...(
      [
        ['latest', 60, 9, 'waiting: nobody is there'],
        ['latest', 60, 8, 'unexplained: still due: no worker has settled it; nobody is there'],
        ['latest', 0.1, 9, 'unexplained: still due: no worker has settled it; nobody is there'],
        ['all', 3, 7, 'waiting: nobody is there'],
        ['all', 3, 6, 'unexplained: still due: no worker has settled it; nobody is there'],
        ['none', 60, 9, 'unexplained: still due: no worker has settled it; nobody is there'],
        ['none', 60, 10, 'waiting: nobody is there'],
      ] as const
    ).map(([policy, window, minute, expected]): [string, number, Given, string] => [
      `of minute ${minute} that nobody may run waits until catch-up gives it up, and the grace longer: ${policy}, ${window}`,
      minute,
      {
        ...open,
        nobody: { reason: 'nobody is there', catchUp: { policy, window: window * MINUTE } },
      },
      expected,
    ]),
    [
      'waits for the run that is on: queue',
      6,
      { ...open, eras: [era({ overlap: 'queue' })], held: { runId: 'r', startAt: tick(4) } },
      'waiting: waits for run r to end',
    ],
    [
      'waits for the run that is on: replace',
      6,
      { ...open, eras: [era({ overlap: 'replace' })], held: { runId: 'r', startAt: tick(4) } },
      'waiting: waits for run r to end',
    ],
    [
      'should have been skipped for the run that is on: forbid',
      6,
      { ...open, held: { runId: 'r', startAt: tick(4) } },
      /^unexplained/,
    ],
    [
      'waits to be caught up when that run began after it: forbid',
      6,
      { ...open, held: { runId: 'r', startAt: tick(7) } },
      'waiting: waits for run r to end',
    ],
    [
      'waits to be caught up when it came in the very instant in which that run began: forbid',
      6,
      { ...open, held: { runId: 'r', startAt: tick(6) } },
      'waiting: waits for run r to end',
    ],
    [
      'is told behind one that waits to be caught up, when it came while the run was on: forbid',
      8,
      { ...open, held: { runId: 'r', startAt: tick(7) } },
      'waiting: behind a tick that waits for run r to end',
    ],
    [
      'waits for no run: allow',
      6,
      { ...open, eras: [era({ overlap: 'allow' })], held: { runId: 'r', startAt: tick(4) } },
      /^unexplained/,
    ],
  ])('%s', (_, minute, given, expected) => {
    const whole = typeof expected === 'string' ? new RegExp(`^${expected}$`) : expected;
    expect(outcomeOf(minute, given)).toMatch(whole);
  });

  test('of a job that never settled any is overdue', () => {
    const asked = { ...question({}), cursor: undefined };
    expect(countsOf(outcomesOf(asked), asked.now)).toMatchObject({ due: 10, unexplained: 9, waiting: 1 });
  });
});

describe('a change of the definition', () => {
  const changed = (rest: Partial<Era> = {}): readonly Era[] => [
    era({ until: tick(5.5) }),
    era({ after: instant(tick(5.5)), generation: 2, ticks: every(120), ...rest }),
  ];
  const resumed = era({ after: instant(tick(9)), generation: 3 });

  test('ends the ticks of the one before and begins those of the new one', () => {
    const eras = changed();
    const told = ticksOf(outcomesOf(question({ eras })), { after: 0, limit: 100 }).ticks;
    expect(told.map((each) => [(each.tick - T0) / MINUTE, each.segment.generation])).toEqual([
      [1, 1],
      [2, 1],
      [3, 1],
      [4, 1],
      [5, 1],
      [6, 2],
      [8, 2],
      [10, 2],
    ]);
  });

  test.each<[string, number, Given, RegExp]>([
    ['drops the tick that it meets unsettled', 5, {}, /^missed: still due when the definition was changed/],
    ['drops a tick that waited for a run', 3, { ended: [busy] }, /^missed: still due when/],
    [
      'drops a tick that waited for a run that is still on',
      3,
      { active: [unstarted(2, { armedAt: tick(2) })] },
      /^missed: still due when/,
    ],
    ['does not excuse a tick from before that run', 1, { ended: [busy] }, /^unexplained/],
    [
      'does not excuse a tick before one that it found settled',
      4,
      { ended: [run(5)] },
      /^unexplained: no record tells/,
    ],
    [
      'does not excuse a tick that was overdue',
      3,
      {},
      /^unexplained: overdue, and no worker had settled it, when/,
    ],
    [
      'may be passed by a run claimed ahead under the one before',
      6,
      {
        eras: [
          era({ until: tick(6) - 2_000 }),
          era({ after: instant(tick(6) - 2_000), generation: 2, ticks: every(1) }),
        ],
        ended: [
          run(6, { id: 'ahead', cause: { kind: 'schedule', tick: tick(6) + 500 }, armedAt: tick(6) - 2_500 }),
        ],
      },
      /^missed: a run of the definition before/,
    ],
    [
      'is no excuse when the run was claimed after it',
      6,
      {
        eras: [
          era({ until: tick(6) - 2_000 }),
          era({ after: instant(tick(6) - 2_000), generation: 2, ticks: every(1) }),
        ],
        ended: [run(6, { id: 'later', cause: { kind: 'schedule', tick: tick(6) + 500 }, armedAt: tick(6) })],
      },
      /^unexplained/,
    ],
    [
      'is no excuse when the run was claimed right after it, under the new one',
      6,
      {
        eras: [
          era({ until: tick(6) - 500 }),
          era({ after: instant(tick(6) - 500), generation: 2, ticks: every(1) }),
        ],
        ended: [
          run(6, {
            id: 'second',
            cause: { kind: 'schedule', tick: tick(6) + 1_000 },
            armedAt: tick(6) + 300,
            generation: 2,
          }),
        ],
      },
      /^unexplained/,
    ],
    ['to a pause means that nothing is due', 8, { eras: changed({ paused: 'yes' }) }, /^paused$/],
    [
      'to a pause means that nothing is due, whatever was skipped around it',
      8,
      { eras: [...changed({ paused: 'yes', until: tick(9) }), resumed], ended: [passed('skipped', 4, 10)] },
      /^paused$/,
    ],
    [
      'to a pause does not hide what was skipped while it was on its way',
      6,
      { eras: changed({ paused: 'yes' }), ended: [passed('skipped', 4, 6)] },
      /^skipped/,
    ],
    [
      'to a pause leaves what may have run while it was on its way to its record, which may be gone',
      5.6,
      { eras: changed({ paused: 'yes', ticks: every(6) }), knownAfter: tick(7) },
      /^not_known/,
    ],
    [
      'to a pause drops what would be on record had it run',
      5.6,
      { eras: changed({ paused: 'yes', ticks: every(6) }) },
      /^paused$/,
    ],
    [
      'to a pause needs no record, also where history begins later',
      6,
      { eras: changed({ paused: 'yes', ticks: every(6) }), knownAfter: tick(7) },
      /^paused$/,
    ],
    [
      'drops, of what ran on all workers, also a tick before one that another worker has settled',
      4,
      {
        grace: 2 * MINUTE,
        eras: [era({ until: tick(5.5), ofAll: true }), ...changed().slice(1)],
        ended: [run(5)],
      },
      /^missed: still due when/,
    ],
    [
      'from all workers to one drops what a worker with a later tick has left behind',
      4,
      {
        grace: 2 * MINUTE,
        eras: [era({ ofAll: true, ofOneSince: [instant(tick(5.5))] })],
        ended: [run(5)],
      },
      /^missed: still due when the job was changed from all workers to one/,
    ],
    [
      'from all workers to one drops nothing that was overdue before it',
      3,
      {
        grace: 2 * MINUTE,
        eras: [era({ ofAll: true, ofOneSince: [instant(tick(5.5))] })],
        ended: [run(5)],
      },
      /^unexplained/,
    ],
    [
      'from all workers to one drops nothing that came after it',
      6,
      {
        grace: 2 * MINUTE,
        eras: [era({ ofAll: true, ofOneSince: [instant(tick(5.5))] })],
        ended: [run(5)],
      },
      /^unexplained/,
    ],
    [
      'drops, of what ran on one worker, no tick before one that was settled',
      4,
      { grace: 2 * MINUTE, ended: [run(5)] },
      /^unexplained/,
    ],
    [
      'to a pause at a moment that is not kept leaves what the cursor has not reached',
      8,
      { cursor: 4, eras: [era({ paused: 'since-unknown', until: tick(20) })] },
      /^paused$/,
    ],
    [
      'to a pause at a moment that is not kept does not excuse what the cursor has passed',
      3,
      { cursor: 4, eras: [era({ paused: 'since-unknown', until: tick(20) })] },
      /^unexplained/,
    ],
  ])('%s', (_, minute, given, expected) => {
    expect(outcomeOf(minute, { eras: changed({ ticks: every(60) }), ...given })).toMatch(expected);
  });

  test('leaves what is not kept of it to its records, each with its own ticks', () => {
    const eras = [era({ after: instant(tick(6)), generation: 3 })];
    const off = run(2, { cause: { kind: 'schedule', tick: tick(2) + 7 }, generation: 2 });
    const ended = [off, passed('missed', 3, 5), run(7), run(8), run(9), run(10)];
    const told = ticksOf(outcomesOf(question({ eras, ended })), { after: 0, limit: 100 }).ticks;
    expect(told.map((each) => [(each.tick - T0) / MINUTE, each.segment.outcome, each.segment.count])).toEqual(
      [
        [2 + 7 / MINUTE, 'ran', 1],
        [3, 'missed', 3],
        [7, 'ran', 1],
        [8, 'ran', 1],
        [9, 'ran', 1],
        [10, 'ran', 1],
      ],
    );
    expect(told[0]!.segment).toMatchObject({ ticks: undefined, generation: 2 });
    const asked = question({ eras, ended });
    expect(countsOf(outcomesOf(asked), asked.now)).toMatchObject({
      due: 8,
      ran: 5,
      missed: 3,
      unexplained: 0,
    });
  });

  test('does not hide that a tick of before ran twice', () => {
    expect(outcomeOf(2, { eras: [era({ after: instant(tick(6)) })], ended: [run(2), run(2)] })).toMatch(
      /^twice/,
    );
  });

  test('counts of a stretch that was missed before, and of which a part is asked for, what is sure', () => {
    const eras = [era({ after: instant(tick(8)) })];
    const ended = [passed('missed', 2, 6)];
    const part = { ...question({ eras, ended }), from: instant(tick(4)), to: instant(tick(8)) };
    expect(countsOf(outcomesOf(part), part.now)).toMatchObject({ missed: 1 });
  });
});

test('ticks at both ends of the stretch belong to it, and neighbours that say the same are one', () => {
  const asked = {
    ...question({ ended: [run(3), passed('skipped', 5, 7)] }),
    from: instant(tick(3)),
    to: instant(tick(9)),
  };
  expect(outcomesOf(asked).map(({ from, to, outcome, count }) => [from, to, outcome, count])).toEqual([
    [tick(3), tick(3), 'ran', 1],
    [tick(4), tick(4), 'unexplained', 1],
    [tick(5), tick(7), 'skipped', 3],
    [tick(8), tick(9), 'unexplained', 2],
  ]);
});
