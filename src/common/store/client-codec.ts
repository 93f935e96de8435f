// Between our plain values and the messages of etcd's protocol as etcd3 describes them. Pure. Transactions
// and ranges have a wire of their own: client-wire.
import type { KeyValue } from './etcd.ts';

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

export const keyBytes = (key: string): Buffer => Buffer.from(key, 'utf8');

export const toKeyValue = (kv: WireKeyValue): KeyValue => ({
  key: kv.key.toString('utf8'),
  value: kv.value.toString('utf8'),
  createRevision: Number(kv.create_revision),
  modRevision: Number(kv.mod_revision),
  version: Number(kv.version),
  lease: kv.lease,
});
