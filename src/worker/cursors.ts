// Reads the cursors of jobs that this worker has just become the scheduler of: until then they were another
// worker's affair. With each goes the cursor of the other mode, its floor: nothing up to there is due. A few by
// key, many by one list.
import type { Logger } from 'pino';
import type { Clock } from '../common/core/clock.ts';
import { instant, type Instant } from '../common/model/time.ts';
import type { Etcd, KeyValue, Revision } from '../common/store/etcd.ts';
import { codecs, type Keyspace } from '../common/store/keyspace.ts';
import { getMany, listPages } from '../common/store/queries.ts';
import type { Unreadable } from '../common/store/unreadable.ts';
import type { JobEntry } from './job-table.ts';
import type { Membership } from './ports.ts';

/** From this share of all jobs on, one list is cheaper than reading key by key. */
const LIST_SHARE = 0.1;
const LIST_AT_LEAST = 1_000;
/** Cursors are small, and etcd 3.4 walks over all keys of a range for each page of it. */
const PAGE_SIZE = 5_000;
const RETRY_MS = 500;
/** A cursor further ahead than any lead is no claim of a coming tick. */
const FARTHEST_CLAIM = 10_000;
/** Of 100,000 cursors so many are taken in one go: 3 ms. */
const PIECE = 1_000;
/** Gathers what one change of membership asks for. */
const GATHER_MS = 5;

export interface CursorReader {
  /** Reads it soon, however long that takes; then tells. Asking again meanwhile does nothing. */
  want(entry: JobEntry): void;
  stop(): void;
}

export interface CursorReaderOptions {
  readonly etcd: Etcd;
  readonly keys: Keyspace;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly unreadable: Unreadable;
  readonly jobs: { readonly size: number };
  /** Undefined: nothing is to be claimed now, nor read. */
  readonly membership: () => Membership | undefined;
  readonly onRead: (entry: JobEntry) => void;
}

/** The job's cursor, or under `mode: all` that of the owner; and the floor. */
interface Wanted {
  readonly entry: JobEntry;
  readonly owner: Membership | undefined;
  /** Mod revision of the definition as it was known when it was asked for. */
  readonly revision: Revision;
}

export function createCursorReader(options: CursorReaderOptions): CursorReader {
  const { etcd, keys, clock, logger, unreadable, jobs, membership, onRead } = options;
  let wanted = new Set<JobEntry>();
  let busy = false;
  let stopped = false;

  const wish = (entry: JobEntry): Wanted | undefined => {
    const { revision } = entry;
    if (!entry.rule.all) return { entry, revision, owner: undefined };
    const owner = membership();
    return owner && { entry, revision, owner };
  };

  const ownOf = ({ entry: { name }, owner }: Wanted): string =>
    owner ? keys.cursorOf(name, owner.workerId) : keys.cursor(name);
  const floorOf = ({ entry: { name }, owner }: Wanted): string =>
    owner ? keys.cursor(name) : keys.cursorOfAll(name);

  const tickOf = (kv: KeyValue | undefined): Instant | undefined => {
    if (!kv) return undefined;
    const decoded = codecs.cursor.decode(kv.value);
    if (decoded.ok) {
      unreadable.clear(kv.key);
      return instant(decoded.value);
    }
    unreadable.note(kv.key, decoded.error, 'cursor cannot be read: the job goes on from now');
    // A cursor that can't be read must not make old ticks due.
    return clock.now();
  };

  const take = (
    each: Wanted,
    found: ReadonlyMap<string, KeyValue>,
    farthest: ReadonlyMap<JobEntry, Instant>,
  ): void => {
    const { entry, owner, revision } = each;
    // What this worker has learned meanwhile by a claim is newer; and a claim of an older definition may have
    // been carried out since, but none before the definition that was known then.
    if (entry.cursorKnown || entry.revision !== revision) return onRead(entry);
    const floor = floorOf(each);
    const ownKv = found.get(ownOf(each));
    const floorKv = found.get(floor);
    const floorTick = latest(tickOf(floorKv), farthest.get(entry));
    entry.cursor = latest(tickOf(ownKv), latest(floorTick, owner?.since));
    entry.cursorRevision = ownKv?.modRevision ?? 0;
    entry.cursorOwner = owner?.workerId;
    entry.floor = floorKv && { key: floor, revision: floorKv.modRevision, tick: floorTick! };
    entry.cursorKnown = true;
    onRead(entry);
    const ahead = (entry.cursor ?? 0) - clock.now();
    if (ahead > 0 && ahead < FARTHEST_CLAIM) lookAgain(entry, ahead);
  };

  /** Another worker has claimed a tick ahead of its time, and may give it back, which nobody would tell. */
  const lookAgain = (entry: JobEntry, ahead: number): void => {
    const { cursorRevision } = entry;
    clock.setTimer(ahead, () => {
      if (stopped || !entry.cursorKnown || entry.cursorRevision !== cursorRevision) return;
      entry.cursorKnown = false;
      wanted.add(entry);
      schedule(GATHER_MS);
    });
  };

  const read = async (batch: readonly Wanted[]): Promise<ReadonlyMap<string, KeyValue>> => {
    if (batch.length < LIST_AT_LEAST || batch.length < jobs.size * LIST_SHARE)
      return getMany(
        etcd,
        batch.flatMap((each) => [ownOf(each), floorOf(each)]),
      );
    const found = new Map<string, KeyValue>();
    for await (const page of listPages(etcd, keys.cursors, { limit: PAGE_SIZE }))
      for (const kv of page.kvs) found.set(kv.key, kv);
    return found;
  };

  /**
   * Of jobs that were of `mode: all` before: how far any worker has got by its own cursor, for the cursor of all
   * may be behind these. No claim moves one any more.
   */
  const readFarthest = async (
    batch: readonly Wanted[],
    found: ReadonlyMap<string, KeyValue>,
  ): Promise<ReadonlyMap<JobEntry, Instant>> => {
    const farthest = new Map<JobEntry, Instant>();
    for (const each of batch) {
      const { entry, owner } = each;
      if (owner || !found.has(floorOf(each))) continue;
      for await (const page of listPages(etcd, keys.cursorsOf(entry.name)))
        for (const kv of page.kvs) farthest.set(entry, latest(tickOf(kv), farthest.get(entry))!);
    }
    return farthest;
  };

  const pump = async (): Promise<void> => {
    const batch = [...wanted].flatMap((entry) => wish(entry) ?? []);
    wanted = new Set();
    let wait = GATHER_MS;
    try {
      const found = await read(batch);
      for (let from = 0; from < batch.length; from += PIECE) {
        if (stopped) return;
        if (from > 0) await new Promise<void>((resolve) => void clock.setTimer(0, resolve));
        const piece = batch.slice(from, from + PIECE);
        const farthest = await readFarthest(piece, found);
        for (const each of piece) take(each, found, farthest);
      }
    } catch (error) {
      logger.warn({ err: error, jobs: batch.length }, 'cursors could not be read; trying again');
      for (const { entry } of batch) if (!entry.cursorKnown) wanted.add(entry);
      wait = RETRY_MS;
    }
    busy = false;
    if (wanted.size > 0) schedule(wait);
  };

  const schedule = (delay: number): void => {
    if (busy || stopped) return;
    busy = true;
    clock.setTimer(delay, () => void pump());
  };

  return {
    want(entry) {
      wanted.add(entry);
      schedule(GATHER_MS);
    },
    stop() {
      stopped = true;
    },
  };
}

const latest = (a: Instant | undefined, b: Instant | undefined): Instant | undefined =>
  a === undefined || (b !== undefined && b > a) ? b : a;
