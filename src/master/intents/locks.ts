// The claims of one job as etcd has them now.
import { RUN_ID } from '../../common/model/ids.ts';
import type { Etcd, KeyValue, Revision, Txn, TxnResult } from '../../common/store/etcd.ts';
import { codecs, type Keyspace } from '../../common/store/keyspace.ts';
import type { HeldLock } from '../../common/store/transactions/claims.ts';
import { get, getSome, kvAt, kvsOf } from '../../common/store/transactions/parts.ts';

/** More runs of one job at once than this are not told apart. */
const MOST_LOCKS = 1_000;

export interface JobWithLocks {
  readonly kv: KeyValue | undefined;
  readonly locks: readonly HeldLock[];
  /** Requests to run that no worker has taken. */
  readonly triggers: readonly KeyValue[];
  readonly revision: Revision;
}

/** A transaction that reads a job, its claims and requests; alone or inside another. */
export const jobWithLocksTxn = (keys: Keyspace, job: string): Txn => ({
  compare: [],
  success: [
    get(keys.job(job)),
    get(keys.lock(job)),
    { ...getSome(keys.locksBelow(job), MOST_LOCKS), descending: true },
    getSome(keys.triggersOf(job), MOST_LOCKS),
  ],
  failure: [],
});

/** `revision`: of the whole request, when the transaction was part of one. */
export function toJobWithLocks(result: TxnResult, revision: Revision = result.revision): JobWithLocks {
  const locks = [...kvsOf(result.responses[1]), ...kvsOf(result.responses[2])].map((kv) => {
    const record = codecs.lock.decode(kv.value);
    return { key: kv.key, createRevision: kv.createRevision, record: record.ok ? record.value : undefined };
  });
  // A key that names no run is nobody's request, and a record of its end could not be read.
  const triggers = kvsOf(result.responses[3]).filter(({ key }) =>
    RUN_ID.test(key.slice(key.lastIndexOf('/') + 1)),
  );
  return { kv: kvAt(result, 0), locks, triggers, revision };
}

/** Job, claims and requests at one revision, by quorum. */
export async function readJobWithLocks(etcd: Etcd, keys: Keyspace, job: string): Promise<JobWithLocks> {
  return toJobWithLocks(await etcd.txn(jobWithLocksTxn(keys, job)));
}
