// What the worker of a run that it killed at the fence knows of it, put into the record of its loss that a peer wrote
// first. The record stays one of a loss; nothing is tried again for it, and no other record is touched.
import type { RunRecord } from '../../model/run.ts';
import type { KeyValue, Revision } from '../etcd.ts';
import type { Intent } from '../intent.ts';
import { codecs, type Keyspace } from '../keyspace.ts';
import { createdAt, get, kvAt, modifiedAt, put } from './parts.ts';

/** What is on record; undefined: nothing, or history has let it go. */
export function findRecord(keys: Keyspace, run: RunRecord): Intent<KeyValue | undefined> {
  return {
    job: run.job,
    txn: { compare: [], success: [get(keys.run(run.job, run.id))], failure: [] },
    read: (result) => kvAt(result, 0),
  };
}

const joined = (before: string, more: string): string =>
  [before, ...more.split('; ').filter((each) => !before.includes(each))].filter(Boolean).join('; ');

/** The record of the loss with what `run` knows; undefined: it is no such record, or says as much already. */
export function toldLoss(kv: KeyValue, run: RunRecord): RunRecord | undefined {
  const decoded = codecs.run.decode(kv.value);
  if (!decoded.ok) return undefined;
  const before = decoded.value;
  const isOfIt =
    before.state === 'lost' && before.jobCreated === run.jobCreated && before.worker === run.worker;
  if (!isOfIt || before.attempts.length >= run.attempts.length) return undefined;
  const reason = joined(before.reason ?? '', run.reason ?? '');
  return { ...codecs.run.unknownIn(kv.value), ...run, state: 'lost', reason };
}

/** False: it is another record by now, or the job is gone; or this was done, and the answer was lost. */
export function tellLoss(keys: Keyspace, told: RunRecord, at: Revision): Intent<boolean> {
  const record = keys.run(told.job, told.id);
  return {
    job: told.job,
    txn: {
      compare: [modifiedAt(record, at), createdAt(keys.job(told.job), told.jobCreated)],
      success: [put(record, codecs.run.encode(told))],
      failure: [],
    },
    read: (result) => result.succeeded,
  };
}
