import { fileURLToPath } from 'node:url';
import * as fc from 'fast-check';
import protobuf from 'protobufjs';
import { expect, test } from 'vitest';
import { decodeRange, decodeTxn, encodeRange, encodeTxn } from '../../../src/common/store/client-wire.ts';
import type { Compare, Op, RangeOp, Txn } from '../../../src/common/store/etcd.ts';

// etcd3's own copy of etcd's protocol is the judge.
const root = protobuf.loadSync(
  fileURLToPath(new URL('../../../node_modules/etcd3/proto/rpc.proto', import.meta.url)),
);
const request = root.lookupType('etcdserverpb.TxnRequest');
const response = root.lookupType('etcdserverpb.TxnResponse');
const rangeRequest = root.lookupType('etcdserverpb.RangeRequest');
const rangeResponse = root.lookupType('etcdserverpb.RangeResponse');
const utf8 = (text: string): Buffer => Buffer.from(text, 'utf8');

const text = fc.string({ unit: 'grapheme', maxLength: 12 });
const revision = fc.nat({ max: Number.MAX_SAFE_INTEGER });
const lease = fc.bigInt({ min: 1n, max: 2n ** 63n - 1n }).map(String);
const range = { key: text, rangeEnd: fc.option(text, { nil: undefined }) };
const clean = <T>(value: T): T => JSON.parse(JSON.stringify(value)) as T;

const compare = fc
  .record({
    ...range,
    target: fc.constantFrom('create' as const, 'mod' as const, 'version' as const),
    op: fc.constantFrom('=' as const, '!=' as const, '<' as const, '>' as const),
    value: revision,
  })
  .map((value) => clean(value) as Compare);
const flag = fc.boolean();
const rangeOp = fc.record({
  type: fc.constant('range' as const),
  ...range,
  limit: fc.nat(),
  revision,
  keysOnly: flag,
  countOnly: flag,
  descending: flag,
  newestFirst: flag,
  serializable: flag,
});
const plainOp = fc.oneof(
  fc.record({
    type: fc.constant('put'),
    key: text,
    value: text,
    lease: fc.option(lease, { nil: undefined }),
    prevKv: flag,
  }),
  fc.record({ type: fc.constant('delete'), ...range, prevKv: flag }),
  rangeOp,
);
const txn = fc.letrec<{ txn: Txn; op: Op }>((tie) => ({
  op: fc.oneof(
    { maxDepth: 2 },
    plainOp.map((op) => clean(op) as Op),
    fc.record({ type: fc.constant('txn' as const), txn: tie('txn') }),
  ),
  txn: fc.record({
    compare: fc.array(compare, { maxLength: 3 }),
    success: fc.array(tie('op'), { maxLength: 3 }),
    failure: fc.array(tie('op'), { maxLength: 3 }),
  }),
})).txn;

/** The same message as a plain object of the generated kind. */
function expected({ compare, success, failure }: Txn): object {
  return {
    compare: compare.map(expectedCompare),
    success: success.map(expectedOp),
    failure: failure.map(expectedOp),
  };
}
const RESULT = { '=': 'Equal', '>': 'Greater', '<': 'Less', '!=': 'NotEqual' };
const end = (rangeEnd: string | undefined): object =>
  rangeEnd === undefined ? {} : { rangeEnd: utf8(rangeEnd) };
const expectedCompare = ({ target, op, key, rangeEnd, value }: Compare): object => ({
  result: RESULT[op],
  target: target[0]!.toUpperCase() + target.slice(1),
  key: utf8(key),
  [target === 'version' ? 'version' : `${target}Revision`]: String(value),
  ...end(rangeEnd),
});
const expectedRange = (op: RangeOp): object => ({
  key: utf8(op.key),
  ...end(op.rangeEnd),
  ...(op.limit && { limit: String(op.limit) }),
  ...(op.revision && { revision: String(op.revision) }),
  ...((op.descending || op.newestFirst) && { sortOrder: 'Descend' }),
  ...(op.newestFirst && { sortTarget: 'Mod' }),
  ...(op.serializable && { serializable: true }),
  ...(op.keysOnly && { keysOnly: true }),
  ...(op.countOnly && { countOnly: true }),
});
function expectedOp(op: Op): object {
  switch (op.type) {
    case 'put': {
      const { key, value, lease, prevKv } = op;
      return {
        requestPut: {
          key: utf8(key),
          value: utf8(value),
          ...(lease && { lease }),
          ...(prevKv && { prevKv }),
        },
      };
    }
    case 'delete':
      return {
        requestDeleteRange: { key: utf8(op.key), ...end(op.rangeEnd), ...(op.prevKv && { prevKv: true }) },
      };
    case 'range':
      return { requestRange: expectedRange(op) };
    case 'txn':
      return { requestTxn: expected(op.txn) };
  }
}

const shown = { longs: String, enums: String, bytes: String, defaults: true };

test('a transaction is written as the generated encoder would write it', () => {
  fc.assert(
    fc.property(txn, (value) => {
      const ours = request.decode(encodeTxn(value));
      const theirs = request.decode(request.encode(request.fromObject(expected(value))).finish());
      expect(request.toObject(ours, shown)).toEqual(request.toObject(theirs, shown));
    }),
  );
});

test.each([0, 1, 100, 127, 128, 129, 5_000, 16_383, 16_384, 70_000, 2_200_000])(
  'also one with values of %i bytes and about that, to the byte',
  (size) => {
    for (const more of [0, 1, 2, 3, 4, 5]) {
      const value = 'ä'.padEnd(size + more, 'x');
      const ops: Op[] = [{ type: 'put', key: 'k', value, lease: '9223372036854775807' }];
      const inner: Txn = { compare: [], success: ops, failure: [] };
      const whole: Txn = { compare: [], success: [{ type: 'txn', txn: inner }, ...ops], failure: ops };
      const theirs = request.encode(request.fromObject(expected(whole))).finish();
      expect(encodeTxn(whole).equals(theirs)).toBe(true);
    }
  },
);

test('a range is asked for as the generated encoder would ask for it', () => {
  fc.assert(
    fc.property(rangeOp, (value) => {
      const asked = clean(value) as RangeOp;
      const ours = rangeRequest.decode(encodeRange(asked));
      const theirs = rangeRequest.fromObject(expectedRange(asked));
      expect(rangeRequest.toObject(ours, shown)).toEqual(rangeRequest.toObject(theirs, shown));
    }),
  );
});

const kv = {
  key: utf8('schlüssel'),
  value: utf8('wert'),
  createRevision: '5',
  modRevision: '9007199254740991',
  version: '2',
  lease: '7587862094932365826',
};
const read = {
  key: 'schlüssel',
  value: 'wert',
  createRevision: 5,
  modRevision: 2 ** 53 - 1,
  version: 2,
  lease: '7587862094932365826',
};

test('an answer is read as the generated decoder would read it, nested ones with the revision of the whole', () => {
  const bytes = response
    .encode(
      response.fromObject({
        header: { clusterId: '18446744073709551615', memberId: '1', revision: '77', raftTerm: '3' },
        succeeded: true,
        responses: [
          { responsePut: {} },
          { responsePut: { header: { revision: '77' }, prevKv: kv } },
          { responseDeleteRange: { deleted: '2', prevKvs: [kv] } },
          { responseRange: { kvs: [kv], more: true, count: '12' } },
          { responseTxn: { succeeded: false, responses: [{ responseRange: {} }] } },
        ],
      }),
    )
    .finish();
  expect(decodeTxn(Buffer.from(bytes))).toEqual({
    succeeded: true,
    revision: 77,
    responses: [
      { type: 'put' },
      { type: 'put', prev: read },
      { type: 'delete', deleted: 2, prev: [read] },
      { type: 'range', kvs: [read], more: true, count: 12 },
      {
        type: 'txn',
        result: {
          succeeded: false,
          revision: 77,
          responses: [{ type: 'range', kvs: [], more: false, count: 0 }],
        },
      },
    ],
  });
});

test('a page of a range is read as the generated decoder would read it, with the revision of its header', () => {
  const header = { clusterId: '18446744073709551615', revision: '4294967301' };
  const bytes = rangeResponse
    .encode(rangeResponse.fromObject({ header, kvs: [kv, kv], more: true, count: '100000' }))
    .finish();
  expect(decodeRange(Buffer.from(bytes))).toEqual({
    kvs: [read, read],
    more: true,
    count: 100_000,
    revision: 2 ** 32 + 5,
  });
});
