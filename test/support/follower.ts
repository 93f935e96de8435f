// A follower whose every word is written down, and checked as it comes: nothing twice, nothing older after
// newer.
import { systemClock } from '../../src/common/runtime/clock.ts';
import type { Etcd, KeyRange, Revision } from '../../src/common/store/etcd.ts';
import { startFollow, type Follow } from '../../src/common/store/follow.ts';

export interface RecordedFollow {
  readonly follow: Follow;
  /** What a consumer that applies all changes holds: key to value. */
  readonly state: ReadonlyMap<string, string>;
  /** `put a@5`, `delete a@7`, in the order told. */
  readonly told: readonly string[];
  /** `loaded`, `stale: why`, `fresh`. */
  readonly signals: readonly string[];
  /** What was told against the rules. */
  readonly faults: readonly string[];
}

export function recordFollow(etcd: Etcd, range: Required<KeyRange>, pageSize?: number): RecordedFollow {
  const state = new Map<string, string>();
  const newest = new Map<string, Revision>();
  const told: string[] = [];
  const signals: string[] = [];
  const faults: string[] = [];
  const follow = startFollow({
    etcd,
    clock: systemClock(),
    range,
    ...(pageSize === undefined ? {} : { pageSize }),
    onChanges(changes) {
      for (const change of changes) {
        const key = change.type === 'put' ? change.kv.key : change.key;
        const revision = change.type === 'put' ? change.kv.modRevision : change.modRevision;
        const word = `${change.type} ${key}@${revision}`;
        if (revision <= (newest.get(key) ?? 0)) faults.push(`${word} after @${newest.get(key)}`);
        if (change.type === 'delete' && !state.has(key)) faults.push(`${word} of a key that was not told`);
        newest.set(key, revision);
        if (change.type === 'put') state.set(key, change.kv.value);
        else state.delete(key);
        told.push(word);
      }
    },
    onLoaded: () => void signals.push('loaded'),
    onStale: (reason) => void signals.push(`stale: ${reason}`),
    onFresh: () => void signals.push('fresh'),
  });
  return { follow, state, told, signals, faults };
}

/** What etcd holds, to compare with. */
export async function contentOf(etcd: Etcd, range: Required<KeyRange>): Promise<Map<string, string>> {
  const { kvs } = await etcd.range(range);
  return new Map(kvs.map((kv) => [kv.key, kv.value]));
}
