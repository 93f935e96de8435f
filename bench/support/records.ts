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

/** Throws what broke the watch, if anything did: then records were missed. */
export type CheckWatch = () => void;

const LOOK_EVERY_MS = 20;

/** Each record as it is written from now on. */
export async function followRecords(
  scope: Scope,
  etcd: Etcd,
  keys: Keyspace,
  take: (value: string) => void,
): Promise<CheckWatch> {
  let failure: string | undefined;
  const { revision } = await etcd.range({ ...keys.runs, limit: 1, countOnly: true });
  const watch = etcd.watch(
    { ...keys.runs, startRevision: revision + 1 },
    {
      onEvents(events) {
        for (const { type, kv } of events) if (type === 'put') take(kv.value);
      },
      onProgress: () => undefined,
      onEnd: (end) => (failure ??= end.kind === 'broken' ? end.error.message : end.kind),
    },
  );
  scope.onClose(() => watch.cancel());
  return () => {
    if (failure !== undefined) throw new Error(`the watch on runs/ ended: ${failure}`);
  };
}

export async function watchRecords(scope: Scope, etcd: Etcd, keys: Keyspace): Promise<RecordWatch> {
  let values: string[] = [];
  let lastAt = 0;
  const check = await followRecords(scope, etcd, keys, (value) => {
    lastAt = Date.now();
    values.push(value);
  });
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
        check();
        await wait(LOOK_EVERY_MS);
      }
      return values.length >= count;
    },
  };
}
