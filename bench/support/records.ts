// What etcd has on record, seen by a client of the scenario's own: it follows runs/ and notes when each
// record arrived. It adds to the load that it measures, never takes from it.
import { setTimeout as wait } from 'node:timers/promises';
import type { RunRecord } from '../../src/common/model/run.ts';
import type { Etcd } from '../../src/common/store/etcd.ts';
import { codecs, type Keyspace } from '../../src/common/store/keyspace.ts';
import type { Scope } from './scope.ts';

export interface RecordWatch {
  /** Forgets what was seen. */
  reset(): void;
  /** Records written since. */
  readonly count: number;
  /** When the last of them arrived, ms since the epoch. */
  readonly lastAt: number;
  records(): RunRecord[];
  /** True when `count` records have come; false when they have not by `deadline`, ms since the epoch. */
  reached(count: number, deadline: number): Promise<boolean>;
}

const LOOK_EVERY_MS = 20;

export async function watchRecords(scope: Scope, etcd: Etcd, keys: Keyspace): Promise<RecordWatch> {
  let values: string[] = [];
  let lastAt = 0;
  const failures: string[] = [];
  const { revision } = await etcd.range({ ...keys.runs, limit: 1, countOnly: true });
  const watch = etcd.watch(
    { ...keys.runs, startRevision: revision + 1 },
    {
      onEvents(events) {
        lastAt = Date.now();
        for (const { type, kv } of events) if (type === 'put') values.push(kv.value);
      },
      onProgress: () => undefined,
      onEnd: (end) => void failures.push(end.kind === 'broken' ? end.error.message : end.kind),
    },
  );
  scope.onClose(() => watch.cancel());
  return {
    reset() {
      values = [];
      lastAt = 0;
    },
    get count() {
      return values.length;
    },
    get lastAt() {
      return lastAt;
    },
    records: () =>
      values.map((value) => {
        const decoded = codecs.run.decode(value);
        if (!decoded.ok) throw new Error(`a record does not parse: ${decoded.error}`);
        return decoded.value;
      }),
    async reached(count, deadline) {
      while (values.length < count && Date.now() < deadline) {
        if (failures[0] !== undefined) throw new Error(`the watch on runs/ ended: ${failures[0]}`);
        await wait(LOOK_EVERY_MS);
      }
      return values.length >= count;
    },
  };
}
