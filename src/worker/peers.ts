// Who else is there: the registered workers, and the ranking that follows.
import type { Clock } from '../common/core/clock.ts';
import { mayRun, missing } from '../common/core/eligible.ts';
import { candidatesOf, firstOf, type Candidate } from '../common/core/ranking.ts';
import type { Shard } from '../common/model/run.ts';
import type { WorkerRecord, WorkerState } from '../common/model/worker.ts';
import { instant, type Instant, type Millis, type Monotonic } from '../common/model/time.ts';
import { codecs, type Keyspace } from '../common/store/keyspace.ts';
import type { Revision } from '../common/store/etcd.ts';
import type { Change } from '../common/store/follow.ts';
import type { Unreadable } from '../common/store/unreadable.ts';
import type { PlanningRule } from './job-table.ts';

/** What a job wants of its workers. */
export type Wish = Pick<PlanningRule, 'labels' | 'need' | 'wants'>;

export interface Peers {
  /** Takes changes under workers/. */
  take(changes: readonly Change[]): PeerChanges;
  /** The worker that should schedule a job; undefined: none that is eligible. */
  firstFor(jobHash: number, wish: Wish): string | undefined;
  /** It is registered, takes work or soon will, and matches. */
  takes(workerId: string, wish: Wish): boolean;
  /** For how long no registered worker has matched, whatever its state; undefined: one does. */
  nobodyFor(wish: Wish): Millis | undefined;
  /** Of what the wish wants, what no registered worker has: to follow "no worker". */
  missingFor(wish: Wish): string;
  /** When the first of the sessions of the matching workers began; undefined: there is none. */
  earliestFor(wish: Wish): Instant | undefined;
  /** The place of this worker among the matching ones that run ticks now. */
  shardOf(workerId: string, wish: Wish): Shard;
  /** The worker that should see to what `workerId` left behind. */
  heirOf(workerIdHash: number): string | undefined;
  has(workerId: string): boolean;
  readonly count: number;
  /** Registrations made up to this revision are known. */
  readonly knownAt: Revision;
}

export interface PeerChanges {
  /** The ranking may have changed. */
  readonly rankingChanged: boolean;
  readonly gone: readonly string[];
}

/** Who takes work: now; soon, which is late; and when nobody else is there, by a clock that had to be corrected. */
const ORDER: readonly WorkerState[] = ['ready', 'full', 'clock_skew'];

/** The best of those that are there. */
function poolOf(workers: readonly WorkerRecord[]): WorkerRecord[] {
  for (const state of ORDER) {
    const pool = workers.filter((worker) => worker.state === state);
    if (pool.length > 0) return pool;
  }
  return [];
}

/** Of `mode: all`: also when it is full or its clock had to be corrected, for its ticks wait for it alone. */
const runsTicks = ({ state }: WorkerRecord): boolean => ORDER.includes(state);

const byNameAndId = (a: WorkerRecord, b: WorkerRecord): number =>
  a.name === b.name ? (a.id < b.id ? -1 : 1) : a.name < b.name ? -1 : 1;

interface Group {
  /** Registered and matching, in any state. */
  readonly matching: readonly WorkerRecord[];
  /** Ids of those that take work or soon will. */
  readonly takers: ReadonlySet<string>;
  readonly candidates: readonly Candidate[];
  /** Ids of those that run the ticks of `mode: all`, in the order of the shards. */
  readonly shards: readonly string[];
}

interface Ranked {
  readonly pool: readonly WorkerRecord[];
  readonly all: readonly Candidate[];
  readonly byWish: Map<string, Group>;
}

const keyOf = (change: Change): string => (change.type === 'put' ? change.kv.key : change.key);

export function createPeers(keys: Keyspace, clock: Clock, unreadable: Unreadable): Peers {
  const workers = new Map<string, WorkerRecord>();
  let ranked: Ranked | undefined;
  let knownAt: Revision = 0;
  /** Wishes that no registered worker meets, and since when. */
  const unmet = new Map<string, { readonly wish: Wish; readonly since: Monotonic }>();

  const ranking = () => {
    if (ranked) return ranked;
    const pool = poolOf([...workers.values()]);
    ranked = { pool, all: candidatesOf(pool), byWish: new Map() };
    return ranked;
  };

  const groupFor = (wish: Wish): Group => {
    const { all, byWish, pool } = ranking();
    let group = byWish.get(wish.wants);
    if (group) return group;
    const matching = [...workers.values()].filter((worker) => mayRun(wish, worker));
    const eligible = matching.filter(({ state }) => state === pool[0]?.state);
    group = {
      matching,
      takers: new Set(matching.filter(({ state }) => state !== 'draining').map(({ id }) => id)),
      // Better late on a full worker that may run it than never on a free one that may not.
      candidates:
        eligible.length === pool.length
          ? all
          : candidatesOf(eligible.length > 0 ? eligible : poolOf(matching)),
      shards: matching
        .filter(runsTicks)
        .sort(byNameAndId)
        .map(({ id }) => id),
    };
    byWish.set(wish.wants, group);
    return group;
  };

  /** Wishes that somebody meets now begin anew when nobody does. */
  const forgetMet = (): void => {
    for (const [key, { wish }] of unmet) if (groupFor(wish).matching.length > 0) unmet.delete(key);
  };

  const ranksAlike = (a: WorkerRecord, b: WorkerRecord): boolean =>
    a.state === b.state &&
    a.slots === b.slots &&
    a.name === b.name &&
    JSON.stringify([a.labels, a.can]) === JSON.stringify([b.labels, b.can]);

  const takeWorker = (change: Change): { ranking: boolean; gone?: string } => {
    const key = keyOf(change);
    const id = keys.partsOf(key)[0] ?? '';
    if (change.type === 'delete') {
      unreadable.clear(key);
      return workers.delete(id) ? { ranking: true, gone: id } : { ranking: false };
    }
    const decoded = codecs.worker.decode(change.kv.value);
    if (!decoded.ok) {
      // One that was read before stands as it was: it may be of a newer version since, and it lives.
      unreadable.note(key, decoded.error, 'worker passed over: its registration cannot be read');
      return { ranking: false };
    }
    unreadable.clear(key);
    const before = workers.get(id);
    workers.set(id, decoded.value);
    return { ranking: !before || !ranksAlike(before, decoded.value) };
  };

  return {
    take(changes) {
      let rankingChanged = false;
      const gone: string[] = [];
      for (const change of changes) {
        if (change.type === 'put') knownAt = Math.max(knownAt, change.kv.modRevision);
        const taken = takeWorker(change);
        rankingChanged ||= taken.ranking;
        if (taken.gone !== undefined) gone.push(taken.gone);
      }
      if (rankingChanged) {
        ranked = undefined;
        forgetMet();
      }
      return { rankingChanged, gone };
    },
    firstFor: (jobHash, wish) => firstOf(jobHash, groupFor(wish).candidates)?.id,
    takes: (workerId, wish) => groupFor(wish).takers.has(workerId),
    nobodyFor(wish) {
      if (groupFor(wish).matching.length > 0) return undefined;
      const now = clock.monotonic();
      const known = unmet.get(wish.wants);
      if (known) return now - known.since;
      unmet.set(wish.wants, { wish, since: now });
      return 0;
    },
    missingFor: (wish) => missing(wish, [...workers.values()]),
    earliestFor(wish) {
      const starts = groupFor(wish).matching.flatMap(({ joinedAt }) => joinedAt ?? []);
      // A clock that was ahead when its worker joined must not have ticks to come told as missed.
      return starts.length === 0 ? undefined : instant(Math.min(clock.now(), ...starts));
    },
    shardOf(workerId, wish) {
      const { shards } = groupFor(wish);
      const index = shards.indexOf(workerId);
      // Its own state may not have come back to it yet.
      return index < 0 ? { index: shards.length, total: shards.length + 1 } : { index, total: shards.length };
    },
    heirOf: (hash) => firstOf(hash, ranking().all)?.id,
    has: (workerId) => workers.has(workerId),
    get count() {
      return workers.size;
    },
    get knownAt() {
      return knownAt;
    },
  };
}
