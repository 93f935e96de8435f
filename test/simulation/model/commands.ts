// Random requests for the comparison of the model with real etcd, in terms that mean the same to both:
// revisions count from the beginning of the run, leases by the order in which they were granted.
import fc from 'fast-check';
import type { Compare, CompareNumber, KeyRange, Op, RangeOp, Txn } from '../../../src/common/store/etcd.ts';

export type Command =
  | { readonly kind: 'txn'; readonly txn: Txn }
  | { readonly kind: 'range'; readonly range: Omit<RangeOp, 'type'> }
  | { readonly kind: 'grant' }
  | { readonly kind: 'revoke'; readonly lease: number }
  | { readonly kind: 'keepAlive'; readonly lease: number }
  | { readonly kind: 'compact'; readonly revision: number };

/** Few keys, so that requests meet; one is a prefix of others. */
const KEYS = ['a', 'a/1', 'a/2', 'b/1', 'b/2', 'c'];
const key = fc.constantFrom(...KEYS);
const LEASES = 3;

const range: fc.Arbitrary<KeyRange> = fc.oneof(
  { weight: 3, arbitrary: key.map((each) => ({ key: each })) },
  {
    weight: 2,
    arbitrary: fc
      .tuple(key, fc.constantFrom('a/', 'a0', 'b/2', 'c', 'd'))
      .map(([from, rangeEnd]) => ({ key: from, rangeEnd })),
  },
);

/** The newest is 0; the beginning is 1; some lie ahead. */
const revision = fc.oneof({ weight: 3, arbitrary: fc.constant(0) }, fc.integer({ min: 1, max: 14 }));

const value = fc.oneof(
  fc.string({ maxLength: 4, unit: 'grapheme' }),
  fc.constantFrom('1800000000000', '1800000001000', '1'),
);
const operator = fc.constantFrom<Compare['op'][]>('=', '!=', '<', '>');
const compare: fc.Arbitrary<Compare> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc
      .tuple(
        range,
        fc.constantFrom<CompareNumber['target'][]>('create', 'mod', 'version'),
        operator,
        fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 8 })),
      )
      .map(([where, target, op, operand]): Compare => ({ ...where, target, op, value: operand })),
  },
  {
    weight: 1,
    arbitrary: fc
      .tuple(range, operator, value)
      .map(([where, op, operand]): Compare => ({ ...where, target: 'value', op, value: operand })),
  },
);

const flags = fc.record({
  limit: fc.constantFrom(0, 0, 1, 2, 3),
  keysOnly: fc.boolean(),
  countOnly: fc.boolean(),
  descending: fc.boolean(),
  newestFirst: fc.boolean(),
  revision,
});
const rangeRequest = fc
  .tuple(range, fc.option(flags, { nil: undefined }))
  .map(([where, how]) => ({ ...where, ...how }));

const put = fc
  .record({
    key,
    value,
    lease: fc.constantFrom(undefined, undefined, undefined, '0', '1', '2'),
    prevKv: fc.boolean(),
  })
  .map(({ lease, ...rest }): Op => ({ type: 'put', ...rest, ...(lease === undefined ? {} : { lease }) }));
const remove = fc
  .tuple(range, fc.boolean())
  .map(([where, prevKv]): Op => ({ type: 'delete', ...where, prevKv }));

const txnOf = (depth: number): fc.Arbitrary<Txn> => {
  const plain: fc.Arbitrary<Op>[] = [
    put,
    put,
    remove,
    rangeRequest.map((each): Op => ({ type: 'range', ...each })),
  ];
  const op =
    depth === 0
      ? fc.oneof(...plain)
      : fc.oneof(
          ...plain,
          txnOf(depth - 1).map((inner): Op => ({ type: 'txn', txn: inner })),
        );
  const ops = fc.array(op, { maxLength: depth === 0 ? 2 : 3 });
  return fc.record({ compare: fc.array(compare, { maxLength: 2 }), success: ops, failure: ops });
};

/** As many operations as etcd takes, or some more. */
const largeTxn = fc
  .tuple(fc.integer({ min: 60, max: 68 }), fc.integer({ min: 60, max: 68 }))
  .map(([outer, inner]): Txn => {
    const gets = (count: number): Op[] => Array.from({ length: count }, () => ({ type: 'range', key: 'a' }));
    const nested: Op = { type: 'txn', txn: { compare: [], success: gets(inner), failure: [] } };
    return { compare: [], success: [nested, ...gets(outer - 1)], failure: [] };
  });

const lease = fc.integer({ min: 0, max: LEASES - 1 });
const command: fc.Arbitrary<Command> = fc.oneof(
  { weight: 12, arbitrary: txnOf(2).map((txn) => ({ kind: 'txn' as const, txn })) },
  { weight: 4, arbitrary: rangeRequest.map((each) => ({ kind: 'range' as const, range: each })) },
  { weight: 2, arbitrary: fc.constant({ kind: 'grant' as const }) },
  { weight: 2, arbitrary: lease.map((each) => ({ kind: 'revoke' as const, lease: each })) },
  { weight: 1, arbitrary: lease.map((each) => ({ kind: 'keepAlive' as const, lease: each })) },
  {
    weight: 1,
    arbitrary: fc.integer({ min: 1, max: 14 }).map((each) => ({ kind: 'compact' as const, revision: each })),
  },
  { weight: 1, arbitrary: largeTxn.map((txn) => ({ kind: 'txn' as const, txn })) },
);

export const commands = fc.array(command, { minLength: 1, maxLength: 24, size: 'max' });
