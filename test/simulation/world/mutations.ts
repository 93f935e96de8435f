// Protections, and how to take each out from outside: what a worker or a master sends to etcd, or is answered,
// is changed on its way. The product knows nothing of it.
import type { Compare, Op, OpResult, Txn, TxnResult } from '../../../src/common/store/etcd.ts';
import type { SimulationOptions } from './simulate.ts';

type Tampering = NonNullable<SimulationOptions['tamper']>;

const isIn = (family: string, key: string): boolean => key.startsWith(`/cron/${family}/`);

/** Each transaction and each one nested in it, changed. */
const deeply = (txn: Txn, change: (txn: Txn) => Txn): Txn => {
  const inner = (op: Op): Op => (op.type === 'txn' ? { type: 'txn', txn: deeply(op.txn, change) } : op);
  const { compare, success, failure } = change(txn);
  return { compare, success: success.map(inner), failure: failure.map(inner) };
};

const isClaim = ({ success }: Txn): boolean =>
  success.some((op) => op.type === 'put' && isIn('lock', op.key));

/** Claims without the conditions on keys of this family. */
const claimsWithout =
  (family: string) =>
  (txn: Txn): Txn =>
    deeply(txn, (each) =>
      isClaim(each)
        ? { ...each, compare: each.compare.filter(({ key }: Compare) => !isIn(family, key)) }
        : each,
    );

/** The lock that a failed claim finds is another's, also when it is its own. */
const strangersLock = (result: TxnResult): TxnResult => ({
  ...result,
  responses: result.responses.map((each): OpResult => {
    if (each.type === 'txn') return { type: 'txn', result: strangersLock(each.result) };
    if (each.type !== 'range' || result.succeeded) return each;
    return {
      ...each,
      kvs: each.kvs.map((kv) =>
        isIn('lock', kv.key)
          ? { ...kv, value: kv.value.replace(/"worker":"[^"]*"/, '"worker":"another"') }
          : kv,
      ),
    };
  }),
});

/** Definitions whose life began long before they were written. */
const withoutSince = (txn: Txn): Txn =>
  deeply(txn, (each) => ({
    ...each,
    success: each.success.map((op) =>
      op.type === 'put' && isIn('jobs', op.key)
        ? {
            ...op,
            value: op.value.replace(
              /"since":(\d+)/,
              (_, since: string) => `"since":${Number(since) - 20_000}`,
            ),
          }
        : op,
    ),
  }));

export const MUTATIONS: Readonly<Record<string, Tampering>> = {
  'the cursor is not compared by claims': { worker: { txn: claimsWithout('cursor') } },
  'the definition is not compared by claims': { worker: { txn: claimsWithout('jobs') } },
  'a claim whose answer was lost is not recognised': {
    worker: { answer: <T>(_: Txn, answer: T): T => strangersLock(answer as TxnResult) as T },
  },
  'nothing is fenced': { fences: false },
  'a definition has no `since`': { master: { txn: withoutSince } },
};
