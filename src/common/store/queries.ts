// Reads that may be large, in pieces that are not: pages at one revision, many keys in few requests. It must
// never ask etcd for a range without a limit.
import type { Etcd, KeyRange, KeyValue, OpResult, Revision } from './etcd.ts';

export const PAGE_SIZE = 1_000;
/** etcd allows 128 operations in a request. */
const KEYS_PER_REQUEST = 100;

export interface PageOptions {
  /** At most this many; 1,000 by default. */
  readonly limit?: number;
  /** Starts behind this key, which need not exist: pass the last key of the page before. */
  readonly after?: string;
  /** Read as of this revision; absent: the newest. */
  readonly revision?: Revision;
  readonly keysOnly?: boolean;
  /** From the last key down; `after` then means before. */
  readonly descending?: boolean;
}

export interface Page {
  readonly kvs: readonly KeyValue[];
  /** More keys follow: ask again with `after` the last key and this `revision`. */
  readonly more: boolean;
  /** The revision that was read. */
  readonly revision: Revision;
}

/** Rejects with EtcdError; `compacted` when the revision is gone: begin again from the newest. */
export async function listPage(
  etcd: Etcd,
  range: Required<KeyRange>,
  options: PageOptions = {},
): Promise<Page> {
  const { limit = PAGE_SIZE, after, revision, keysOnly = false, descending = false } = options;
  const from = after === undefined || descending ? range.key : `${after}\0`;
  const to = after === undefined || !descending ? range.rangeEnd : after;
  const answer = await etcd.range({
    key: from,
    rangeEnd: to,
    limit,
    keysOnly,
    descending,
    ...(revision === undefined ? {} : { revision }),
  });
  return { kvs: answer.kvs, more: answer.more, revision: revision ?? answer.revision };
}

/**
 * All pages of a range as of one revision: the given one, or the newest when the first page is read. The next
 * page is on its way while one is worked on. Throws EtcdError, `compacted` when that revision went meanwhile.
 */
export async function* listPages(
  etcd: Etcd,
  range: Required<KeyRange>,
  options: Omit<PageOptions, 'after'> = {},
): AsyncGenerator<Page, void, void> {
  let page = await listPage(etcd, range, options);
  while (page.more && page.kvs.length > 0) {
    const after = page.kvs.at(-1)!.key;
    const next = listPage(etcd, range, { ...options, after, revision: page.revision });
    // The consumer may stop here, or throw: then nobody awaits the page under way.
    next.catch(() => undefined);
    yield page;
    page = await next;
  }
  yield page;
}

/** The keys that exist, of these, in up to 100 a request; each request reads one revision of its own. */
export async function getMany(etcd: Etcd, keys: readonly string[]): Promise<Map<string, KeyValue>> {
  const found = new Map<string, KeyValue>();
  for (let i = 0; i < keys.length; i += KEYS_PER_REQUEST) {
    const success = keys
      .slice(i, i + KEYS_PER_REQUEST)
      .map((key) => ({ type: 'range' as const, key, limit: 1 }));
    const { responses } = await etcd.txn({ compare: [], success, failure: [] });
    for (const response of responses) for (const kv of kvsOf(response)) found.set(kv.key, kv);
  }
  return found;
}

const kvsOf = (response: OpResult): readonly KeyValue[] => (response.type === 'range' ? response.kvs : []);
