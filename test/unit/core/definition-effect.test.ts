import { describe, expect, test } from 'vitest';
import { checkDefinition } from '../../../src/common/core/definition.ts';
import { createScheduleCompiler } from '../../../src/common/core/schedule.ts';
import { jobDefinition, type JobDefinition } from '../../../src/common/model/job.ts';
import { instantFromIso } from '../../../src/common/model/time.ts';

const compiler = createScheduleCompiler();
const now = instantFromIso('2026-11-22T14:30:00Z');

type Fields = Record<string, unknown>;
const job = (fields: Fields): Fields => ({
  name: 'backup',
  schedule: '0 3 * * *',
  task: { kind: 'shell', command: 'true' },
  ...fields,
});
/** As it may be stored by an older version: read by the schema alone. */
const stored = (fields: Fields): JobDefinition => jobDefinition.parse(job(fields));

function issues(fields: Fields, previous?: JobDefinition): string[] {
  const checked = checkDefinition(job(fields), { now, compiler, previous });
  return checked.ok ? [] : checked.issues.map(({ path, message }) => `${path}: ${message}`);
}

const RESERVED =
  'names that begin with ETCRON_ are set by etcron for each run: leave it out, or name it otherwise';
const LONGER =
  '1h is longer than maxDelay, 10m, and would never be waited for: write a delay of at most 10m, or a maxDelay of 1h or more';
const NO_LIMIT = 'has no effect without retry.limit above 0: write a limit such as 3, or leave `on` out';

describe('a name of the environment', () => {
  test.each([
    { kind: 'shell', command: 'true' },
    { kind: 'exec', argv: ['true'] },
  ])('that etcron sets is refused of $kind', (task) => {
    const env = { A: '1', ETCRON_JOB: 'x', ETCRON_NEW: { secret: true, value: 'x' } };
    expect(issues({ task: { ...task, env } })).toEqual([
      `task.env.ETCRON_JOB: ${RESERVED}`,
      `task.env.ETCRON_NEW: ${RESERVED}`,
    ]);
  });

  test('that tells the program etcron whom to ask is taken, and so is one that only resembles', () => {
    const env = {
      ETCRON_URL: 'x',
      ETCRON_TOKEN: 'x',
      ETCRON_TOKEN_FILE: 'x',
      ETCRON_CONFIG: 'x',
      ETCRON: 'x',
    };
    expect(issues({ task: { kind: 'shell', command: 'etcron audit', env } })).toEqual([]);
  });

  test('that is stored may be written again, and none added', () => {
    const task = { kind: 'shell', command: 'true', env: { ETCRON_JOB: 'x' } };
    const more = { ...task, env: { ...task.env, ETCRON_WORKER: 'y' } };
    expect(issues({ task, description: 'other' }, stored({ task }))).toEqual([]);
    expect(issues({ task: more }, stored({ task }))).toEqual([`task.env.ETCRON_WORKER: ${RESERVED}`]);
  });
});

describe('the waits of a retry', () => {
  test('are refused when the first is longer than the longest', () => {
    expect(issues({ retry: { limit: 1, delay: '1h', maxDelay: '10m' } })).toEqual([`retry.delay: ${LONGER}`]);
  });

  test.each([
    ['a long delay alone', { delay: '1h' }],
    ['a short maxDelay alone', { maxDelay: '5s' }],
    ['the same twice', { delay: '60m', maxDelay: '1h' }],
  ])('may be %s', (_, waits) => {
    expect(issues({ retry: { limit: 1, ...waits } })).toEqual([]);
  });

  test('that are stored may be written again, and not changed into others that are refused', () => {
    const retry = { limit: 1, delay: '1h', maxDelay: '10m' };
    expect(issues({ retry, description: 'other' }, stored({ retry }))).toEqual([]);
    expect(issues({ retry: { ...retry, limit: 2 } }, stored({ retry }))).toEqual([`retry.delay: ${LONGER}`]);
  });
});

describe('ends to retry', () => {
  test.each([{}, { limit: 0 }])('are refused with %j', (limit) => {
    expect(issues({ retry: { ...limit, on: { timeout: true } } })).toEqual([`retry.on: ${NO_LIMIT}`]);
  });

  test('that are stored without a limit may be written again', () => {
    const retry = { on: { timeout: true } };
    expect(issues({ retry, description: 'other' }, stored({ retry }))).toEqual([]);
    expect(issues({ retry: { on: { error: true } } }, stored({ retry }))).toEqual([`retry.on: ${NO_LIMIT}`]);
  });
});

describe('a wanted label', () => {
  const labels = { zone: 'x', 'a/b': ['eu', 'us', 'eu'] };

  test('with a value twice is refused with the place', () => {
    expect(issues({ workers: { labels } })).toEqual([
      'workers.labels["a/b"][2]: "eu" is there twice: write each value once',
    ]);
    expect(issues({ workers: { labels: { ...labels, 'a/b': ['eu', 'us'] } } })).toEqual([]);
  });

  test('that is stored so may be written again', () => {
    const previous = stored({ workers: { labels } });
    expect(issues({ workers: { labels: { ...labels, zone: 'y' } } }, previous)).toEqual([]);
    expect(issues({ workers: { labels: { 'a/b': ['eu', 'eu'] } } }, previous)).toHaveLength(1);
  });
});
