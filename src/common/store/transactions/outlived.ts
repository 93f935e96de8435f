// Runs that outlive their claim (`onLostLease: continue`): their worker comes back under a new id and holds them
// again, or records their end over the record of their loss. Never over any other record, and nothing of a job
// that is no more.
import type { RunRecord } from '../../model/run.ts';
import type { Compare, KeyValue, Op, Revision } from '../etcd.ts';
import type { Intent } from '../intent.ts';
import { codecs, type Keyspace } from '../keyspace.ts';
import { inflight, pushEndingRecords, type Ending } from './endings.ts';
import { createdAt, get, getRevisions, kvAt, modifiedAt, present, put, remove } from './parts.ts';

/** What stands in the way: the record of the loss, as mod revision; 0: none, or history has let it go. */
export interface LostAt {
  readonly lostAt: Revision;
}

export type Adoption = 'adopted' | 'ended' | 'job-gone' | 'not-registered' | LostAt;

export interface AdoptedRun {
  /** The record as it will stand under active/: `running`, of the new id. */
  readonly run: RunRecord;
  /** Id that the worker had when it claimed, or adopted, the run. */
  readonly from: string;
  /** Id that it has now. */
  readonly to: string;
}

const lossOf = (kv: KeyValue | undefined, run: RunRecord): LostAt | 'ended' => {
  if (kv === undefined) return { lostAt: 0 };
  // Our own word, whose answer was lost: put again, it would ask for its retry again.
  if (kv.value === codecs.run.encode(run)) return 'ended';
  const decoded = codecs.run.decode(kv.value);
  const isLoss = decoded.ok && decoded.value.state === 'lost' && decoded.value.jobCreated === run.jobCreated;
  return isLoss ? { lostAt: kv.modRevision } : 'ended';
};

/**
 * Holds a run again under the worker's new id, without a lock: others may run the job meanwhile. `lostAt`: it
 * has been settled as lost, and that record goes; absent: it has not been.
 * adopted: also when it was sent before and the answer was lost. ended: its end is on record.
 */
export function adoptRun(keys: Keyspace, adopted: AdoptedRun, lostAt?: Revision): Intent<Adoption> {
  const { run, from, to } = adopted;
  const before = keys.active(from, run.job, run.id);
  const after = keys.active(to, run.job, run.id);
  const record = keys.run(run.job, run.id);
  const stands: Compare = lostAt === undefined ? present(before) : modifiedAt(record, lostAt);
  const leaves: Op = remove({ key: lostAt === undefined ? before : record });
  return {
    job: run.job,
    txn: {
      // Who is not registered is settled.
      compare: [stands, present(keys.worker(to)), createdAt(keys.job(run.job), run.jobCreated)],
      success: [leaves, put(after, codecs.run.encode(run))],
      failure: [
        getRevisions(after),
        getRevisions(keys.worker(to)),
        getRevisions(keys.job(run.job)),
        get(record),
      ],
    },
    read(result) {
      if (result.succeeded || kvAt(result, 0)) return 'adopted';
      if (!kvAt(result, 1)) return 'not-registered';
      if (kvAt(result, 2)?.createRevision !== run.jobCreated) return 'job-gone';
      return lossOf(kvAt(result, 3), run);
    },
  };
}

export type Completion = 'recorded' | 'settled' | 'job-gone' | LostAt;

/**
 * After `settled`: puts the end in the place of the loss at `lostAt`. settled: another end is on record, or
 * this one, and the answer was lost.
 */
export function completeLost(keys: Keyspace, ending: Ending, lostAt: Revision): Intent<Completion> {
  const { run } = ending;
  const record = keys.run(run.job, run.id);
  return {
    job: run.job,
    txn: {
      compare: [modifiedAt(record, lostAt), createdAt(keys.job(run.job), run.jobCreated)],
      success: pushEndingRecords(inflight(keys, ending), keys, ending),
      failure: [get(record), getRevisions(keys.job(run.job))],
    },
    read(result) {
      if (result.succeeded) return 'recorded';
      if (kvAt(result, 1)?.createRevision !== run.jobCreated) return 'job-gone';
      const loss = lossOf(kvAt(result, 0), run);
      return loss === 'ended' ? 'settled' : loss;
    },
  };
}
