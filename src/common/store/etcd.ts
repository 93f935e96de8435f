// etcd as a port: plain values in, plain values out, one attempt a call, no hidden retry, no hidden state.
// client.ts implements it on etcd3; the simulation implements it as a model. Everything else in store/
// (follow, session, batcher, queries, transactions) is built on this and nothing else.

/** etcd's int64 revision as a number: exact below 2^53, which a thousand writes a second reach in 285,000 years. */
export type Revision = number;

/** A lease id, decimal: int64 does not fit a number. */
export type LeaseId = string;

export interface KeyValue {
  readonly key: string;
  readonly value: string;
  readonly createRevision: Revision;
  readonly modRevision: Revision;
  readonly version: number;
  /** '0' when the key has no lease. */
  readonly lease: LeaseId;
}

/** A key, or with `rangeEnd` all keys in [key, rangeEnd). */
export interface KeyRange {
  readonly key: string;
  readonly rangeEnd?: string;
}

/**
 * What must hold of a key. With `rangeEnd`: of every key in the range. A key that does not exist, and an
 * empty range, has create revision, mod revision and version 0.
 */
export type Compare = CompareNumber | CompareValue;

export interface CompareNumber extends KeyRange {
  readonly target: 'create' | 'mod' | 'version';
  readonly op: '=' | '!=' | '<' | '>';
  readonly value: number;
}

/** By bytes. Of a key that does not exist it never holds. */
export interface CompareValue extends KeyRange {
  readonly target: 'value';
  readonly op: '=' | '!=' | '<' | '>';
  readonly value: string;
}

export interface PutOp {
  readonly type: 'put';
  readonly key: string;
  readonly value: string;
  readonly lease?: LeaseId;
  readonly prevKv?: boolean;
}

export interface DeleteOp extends KeyRange {
  readonly type: 'delete';
  readonly prevKv?: boolean;
}

export interface RangeOp extends KeyRange {
  readonly type: 'range';
  /** 0 or absent: no limit. */
  readonly limit?: number;
  readonly keysOnly?: boolean;
  readonly countOnly?: boolean;
  /** By key; ascending by default. */
  readonly descending?: boolean;
  /** By mod revision, newest first, instead of by key. etcd reads the whole range for it. */
  readonly newestFirst?: boolean;
  /** Read as of this revision; absent: the newest. */
  readonly revision?: Revision;
  /** May be answered by a lagging member without quorum; only for status pages. */
  readonly serializable?: boolean;
}

export interface TxnOp {
  readonly type: 'txn';
  readonly txn: Txn;
}

export type Op = PutOp | DeleteOp | RangeOp | TxnOp;

export interface Txn {
  readonly compare: readonly Compare[];
  readonly success: readonly Op[];
  readonly failure: readonly Op[];
}

export interface RangeResult {
  readonly kvs: readonly KeyValue[];
  readonly more: boolean;
  /** Number of keys in the range, whatever the limit. */
  readonly count: number;
  /** Revision of the store when it answered. */
  readonly revision: Revision;
}

export type OpResult =
  | { readonly type: 'put'; readonly prev?: KeyValue }
  | { readonly type: 'delete'; readonly deleted: number; readonly prev: readonly KeyValue[] }
  | {
      readonly type: 'range';
      readonly kvs: readonly KeyValue[];
      readonly more: boolean;
      readonly count: number;
    }
  | { readonly type: 'txn'; readonly result: TxnResult };

export interface TxnResult {
  readonly succeeded: boolean;
  /** Revision of the store after it: that of its puts, if it put anything. */
  readonly revision: Revision;
  readonly responses: readonly OpResult[];
}

export interface WatchEvent {
  readonly type: 'put' | 'delete';
  /** For a delete: value empty, modRevision is that of the delete. */
  readonly kv: KeyValue;
}

/** Why a stream of events ended. `compacted`: the start revision is gone; list again. */
export type WatchEnd =
  | { readonly kind: 'compacted'; readonly compactRevision: Revision }
  | { readonly kind: 'broken'; readonly error: EtcdError };

export interface WatchHandlers {
  /** All events up to and including `revision`, which is never split over two calls. */
  onEvents(events: readonly WatchEvent[], revision: Revision): void;
  /** Nothing up to this revision was left out. */
  onProgress(revision: Revision): void;
  /** Called once, last; not after cancel(). */
  onEnd(end: WatchEnd): void;
}

export interface WatchRequest extends KeyRange {
  readonly startRevision: Revision;
  /** etcd need not send deletions: who asks for it passes over those that come all the same. */
  readonly putsOnly?: true;
}

/** One watch on one connection: it never reconnects by itself. */
export interface Watch {
  /** Asks for onProgress; an etcd that does not know the request ignores it. */
  requestProgress(): void;
  cancel(): void;
}

export interface KeepAliveHandlers {
  /** Answer to the oldest unanswered send; `ttl` 0: the lease is gone. */
  onAnswer(ttlSeconds: number): void;
  /** Called once, last; not after close(). */
  onEnd(error: EtcdError): void;
}

/** One stream of keep-alives for one lease. Answers come in the order of the sends. */
export interface KeepAlive {
  send(): void;
  close(): void;
}

export interface MemberStatus {
  readonly id: string;
  readonly name: string;
  readonly endpoint: string;
  readonly version: string;
  readonly isLeader: boolean;
  readonly isLearner: boolean;
  readonly raftTerm: number;
  readonly dbSize: number;
  readonly dbSizeInUse: number;
  readonly error?: string;
}

export interface Alarm {
  readonly memberId: string;
  readonly kind: 'NOSPACE' | 'CORRUPT' | 'OTHER';
}

export interface ClusterStatus {
  readonly members: readonly MemberStatus[];
  readonly leaderId: string | undefined;
  readonly raftTerm: number;
  readonly alarms: readonly Alarm[];
}

export interface CallOptions {
  /** Overrides the client's deadline for this call, in ms. */
  readonly timeoutMs?: number;
}

/** Each call is tried once and rejects with EtcdError; each has a deadline. */
export interface Etcd {
  range(request: Omit<RangeOp, 'type'>, options?: CallOptions): Promise<RangeResult>;
  txn(txn: Txn, options?: CallOptions): Promise<TxnResult>;
  watch(request: WatchRequest, handlers: WatchHandlers): Watch;
  leaseGrant(ttlSeconds: number, options?: CallOptions): Promise<{ leaseId: LeaseId; ttlSeconds: number }>;
  /** Deletes the lease's keys. A lease that is gone is no error. */
  leaseRevoke(leaseId: LeaseId, options?: CallOptions): Promise<void>;
  keepAlive(leaseId: LeaseId, handlers: KeepAliveHandlers): KeepAlive;
  compact(revision: Revision, options?: CallOptions): Promise<void>;
  status(options?: CallOptions): Promise<ClusterStatus>;
  close(): void;
}

/**
 * unavailable: no connection, or it broke. deadline: no answer in time. no_space: the quota alarm is on.
 * lease_not_found: the lease in a put is gone. auth: user, password or permission. invalid: a request that
 * etcd refuses as it is; a defect of ours.
 */
export type EtcdErrorKind =
  | 'unavailable'
  | 'deadline'
  | 'compacted'
  | 'no_space'
  | 'lease_not_found'
  | 'too_many_requests'
  | 'auth'
  | 'invalid'
  | 'closed';

export class EtcdError extends Error {
  override readonly name = 'EtcdError';
  readonly kind: EtcdErrorKind;
  /** The request may have been carried out although no answer came: ask before doing it again. */
  readonly mayHaveApplied: boolean;

  constructor(
    kind: EtcdErrorKind,
    message: string,
    options: { mayHaveApplied?: boolean; cause?: unknown } = {},
  ) {
    super(message, { cause: options.cause });
    this.kind = kind;
    this.mayHaveApplied = options.mayHaveApplied ?? (kind === 'unavailable' || kind === 'deadline');
  }

  /** Trying the same again later may succeed. */
  get isTransient(): boolean {
    return (
      this.kind === 'unavailable' ||
      this.kind === 'deadline' ||
      this.kind === 'too_many_requests' ||
      this.kind === 'no_space'
    );
  }
}

/** The first key after every key that starts with `prefix`. */
export function endOfPrefix(prefix: string): string {
  const last = prefix.charCodeAt(prefix.length - 1);
  return prefix.slice(0, -1) + String.fromCharCode(last + 1);
}

/** All keys that start with `prefix`. */
export const underPrefix = (prefix: string): Required<KeyRange> => ({
  key: prefix,
  rangeEnd: endOfPrefix(prefix),
});
