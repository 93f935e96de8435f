// Who else is there: the registered workers, the ranking that follows, and what their clocks say of ours.
import type { Logger } from 'pino';
import type { Clock } from '../common/core/clock.ts';
import { offsetFromMedian, CLOCKS_NEEDED } from '../common/core/clock-offset.ts';
import { labelsMatch, type Labels } from '../common/core/labels.ts';
import { candidatesOf, firstOf, type Candidate } from '../common/core/ranking.ts';
import type { WorkerRecord } from '../common/model/worker.ts';
import type { Millis } from '../common/model/time.ts';
import { codecs, type Keyspace } from '../common/store/keyspace.ts';
import type { Change } from '../common/store/follow.ts';

/** Samples of one clock; the largest has the least delivery time in it. */
const SAMPLES = 3;

export interface Peers {
  /** Takes changes under workers/ and masters/. `live`: told as they happened, so that clocks can be compared. */
  take(changes: readonly Change[], live: boolean): PeerChanges;
  /** The worker that should schedule a job; undefined: none that is eligible. */
  firstFor(jobHash: number, wanted: Labels | undefined): string | undefined;
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

const keyOf = (change: Change): string => (change.type === 'put' ? change.kv.key : change.key);

export function createPeers(
  keys: Keyspace,
  clock: Clock,
  logger: Logger,
  ownId: () => string | undefined,
): Peers {
  const workers = new Map<string, WorkerRecord>();
  const clocks = new Map<string, Millis[]>();
  let ranked: { all: Candidate[]; byLabels: Map<string, Candidate[]>; pool: WorkerRecord[] } | undefined;

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
    ranked = { pool, all: candidatesOf(pool), byLabels: new Map() };
    return ranked;
  };

  const candidatesFor = (wanted: Labels | undefined): readonly Candidate[] => {
    const { all, byLabels, pool } = ranking();
    if (wanted === undefined) return all;
    const key = JSON.stringify(wanted);
    let matching = byLabels.get(key);
    if (!matching) {
      let eligible = pool.filter((worker) => labelsMatch(wanted, worker.labels));
      // Better late on a full worker that may run it than never on a free one that may not.
      if (eligible.length === 0) {
        eligible = [...workers.values()].filter(
          (worker) => takesWork(worker) && labelsMatch(wanted, worker.labels),
        );
      }
      matching = candidatesOf(eligible);
      byLabels.set(key, matching);
    }
    return matching;
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
      if (rankingChanged) ranked = undefined;
      return { rankingChanged, gone };
    },
    firstFor: (jobHash, wanted) => firstOf(jobHash, candidatesFor(wanted))?.id,
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
