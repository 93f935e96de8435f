// Over which records the worker of a run that was killed at the fence may write what it knows.
import { expect, test } from 'vitest';
import type { RunRecord } from '../../../src/common/model/run.ts';
import { codecs } from '../../../src/common/store/keyspace.ts';
import { toldLoss } from '../../../src/common/store/transactions/told-losses.ts';

const guess: RunRecord = {
  id: '20270115T080000.000Z-abcdef',
  job: 'job',
  state: 'lost',
  cause: { kind: 'manual' },
  worker: 'w1-000001',
  scheduledFor: 1_000,
  endedAt: 9_000,
  attempt: 1,
  attempts: [],
  reason: 'worker lost while the task was running; not tried again: enough',
  generation: 1,
  jobCreated: 7,
};
const known: RunRecord = {
  ...guess,
  startedAt: 1_000,
  endedAt: 5_000,
  attempts: [{ number: 1, startedAt: 1_000, endedAt: 5_000, outcome: 'lost', signal: 'SIGKILL' }],
  reason: 'the claim was lost (expired); not tried again: enough',
};
const over = (record: RunRecord): RunRecord | undefined =>
  toldLoss(
    { key: 'k', value: codecs.run.encode(record), createRevision: 1, modRevision: 2, version: 1, lease: '0' },
    known,
  );

test('a guess is completed, with both reasons, and fields that a later version wrote', () => {
  expect(over({ ...guess, later: 1 } as RunRecord)).toEqual({
    ...known,
    later: 1,
    reason: 'worker lost while the task was running; not tried again: enough; the claim was lost (expired)',
  });
});

test.each<readonly [string, Partial<RunRecord>]>([
  ['tells another end', { state: 'failed' }],
  ['says as much already', { attempts: known.attempts }],
  ['is of a job that was created again', { jobCreated: 8 }],
  ['is of another registration', { worker: 'w1-000002' }],
])('a record that %s stays', (_, more) => {
  expect(over({ ...guess, ...more })).toBeUndefined();
});
