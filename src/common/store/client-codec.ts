// Between our plain values and the messages of etcd's protocol as etcd3 describes them. Pure. Transactions
// have a wire of their own: client-wire.
import type { KeyValue, RangeOp } from './etcd.ts';

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
