// The words that transactions are written in.
import type {
  Compare,
  DeleteOp,
  KeyRange,
  KeyValue,
  LeaseId,
  OpResult,
  PutOp,
  RangeOp,
  Revision,
  TxnResult,
} from '../etcd.ts';

// No spreads: a claim and an end are a dozen of these, and a herd makes ten thousand of each in a second.
export const absent = ({ key, rangeEnd }: KeyRange): Compare =>
  rangeEnd === undefined
    ? { key, target: 'create', op: '=', value: 0 }
    : { key, rangeEnd, target: 'create', op: '=', value: 0 };
export const present = (key: string): Compare => ({ key, target: 'create', op: '>', value: 0 });
export const createdAt = (key: string, revision: Revision): Compare => ({
  key,
  target: 'create',
  op: '=',
  value: revision,
});
export const modifiedAt = (key: string, revision: Revision): Compare => ({
  key,
  target: 'mod',
  op: '=',
  value: revision,
});

/** By bytes, so that of two instants with as many digits the later is above. Neither holds of a key that does not exist. */
export const hasValue = (key: string, value: string): Compare => ({ key, target: 'value', op: '=', value });
/** Of each key in the range; of an empty range it does not hold. */
export const allValuesUpTo = ({ key, rangeEnd }: Required<KeyRange>, value: number): Compare => ({
  key,
  rangeEnd,
  target: 'value',
  op: '<',
  value: String(value + 1),
});
export const noValueIs = ({ key, rangeEnd }: Required<KeyRange>, value: string): Compare => ({
  key,
  rangeEnd,
  target: 'value',
  op: '!=',
  value,
});
/** Of each key in the range; of an empty range they hold. */
export const noneModifiedAfter = ({ key, rangeEnd }: Required<KeyRange>, revision: Revision): Compare => ({
  key,
  rangeEnd,
  target: 'mod',
  op: '<',
  value: revision + 1,
});
export const noneCreatedAfter = ({ key, rangeEnd }: Required<KeyRange>, revision: Revision): Compare => ({
  key,
  rangeEnd,
  target: 'create',
  op: '<',
  value: revision + 1,
});
export const valueAbove = (key: string, value: string): Compare => ({ key, target: 'value', op: '>', value });

export const put = (key: string, value: string, lease?: LeaseId): PutOp =>
  lease === undefined ? { type: 'put', key, value } : { type: 'put', key, value, lease };
export const remove = ({ key, rangeEnd }: KeyRange): DeleteOp =>
  rangeEnd === undefined ? { type: 'delete', key } : { type: 'delete', key, rangeEnd };
export const get = (key: string): RangeOp => ({ type: 'range', key });
export const getRevisions = (key: string): RangeOp => ({ type: 'range', key, keysOnly: true });
export const getSome = (range: KeyRange, limit: number): RangeOp => ({ type: 'range', ...range, limit });

export const kvsOf = (response: OpResult | undefined): readonly KeyValue[] =>
  response?.type === 'range' ? response.kvs : [];

/** The first key of the nth response. */
export const kvAt = (result: TxnResult, index: number): KeyValue | undefined =>
  kvsOf(result.responses[index])[0];
