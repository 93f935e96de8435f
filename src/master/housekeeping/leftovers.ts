// Keys whose job is no more: a worker's late word about a job that was deleted, what a deletion by hand left. They are removed when their job
// has been gone for some minutes, and only as they were seen. Looks between the jobs that exist, never at their
// histories: what a sweep costs depends on the number of jobs alone, and a large one goes on where it stopped.
import type { Clock } from '../../common/core/clock.ts';
import type { Millis, Monotonic } from '../../common/model/time.ts';
import type { Etcd, KeyRange, KeyValue, Op } from '../../common/store/etcd.ts';
import type { Keyspace } from '../../common/store/keyspace.ts';
import { listPage } from '../../common/store/queries.ts';
import { kvsOf } from '../../common/store/transactions/parts.ts';
import { removeLeftovers } from '../../common/store/transactions/masters.ts';

export interface Sweep {
  readonly removed: number;
  /** False: the next sweep goes on from here. */
  readonly isComplete: boolean;
}

export interface Leftovers {
  /** `pace` is awaited before each request. */
  sweep(pace: () => Promise<void>): Promise<Sweep>;
}

/** Keys without values: some 100 bytes each. */
const NAMES_PER_PAGE = 10_000;
const GAPS_PER_REQUEST = 100;
const KEYS_PER_GAP = 100;
const KEYS_PER_REMOVAL = 100;
/** Remembered between sweeps; what is beyond waits for its turn. */
const MOST_REMEMBERED = 10_000;

/** A family in which each job has one range, and the order of its keys. */
interface Family {
  readonly all: Required<KeyRange>;
  readonly of: (job: string) => Required<KeyRange>;
}

export function createLeftovers({
  etcd,
  keys,
  clock,
  age,
  requestsPerSweep = 200,
}: {
  etcd: Etcd;
  keys: Keyspace;
  clock: Clock;
  age: Millis;
  requestsPerSweep?: number;
}): Leftovers {
  const families: readonly Family[] = [
    { all: keys.runs, of: (job) => keys.runsOf(job) },
    { all: keys.outputs, of: (job) => keys.outputsOf(job) },
    { all: keys.versions, of: (job) => keys.versionsOf(job) },
    {
      all: keys.cursors,
      of: (job) => ({ key: keys.cursor(job), rangeEnd: `${keys.cursor(job)}\0` }),
    },
  ];
  /** Since when a job has been seen to be gone, and in which turn through all keys last. */
  const gone = new Map<string, { readonly since: Monotonic; turn: number }>();
  let turn = 0;
  /** Everything before this key of this family has been looked at in this turn. */
  let place: { family: number; key: string } | undefined;

  const jobOf = (kv: KeyValue): string => keys.partsOf(kv.key)[0]!;

  const jobNames = async (pace: () => Promise<void>): Promise<string[]> => {
    const names: string[] = [];
    let after: string | undefined;
    do {
      await pace();
      const options = { limit: NAMES_PER_PAGE, keysOnly: true, ...(after === undefined ? {} : { after }) };
      const page = await listPage(etcd, keys.jobs, options);
      for (const kv of page.kvs) names.push(jobOf(kv));
      after = page.more ? page.kvs.at(-1)!.key : undefined;
    } while (after !== undefined);
    return names;
  };

  /** True: its job has been gone for long enough. */
  const isOld = (job: string): boolean => {
    const now = clock.monotonic();
    const seen = gone.get(job);
    if (seen) {
      seen.turn = turn;
      return now - seen.since >= age;
    }
    if (gone.size < MOST_REMEMBERED) gone.set(job, { since: now, turn });
    return age <= 0;
  };

  const removeOld = async (kvs: readonly KeyValue[], pace: () => Promise<void>): Promise<number> => {
    const byJob = new Map<string, KeyValue[]>();
    for (const kv of kvs) {
      const job = jobOf(kv);
      const of = byJob.get(job);
      if (of) of.push(kv);
      else if (isOld(job)) byJob.set(job, [kv]);
    }
    let removed = 0;
    for (const [job, all] of byJob) {
      for (let from = 0; from < all.length; from += KEYS_PER_REMOVAL) {
        const chunk = all.slice(from, from + KEYS_PER_REMOVAL);
        await pace();
        // Compares that there is no such job: one that was created since the list keeps what it has.
        const intent = removeLeftovers(keys, job, chunk);
        if (intent.read(await etcd.txn(intent.txn))) removed += chunk.length;
      }
    }
    return removed;
  };

  return {
    async sweep(pace) {
      let requests = 0;
      const counted = (): Promise<void> => {
        requests++;
        return pace();
      };
      const names = await jobNames(counted);
      let removed = 0;
      place ??= { family: 0, key: '' };
      for (; place.family < families.length; place = { family: place.family + 1, key: '' }) {
        const gaps = gapsIn(families[place.family]!, names, place.key);
        while (gaps.length > 0) {
          if (requests >= requestsPerSweep) return { removed, isComplete: false };
          const some = gaps.splice(0, GAPS_PER_REQUEST);
          await counted();
          const { responses } = await etcd.txn({ compare: [], success: some.map(lookInto), failure: [] });
          const found = some.map((_, index) => kvsOf(responses[index]));
          removed += await removeOld(found.flat(), counted);
          const full = found.findIndex((kvs) => kvs.length === KEYS_PER_GAP);
          const last = some.at(-1)!;
          // A gap with more than was read is read on; those behind it come again, which costs little.
          if (full >= 0) {
            const rest = { key: `${found[full]!.at(-1)!.key}\0`, rangeEnd: some[full]!.rangeEnd };
            gaps.unshift(rest, ...some.slice(full + 1));
          }
          place = { family: place.family, key: full >= 0 ? gaps[0]!.key : last.rangeEnd };
        }
      }
      place = undefined;
      for (const [job, seen] of gone) if (seen.turn < turn) gone.delete(job);
      turn++;
      return { removed, isComplete: true };
    },
  };
}

const lookInto = (gap: Required<KeyRange>): Op => ({
  type: 'range',
  ...gap,
  limit: KEYS_PER_GAP,
  keysOnly: true,
});

/** The ranges of a family, from `from` on, that no job of these owns. In the order of the keys. */
function gapsIn({ all, of }: Family, names: readonly string[], from: string): Required<KeyRange>[] {
  // Not the order of the names: `a-b/` comes before `a/`.
  const owned = names.map(of).sort((a, b) => (a.key < b.key ? -1 : 1));
  const gaps: Required<KeyRange>[] = [];
  let key = from > all.key ? from : all.key;
  for (const range of [...owned, { key: all.rangeEnd, rangeEnd: all.rangeEnd }]) {
    if (range.key > key) gaps.push({ key, rangeEnd: range.key });
    if (range.rangeEnd > key) key = range.rangeEnd;
  }
  return gaps;
}
