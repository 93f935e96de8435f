// One of the two etcds that are compared: carries out commands and answers in terms of the run, so that equal
// behaviour gives equal answers.
import {
  EtcdError,
  type Etcd,
  type KeyRange,
  type KeyValue,
  type LeaseId,
  type Op,
  type OpResult,
  type Txn,
  type TxnResult,
  type WatchEvent,
} from '../../../src/common/store/etcd.ts';
import type { Command } from './commands.ts';

export interface Subject {
  carryOut(command: Command): Promise<unknown>;
  /** What watches of everything tell from each of those revisions on, up to now. */
  watchFrom(revisions: readonly number[]): Promise<unknown>;
  /** Ends its leases. */
  end(): Promise<void>;
}

/** `base`: revision of the store at the beginning, which counts as 1. Keys lie under `prefix`. */
export function subject(etcd: Etcd, prefix: string, base: number): Subject {
  const leases: LeaseId[] = [];
  let sentinels = 0;

  const outward = (revision: number): number => (revision === 0 ? 0 : revision - 1 + base);
  const inward = (revision: number): number => (revision === 0 ? 0 : revision + 1 - base);
  const rangeOut = <R extends KeyRange>(range: R): R => ({
    ...range,
    key: prefix + range.key,
    ...(range.rangeEnd === undefined ? {} : { rangeEnd: prefix + range.rangeEnd }),
  });
  const revisionOut = <R extends { revision?: number }>(request: R): R =>
    request.revision === undefined ? request : { ...request, revision: outward(request.revision) };
  const leaseOut = (index: string): LeaseId => (index === '0' ? '0' : (leases[Number(index) - 1] ?? '12345'));
  const leaseIn = (lease: LeaseId): string => (lease === '0' ? '0' : String(leases.indexOf(lease) + 1));

  const opOut = (op: Op): Op => {
    if (op.type === 'txn') return { type: 'txn', txn: txnOut(op.txn) };
    if (op.type === 'put')
      return {
        ...op,
        key: prefix + op.key,
        ...(op.lease === undefined ? {} : { lease: leaseOut(op.lease) }),
      };
    return op.type === 'range' ? revisionOut(rangeOut(op)) : rangeOut(op);
  };
  const txnOut = (txn: Txn): Txn => ({
    compare: txn.compare.map((each) =>
      each.target === 'value' || each.target === 'version'
        ? rangeOut(each)
        : { ...rangeOut(each), value: outward(each.value) },
    ),
    success: txn.success.map(opOut),
    failure: txn.failure.map(opOut),
  });

  const kvIn = (kv: KeyValue): KeyValue => ({
    key: kv.key.slice(prefix.length),
    value: kv.value,
    createRevision: inward(kv.createRevision),
    modRevision: inward(kv.modRevision),
    version: kv.version,
    lease: leaseIn(kv.lease),
  });
  const resultIn = (result: OpResult, op: Op | undefined): unknown => {
    if (result.type === 'txn') return txnIn(result.result, op?.type === 'txn' ? op.txn : undefined);
    if (result.type === 'put') return result.prev ? { put: kvIn(result.prev) } : 'put';
    if (result.type === 'delete') return { deleted: result.deleted, prev: result.prev.map(kvIn) };
    const { more, count } = result;
    // Keys of one revision come in any order when sorted by it, and a limit cuts anywhere among them.
    const kvs =
      op?.type === 'range' && op.newestFirst
        ? result.kvs.map((kv) => inward(kv.modRevision))
        : result.kvs.map(kvIn);
    return { kvs, more, count };
  };
  const txnIn = (result: TxnResult, txn: Txn | undefined): unknown => ({
    succeeded: result.succeeded,
    revision: inward(result.revision),
    responses: result.responses.map((each, i) =>
      resultIn(each, (result.succeeded ? txn?.success : txn?.failure)?.[i]),
    ),
  });

  const keepAliveOnce = (lease: LeaseId): Promise<unknown> =>
    new Promise((resolve) => {
      const stream = etcd.keepAlive(lease, {
        onAnswer: (ttl) => {
          stream.close();
          resolve({ ttl });
        },
        onEnd: (error) => resolve({ ended: error.kind }),
      });
      stream.send();
    });

  const ask = async (command: Command): Promise<unknown> => {
    switch (command.kind) {
      case 'txn':
        return txnIn(await etcd.txn(txnOut(command.txn)), command.txn);
      case 'range': {
        const op: Op = { type: 'range', ...command.range };
        const answer = await etcd.range(revisionOut(rangeOut(command.range)));
        return [resultIn({ type: 'range', ...answer }, op), inward(answer.revision)];
      }
      case 'grant': {
        const { leaseId, ttlSeconds } = await etcd.leaseGrant(60);
        leases.push(leaseId);
        return { ttlSeconds };
      }
      case 'revoke':
        return etcd.leaseRevoke(leaseOut(String(command.lease + 1)));
      case 'keepAlive':
        return keepAliveOnce(leaseOut(String(command.lease + 1)));
      case 'compact':
        return etcd.compact(outward(command.revision));
    }
  };

  const eventIn = ({ type, kv }: WatchEvent): unknown => ({ type, kv: kvIn(kv) });

  const watchUntil = (last: string, startRevision: number): Promise<unknown> =>
    new Promise((resolve) => {
      const told: WatchEvent[] = [];
      const torn: number[] = [];
      const watch = etcd.watch(
        { key: prefix, rangeEnd: `${prefix}zzz`, startRevision },
        {
          onEvents(events, at) {
            if (told.at(-1)?.kv.modRevision === events[0]!.kv.modRevision) torn.push(inward(at));
            told.push(...events);
            if (!events.some(({ kv }) => kv.key === last)) return;
            watch.cancel();
            resolve({ told: told.map(eventIn), torn });
          },
          onProgress() {},
          onEnd: (end) =>
            resolve(
              end.kind === 'compacted'
                ? { compacted: inward(end.compactRevision) }
                : { broken: end.error.kind },
            ),
        },
      );
    });

  return {
    carryOut: (command) =>
      ask(command).catch((error: unknown) => {
        if (error instanceof EtcdError) return { error: error.kind, mayHaveApplied: error.mayHaveApplied };
        throw error;
      }),
    async watchFrom(revisions) {
      if (revisions.length === 0) return [];
      const last = `${prefix}zz/${++sentinels}`;
      const newest = (
        await etcd.txn({ compare: [], success: [{ type: 'put', key: last, value: '' }], failure: [] })
      ).revision;
      return Promise.all(revisions.map((revision) => watchUntil(last, Math.min(outward(revision), newest))));
    },
    async end() {
      for (const lease of leases) await etcd.leaseRevoke(lease);
    },
  };
}
