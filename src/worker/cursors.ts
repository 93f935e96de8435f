// Reads the cursors of jobs that this worker has just become the scheduler of: until then they were another
// worker's affair. A few by key, many by one list.
import type { Logger } from 'pino';
import type { Clock } from '../common/core/clock.ts';
import { instant } from '../common/model/time.ts';
import type { Etcd, KeyValue } from '../common/store/etcd.ts';
import { codecs, type Keyspace } from '../common/store/keyspace.ts';
import { getMany, listPages } from '../common/store/queries.ts';
import type { JobEntry } from './job-table.ts';

/** From this share of all jobs on, one list is cheaper than reading key by key. */
const LIST_SHARE = 0.1;
const LIST_AT_LEAST = 1_000;
/** Cursors are small, and etcd 3.4 walks over all keys of a range for each page of it. */
const PAGE_SIZE = 5_000;
const RETRY_MS = 500;
/** A cursor further ahead than any lead is no claim of a coming tick. */
const FARTHEST_CLAIM = 10_000;
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
  readonly jobs: { readonly size: number };
  readonly onRead: (entry: JobEntry) => void;
}

export function createCursorReader(options: CursorReaderOptions): CursorReader {
  const { etcd, keys, clock, logger, jobs, onRead } = options;
  let wanted = new Map<string, JobEntry>();
  let busy = false;
  let stopped = false;

  const take = (batch: Map<string, JobEntry>, key: string, kv: KeyValue | undefined): void => {
    const entry = batch.get(key);
    // What this worker has learned meanwhile by a claim is newer.
    if (!entry || entry.cursorKnown) return;
    const decoded = kv && codecs.cursor.decode(kv.value);
    if (decoded && !decoded.ok)
      logger.error({ key, reason: decoded.error }, 'cursor does not parse: the job goes on from now');
    // A cursor that can't be read must not make old ticks due.
    entry.cursor = decoded?.ok ? instant(decoded.value) : decoded ? clock.now() : undefined;
    entry.cursorRevision = kv?.modRevision ?? 0;
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
      wanted.set(keys.cursor(entry.name), entry);
      schedule(GATHER_MS);
    });
  };

  const read = async (batch: Map<string, JobEntry>): Promise<void> => {
    if (batch.size < LIST_AT_LEAST || batch.size < jobs.size * LIST_SHARE) {
      const found = await getMany(etcd, [...batch.keys()]);
      for (const key of batch.keys()) take(batch, key, found.get(key));
      return;
    }
    for await (const page of listPages(etcd, keys.cursors, { limit: PAGE_SIZE }))
      for (const kv of page.kvs) take(batch, kv.key, kv);
    for (const key of batch.keys()) take(batch, key, undefined);
  };

  const pump = async (): Promise<void> => {
    const batch = wanted;
    wanted = new Map();
    let wait = GATHER_MS;
    try {
      await read(batch);
    } catch (error) {
      logger.warn({ err: error, jobs: batch.size }, 'cursors could not be read; trying again');
      for (const [key, entry] of batch) if (!entry.cursorKnown) wanted.set(key, entry);
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
      wanted.set(keys.cursor(entry.name), entry);
      schedule(GATHER_MS);
    },
    stop() {
      stopped = true;
    },
  };
}
