// Short ways for tests to put things into etcd.
import type { Etcd, Op, Revision, Txn } from '../../src/common/store/etcd.ts';

export const write = (...success: Op[]): Txn => ({ compare: [], success, failure: [] });

export async function put(etcd: Etcd, key: string, value: string, lease?: string): Promise<Revision> {
  const op: Op = lease === undefined ? { type: 'put', key, value } : { type: 'put', key, value, lease };
  return (await etcd.txn(write(op))).revision;
}

export async function remove(etcd: Etcd, key: string): Promise<Revision> {
  return (await etcd.txn(write({ type: 'delete', key }))).revision;
}

/** Many keys in few requests. */
export async function putMany(
  etcd: Etcd,
  entries: readonly (readonly [key: string, value: string])[],
): Promise<void> {
  for (let i = 0; i < entries.length; i += 100) {
    const ops = entries.slice(i, i + 100).map(([key, value]) => ({ type: 'put' as const, key, value }));
    await etcd.txn(write(...ops));
  }
}

/** What a promise was rejected with; fails when it was not. */
export async function rejection<E extends Error>(promise: Promise<unknown>): Promise<E> {
  try {
    await promise;
  } catch (error) {
    return error as E;
  }
  throw new Error('expected a rejection, and there was none');
}
