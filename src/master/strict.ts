// Strict answers (invariant 3): claims are made ahead of their tick, so a definition may be changed while a
// run of the older one stands armed. The answer waits until that is decided and names the runs that started.
// It may name a run that did not start after all; it never leaves out one that does.
import type { Clock } from '../common/core/clock.ts';
import type { RunRef } from '../common/api/values.ts';
import type { LockRecord } from '../common/model/run.ts';
import type { Millis } from '../common/model/time.ts';
import type { Etcd, Revision } from '../common/store/etcd.ts';
import { codecs, type Keyspace } from '../common/store/keyspace.ts';
import type { HeldLock } from '../common/store/transactions/claims.ts';
import { getRevisions, kvsOf } from '../common/store/transactions/parts.ts';
import { awaitKey } from './await-key.ts';
import { showClaim } from './shown.ts';

/** Longer than any claim is made ahead: what still stands armed then has a clock that is off, and is named. */
const LONGEST_WAIT: Millis = 2_000;

export interface StrictDeps {
  readonly etcd: Etcd;
  readonly keys: Keyspace;
  readonly clock: Clock;
}

/** `locks` as the write of `revision` read them. Rejects with EtcdError. */
export async function startedMeanwhile(
  deps: StrictDeps,
  job: string,
  locks: readonly HeldLock[],
  revision: Revision,
): Promise<RunRef[]> {
  const claims = locks.filter((lock): lock is HeldLock & { record: LockRecord } => lock.record !== undefined);
  const started = await Promise.all(claims.map((lock) => hasStarted(deps, job, lock, lock.record, revision)));
  return claims.filter((_, index) => started[index]).map((lock) => showClaim(lock.record));
}

/** False: it ran already when the definition was changed, or it was given back. */
async function hasStarted(
  { etcd, keys, clock }: StrictDeps,
  job: string,
  lock: HeldLock,
  { runId, worker, startAt }: LockRecord,
  revision: Revision,
): Promise<boolean> {
  const active = await etcd.range({ key: keys.active(worker, job, runId), revision });
  const record = active.kvs[0] && codecs.run.decode(active.kvs[0].value);
  if (record?.ok && record.value.state === 'running') return false;
  const wait = Math.min(startAt - clock.now(), LONGEST_WAIT);
  if (wait <= 0) return true;
  const gone = await awaitKey(etcd, clock, {
    key: lock.key,
    after: revision,
    // A lock of another create revision is another claim, made with the definition of now.
    until: (kv) => kv?.createRevision !== lock.createRevision,
    timeout: wait,
  });
  if (!gone) return true;
  // Given back: nothing is left of it. A lease that ended leaves the active record, an end the run's record.
  const { responses } = await etcd.txn({
    compare: [],
    success: [getRevisions(keys.active(worker, job, runId)), getRevisions(keys.run(job, runId))],
    failure: [],
  });
  return responses.some((response) => kvsOf(response).length > 0);
}
