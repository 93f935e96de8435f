// Who else is there: the registered workers, the ranking that follows, and what their clocks say of ours.
import type { Logger } from 'pino';
import type { Clock } from '../common/core/clock.ts';
import { offsetFromMedian, CLOCKS_NEEDED } from '../common/core/clock-offset.ts';
import { labelsMatch } from '../common/core/labels.ts';
import { candidatesOf, firstOf, type Candidate } from '../common/core/ranking.ts';
import type { Shard } from '../common/model/run.ts';
import type { WorkerRecord } from '../common/model/worker.ts';
import { instant, type Instant, type Millis, type Monotonic } from '../common/model/time.ts';
import { codecs, type Keyspace } from '../common/store/keyspace.ts';
import type { Change } from '../common/store/follow.ts';
import type { PlanningRule } from './job-table.ts';

/** Samples of one clock; the largest has the least delivery time in it. */
const SAMPLES = 3;

/** What a job wants of its workers. */
export type Wish = Pick<PlanningRule, 'labels' | 'wants'>;

export interface Peers {
  /** Takes changes under workers/ and masters/. `live`: told as they happened, so that clocks can be compared. */
  take(changes: readonly Change[], live: boolean): PeerChanges;
  /** The worker that should schedule a job; undefined: none that is eligible. */
  firstFor(jobHash: number, wish: Wish): string | undefined;
  /** It is registered, takes work or soon will, and matches. */
  takes(workerId: string, wish: Wish): boolean;
  /** For how long no registered worker has matched, whatever its state; undefined: one does. */
  nobodyFor(wish: Wish): Millis | undefined;
  /** When the first of the sessions of the matching workers began; undefined: there is none. */
  earliestFor(wish: Wish): Instant | undefined;
  /** The place of this worker among the matching ones that run ticks now. */
  shardOf(workerId: string, wish: Wish): Shard;
  /** The worker that should see to what `workerId` left behind. */
  heirOf(workerIdHash: number): string | undefined;
  has(workerId: string): boolean;
  readonly count: number;
  /** Our clock against the median; `known`: there are clocks enough to tell whose is wrong. */
  clockOffset(): { readonly offset: Millis; readonly known: boolean };
}

export interface PeerChanges {
  /** The ranking may have changed. */
  readonly rankingChanged: boolean;
  readonly gone: readonly string[];
}

/** Now or soon, and better late than never. */
const takesWork = ({ state }: WorkerRecord): boolean => state !== 'draining' && state !== 'loading';

/** Of `mode: all`: also when it is full, for its ticks wait for it alone. */
const runsTicks = ({ state }: WorkerRecord): boolean => state === 'ready' || state === 'full';

const byNameAndId = (a: WorkerRecord, b: WorkerRecord): number =>
  a.name === b.name ? (a.id < b.id ? -1 : 1) : a.name < b.name ? -1 : 1;

interface Group {
  /** Registered and matching, in any state. */
  readonly matching: readonly WorkerRecord[];
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

export function createPeers(
  keys: Keyspace,
  clock: Clock,
  logger: Logger,
  ownId: () => string | undefined,
): Peers {
  const workers = new Map<string, WorkerRecord>();
  const clocks = new Map<string, Millis[]>();
  let ranked: Ranked | undefined;
  /** Wishes that no registered worker meets, and since when. */
  const unmet = new Map<string, { readonly wish: Wish; readonly since: Monotonic }>();

  const sample = (key: string, wallClock: number): void => {
    const samples = clocks.get(key) ?? [];
    samples.push(wallClock - clock.now());
    if (samples.length > SAMPLES) samples.shift();
    clocks.set(key, samples);
  };

  const ranking = () => {
    if (ranked) return ranked;
    const present = [...workers.values()].filter(takesWork);
    const ready = present.filter((worker) => worker.state === 'ready');
    const pool = ready.length > 0 ? ready : present;
    ranked = { pool, all: candidatesOf(pool), byWish: new Map() };
    return ranked;
  };

  const groupFor = (wish: Wish): Group => {
    const { all, byWish, pool } = ranking();
    let group = byWish.get(wish.wants);
    if (group) return group;
    const matching = [...workers.values()].filter((worker) => labelsMatch(wish.labels, worker.labels));
    let eligible = pool.filter((worker) => labelsMatch(wish.labels, worker.labels));
    // Better late on a full worker that may run it than never on a free one that may not.
    if (eligible.length === 0) eligible = matching.filter(takesWork);
    group = {
      matching,
      candidates: wish.labels === undefined ? all : candidatesOf(eligible),
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
    JSON.stringify(a.labels) === JSON.stringify(b.labels);

  const takeWorker = (change: Change, live: boolean): { ranking: boolean; gone?: string } => {
    const key = keyOf(change);
    const id = keys.partsOf(key)[0] ?? '';
    if (change.type === 'delete') {
      clocks.delete(key);
      return workers.delete(id) ? { ranking: true, gone: id } : { ranking: false };
    }
    const decoded = codecs.worker.decode(change.kv.value);
    if (!decoded.ok) {
      logger.error({ key, reason: decoded.error }, 'worker passed over: its registration does not parse');
      return { ranking: false };
    }
    if (live && id !== ownId()) sample(key, decoded.value.wallClock);
    const before = workers.get(id);
    workers.set(id, decoded.value);
    return { ranking: !before || !ranksAlike(before, decoded.value) };
  };

  const takeMaster = (change: Change, live: boolean): void => {
    if (change.type === 'delete') clocks.delete(keyOf(change));
    else {
      const decoded = codecs.master.decode(change.kv.value);
      if (live && decoded.ok) sample(change.kv.key, decoded.value.wallClock);
    }
  };

  return {
    take(changes, live) {
      let rankingChanged = false;
      const gone: string[] = [];
      for (const change of changes) {
        if (keyOf(change).startsWith(keys.masters.key)) {
          takeMaster(change, live);
          continue;
        }
        const taken = takeWorker(change, live);
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
    takes(workerId, wish) {
      const worker = workers.get(workerId);
      return worker !== undefined && worker.state !== 'draining' && labelsMatch(wish.labels, worker.labels);
    },
    nobodyFor(wish) {
      if (groupFor(wish).matching.length > 0) return undefined;
      const now = clock.monotonic();
      const known = unmet.get(wish.wants);
      if (known) return now - known.since;
      unmet.set(wish.wants, { wish, since: now });
      return 0;
    },
    earliestFor(wish) {
      const starts = groupFor(wish).matching.flatMap(({ joinedAt }) => joinedAt ?? []);
      return starts.length === 0 ? undefined : instant(Math.min(...starts));
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
    clockOffset() {
      const others = [...clocks.values()].map((samples) => Math.max(...samples));
      return { offset: offsetFromMedian(others), known: others.length + 1 >= CLOCKS_NEEDED };
    },
  };
}
