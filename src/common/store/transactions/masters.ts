// What a master writes besides jobs: wishes to drain, its registration, who keeps house, and what the
// housekeeper removes.
import type { Instant } from '../../model/time.ts';
import type { DrainRecord, MasterRecord } from '../../model/worker.ts';
import type { KeyRange, KeyValue, LeaseId, Op, Revision, Txn, TxnResult } from '../etcd.ts';
import { codecs, type Keyspace } from '../keyspace.ts';
import { absent, createdAt, get, kvAt, modifiedAt, put, remove } from './parts.ts';

/** A transaction of no job, with the reading of its answer. */
export interface MasterIntent<R> {
  readonly txn: Txn;
  read(result: TxnResult): R;
}

/** Asks a worker to take no more work, for as long as it lives. False: there is no such worker. `drain`: undefined takes it back. */
export function wishDrain(
  keys: Keyspace,
  worker: KeyValue,
  workerId: string,
  drain: DrainRecord | undefined,
): MasterIntent<boolean> {
  const key = keys.drain(workerId);
  return {
    txn: {
      compare: [createdAt(worker.key, worker.createRevision)],
      // Under the lease of the worker: the wish goes with it.
      success: [drain ? put(key, codecs.drain.encode(drain), worker.lease) : remove({ key })],
      failure: [],
    },
    read: (result) => result.succeeded,
  };
}

/** Rejects with EtcdError lease_not_found when the lease is gone. */
export function registerMaster(keys: Keyspace, record: MasterRecord, leaseId: LeaseId): MasterIntent<void> {
  return {
    txn: {
      compare: [],
      success: [put(keys.master(record.id), codecs.master.encode(record), leaseId)],
      failure: [],
    },
    read: () => undefined,
  };
}

export interface Election {
  /** Who is the housekeeper; undefined: its value is not readable. */
  readonly holder: string | undefined;
  /**
   * What stands there under no lease: no master wrote that, and it would keep the house for ever. To be elected
   * over.
   */
  readonly stray?: KeyValue;
}

/** Becomes the housekeeper when there is none; `over`: in the place of this stray value. */
export function electHousekeeper(
  keys: Keyspace,
  masterId: string,
  leaseId: LeaseId,
  over?: KeyValue,
): MasterIntent<Election> {
  const key = keys.housekeeper;
  return {
    txn: {
      compare: [over ? modifiedAt(key, over.modRevision) : absent({ key })],
      success: [put(key, JSON.stringify(masterId), leaseId)],
      failure: [get(key)],
    },
    read(result) {
      if (result.succeeded) return { holder: masterId };
      const kv = kvAt(result, 0);
      return { holder: housekeeperOf(kv), ...(kv?.lease === '0' && { stray: kv }) };
    },
  };
}

/** undefined: there is none. */
export function housekeeperOf(kv: KeyValue | undefined): string | undefined {
  if (!kv) return undefined;
  try {
    return String(JSON.parse(kv.value));
  } catch {
    return kv.value;
  }
}

/**
 * Removes parts of a job's history, while it is the job that was looked at. Answers how many records are left;
 * undefined: the job was deleted or made anew.
 */
export function pruneHistory(
  keys: Keyspace,
  job: string,
  jobCreated: Revision,
  ranges: readonly KeyRange[],
): MasterIntent<number | undefined> {
  const count: Op = { type: 'range', ...keys.runsOf(job), countOnly: true };
  return {
    txn: {
      compare: [createdAt(keys.job(job), jobCreated)],
      success: [...ranges.map(remove), count],
      failure: [],
    },
    read: readLeft,
  };
}

/** What `pruneHistory` answers, when it was one of many in a request. */
export function readLeft({ succeeded, responses }: TxnResult): number | undefined {
  const left = succeeded ? responses.at(-1) : undefined;
  return left?.type === 'range' ? left.count : undefined;
}

/** Histories are cut for want of space, from now on: records from before `at` may be gone. */
export function noteHistoryCut(keys: Keyspace, at: Instant): MasterIntent<void> {
  return {
    txn: { compare: [], success: [put(keys.historyCut, codecs.cursor.encode(at))], failure: [] },
    read: () => undefined,
  };
}

/** Removes what a deleted job left behind, as it was read: each at its mod revision. False: something changed. */
export function removeLeftovers(
  keys: Keyspace,
  job: string,
  leftovers: readonly Pick<KeyValue, 'key' | 'modRevision'>[],
): MasterIntent<boolean> {
  return {
    txn: {
      compare: [
        absent({ key: keys.job(job) }),
        ...leftovers.map(({ key, modRevision }) => modifiedAt(key, modRevision)),
      ],
      success: leftovers.map(({ key }) => remove({ key })),
      failure: [],
    },
    read: (result) => result.succeeded,
  };
}
