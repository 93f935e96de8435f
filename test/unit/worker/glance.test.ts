// A glance at a stored job: what it takes is what the schema would have read of it, and what it does not take is
// left to the schema.
import { isDeepStrictEqual } from 'node:util';
import { expect, test } from 'vitest';
import { jobDefinition, type JobDefinitionInput } from '../../../src/common/model/job.ts';
import { needOf } from '../../../src/common/core/eligible.ts';
import { codecs } from '../../../src/common/store/keyspace.ts';
import { glanceAt, type PlannedJob } from '../../../src/worker/glance.ts';

const AT = Date.parse('2026-11-22T14:30:00Z');
const input: JobDefinitionInput = {
  name: 'nightly',
  schedule: '0 3 * * *',
  timezone: 'Europe/Berlin',
  task: { kind: 'shell', command: 'pg_dump app' },
};
const definition = jobDefinition.parse(input);
const record = { definition, since: AT, anchor: AT, generation: 3, createdAt: AT, updatedAt: AT };

const textOf = (more: object = {}, ofDefinition: object = {}): string =>
  JSON.stringify({ ...record, ...more, definition: { ...definition, ...ofDefinition } });

/** What is read of a record, as far as planning goes. */
const read = ({ definition: all, ...rest }: PlannedJob): unknown => {
  const { name, schedule, timezone, dst, jitter, startAt, endAt, anchor, paused } = all;
  const { overlap, catchUp, workers, task } = all;
  const { since, anchor: phase, generation } = rest;
  const when = { name, schedule, timezone, dst, jitter, startAt, endAt, anchor, since, phase, generation };
  return { when, paused, overlap, catchUp, workers, need: needOf(task) };
};

test('what this program writes is taken, and read as the schema reads it', () => {
  const text = textOf();
  const glanced = glanceAt(text);
  const decoded = codecs.job.decode(text);
  if (!glanced || !decoded.ok) throw new Error('both take it');
  expect(read(glanced)).toEqual(read(decoded.value));
});

const VALUES: readonly unknown[] = [
  undefined,
  null,
  true,
  0,
  1,
  1.5,
  -1,
  2 ** 60,
  ...'x,5m,400d,2026-12-24T18:00:00Z,forbid,queue,allow,all,one,none,latest,shift,both,a b,@,UTC'.split(','),
  '',
  [],
  ['0 3 * * *'],
  {},
  { kind: 'exec' },
  { kind: 'handler', name: 'f' },
  { kind: 'handler', name: '' },
  { kind: 'handler', name: 7 },
  { kind: 'smoke' },
  { gap: 'skip', repeat: 'both' },
  { gap: 'leap', repeat: 'both' },
  { gap: 'skip' },
  { policy: 'all', window: '1h' },
  { policy: 'all', window: 'soon' },
  { policy: 'all', window: '400d' },
  { policy: 'any', window: '1h' },
  { policy: 'all' },
  { mode: 'all' },
  { mode: 'some' },
  { mode: 'one', labels: { gpu: 'yes' } },
  { mode: 'one', labels: 7 },
];

/** Of a task it looks at its kind, and at the name of a handler. */
const isOfTask = (error: string): boolean =>
  error
    .split('; ')
    .every((each) => each.startsWith('definition.task.') && !each.startsWith('definition.task.name'));

/** Undefined: what is glanced at is what the schema reads, or is left to it. */
function disagreement(text: string): string | undefined {
  const glanced = glanceAt(text);
  if (!glanced) return undefined;
  const decoded = codecs.job.decode(text);
  if (!decoded.ok) return isOfTask(decoded.error) ? undefined : `${text}: ${decoded.error}`;
  return isDeepStrictEqual(read(glanced), read(decoded.value)) ? undefined : `${text} is read otherwise`;
}

test.each(['since', 'anchor', 'generation'])(
  'of a record, %s is never read otherwise than by the schema',
  (field) => {
    expect(VALUES.map((value) => disagreement(textOf({ [field]: value }))).filter(Boolean)).toEqual([]);
  },
);

test.each(
  'name,schedule,timezone,dst,jitter,startAt,endAt,anchor,paused,overlap,catchUp,workers,task'.split(','),
)('of a definition, %s is never read otherwise than by the schema', (field) => {
  expect(VALUES.map((value) => disagreement(textOf({}, { [field]: value }))).filter(Boolean)).toEqual([]);
});

test.each(['', '7', 'null', '[]', '{}', '{"definition":[]}', '{"definition":{}'])(
  '%j is not taken',
  (text) => {
    expect(glanceAt(text)).toBeUndefined();
  },
);
