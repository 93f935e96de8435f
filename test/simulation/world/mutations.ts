// Protections, and how to take each out from outside: what a worker or a master sends to etcd, or is answered,
// is changed on its way. The product knows nothing of it.
import type { Compare, Op, OpResult, PutOp, Txn, TxnResult } from '../../../src/common/store/etcd.ts';
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

/** The cursor of all, which is the floor of a job that runs on one worker, is not there for who reads it. */
const withoutFloor = (request: Txn, answer: TxnResult): TxnResult => {
  const isRead = request.compare.length === 0 && request.success.every(({ type }) => type === 'range');
  if (!isRead) return answer;
  const isFloor = (index: number): boolean => {
    const op = request.success[index];
    return op?.type === 'range' && isIn('cursor', op.key) && op.key.endsWith('/@');
  };
  return {
    ...answer,
    responses: answer.responses.map((each, index) =>
      each.type === 'range' && isFloor(index) ? { ...each, kvs: [], count: 0 } : each,
    ),
  };
};

/** What is given back does not come due again. */
const withoutCursorBack = (txn: Txn): Txn =>
  deeply(txn, (each) => {
    const [op] = each.success;
    const isBack =
      each.success.length === 1 &&
      op?.type === 'put' &&
      isIn('cursor', op.key) &&
      each.compare.some(({ key, target }) => key === op.key && target === 'mod');
    return isBack ? { ...each, success: [] } : each;
  });

/** Under `mode: all`, the cursor of all moves past ticks that nobody was there for and that are not recorded yet. */
const withoutBefore = (txn: Txn): Txn =>
  deeply(txn, (each) => ({
    ...each,
    compare: each.compare.filter(
      ({ key, target, op }) =>
        each.success.length === 0 || target !== 'value' || op !== '>' || !isIn('cursor', key),
    ),
  }));

/** Each put changed; undefined: not made. */
const puttingOnly =
  (change: (op: PutOp) => PutOp | undefined) =>
  (txn: Txn): Txn =>
    deeply(txn, (each) => ({
      ...each,
      success: each.success.flatMap((op) => (op.type === 'put' ? (change(op) ?? []) : op)),
      failure: each.failure.flatMap((op) => (op.type === 'put' ? (change(op) ?? []) : op)),
    }));

const isOfSession = ({ key }: PutOp): boolean => isIn('cursor', key) && key.includes('/~');

/** Under `mode: all`, of a tick that a worker gives back and does not come to again. */
const tellsLeft = ({ value }: PutOp): boolean =>
  value.includes('its claim was given back by a worker that left, or had lost its lease');

/** Records that do not tell that a run may have been on beside another. */
const withoutOverlap = (op: PutOp): PutOp => ({
  ...op,
  value: op.value.replace(/"mayHaveOverlapped":true,?/, ''),
});

/** A master that does not see who has claimed a run when it changes the job. */
const withoutLocks = (request: Txn, answer: TxnResult): TxnResult => {
  if (!request.success.some((op) => op.type !== 'range' && op.type !== 'txn' && isIn('jobs', op.key)))
    return answer;
  return {
    ...answer,
    responses: answer.responses.map((each) =>
      each.type === 'range' ? { ...each, kvs: each.kvs.filter(({ key }) => !isIn('lock', key)) } : each,
    ),
  };
};

type Change = (request: Txn, answer: TxnResult) => TxnResult;
const answering =
  (change: Change) =>
  <T>(request: Txn, answer: T): T =>
    change(request, answer as TxnResult) as T;

export interface Mutation {
  readonly tamper: Tampering;
  /** The seed that finds it, as it was last looked for; others may, too. */
  readonly first: number;
}

export const MUTATIONS: Readonly<Record<string, Mutation>> = {
  'the cursor is not compared by claims': { first: 6, tamper: { worker: { txn: claimsWithout('cursor') } } },
  'the definition is not compared by claims': {
    first: 4,
    tamper: { worker: { txn: claimsWithout('jobs') } },
  },
  'a claim whose answer was lost is not recognised': {
    first: 54,
    tamper: { worker: { answer: answering((_, answer) => strangersLock(answer)) } },
  },
  'nothing is fenced': { first: 38, tamper: { fences: false } },
  'a definition has no `since`': { first: 1, tamper: { master: { txn: withoutSince } } },
  'the cursor of the other mode is no floor': {
    first: 4,
    tamper: { worker: { answer: answering(withoutFloor) } },
  },
  'ticks that nobody was there for are not waited for': {
    first: 3,
    tamper: { worker: { txn: withoutBefore } },
  },
  'how far a session has got is not told': {
    first: 3,
    tamper: { worker: { txn: puttingOnly((op) => (isOfSession(op) ? undefined : op)) } },
  },
  'a worker that leaves does not tell what it gives back': {
    first: 100,
    tamper: { worker: { txn: puttingOnly((op) => (tellsLeft(op) ? undefined : op)) } },
  },
  'a run that outlives its claim does not tell': {
    first: 426,
    tamper: { worker: { txn: puttingOnly(withoutOverlap) } },
  },
  'what is given back does not come due again': {
    first: 14,
    tamper: { worker: { txn: withoutCursorBack } },
  },
  'a master does not see what is armed': {
    first: 6,
    tamper: { master: { answer: answering(withoutLocks) } },
  },
};
