// Reads the newest records of every job once, after a start or a gap, in small requests with pauses between them: what
// it asks of etcd is a fraction of what etcd can do, however many jobs there are.
import type { Clock, Timer } from '../../common/core/clock.ts';
import type { Millis } from '../../common/model/time.ts';
import type { Etcd, KeyValue, Op } from '../../common/store/etcd.ts';
import type { Keyspace } from '../../common/store/keyspace.ts';
import { kvsOf } from '../../common/store/transactions/parts.ts';
import type { Views } from './views.ts';

const JOBS_PER_REQUEST = 50;
/** Up to so many jobs, all that an ordinary history keeps is read; of more, what tells how each fares. */
const FEW_JOBS = 1_000;
const MOST_RECORDS = 20;
const LAST_RECORDS = 3;
/** A pause is so many times as long as what it follows. */
const REST = 4;
const AFTER_FAILURE: Millis = 1_000;
/** Records told in one go: some 5 us each. */
const PIECE = 500;

export interface Learning {
  readonly isDone: boolean;
  stop(): void;
}

export interface LearningDeps {
  readonly etcd: Etcd;
  readonly keys: Keyspace;
  readonly clock: Clock;
  readonly views: Views;
  /** Of each job from its oldest record that is read to its newest. */
  readonly onRecord: (kv: KeyValue) => void;
}

export function startLearning({ etcd, keys, clock, views, onRecord }: LearningDeps): Learning {
  let isDone = false;
  let isStopped = false;
  let timer: Timer | undefined;
  let wake: (() => void) | undefined;

  const sleep = (ms: Millis): Promise<void> =>
    new Promise((resolve) => {
      wake = resolve;
      timer = clock.setTimer(ms, resolve);
    });

  const tell = async (kvs: readonly KeyValue[]): Promise<void> => {
    for (let from = 0; from < kvs.length; from += PIECE) {
      if (from > 0) await sleep(0);
      if (isStopped) return;
      for (const kv of kvs.slice(from, from + PIECE)) onRecord(kv);
    }
  };

  const read = async (jobs: readonly string[], limit: number): Promise<void> => {
    const success = jobs.map((job): Op => ({
      type: 'range',
      ...keys.runsOf(job),
      limit,
      descending: true,
    }));
    const { responses } = await etcd.txn({ compare: [], success, failure: [] });
    await tell(responses.flatMap((response) => kvsOf(response).toReversed()));
  };

  const run = async (): Promise<void> => {
    await views.whenLoaded;
    const names = [...views.jobs.names()];
    const limit = names.length <= FEW_JOBS ? MOST_RECORDS : LAST_RECORDS;
    for (let from = 0; from < names.length;) {
      if (isStopped) return;
      const began = clock.monotonic();
      try {
        await read(names.slice(from, from + JOBS_PER_REQUEST), limit);
        from += JOBS_PER_REQUEST;
        await sleep(REST * (clock.monotonic() - began));
      } catch {
        // etcd is away, or busy: what was read is read again at worst.
        await sleep(AFTER_FAILURE);
      }
    }
    isDone = !isStopped;
  };

  // Rejects when the views are stopped before they are loaded.
  run().catch(() => undefined);
  return {
    get isDone() {
      return isDone;
    },
    stop() {
      isStopped = true;
      timer?.cancel();
      wake?.();
    },
  };
}
