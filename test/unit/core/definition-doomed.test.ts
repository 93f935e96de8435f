import { describe, expect, test } from 'vitest';
import { checkDefinition } from '../../../src/common/core/definition.ts';
import { createScheduleCompiler } from '../../../src/common/core/schedule.ts';
import { jobDefinition } from '../../../src/common/model/job.ts';
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

function issues(fields: Fields, before?: Fields): string[] {
  // As an older version may have stored it: read by the schema alone.
  const previous = before && jobDefinition.parse(job(before));
  const checked = checkDefinition(job(fields), { now, compiler, previous });
  return checked.ok ? [] : checked.issues.map(({ path, message }) => `${path}: ${message}`);
}

const http = (more: Fields = {}): Fields => ({ kind: 'http', url: 'https://example.org/', ...more });
const retry = (on: Fields): Fields => ({ limit: 1, on });

/** What is refused, where, in which words, and a change of the same fields that is refused over the stored one. */
const REFUSED: Readonly<Record<string, readonly [Fields, string, string, Fields]>> = {
  'exit code 0 to retry': [
    { retry: retry({ exitCodes: [1, 0] }) },
    'retry.on.exitCodes[1]',
    '0 names exit code 0, which is a success',
    { retry: retry({ exitCodes: [2, 0] }) },
  ],
  'a range from exit code 0 on': [
    { retry: retry({ exitCodes: ['0-5'] }) },
    'retry.on.exitCodes[0]',
    '"0-5" names exit code 0, which is a success',
    { retry: retry({ exitCodes: ['0-6'] }) },
  ],
  'a status to retry that is expected': [
    { task: http({ expect: ['200-299', 404] }), retry: retry({ statuses: ['5xx', 404] }) },
    'retry.on.statuses[1]',
    '404 is a success by task.expect (200-299, 404)',
    { task: http({ expect: [404] }), retry: retry({ statuses: [404] }) },
  ],
  'statuses to retry that are all expected by default': [
    { task: http(), retry: retry({ statuses: ['200-204'] }) },
    'retry.on.statuses[0]',
    '"200-204" is a success by task.expect (200-299)',
    { task: http(), retry: retry({ statuses: ['2xx'] }) },
  ],
  'the loss of the worker under mode all': [
    { workers: { mode: 'all' }, retry: retry({ lost: true }) },
    'retry.on.lost',
    "under workers.mode all each run is its worker's own",
    { workers: { mode: 'all' }, task: { kind: 'shell', command: 'false' }, retry: retry({ lost: true }) },
  ],
  'a delay without retries': [
    { retry: { delay: '1m' } },
    'retry.delay',
    'has no effect without retry.limit above 0',
    { retry: { delay: '2m' } },
  ],
  'a factor without retries': [
    { retry: { factor: 3 } },
    'retry.factor',
    'has no effect without retry.limit above 0',
    { retry: { factor: 4 } },
  ],
  'a longest wait without retries': [
    { retry: { maxDelay: '10s' } },
    'retry.maxDelay',
    'has no effect without retry.limit above 0',
    { retry: { maxDelay: '20s' } },
  ],
  'a timeout behind that of the job': [
    { task: http({ timeout: '2m' }), timeout: '60s' },
    'task.timeout',
    "2m is longer than the job's timeout, 60s",
    { task: http({ timeout: '3m' }), timeout: '60s' },
  ],
  'certificates that are not looked at, of a url without TLS': [
    { task: http({ url: 'http://example.org/', tls: { verify: false } }) },
    'task.tls.verify',
    'the url is of http, which has no TLS',
    { task: http({ url: 'http://example.com/', tls: { verify: false } }) },
  ],
  'authorities of a url without TLS': [
    { task: http({ url: 'http://example.org/', tls: { ca: '-----BEGIN CERTIFICATE-----' } }) },
    'task.tls.ca',
    'the url is of http, which has no TLS',
    { task: http({ url: 'http://example.com/', tls: { ca: '-----BEGIN CERTIFICATE-----' } }) },
  ],
};

describe('refused is', () => {
  test.each(Object.entries(REFUSED))('%s', (_, [fields, path, words]) => {
    const found = issues(fields);
    expect(found).toHaveLength(1);
    expect(found[0]).toContain(`${path}: ${words}`);
  });
});

describe('stored by an older version and written again is', () => {
  const same = Object.entries(REFUSED).filter(([what]) => what !== 'the loss of the worker under mode all');
  test.each(Object.entries(REFUSED))('%s', (_, [fields]) => {
    expect(issues({ ...fields, description: 'other' }, fields)).toEqual([]);
  });

  test.each(same)('%s, but not another of its kind', (_, [fields, path, , other]) => {
    expect(issues(other, fields).map((each) => each.split(': ')[0]!.replace(/\d/, 'n'))).toEqual([
      path.replace(/\d/, 'n'),
    ]);
  });
});

test.each<readonly [string, Fields]>([
  ['exit codes from 1 on', { retry: retry({ exitCodes: ['1-255'] }) }],
  [
    'statuses of which some are expected',
    { task: http({ expect: ['200-299', 404] }), retry: retry({ statuses: ['4xx'] }) },
  ],
  [
    'the loss of the worker that counts not, under mode all',
    { workers: { mode: 'all' }, retry: retry({ lost: false, timeout: true }) },
  ],
  ['waits with their defaults and no retries', { retry: { limit: 0, delay: '10s', factor: 2 } }],
  ['timeouts that are alike', { task: http({ timeout: '60s' }), timeout: '1m' }],
  ['plain TLS on a url without', { task: http({ url: 'http://example.org/', tls: { verify: true } }) }],
])('taken are %s', (_, fields) => {
  expect(issues(fields)).toEqual([]);
});
