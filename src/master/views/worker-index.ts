// The workers that are registered, and how far their clocks seem off. From the followed `workers/`.
import type { Clock } from '../../common/core/clock.ts';
import type { WorkerRecord } from '../../common/model/worker.ts';
import { codecs, type Keyspace } from '../../common/store/keyspace.ts';
import type { Unreadable } from '../../common/store/unreadable.ts';
import type { Change } from '../../common/store/follow.ts';

export interface WorkerSeen {
  readonly record: WorkerRecord;
  /** Its clock less ours when the news came; null while only read from a list, whose age nobody knows. */
  readonly clockOffsetMs: number | null;
}

export interface WorkerIndex {
  apply(changes: readonly Change[], isLive: boolean): void;
  get(id: string): WorkerSeen | undefined;
  /** By id. */
  list(): WorkerSeen[];
  /** In no order; one array until news comes. */
  records(): readonly WorkerRecord[];
  readonly size: number;
}

export function createWorkerIndex(keys: Keyspace, clock: Clock, unreadable: Unreadable): WorkerIndex {
  const workers = new Map<string, WorkerSeen>();
  let records: WorkerRecord[] | undefined;
  return {
    apply(changes, isLive) {
      records = undefined;
      for (const change of changes) {
        const key = change.type === 'put' ? change.kv.key : change.key;
        const id = keys.partsOf(key)[0]!;
        const decoded = change.type === 'put' ? codecs.worker.decode(change.kv.value) : undefined;
        if (decoded?.ok === false)
          unreadable.note(key, decoded.error, 'worker passed over: its registration cannot be read');
        else unreadable.clear(key);
        if (!decoded?.ok) workers.delete(id);
        else
          workers.set(id, {
            record: decoded.value,
            clockOffsetMs: isLive ? decoded.value.wallClock - clock.now() : null,
          });
      }
    },
    get: (id) => workers.get(id),
    list: () => [...workers.values()].sort((a, b) => (a.record.id < b.record.id ? -1 : 1)),
    records: () => (records ??= [...workers.values()].map(({ record }) => record)),
    get size() {
      return workers.size;
    },
  };
}
