import { describe, expect, test } from 'vitest';
import { erasOf, limitsSince } from '../../../src/common/core/outcome-eras.ts';
import { createScheduleCompiler } from '../../../src/common/core/schedule.ts';
import { durationMs } from '../../../src/common/model/duration.ts';
import { jobDefinition, type JobDefinitionInput, type JobRecord } from '../../../src/common/model/job.ts';
import { instant } from '../../../src/common/model/time.ts';
import { changedJobRecord, newJobRecord } from '../../../src/master/job-record.ts';

const compiler = createScheduleCompiler();
const definition = (rest: Partial<JobDefinitionInput> = {}) =>
  jobDefinition.parse({
    name: 'j',
    schedule: '@every 1m',
    task: { kind: 'shell', command: 'true' },
    ...rest,
  });

/** The record after each change, as a master writes them; a change at each whole hour. */
function life(...changes: Partial<JobDefinitionInput>[]): JobRecord[] {
  const records: JobRecord[] = [];
  let now: Partial<JobDefinitionInput> = {};
  for (const [hour, change] of changes.entries()) {
    now = { ...now, ...change };
    const at = instant(hour * 3_600_000);
    const before = records.at(-1);
    records.push(before ? changedJobRecord(before, definition(now), at) : newJobRecord(definition(now), at));
  }
  return records;
}
/** Hours, so that the tables can be read. */
const eras = (records: readonly JobRecord[]) =>
  erasOf(records, compiler)!.map(({ after, until, paused, generation }) => [
    after / 3_600_000,
    until / 3_600_000,
    paused,
    generation,
  ]);

describe('the eras of a job', () => {
  test.each<[string, JobRecord[], unknown[][]]>([
    ['that was never changed: one', life({}), [[0, Infinity, 'no', 1]]],
    [
      'of which nothing but the task changed: one',
      life({}, { description: 'x' }, { description: 'y' }),
      [[0, Infinity, 'no', 3]],
    ],
    [
      'on all workers, that goes to others: one each',
      life(
        { workers: { mode: 'all' } },
        { workers: { mode: 'all', labels: { region: 'eu' } } },
        { task: { kind: 'shell', command: 'false' } },
        { task: { kind: 'handler', name: 'a' } },
      ),
      [
        [0, 1, 'no', 1],
        [1, 3, 'no', 3],
        [3, Infinity, 'no', 4],
      ],
    ],
    [
      'on one worker, that goes to another: one',
      life({}, { workers: { labels: { region: 'eu' } } }, { task: { kind: 'handler', name: 'a' } }),
      [[0, Infinity, 'no', 3]],
    ],
    [
      'whose schedule changed: one each',
      life({}, { schedule: '@every 2m' }, { description: 'x' }),
      [
        [0, 1, 'no', 1],
        [1, Infinity, 'no', 3],
      ],
    ],
    [
      'that is paused: the pause begins with its writing',
      life({}, { paused: true }),
      [
        [0, 1, 'no', 1],
        [1, Infinity, 'yes', 2],
      ],
    ],
    [
      'that was edited while paused: the pause goes on',
      life({}, { paused: true }, { description: 'x' }),
      [
        [0, 1, 'no', 1],
        [1, Infinity, 'yes', 3],
      ],
    ],
    [
      'that was paused and resumed',
      life({}, { paused: true }, { paused: false }),
      [
        [0, 1, 'no', 1],
        [1, 2, 'yes', 2],
        [2, Infinity, 'no', 3],
      ],
    ],
    ['that was created paused', life({ paused: true }), [[0, Infinity, 'yes', 1]]],
    [
      'paused at a time that is not kept',
      life({}, { paused: true }, { description: 'x' }).slice(2),
      [
        [0, 2, 'since-unknown', 3],
        [2, Infinity, 'yes', 3],
      ],
    ],
    [
      'of which only the newest is kept: from its `since` on',
      life({}, { schedule: '@every 2m' }, { description: 'x' }).slice(2),
      [[1, Infinity, 'no', 3]],
    ],
    [
      'of which one in the middle is missing: those behind the hole',
      life({}, { schedule: '@every 2m' }, { schedule: '@every 3m' }).filter((_, i) => i !== 1),
      [[2, Infinity, 'no', 3]],
    ],
  ])('%s', (_, records, expected) => {
    expect(eras(records)).toEqual(expected);
  });

  test('do not overlap when the clocks of two masters differ', () => {
    const [first] = life({});
    const second = changedJobRecord(first!, definition({ schedule: '@every 2m' }), instant(5_000));
    const third = changedJobRecord(second, definition({ schedule: '@every 3m' }), instant(2_000));
    const found = erasOf([first!, second, third], compiler)!;
    expect(found.map(({ after, until }) => [after, until])).toEqual([
      [0, 2_000],
      [2_000, Infinity],
    ]);
  });

  test('tell when it went from all workers to one', () => {
    const records = life(
      { workers: { mode: 'all' } },
      { workers: { mode: 'one' } },
      { description: 'x' },
      { workers: { mode: 'all' } },
      { workers: { mode: 'one' } },
    );
    expect(erasOf(records, compiler)!.map(({ ofAll, ofOneSince }) => [ofAll, ofOneSince])).toEqual([
      [true, [3_600_000, 4 * 3_600_000]],
    ]);
  });

  test('are none when the schedule of now is not understood', () => {
    const [record] = life({});
    expect(
      erasOf([{ ...record!, definition: { ...record!.definition, timezone: 'Mars/North' } }], compiler),
    ).toBeUndefined();
  });
});

describe('the limits of a history', () => {
  const history = (keep: number, lasts = '30d') => ({ history: { keep, for: lasts } });
  test.each<[string, JobRecord[], number]>([
    ['that never changed hold from the beginning', life(history(5), { description: 'x' }), -Infinity],
    ['that became smaller hold from the beginning', life(history(5), history(4)), -Infinity],
    ['that became larger hold from then on', life(history(5), history(6), { description: 'x' }), 1],
    ['that last longer hold from then on', life(history(5), history(5, '31d')), 1],
    [
      'of which earlier ones are not kept hold from the oldest that is',
      life(history(5), { description: 'x' }, { description: 'y' }).slice(1),
      1,
    ],
  ])('%s', (_, records, hour) => {
    expect(limitsSince(records, durationMs)).toBe(hour === -Infinity ? hour : hour * 3_600_000);
  });
});
