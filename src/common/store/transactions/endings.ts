// How runs end: recorded by the worker that ran them, or settled by others when that worker is gone.
// Nothing here ever recreates a key of a deleted job.
import type { RunRecord, TriggerRecord } from '../../model/run.ts';
import type { Op, Revision } from '../etcd.ts';
import type { Intent } from '../intent.ts';
import { codecs, type Keyspace } from '../keyspace.ts';
import { lockKey, type LockKind } from './claims.ts';
import { absent, createdAt, getRevisions, kvAt, modifiedAt, present, put, remove } from './parts.ts';

export interface Retry {
  readonly runId: string;
  readonly trigger: TriggerRecord;
}

export interface Ending {
  readonly workerId: string;
  readonly lock: LockKind;
  /** The record as it will stand under runs/. */
  readonly run: RunRecord;
  readonly fencingToken: Revision;
  /** Last bytes of output; '' writes no output key. */
  readonly tail: string;
  /** The run is tried again, wherever, unless a kill was asked for: the id of the new run and its trigger. */
  readonly retry?: Retry | undefined;
  /** Delete records, and outputs, of runs before these ids. Never reaches the run that ends. */
  readonly pruneRunsBefore?: string | undefined;
  readonly pruneOutputsBefore?: string | undefined;
}

/**
 * recorded: done. settled: somebody (or we, and the answer was lost) has recorded it: that stands.
 * lease-lost: the lock is gone, the active record is not. job-gone: the job was deleted meanwhile.
 */
export type EndingResult = 'recorded' | 'settled' | 'lease-lost' | 'job-gone';

/** Not of a run that somebody has asked to kill: its worker may never have heard of that. */
const retryOf = (keys: Keyspace, run: RunRecord, retry: Retry): Op => ({
  type: 'txn',
  txn: {
    compare: [absent({ key: keys.kill(run.job, run.id) })],
    success: [put(keys.trigger(run.job, retry.runId), codecs.trigger.encode(retry.trigger))],
    failure: [],
  },
});

/** What an end leaves for good, behind what is in `ops`. A herd ends as one: nothing is made that few need. */
export function pushEndingRecords(ops: Op[], keys: Keyspace, ending: Ending): Op[] {
  const { run, retry, tail, pruneRunsBefore, pruneOutputsBefore } = ending;
  ops.push(put(keys.run(run.job, run.id), codecs.run.encode(run)));
  if (retry) ops.push(retryOf(keys, run, retry));
  if (tail !== '') ops.push(put(keys.output(run.job, run.id), tail));
  if (pruneRunsBefore !== undefined && pruneRunsBefore <= run.id)
    ops.push(remove({ key: keys.runsOf(run.job).key, rangeEnd: keys.run(run.job, pruneRunsBefore) }));
  if (pruneOutputsBefore !== undefined && pruneOutputsBefore <= run.id)
    ops.push(
      remove({ key: keys.outputsOf(run.job).key, rangeEnd: keys.output(run.job, pruneOutputsBefore) }),
    );
  return ops;
}

/** What goes with the end. */
export const inflight = (keys: Keyspace, { workerId, run }: Ending): Op[] => [
  remove({ key: keys.active(workerId, run.job, run.id) }),
  remove({ key: keys.kill(run.job, run.id) }),
];

/** The usual end: the lock is ours and goes with it. */
export function finishRun(keys: Keyspace, ending: Ending): Intent<EndingResult> {
  const { run } = ending;
  const lock = lockKey(keys, ending);
  const job = keys.job(run.job);
  const active = keys.active(ending.workerId, run.job, run.id);
  const success = inflight(keys, ending);
  success.push(remove({ key: lock }));
  return {
    job: run.job,
    txn: {
      compare: [createdAt(lock, ending.fencingToken), createdAt(job, run.jobCreated)],
      success: pushEndingRecords(success, keys, ending),
      failure: [getRevisions(active), getRevisions(job)],
    },
    read(result) {
      if (result.succeeded) return 'recorded';
      if (kvAt(result, 0) === undefined) return 'settled';
      return kvAt(result, 1)?.createRevision === run.jobCreated ? 'lease-lost' : 'job-gone';
    },
  };
}

/** After `lease-lost`: records the end unless somebody has. */
export function finishWithoutLock(keys: Keyspace, ending: Ending): Intent<EndingResult> {
  const { run } = ending;
  const active = keys.active(ending.workerId, run.job, run.id);
  return {
    job: run.job,
    txn: {
      compare: [present(active), createdAt(keys.job(run.job), run.jobCreated)],
      success: pushEndingRecords(inflight(keys, ending), keys, ending),
      failure: [getRevisions(active)],
    },
    read: (result) => (result.succeeded ? 'recorded' : kvAt(result, 0) ? 'job-gone' : 'settled'),
  };
}

/** After `job-gone`: frees the lock, and leaves no trace of a job that is no more. */
export function finishWithoutJob(keys: Keyspace, ending: Ending): Intent<EndingResult> {
  const lock = lockKey(keys, ending);
  return {
    job: ending.run.job,
    txn: {
      compare: [createdAt(lock, ending.fencingToken)],
      success: [remove({ key: lock }), ...inflight(keys, ending)],
      failure: inflight(keys, ending),
    },
    read: () => 'job-gone',
  };
}

/**
 * After `settled`: others took this worker for dead and recorded the run as lost; what it printed is known all the
 * same. False: the output is there (we wrote it, and the answer was lost), or the record is not.
 */
export function keepTail(keys: Keyspace, run: RunRecord, tail: string): Intent<boolean> {
  const output = keys.output(run.job, run.id);
  return {
    job: run.job,
    txn: {
      compare: [
        present(keys.run(run.job, run.id)),
        absent({ key: output }),
        createdAt(keys.job(run.job), run.jobCreated),
      ],
      success: [put(output, tail)],
      failure: [],
    },
    read: (result) => result.succeeded,
  };
}

/** Tells that an armed run has started; written for runs that last. False: it is settled already. */
export function markRunning(keys: Keyspace, workerId: string, run: RunRecord): Intent<boolean> {
  const active = keys.active(workerId, run.job, run.id);
  return {
    job: run.job,
    txn: { compare: [present(active)], success: [put(active, codecs.run.encode(run))], failure: [] },
    read: (result) => result.succeeded,
  };
}

export interface LostRun {
  /** The worker that is gone. */
  readonly workerId: string;
  /** The record as it will stand under runs/: `lost`, or how its last attempt ended if no other was on. */
  readonly run: RunRecord;
  /** It is the settler itself, alive: the claim was carried out without its knowing, so it never started. */
  readonly isOwn?: boolean;
  /** Mod revision of the active record that was read. */
  readonly activeRevision: Revision;
  readonly retry?: Retry;
}

/**
 * Settles a run of a dead worker. Racing settlers do no harm: the first deletes the active record, and a
 * worker that is alive is never settled. False: another did it, or the worker lives.
 */
export function settleLost(keys: Keyspace, lost: LostRun): Intent<boolean> {
  const { run, workerId } = lost;
  const active = keys.active(workerId, run.job, run.id);
  const gone = [
    ...(lost.isOwn ? [] : [absent({ key: keys.worker(workerId) })]),
    modifiedAt(active, lost.activeRevision),
  ];
  // A dead worker's locks have gone with its lease.
  const unlock = (key: string): Op => ({
    type: 'txn',
    txn: { compare: [createdAt(key, run.fencingToken ?? -1)], success: [remove({ key })], failure: [] },
  });
  const clear: Op[] = [
    remove({ key: active }),
    remove({ key: keys.kill(run.job, run.id) }),
    ...(lost.isOwn
      ? [
          unlock(keys.lock(run.job)),
          unlock(keys.lockOfRun(run.job, run.id)),
          unlock(keys.lockOfWorker(run.job, workerId)),
        ]
      : []),
  ];
  return {
    job: run.job,
    txn: {
      compare: [...gone, createdAt(keys.job(run.job), run.jobCreated)],
      success: [
        ...clear,
        put(keys.run(run.job, run.id), codecs.run.encode(run)),
        ...(lost.retry ? [retryOf(keys, run, lost.retry)] : []),
      ],
      // The job was deleted meanwhile: its run leaves no trace.
      failure: [
        {
          type: 'txn',
          txn: {
            compare: gone,
            success: [
              {
                type: 'txn',
                txn: { compare: [createdAt(keys.job(run.job), run.jobCreated)], success: [], failure: clear },
              },
            ],
            failure: [],
          },
        },
      ],
    },
    read: (result) => result.succeeded,
  };
}

/**
 * The end of a request that will never run: skipped, or killed before its start. False: a worker claimed it
 * first. `triggerRevision`: only as it stood at this mod revision.
 */
export function settleTrigger(keys: Keyspace, run: RunRecord, triggerRevision?: Revision): Intent<boolean> {
  const trigger = keys.trigger(run.job, run.id);
  return {
    job: run.job,
    txn: {
      compare: [
        triggerRevision === undefined ? present(trigger) : modifiedAt(trigger, triggerRevision),
        present(keys.job(run.job)),
      ],
      success: [remove({ key: trigger }), put(keys.run(run.job, run.id), codecs.run.encode(run))],
      failure: [],
    },
    read: (result) => result.succeeded,
  };
}
