// The model of one etcd as its clients see it: requests are carried out at once and in the order in which
// they come, so it is linearizable by construction. Time is its caller's: leases end when expire() says so.
// What the network does to requests and answers is not modelled here.
import {
  EtcdError,
  type KeyRange,
  type LeaseId,
  type RangeOp,
  type RangeResult,
  type Revision,
  type Txn,
  type TxnResult,
} from '../../../src/common/store/etcd.ts';
import type { Millis } from '../../../src/common/model/time.ts';
import { createMvcc, type Commit, type Mvcc } from './mvcc.ts';
import { answerRange, applyTxn, checkRevision } from './txn.ts';

/** What a watch is told, in order; nothing after `compacted`. */
export type WatchNews =
  ({ readonly kind: 'events' } & Commit) | { readonly kind: 'compacted'; readonly compactRevision: Revision };

export interface EtcdModel {
  readonly revision: Revision;
  readonly compactRevision: Revision;
  readonly bytes: number;
  /** The quota alarm is on: what puts at its outermost level, and grants, is refused. */
  noSpace: boolean;
  /** Throw EtcdError as the port's calls reject. */
  range(request: Omit<RangeOp, 'type'>): RangeResult;
  txn(txn: Txn): TxnResult;
  compact(revision: Revision): void;
  grant(ttlSeconds: number): { leaseId: LeaseId; ttlSeconds: number };
  /** Its keys go in one revision. Of a lease that is gone: nothing. */
  revoke(leaseId: LeaseId): void;
  /** The TTL; 0: there is no such lease. */
  keepAlive(leaseId: LeaseId): number;
  /** When the lease ends by itself; undefined: it is gone. */
  expiryOf(leaseId: LeaseId): Millis | undefined;
  /** A new leader: every lease gets its whole time again, and some more. */
  promote(extend: Millis): void;
  /** Ends each lease whose time is up; answers them. */
  expire(): LeaseId[];
  /** Tells what happened since, at once, and from then on what happens. Answers how to stop it. */
  watch(
    request: KeyRange & { readonly startRevision: Revision },
    tell: (news: WatchNews) => void,
  ): () => void;
}

export interface EtcdModelOptions {
  readonly now: () => Millis;
  /** Every commit, before its watchers hear of it. */
  readonly onCommit?: (commit: Commit) => void;
  readonly onLeaseEnd?: (leaseId: LeaseId) => void;
  readonly minTtlSeconds?: number;
}

interface Lease {
  readonly ttlSeconds: number;
  expiresAt: Millis;
  readonly keys: Set<string>;
}

export function createEtcdModel(options: EtcdModelOptions): EtcdModel {
  const { now } = options;
  const leases = new Map<LeaseId, Lease>();
  const leaseOfKey = new Map<string, LeaseId>();
  const watchers = new Set<(commit: Commit) => void>();
  let granted = 0;

  const store: Mvcc = createMvcc((commit) => {
    options.onCommit?.(commit);
    for (const tell of watchers) tell(commit);
  });

  const attach = (key: string, leaseId: LeaseId): void => {
    const before = leaseOfKey.get(key);
    if (before !== undefined) leases.get(before)?.keys.delete(key);
    if (leaseId === '0') leaseOfKey.delete(key);
    else {
      leaseOfKey.set(key, leaseId);
      leases.get(leaseId)!.keys.add(key);
    }
  };

  const end = (leaseId: LeaseId): void => {
    const lease = leases.get(leaseId);
    if (!lease) return;
    leases.delete(leaseId);
    options.onLeaseEnd?.(leaseId);
    const writing = store.write();
    for (const key of [...lease.keys].sort()) {
      writing.remove({ key });
      leaseOfKey.delete(key);
    }
    writing.commit();
  };

  let noSpace = false;
  /** The quota is compared by the outermost operations alone: what is nested in them passes. */
  const refusePuts = (): never => {
    throw new EtcdError('no_space', 'etcdserver: mvcc: database space exceeded', { mayHaveApplied: true });
  };
  const putsOutermost = ({ success, failure }: Txn): boolean =>
    success.some(({ type }) => type === 'put') || failure.some(({ type }) => type === 'put');

  return {
    get revision() {
      return store.revision;
    },
    get bytes() {
      return store.bytes;
    },
    get noSpace() {
      return noSpace;
    },
    set noSpace(on) {
      noSpace = on;
    },
    get compactRevision() {
      return store.compactRevision;
    },
    range(request) {
      if (request.key === '') throw new EtcdError('invalid', 'key is not provided');
      checkRevision(store, request.revision);
      const at = request.revision === 0 ? undefined : request.revision;
      return { ...answerRange(store.range(request, at), request), revision: store.revision };
    },
    txn(txn) {
      if (noSpace && putsOutermost(txn)) refusePuts();
      return applyTxn(store, txn, { has: (lease) => leases.has(lease), attach });
    },
    compact(revision) {
      if (revision <= store.compactRevision)
        throw new EtcdError('compacted', 'required revision has been compacted');
      if (revision > store.revision) throw new EtcdError('invalid', 'required revision is a future revision');
      store.compact(revision);
    },
    grant(wanted) {
      if (noSpace) refusePuts();
      const ttlSeconds = Math.max(wanted, options.minTtlSeconds ?? 2);
      const leaseId = String(7_000_000 + ++granted);
      leases.set(leaseId, { ttlSeconds, expiresAt: now() + ttlSeconds * 1_000, keys: new Set() });
      return { leaseId, ttlSeconds };
    },
    revoke: end,
    keepAlive(leaseId) {
      const lease = leases.get(leaseId);
      // One whose time is up is as good as gone, although its keys may still be there for a moment.
      if (!lease || lease.expiresAt <= now()) return 0;
      lease.expiresAt = now() + lease.ttlSeconds * 1_000;
      return lease.ttlSeconds;
    },
    expiryOf: (leaseId) => leases.get(leaseId)?.expiresAt,
    promote(extend) {
      for (const lease of leases.values()) lease.expiresAt = now() + lease.ttlSeconds * 1_000 + extend;
    },
    expire() {
      const ended = [...leases].flatMap(([id, lease]) => (lease.expiresAt <= now() ? [id] : []));
      for (const leaseId of ended) end(leaseId);
      return ended;
    },
    watch({ key, rangeEnd, startRevision }, tell) {
      const isIn = (each: string): boolean =>
        rangeEnd === undefined ? each === key : each >= key && each < rangeEnd;
      const take = ({ revision, events }: Commit): void => {
        if (revision < startRevision) return;
        const told = events.filter(({ kv }) => isIn(kv.key));
        if (told.length > 0) tell({ kind: 'events', revision, events: told });
      };
      if (startRevision > 0 && startRevision < store.compactRevision) {
        tell({ kind: 'compacted', compactRevision: store.compactRevision });
        return () => {};
      }
      if (startRevision > 0) for (const commit of store.commitsFrom(startRevision)) take(commit);
      watchers.add(take);
      return () => void watchers.delete(take);
    },
  };
}
