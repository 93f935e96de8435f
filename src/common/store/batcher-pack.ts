// Which waiting transactions may share a request, and the request that carries them. Pure.
import type { Op, Txn } from './etcd.ts';
import type { Intent } from './intent.ts';

export interface Queued {
  readonly intent: Intent<unknown>;
  resolve(value: unknown): void;
  reject(error: unknown): void;
}

/** etcd takes requests of 1.5 MiB; room is left for its framing. */
const MAX_BATCH_BYTES = 1024 * 1024;
/** etcd's --max-txn-ops by default: the batch's own operations plus the largest list inside one of them. */
const MAX_OPS = 128;

function opsBytes(ops: readonly Op[]): number {
  let bytes = 0;
  for (const op of ops) {
    bytes += 32;
    if (op.type === 'put') bytes += op.key.length + Buffer.byteLength(op.value);
    else if (op.type === 'txn') bytes += txnBytes(op.txn);
    else bytes += op.key.length + (op.rangeEnd?.length ?? 0);
  }
  return bytes;
}

function txnBytes(txn: Txn): number {
  let bytes = 64;
  for (const compare of txn.compare) bytes += compare.key.length + (compare.rangeEnd?.length ?? 0) + 48;
  return bytes + opsBytes(txn.success) + opsBytes(txn.failure);
}

/** Operations that etcd counts for a transaction inside a batch. */
export function opsOf(txn: Txn): number {
  const inner = [...txn.success, ...txn.failure].map((op) => (op.type === 'txn' ? opsOf(op.txn) : 0));
  return Math.max(txn.compare.length, txn.success.length, txn.failure.length) + Math.max(0, ...inner);
}

/**
 * The next batch, oldest first: one transaction a job, none of a job that is under way, and within etcd's
 * limits. `rest` keeps its order. A transaction too large to share goes alone.
 */
export function takeBatch(
  queue: readonly Queued[],
  maxBatch: number,
  busyJobs: ReadonlySet<string>,
): { batch: Queued[]; rest: Queued[] } {
  const batch: Queued[] = [];
  const rest: Queued[] = [];
  const taken = new Set<string>();
  let bytes = 0;
  let innerOps = 0;
  let isFull = false;
  for (const [i, queued] of queue.entries()) {
    if (isFull) return { batch, rest: rest.concat(queue.slice(i)) };
    const { job, txn } = queued.intent;
    if (busyJobs.has(job) || taken.has(job)) {
      taken.add(job);
      rest.push(queued);
      continue;
    }
    const ops = Math.max(innerOps, opsOf(txn));
    const size = bytes + txnBytes(txn);
    if (batch.length > 0 && (batch.length + 1 + ops > MAX_OPS || size > MAX_BATCH_BYTES)) {
      isFull = true;
      rest.push(queued);
      continue;
    }
    taken.add(job);
    batch.push(queued);
    bytes = size;
    innerOps = ops;
    isFull = batch.length >= maxBatch;
  }
  return { batch, rest };
}

/** The batch as one transaction without conditions of its own. */
export const packBatch = (batch: readonly Queued[]): Txn => ({
  compare: [],
  success: batch.map(({ intent }) => ({ type: 'txn', txn: intent.txn })),
  failure: [],
});
