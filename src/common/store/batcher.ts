// Natural group commit: what arrives while a request is under way goes into the next one, up to a hundred
// transactions nested in one. It must never carry two transactions of one job at once, nor out of order:
// etcd judges all conditions of a request on the state before it.
import { packBatch, takeBatch, type Queued } from './batcher-pack.ts';
import { EtcdError, type Etcd, type TxnResult } from './etcd.ts';
import { perform, type Intent } from './intent.ts';

export interface BatcherOptions {
  readonly etcd: Etcd;
  /** Transactions in one request; 100 by default, etcd's limit of 128 operations leaves no more. */
  readonly maxBatch?: number;
  /** Requests under way at once; 3 by default: one that etcd works on, one on its way, one being built. */
  readonly maxInFlight?: number;
  /** Transactions that wait or are under way, beyond which submit() refuses; 20,000 by default. */
  readonly maxQueued?: number;
}

export interface Batcher {
  /**
   * Rejects with EtcdError: too_many_requests when the queue is full, closed after stop(); otherwise as
   * perform() would. With mayHaveApplied the intent may have been carried out: ask before doing it again.
   */
  submit<R>(intent: Intent<R>): Promise<R>;
  /** Transactions waiting or under way. */
  readonly depth: number;
  /** Takes no more; resolves when all that was taken has been answered. */
  stop(): Promise<void>;
}

export function startBatcher(options: BatcherOptions): Batcher {
  const { etcd, maxBatch = 100, maxInFlight = 3, maxQueued = 20_000 } = options;
  let queue: Queued[] = [];
  const busyJobs = new Set<string>();
  let inFlight = 0;
  let depth = 0;
  let isStopped = false;
  let isPumpDue = false;
  let onIdle: (() => void) | undefined;

  const settle = (queued: Queued, finish: () => void): void => {
    busyJobs.delete(queued.intent.job);
    depth--;
    finish();
  };

  const answer = (queued: Queued, result: TxnResult): void => {
    settle(queued, () => {
      try {
        queued.resolve(queued.intent.read(result));
      } catch (error) {
        queued.reject(error);
      }
    });
  };

  const sendAlone = async (queued: Queued): Promise<void> => {
    try {
      const value = await perform(etcd, queued.intent);
      settle(queued, () => queued.resolve(value));
    } catch (error) {
      settle(queued, () => queued.reject(error));
    }
  };

  const sendTogether = async (batch: readonly Queued[]): Promise<void> => {
    let result: TxnResult;
    try {
      result = await etcd.txn(packBatch(batch));
    } catch (error) {
      // Refused as a whole, perhaps for the sake of one (a lease that is gone, a size): each for itself.
      if (error instanceof EtcdError && isFaultOfOne(error)) await Promise.all(batch.map(sendAlone));
      else for (const queued of batch) settle(queued, () => queued.reject(error));
      return;
    }
    for (const [i, queued] of batch.entries()) {
      const response = result.responses[i];
      if (response?.type === 'txn') answer(queued, response.result);
      else
        settle(queued, () =>
          queued.reject(
            new EtcdError('invalid', 'etcd answered a batch out of shape', { mayHaveApplied: true }),
          ),
        );
    }
  };

  const pump = (): void => {
    isPumpDue = false;
    while (inFlight < maxInFlight && queue.length > 0) {
      const { batch, rest } = takeBatch(queue, maxBatch, busyJobs);
      if (batch.length === 0) return;
      queue = rest;
      for (const queued of batch) busyJobs.add(queued.intent.job);
      inFlight++;
      void (batch.length === 1 ? sendAlone(batch[0]!) : sendTogether(batch)).then(() => {
        inFlight--;
        if (depth === 0) onIdle?.();
        else schedulePump();
      });
    }
  };

  // At the end of this turn of the event loop: what one turn submits goes together.
  const schedulePump = (): void => {
    if (isPumpDue) return;
    isPumpDue = true;
    queueMicrotask(pump);
  };

  return {
    submit<R>(intent: Intent<R>): Promise<R> {
      if (isStopped)
        return Promise.reject(new EtcdError('closed', 'the batcher was stopped', { mayHaveApplied: false }));
      if (depth >= maxQueued) {
        const message = `${depth} transactions are waiting for etcd: no more are taken`;
        return Promise.reject(new EtcdError('too_many_requests', message, { mayHaveApplied: false }));
      }
      depth++;
      return new Promise<R>((resolve, reject) => {
        queue.push({ intent, resolve, reject });
        schedulePump();
      });
    },
    get depth() {
      return depth;
    },
    async stop() {
      isStopped = true;
      if (depth > 0) await new Promise<void>((resolve) => (onIdle = resolve));
    },
  };
}

const isFaultOfOne = (error: EtcdError): boolean =>
  !error.mayHaveApplied &&
  (error.kind === 'lease_not_found' ||
    error.kind === 'invalid' ||
    error.kind === 'compacted' ||
    error.kind === 'auth');
