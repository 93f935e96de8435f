// Between our plain values and the messages of etcd's protocol as etcd3 describes them. Pure. Only what is
// asked for is decoded: a claim's answer is a boolean and a revision.
import type { Compare, KeyValue, Op, OpResult, RangeOp, Txn, TxnResult } from './etcd.ts';

export interface WireKeyValue {
  readonly key: Buffer;
  readonly value: Buffer;
  readonly create_revision: string;
  readonly mod_revision: string;
  readonly version: string;
  readonly lease: string;
}

export interface WireHeader {
  readonly revision: string;
  readonly member_id: string;
}

export interface WireRange {
  readonly header: WireHeader | null;
  readonly kvs: readonly WireKeyValue[];
  readonly more: boolean;
  readonly count: string;
}

interface WireResponseOp {
  readonly response: 'response_range' | 'response_put' | 'response_delete_range' | 'response_txn';
  readonly response_range?: WireRange;
  readonly response_put?: { readonly prev_kv: WireKeyValue | null };
  readonly response_delete_range?: { readonly deleted: string; readonly prev_kvs: readonly WireKeyValue[] };
  readonly response_txn?: WireTxn;
}

export interface WireTxn {
  /** Absent in nested answers of some versions. */
  readonly header: WireHeader | null;
  readonly succeeded: boolean;
  readonly responses: readonly WireResponseOp[];
}

export const keyBytes = (key: string): Buffer => Buffer.from(key, 'utf8');

export const toKeyValue = (kv: WireKeyValue): KeyValue => ({
  key: kv.key.toString('utf8'),
  value: kv.value.toString('utf8'),
  createRevision: Number(kv.create_revision),
  modRevision: Number(kv.mod_revision),
  version: Number(kv.version),
  lease: kv.lease,
});

const rangeEnd = (end: string | undefined): object => (end === undefined ? {} : { range_end: keyBytes(end) });

export function fromRange(op: Omit<RangeOp, 'type'>): object {
  return {
    key: keyBytes(op.key),
    ...rangeEnd(op.rangeEnd),
    limit: op.limit ?? 0,
    revision: op.revision ?? 0,
    keys_only: op.keysOnly ?? false,
    count_only: op.countOnly ?? false,
    serializable: op.serializable ?? false,
    ...(op.newestFirst
      ? { sort_order: 'Descend', sort_target: 'Mod' }
      : op.descending
        ? { sort_order: 'Descend', sort_target: 'Key' }
        : {}),
  };
}

const RESULT = { '=': 'Equal', '>': 'Greater', '<': 'Less', '!=': 'NotEqual' } as const;

function fromCompare(compare: Compare): object {
  const base = { result: RESULT[compare.op], key: keyBytes(compare.key), ...rangeEnd(compare.rangeEnd) };
  switch (compare.target) {
    case 'create':
      return { ...base, target: 'Create', create_revision: compare.value };
    case 'mod':
      return { ...base, target: 'Mod', mod_revision: compare.value };
    case 'version':
      return { ...base, target: 'Version', version: compare.value };
  }
}

function fromOp(op: Op): object {
  switch (op.type) {
    case 'put':
      return {
        request_put: {
          key: keyBytes(op.key),
          value: keyBytes(op.value),
          ...(op.lease === undefined ? {} : { lease: op.lease }),
          ...(op.prevKv ? { prev_kv: true } : {}),
        },
      };
    case 'delete':
      return {
        request_delete_range: {
          key: keyBytes(op.key),
          ...rangeEnd(op.rangeEnd),
          ...(op.prevKv ? { prev_kv: true } : {}),
        },
      };
    case 'range':
      return { request_range: fromRange(op) };
    case 'txn':
      return { request_txn: fromTxn(op.txn) };
  }
}

export const fromTxn = (txn: Txn): object => ({
  compare: txn.compare.map(fromCompare),
  success: txn.success.map(fromOp),
  failure: txn.failure.map(fromOp),
});

function toOpResult(op: WireResponseOp, revision: number): OpResult {
  switch (op.response) {
    case 'response_put': {
      const prev = op.response_put!.prev_kv;
      return prev ? { type: 'put', prev: toKeyValue(prev) } : { type: 'put' };
    }
    case 'response_delete_range': {
      const { deleted, prev_kvs } = op.response_delete_range!;
      return { type: 'delete', deleted: Number(deleted), prev: prev_kvs.map(toKeyValue) };
    }
    case 'response_range': {
      const { kvs, more, count } = op.response_range!;
      return { type: 'range', kvs: kvs.map(toKeyValue), more, count: Number(count) };
    }
    case 'response_txn':
      return { type: 'txn', result: toTxnResult(op.response_txn!, revision) };
  }
}

/** A nested transaction has the revision of the whole. */
export function toTxnResult(txn: WireTxn, outer?: number): TxnResult {
  const revision = outer ?? Number(txn.header!.revision);
  return {
    succeeded: txn.succeeded,
    revision,
    responses: txn.responses.map((op) => toOpResult(op, revision)),
  };
}
