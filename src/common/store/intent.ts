// A conditional write as a value: what to ask of etcd and how to read its answer, so that the same intent
// can go alone or share a request with others (batcher). It must never depend on being sent alone.
import type { CallOptions, Etcd, Txn, TxnResult } from './etcd.ts';

export interface Intent<R> {
  /** Intents of one job are carried out in the order in which they were submitted. */
  readonly job: string;
  readonly txn: Txn;
  /** Pure. The revision in the result is that of the whole request: unique per job, not across jobs. */
  read(result: TxnResult): R;
}

/** Sends one intent by itself; rejects with EtcdError. */
export async function perform<R>(etcd: Etcd, intent: Intent<R>, options?: CallOptions): Promise<R> {
  return intent.read(await etcd.txn(intent.txn, options));
}
