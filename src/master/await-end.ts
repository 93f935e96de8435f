// Waits for the end of a run that was asked for: its record, or the deletion of its job, which takes the request
// along. Holds two watches while it waits and none after, whoever goes first.
import type { Clock } from '../common/core/clock.ts';
import type { Millis } from '../common/model/time.ts';
import type { Etcd, Revision } from '../common/store/etcd.ts';
import type { Keyspace } from '../common/store/keyspace.ts';
import { awaitKey } from './await-key.ts';
import { noSuchJob } from './intents/jobs.ts';

export interface RunWait {
  readonly job: string;
  readonly runId: string;
  /** The revision of the request. */
  readonly after: Revision;
  readonly timeout: Millis;
  readonly signal: AbortSignal;
}

/** True: it is on record. False: time is up, or the caller is gone. Throws job_not_found when the job is deleted. */
export async function awaitEnd(
  { etcd, keys, clock }: { readonly etcd: Etcd; readonly keys: Keyspace; readonly clock: Clock },
  { job, runId, after, timeout, signal }: RunWait,
): Promise<boolean> {
  const decided = new AbortController();
  const wait = { after, timeout, signal: AbortSignal.any([signal, decided.signal]) };
  try {
    const ended = awaitKey(etcd, clock, {
      ...wait,
      key: keys.run(job, runId),
      until: (kv) => kv !== undefined,
    });
    const deleted = awaitKey(etcd, clock, { ...wait, key: keys.job(job), until: (kv) => kv === undefined });
    const [isEnd, isMet] = await Promise.race([
      ended.then((met) => [true, met] as const),
      deleted.then((met) => [false, met] as const),
    ]);
    if (!isEnd && isMet) throw noSuchJob(job);
    return isEnd && isMet;
  } finally {
    decided.abort();
  }
}
