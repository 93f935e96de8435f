// Keys whose job is no more: a worker's late word about a job that was deleted. They are removed when they
// have stood without a job for some minutes, and only as they were seen.
import type { Clock } from '../../common/core/clock.ts';
import type { Millis, Monotonic } from '../../common/model/time.ts';
import type { Etcd, KeyValue, Op } from '../../common/store/etcd.ts';
import type { Keyspace } from '../../common/store/keyspace.ts';
import { listPage } from '../../common/store/queries.ts';
import { removeLeftovers } from '../../common/store/transactions/masters.ts';

export interface Leftovers {
  /** Looks at all keys once. `pace` is awaited before each request. Answers how many were removed. */
  sweep(pace: () => Promise<void>): Promise<number>;
}

const KEYS_PER_PAGE = 1_000;
const JOBS_PER_REQUEST = 100;
const KEYS_PER_REMOVAL = 100;
/** Remembered between sweeps; what is beyond waits for its turn. */
const MOST_REMEMBERED = 10_000;

export function createLeftovers({
  etcd,
  keys,
  clock,
  age,
}: {
  etcd: Etcd;
  keys: Keyspace;
  clock: Clock;
  age: Millis;
}): Leftovers {
  /** Key and mod revision, and since when it has had no job. */
  let seen = new Map<string, Monotonic>();

  const jobOf = (kv: KeyValue): string => keys.partsOf(kv.key)[0]!;

  const withoutJob = async (kvs: readonly KeyValue[], pace: () => Promise<void>): Promise<KeyValue[]> => {
    const jobs = [...new Set(kvs.map(jobOf))];
    const gone = new Set<string>();
    for (let from = 0; from < jobs.length; from += JOBS_PER_REQUEST) {
      const chunk = jobs.slice(from, from + JOBS_PER_REQUEST);
      await pace();
      const success = chunk.map((job): Op => ({ type: 'range', key: keys.job(job), countOnly: true }));
      const { responses } = await etcd.txn({ compare: [], success, failure: [] });
      for (const [index, job] of chunk.entries()) {
        const response = responses[index];
        if (response?.type === 'range' && response.count === 0) gone.add(job);
      }
    }
    return kvs.filter((kv) => gone.has(jobOf(kv)));
  };

  return {
    async sweep(pace) {
      const now = clock.monotonic();
      const still = new Map<string, Monotonic>();
      let removed = 0;
      for (const range of [keys.runs, keys.outputs, keys.cursors]) {
        let after: string | undefined;
        do {
          await pace();
          const page = await listPage(etcd, range, {
            limit: KEYS_PER_PAGE,
            keysOnly: true,
            ...(after === undefined ? {} : { after }),
          });
          const old: KeyValue[] = [];
          for (const kv of await withoutJob(page.kvs, pace)) {
            const id = `${kv.key}@${kv.modRevision}`;
            const since = seen.get(id) ?? now;
            if (now - since >= age) old.push(kv);
            else if (still.size < MOST_REMEMBERED) still.set(id, since);
          }
          removed += await remove(old, pace);
          after = page.more ? page.kvs.at(-1)!.key : undefined;
        } while (after !== undefined);
      }
      seen = still;
      return removed;
    },
  };

  async function remove(kvs: readonly KeyValue[], pace: () => Promise<void>): Promise<number> {
    const byJob = new Map<string, KeyValue[]>();
    for (const kv of kvs) byJob.set(jobOf(kv), [...(byJob.get(jobOf(kv)) ?? []), kv]);
    let removed = 0;
    for (const [job, all] of byJob) {
      for (let from = 0; from < all.length; from += KEYS_PER_REMOVAL) {
        const chunk = all.slice(from, from + KEYS_PER_REMOVAL);
        await pace();
        const intent = removeLeftovers(keys, job, chunk);
        if (intent.read(await etcd.txn(intent.txn))) removed += chunk.length;
      }
    }
    return removed;
  }
}
