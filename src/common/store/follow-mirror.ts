// What a follower has told its consumer so far: each key and its mod revision, nothing more. From it come the
// differences after a fresh list. It must never hold values: they are the consumer's.
import type { KeyValue, Revision, WatchEvent } from './etcd.ts';

export type Change =
  | { readonly type: 'put'; readonly kv: KeyValue }
  | { readonly type: 'delete'; readonly key: string; readonly modRevision: Revision };

export interface Mirror {
  readonly size: number;
  /** Events of a watch, in order, as changes; those at or before `after` were told already. */
  apply(events: readonly WatchEvent[], after: Revision): Change[];
  /** Begins to compare with a list of the whole range at one revision. */
  beginList(): void;
  /** One page of that list: what differs from what was told. */
  applyPage(kvs: readonly KeyValue[]): Change[];
  /** The list is complete: what it no longer holds was deleted, at `revision` at the latest. */
  endList(revision: Revision): Change[];
  /** The store's history is another one: every key that is listed counts as changed. */
  distrust(): void;
}

/** Mod revision of a key whose value we no longer trust: equal to none of etcd's. */
const DISTRUSTED = -1;

export function createMirror(): Mirror {
  let told = new Map<string, Revision>();
  /** Seen by the list under way. Keys move here from `told`; what stays behind has been deleted. */
  let listed = new Map<string, Revision>();

  return {
    get size() {
      return told.size + listed.size;
    },

    apply(events, after) {
      const changes: Change[] = [];
      for (const { type, kv } of events) {
        if (kv.modRevision <= after) continue;
        if (type === 'put') {
          told.set(kv.key, kv.modRevision);
          changes.push({ type, kv });
        } else if (told.delete(kv.key)) {
          changes.push({ type, key: kv.key, modRevision: kv.modRevision });
        }
      }
      return changes;
    },

    beginList() {
      // A list that failed half way: what it saw was told.
      if (told.size === 0) told = listed;
      else for (const [key, revision] of listed) told.set(key, revision);
      listed = new Map();
    },

    applyPage(kvs) {
      const changes: Change[] = [];
      for (const kv of kvs) {
        if (told.get(kv.key) !== kv.modRevision) changes.push({ type: 'put', kv });
        told.delete(kv.key);
        listed.set(kv.key, kv.modRevision);
      }
      return changes;
    },

    endList(revision) {
      const changes: Change[] = [];
      for (const key of told.keys()) changes.push({ type: 'delete', key, modRevision: revision });
      told = listed;
      listed = new Map();
      return changes;
    },

    distrust() {
      for (const map of [told, listed]) for (const key of map.keys()) map.set(key, DISTRUSTED);
    },
  };
}
