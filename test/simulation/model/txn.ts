// Transactions as etcd judges them: what it refuses before it looks at the store, all conditions, nested ones
// too, on the state before the request, then the operations of the paths taken, one after the other.
import {
  EtcdError,
  type Compare,
  type KeyRange,
  type KeyValue,
  type LeaseId,
} from '../../../src/common/store/etcd.ts';
import type {
  Op,
  OpResult,
  RangeOp,
  RangeResult,
  Revision,
  Txn,
  TxnResult,
} from '../../../src/common/store/etcd.ts';
import type { Mvcc, Writing } from './mvcc.ts';

/** etcd's --max-txn-ops. */
const MAX_OPS = 128;

export interface Leases {
  has(lease: LeaseId): boolean;
  /** The key hangs on this lease now ('0': on none), and on no other. */
  attach(key: string, lease: LeaseId): void;
}

const invalid = (message: string): EtcdError => new EtcdError('invalid', message);

/** Throws what etcd answers to a transaction that it does not even try. */
export function checkShape(txn: Txn): void {
  checkSizes(txn, MAX_OPS);
  checkIntervals(txn.success);
  checkIntervals(txn.failure);
}

function checkSizes({ compare, success, failure }: Txn, allowed: number): void {
  const count = Math.max(compare.length, success.length, failure.length);
  if (count > allowed) throw invalid('too many operations in txn request');
  for (const { key } of compare) if (key === '') throw invalid('key is not provided');
  for (const op of [...success, ...failure]) {
    if (op.type === 'txn') checkSizes(op.txn, allowed - count);
    else if (op.key === '') throw invalid('key is not provided');
  }
}

const covers = ({ key, rangeEnd }: KeyRange, each: string): boolean => {
  if (rangeEnd === undefined || rangeEnd === '') return key === each;
  return each >= key && (rangeEnd === '\0' || each < rangeEnd);
};

/**
 * No key is put twice, nor put and deleted, in what may be carried out together. As etcd has it: a nested
 * deletion counts against the puts that come after it, not against those before.
 */
function checkIntervals(ops: readonly Op[]): { puts: Set<string>; dels: KeyRange[] } {
  const duplicate = (): never => {
    throw invalid('duplicate key given in txn request');
  };
  const dels: KeyRange[] = ops.filter((op) => op.type === 'delete');
  const puts = new Set<string>();
  const isDeleted = (key: string): boolean => dels.some((range) => covers(range, key));
  for (const op of ops) {
    if (op.type !== 'txn') continue;
    const then = checkIntervals(op.txn.success);
    const otherwise = checkIntervals(op.txn.failure);
    for (const key of then.puts) {
      if (puts.has(key) || isDeleted(key)) duplicate();
      puts.add(key);
    }
    for (const key of otherwise.puts) {
      if ((puts.has(key) && !then.puts.has(key)) || isDeleted(key)) duplicate();
      puts.add(key);
    }
    dels.push(...then.dels, ...otherwise.dels);
  }
  for (const op of ops) {
    if (op.type !== 'put') continue;
    if (puts.has(op.key) || isDeleted(op.key)) duplicate();
    puts.add(op.key);
  }
  return { puts, dels };
}

/** A transaction with its conditions judged: the path that is taken. */
interface Judged {
  readonly succeeded: boolean;
  readonly ops: readonly Op[];
  /** One for each nested transaction of `ops`, in their order. */
  readonly nested: readonly Judged[];
}

/** Less than 0: the key's is smaller than the operand. NaN: nothing holds, for a key that is not there has no value. */
const differenceOf = (kv: KeyValue | undefined, compare: Compare): number => {
  if (compare.target === 'value')
    return kv ? Buffer.compare(Buffer.from(kv.value), Buffer.from(compare.value)) : NaN;
  if (!kv) return -compare.value;
  if (compare.target === 'version') return kv.version - compare.value;
  return (compare.target === 'create' ? kv.createRevision : kv.modRevision) - compare.value;
};

function holds(store: Mvcc, compare: Compare): boolean {
  const found = store.range(compare);
  return (found.length > 0 ? found : [undefined]).every((kv) => {
    const difference = differenceOf(kv, compare);
    switch (compare.op) {
      case '=':
        return difference === 0;
      case '!=':
        return difference < 0 || difference > 0;
      case '<':
        return difference < 0;
      case '>':
        return difference > 0;
    }
  });
}

function judge(store: Mvcc, txn: Txn): Judged {
  const succeeded = txn.compare.every((compare) => holds(store, compare));
  const ops = succeeded ? txn.success : txn.failure;
  return { succeeded, ops, nested: ops.flatMap((op) => (op.type === 'txn' ? [judge(store, op.txn)] : [])) };
}

/** Throws compacted, or invalid for a revision to come. */
export function checkRevision(store: Mvcc, revision: Revision | undefined): void {
  if (revision === undefined || revision === 0) return;
  if (revision > store.revision) throw invalid('required revision is a future revision');
  if (revision < store.compactRevision)
    throw new EtcdError('compacted', 'required revision has been compacted');
}

function checkPuts({ ops, nested }: Judged, leases: Leases): void {
  for (const op of ops) {
    if (op.type === 'put' && op.lease !== undefined && op.lease !== '0' && !leases.has(op.lease))
      throw new EtcdError('lease_not_found', 'requested lease not found');
  }
  for (const inner of nested) checkPuts(inner, leases);
}

function checkRanges({ ops, nested }: Judged, store: Mvcc): void {
  for (const op of ops) if (op.type === 'range') checkRevision(store, op.revision);
  for (const inner of nested) checkRanges(inner, store);
}

/** What a range answers, of the keys that are there. */
export function answerRange(
  found: readonly KeyValue[],
  op: Omit<RangeOp, 'type'>,
): Omit<RangeResult, 'revision'> {
  const count = found.length;
  if (op.countOnly) return { kvs: [], more: false, count };
  let kvs = [...found];
  if (op.newestFirst) kvs.sort((a, b) => b.modRevision - a.modRevision);
  else if (op.descending) kvs.reverse();
  const more = op.limit !== undefined && op.limit > 0 && kvs.length > op.limit;
  if (more) kvs = kvs.slice(0, op.limit);
  if (op.keysOnly) kvs = kvs.map((kv) => ({ ...kv, value: '' }));
  return { kvs, more, count };
}

type Pending = Omit<TxnResult, 'revision' | 'responses'> & { responses: (OpResult | Pending)[] };

function carryOut(judged: Judged, writing: Writing, leases: Leases): Pending {
  let nth = 0;
  const responses = judged.ops.map((op): OpResult | Pending => {
    switch (op.type) {
      case 'put': {
        const lease = op.lease ?? '0';
        const before = writing.put(op.key, op.value, lease);
        leases.attach(op.key, lease);
        return op.prevKv && before ? { type: 'put', prev: before } : { type: 'put' };
      }
      case 'delete': {
        const gone = writing.remove(op);
        for (const { key } of gone) leases.attach(key, '0');
        return { type: 'delete', deleted: gone.length, prev: op.prevKv ? gone : [] };
      }
      case 'range':
        return {
          type: 'range',
          ...answerRange(writing.range(op, op.revision === 0 ? undefined : op.revision), op),
        };
      case 'txn':
        return carryOut(judged.nested[nth++]!, writing, leases);
    }
  });
  return { succeeded: judged.succeeded, responses };
}

/** The revision is that of the whole request, for nested ones too. */
const complete = ({ succeeded, responses }: Pending, revision: Revision): TxnResult => ({
  succeeded,
  revision,
  responses: responses.map((each) =>
    'type' in each ? each : { type: 'txn', result: complete(each, revision) },
  ),
});

/** Throws EtcdError, and then nothing has changed. */
export function applyTxn(store: Mvcc, txn: Txn, leases: Leases): TxnResult {
  checkShape(txn);
  const judged = judge(store, txn);
  checkPuts(judged, leases);
  checkRanges(judged, store);
  const writing = store.write();
  const pending = carryOut(judged, writing, leases);
  return complete(pending, writing.commit());
}
