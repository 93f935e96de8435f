// The multi-version store inside the model of etcd: every version of every key, one revision for each
// writing request, reads as of any revision that has not been compacted. It knows no leases, no conditions
// and no watchers, and it must never change a version once it is committed.
import type { KeyRange, KeyValue, LeaseId, Revision, WatchEvent } from '../../../src/common/store/etcd.ts';

interface Version {
  readonly revision: Revision;
  /** undefined: deleted at this revision. */
  readonly kv: KeyValue | undefined;
}

export interface Commit {
  readonly revision: Revision;
  readonly events: readonly WatchEvent[];
}

/** One request's changes: they see each other, and get one revision, or none when nothing changed. */
export interface Writing {
  range(range: KeyRange, revision?: Revision): KeyValue[];
  put(key: string, value: string, lease: LeaseId): KeyValue | undefined;
  /** The keys that were there. */
  remove(range: KeyRange): KeyValue[];
  /** Revision of the store after it. */
  commit(): Revision;
}

export interface Mvcc {
  readonly revision: Revision;
  readonly compactRevision: Revision;
  /** Of all keys and values that are kept, superseded ones too. */
  readonly bytes: number;
  /** Sorted by key. The caller asks for no revision that is compacted or to come. */
  range(range: KeyRange, revision?: Revision): KeyValue[];
  write(): Writing;
  /** What happened from this revision on, as far as it is kept. */
  commitsFrom(revision: Revision): Commit[];
  compact(revision: Revision): void;
}

/** etcd takes a range end of one zero byte as "from the key on". */
const FROM_KEY = '\0';

export function createMvcc(onCommit: (commit: Commit) => void): Mvcc {
  const histories = new Map<string, Version[]>();
  /** Keys with a history, sorted; and the same of live keys alone, which is what is mostly asked for. */
  const all: string[] = [];
  const live: string[] = [];
  let commits: Commit[] = [];
  let revision: Revision = 1;
  let compactRevision: Revision = 0;
  let bytes = 0;
  const sizeOf = ({ kv }: Version): number => (kv ? kv.key.length + kv.value.length : 0);

  const versionAt = (history: readonly Version[], at: Revision): Version | undefined => {
    for (let i = history.length - 1; i >= 0; i--) {
      const version = history[i]!;
      if (version.revision <= at) return version;
    }
    return undefined;
  };

  const slice = (keys: readonly string[], { key, rangeEnd }: KeyRange): readonly string[] => {
    const from = placeOf(keys, key);
    if (rangeEnd === undefined || rangeEnd === '') return keys[from] === key ? [key] : [];
    const to = rangeEnd === FROM_KEY ? keys.length : placeOf(keys, rangeEnd);
    return keys.slice(from, Math.max(from, to));
  };

  const read = (range: KeyRange, at: Revision | undefined): KeyValue[] => {
    const found: KeyValue[] = [];
    for (const key of slice(at === undefined ? live : all, range)) {
      const history = histories.get(key)!;
      const kv = (at === undefined ? history.at(-1) : versionAt(history, at))?.kv;
      if (kv) found.push(kv);
    }
    return found;
  };

  const write = (): Writing => {
    const next = revision + 1;
    const events: WatchEvent[] = [];

    const add = (key: string, kv: KeyValue | undefined): void => {
      let history = histories.get(key);
      if (!history) {
        histories.set(key, (history = []));
        insert(all, key);
      }
      const wasLive = history.at(-1)?.kv !== undefined;
      history.push({ revision: next, kv });
      bytes += sizeOf(history.at(-1)!);
      if (kv && !wasLive) insert(live, key);
      if (!kv && wasLive) live.splice(placeOf(live, key), 1);
    };

    return {
      range: read,
      put(key, value, lease) {
        const before = histories.get(key)?.at(-1)?.kv;
        const kv: KeyValue = {
          key,
          value,
          createRevision: before?.createRevision ?? next,
          modRevision: next,
          version: (before?.version ?? 0) + 1,
          lease,
        };
        add(key, kv);
        events.push({ type: 'put', kv });
        return before;
      },
      remove(range) {
        const gone = read(range, undefined);
        for (const { key } of gone) {
          add(key, undefined);
          events.push({
            type: 'delete',
            kv: { key, value: '', createRevision: 0, modRevision: next, version: 0, lease: '0' },
          });
        }
        return gone;
      },
      commit() {
        if (events.length === 0) return revision;
        revision = next;
        const commit = { revision, events };
        commits.push(commit);
        onCommit(commit);
        return revision;
      },
    };
  };

  /** Of each key stay its newest version up to `at`, unless that is a deletion, and all later ones. */
  const compact = (at: Revision): void => {
    compactRevision = at;
    for (const [key, history] of histories) {
      const base = versionAt(history, at);
      const kept = history.filter((each) => each.revision > at || (each === base && each.kv));
      if (kept.length < history.length)
        for (const each of history) if (!kept.includes(each)) bytes -= sizeOf(each);
      if (kept.length === 0) {
        histories.delete(key);
        all.splice(placeOf(all, key), 1);
      } else if (kept.length < history.length) histories.set(key, kept);
    }
    commits = commits.filter((commit) => commit.revision >= at);
    const first = commits[0];
    if (first?.revision !== at) return;
    // etcd before 3.4.34 and 3.5.15 drops deletions of the very revision that is compacted, and a watch from
    // there never learns of them (etcd issue 18089). The model is as bad as the worst that is supported.
    const events = first.events.filter(
      ({ type, kv }) =>
        type === 'put' &&
        histories.get(kv.key)?.some((each) => each.kv?.modRevision === at && each.kv === kv),
    );
    commits = [...(events.length > 0 ? [{ revision: at, events }] : []), ...commits.slice(1)];
  };

  return {
    get revision() {
      return revision;
    },
    get compactRevision() {
      return compactRevision;
    },
    get bytes() {
      return bytes;
    },
    range: read,
    write,
    commitsFrom: (from) =>
      commits
        .slice(commits.findIndex((commit) => commit.revision >= from))
        .filter((commit) => commit.revision >= from),
    compact,
  };
}

/** Where `key` stands in a sorted list, or would. */
function placeOf(sorted: readonly string[], key: string): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sorted[middle]! < key) low = middle + 1;
    else high = middle;
  }
  return low;
}

const insert = (sorted: string[], key: string): void => void sorted.splice(placeOf(sorted, key), 0, key);
