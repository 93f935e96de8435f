// Claiming a tick and giving it back. This is where "at most one run per tick" is made true: the lock keeps
// runs apart while one is on, the cursor keeps a tick from being claimed twice for ever.
import { passedTicks } from '../../core/lifecycle.ts';
import type { KillRecord, LockRecord, RunRecord } from '../../model/run.ts';
import type { Instant } from '../../model/time.ts';
import type { Compare, KeyValue, LeaseId, Op, Revision, TxnResult } from '../etcd.ts';
import type { Intent } from '../intent.ts';
import { codecs, type Keyspace } from '../keyspace.ts';
import {
  compareCursor,
  cursorBackOps,
  cursorKey,
  forgetSessions,
  moveCursor,
  type CursorMove,
} from './cursor-moves.ts';
import {
  absent,
  createdAt,
  get,
  getRevisions,
  getSome,
  kvAt,
  modifiedAt,
  noneCreatedAfter,
  noneModifiedAfter,
  present,
  put,
  remove,
} from './parts.ts';

/** The lock as a failed claim found it. */
export interface HeldLock {
  readonly key: string;
  readonly createRevision: Revision;
  /** undefined when the value does not parse: held all the same. */
  readonly record: LockRecord | undefined;
}

export interface CursorAt {
  /** Last settled tick, ms; undefined: none yet. */
  readonly tick: number | undefined;
  /** Mod revision of the cursor; 0: none yet. */
  readonly revision: Revision;
  /** Its value cannot be read, so `tick` says nothing. */
  readonly isUnreadable?: true;
}

export type ClaimResult =
  | { readonly ok: true; readonly fencingToken: Revision }
  | { readonly ok: false; readonly reason: 'definition-changed' }
  | { readonly ok: false; readonly reason: 'cursor-moved'; readonly cursor: CursorAt }
  | { readonly ok: false; readonly reason: 'floor-moved' }
  | { readonly ok: false; readonly reason: 'trigger-gone' }
  | { readonly ok: false; readonly reason: 'lock-held'; readonly lock: HeldLock };

/** The job's; one of the run alone (`overlap: allow`); one of the worker (`mode: all`). */
export type LockKind = 'job' | 'run' | 'worker';

export interface ClaimRequest {
  /** The run as it will stand under active/: state `armed`, worker set. */
  readonly run: RunRecord;
  readonly workerId: string;
  readonly leaseId: LeaseId;
  /** Mod revision of the definition that was planned with. */
  readonly jobRevision: Revision;
  readonly lock: LockKind;
  /** `mode: all`: ticks and lock are the worker's own. */
  readonly all?: boolean | undefined;
  readonly startAt: number;
  /** A scheduled tick: where the cursor must stand, and where it goes. */
  readonly cursor?: CursorMove | undefined;
  /** A request to run now: mod revision of the trigger, which the claim consumes. */
  readonly triggerRevision?: Revision | undefined;
  /** Records of ticks that the cursor passes on its way. */
  readonly passed?: readonly RunRecord[] | undefined;
}

export function lockKey(
  keys: Keyspace,
  { lock, run, workerId }: Pick<ClaimRequest, 'lock' | 'run' | 'workerId'>,
): string {
  switch (lock) {
    case 'job':
      return keys.lock(run.job);
    case 'run':
      return keys.lockOfRun(run.job, run.id);
    case 'worker':
      return keys.lockOfWorker(run.job, workerId);
  }
}

/**
 * No run is on that this one may not overlap. The policy or the mode may have changed while runs are on: those
 * of an earlier `overlap: allow`, of all workers, or of the one worker are waited for.
 */
function pushNoneRuns(compare: Compare[], keys: Keyspace, job: string, lock: LockKind, key: string): void {
  compare.push(absent({ key }));
  if (lock === 'job') compare.push(absent(keys.locksBelow(job)));
  if (lock === 'worker') compare.push(absent({ key: keys.lock(job) }), absent(keys.locksOfRuns(job)));
}

/** What a claim and a settling of ticks read when they fail, so that the caller can decide again at once. */
const stateOf = (
  keys: Keyspace,
  job: string,
  cursor: string,
  floor: CursorMove['floor'],
  all = false,
): Op[] => {
  const state: Op[] = [
    getRevisions(keys.job(job)),
    get(cursor),
    get(keys.lock(job)),
    getSome(all ? keys.locksOfRuns(job) : keys.locksBelow(job), 1),
  ];
  if (floor) state.push(getRevisions(floor.key));
  return state;
};

const floorMoved = (result: TxnResult, floor: CursorMove['floor']): boolean =>
  floor !== undefined && (kvAt(result, 4)?.modRevision ?? 0) !== floor.revision;

const heldLock = (kv: KeyValue): HeldLock => {
  const record = codecs.lock.decode(kv.value);
  return { key: kv.key, createRevision: kv.createRevision, record: record.ok ? record.value : undefined };
};

const cursorAt = (kv: KeyValue | undefined): CursorAt => {
  if (kv === undefined) return { tick: undefined, revision: 0 };
  const decoded = codecs.cursor.decode(kv.value);
  return decoded.ok
    ? { tick: decoded.value, revision: kv.modRevision }
    : { tick: undefined, revision: kv.modRevision, isUnreadable: true };
};

/**
 * Claims a tick or a trigger. Idempotent by run id: a claim whose answer was lost may be sent again with the
 * same run id and is then recognised as ours.
 */
export function claimRun(keys: Keyspace, request: ClaimRequest): Intent<ClaimResult> {
  const { run, workerId, leaseId, all = false, triggerRevision } = request;
  const lock = lockKey(keys, request);
  const own = all ? { workerId, leaseId } : undefined;
  const cursor = cursorKey(keys, run.job, own);
  const floor = request.cursor?.floor;
  const trigger = keys.trigger(run.job, run.id);
  const compare = [modifiedAt(keys.job(run.job), request.jobRevision)];
  pushNoneRuns(compare, keys, run.job, request.lock, lock);
  const text = codecs.lock.encode({ runId: run.id, worker: workerId, startAt: request.startAt });
  const success: Op[] = [put(lock, text, leaseId)];
  const failure = stateOf(keys, run.job, cursor, floor, all);
  if (request.lock !== 'job') failure.push(get(lock));
  if (request.cursor) {
    compare.push(...compareCursor(cursor, request.cursor));
    success.push(...moveCursor(keys, run.job, request.cursor, own));
  }
  success.push(put(keys.active(workerId, run.job, run.id), codecs.run.encode(run)));
  if (triggerRevision !== undefined) {
    compare.push(modifiedAt(trigger, triggerRevision));
    success.push(remove({ key: trigger }));
    failure.push(getRevisions(trigger));
  }
  for (const record of request.passed ?? [])
    success.push(put(keys.run(run.job, record.id), codecs.run.encode(record)));
  return {
    job: run.job,
    txn: { compare, success, failure },
    read(result) {
      if (result.succeeded) return { ok: true, fencingToken: result.revision };
      const [job, cursorKv, jobLock, runLock] = [0, 1, 2, 3].map((index) => kvAt(result, index));
      const read = floor ? 5 : 4;
      const extra = result.responses.slice(read).map((_, index) => kvAt(result, read + index));
      const held = [jobLock, runLock, ...extra]
        .filter((kv) => kv !== undefined && kv.key !== trigger)
        .map((kv) => heldLock(kv!));
      const ours = held.find((each) => each.record?.runId === run.id && each.record.worker === workerId);
      if (ours) return { ok: true, fencingToken: ours.createRevision };
      if (job?.modRevision !== request.jobRevision) return { ok: false, reason: 'definition-changed' };
      const now = cursorAt(cursorKv);
      if (request.cursor && now.revision !== request.cursor.revision)
        return { ok: false, reason: 'cursor-moved', cursor: now };
      if (floorMoved(result, floor)) return { ok: false, reason: 'floor-moved' };
      if (request.triggerRevision !== undefined && extra.at(-1)?.modRevision !== request.triggerRevision) {
        return { ok: false, reason: 'trigger-gone' };
      }
      return held[0]
        ? { ok: false, reason: 'lock-held', lock: held[0] }
        : { ok: false, reason: 'definition-changed' };
    },
  };
}

export interface Release {
  readonly run: RunRecord;
  readonly workerId: string;
  readonly lock: LockKind;
  readonly fencingToken: Revision;
  /** `mode: all`: the lease that the worker's own cursor is under. */
  readonly allUnder?: LeaseId;
  /** `mode: all`: when the worker's session began. */
  readonly sessionSince?: number;
  /**
   * The last tick settled before this claim, to which the cursor goes back; absent for a trigger. Never
   * "none": a cursor that is deleted could stand for the state before a claim that is still on its way.
   */
  readonly cursorBack?: { readonly tick: number; readonly at: Instant };
  /** The lease is lost: that the claim is ours is proven by the active record, which no settler has taken. */
  readonly leaseLost?: boolean;
  /** The worker takes no more work. */
  readonly leaves?: boolean;
  /** A trigger's value, to be asked again. */
  readonly trigger?: string;
}

/**
 * not-ours: given back before, or settled by others. killed: somebody has asked to kill it, which ends it as killed:
 * it is still ours, and nothing was changed.
 */
export type ReleaseResult =
  { readonly kind: 'given-back' | 'not-ours' } | { readonly kind: 'killed'; readonly by: KillRecord };

/**
 * Gives an armed run back as if it had never been claimed, unless it is to be killed: its tick would come due again,
 * as a run that the request does not name. Whoever asks later finds no run to kill, and is told so.
 */
export function releaseRun(keys: Keyspace, release: Release): Intent<ReleaseResult> {
  const { run, fencingToken } = release;
  const lock = lockKey(keys, release);
  const active = keys.active(release.workerId, run.job, run.id);
  // With the lease lost the lock may linger until etcd notices, and must not keep others from the tick.
  const unlock: Op = release.leaseLost
    ? {
        type: 'txn',
        txn: { compare: [createdAt(lock, fencingToken)], success: [remove({ key: lock })], failure: [] },
      }
    : remove({ key: lock });
  const back: Op[] = [];
  if (release.cursorBack) {
    const { tick, at } = release.cursorBack;
    const isOver = (release.leaseLost === true || release.leaves === true) && run.scheduledFor <= at;
    const missed = passedTicks(
      { job: run.job, generation: run.generation, jobCreated: run.jobCreated },
      'missed',
      { count: 1, from: run.scheduledFor, to: run.scheduledFor },
      {
        id: run.id,
        at,
        reason:
          isOver && release.allUnder !== undefined
            ? 'its claim was given back by a worker that left, or had lost its lease'
            : 'its claim was given back after a later tick had been claimed',
        ...(release.allUnder === undefined ? {} : { worker: release.workerId }),
      },
    );
    back.push(
      ...cursorBackOps(keys, {
        run,
        workerId: release.workerId,
        lock,
        fencingToken,
        tick,
        missed,
        leaseLost: release.leaseLost ?? false,
        isOver,
        allUnder: release.allUnder,
        sessionSince: release.sessionSince,
      }),
    );
  }
  if (release.trigger !== undefined) {
    back.push({
      type: 'txn',
      txn: {
        compare: [createdAt(keys.job(run.job), run.jobCreated)],
        success: [put(keys.trigger(run.job, run.id), release.trigger)],
        failure: [],
      },
    });
  }
  const kill = keys.kill(run.job, run.id);
  return {
    job: run.job,
    txn: {
      compare: [release.leaseLost ? present(active) : createdAt(lock, fencingToken), absent({ key: kill })],
      success: [unlock, remove({ key: active }), ...back],
      failure: [get(kill), getRevisions(release.leaseLost ? active : lock)],
    },
    read(result) {
      if (result.succeeded) return { kind: 'given-back' };
      const asked = kvAt(result, 0);
      const proof = kvAt(result, 1)?.createRevision;
      const isOurs = release.leaseLost ? proof !== undefined : proof === fencingToken;
      return asked && isOurs ? { kind: 'killed', by: killOf(asked) } : { kind: 'not-ours' };
    },
  };
}

/** A request to kill that can't be read still is one. */
export function killOf({ value }: KeyValue): KillRecord {
  const decoded = codecs.kill.decode(value);
  return decoded.ok ? decoded.value : { by: 'unknown', at: 0 };
}

export interface TickSettlement {
  readonly job: string;
  readonly jobRevision: Revision;
  readonly cursor: CursorMove;
  /**
   * `mode: all`: the worker whose ticks these are. `nobody`: ticks of all that no worker was there for, by the
   * cursor of all.
   */
  readonly all?: { readonly workerId: string; readonly leaseId: LeaseId } | 'nobody';
  /** With `nobody`: what has to stand as it was known, for else somebody was there. */
  readonly known?: {
    /** Up to here registrations are known: none has been made since. */
    readonly workersAt: Revision;
    /** The cursors of sessions as they were read then. */
    readonly sessionsAt: Revision;
    /** Of these sessions ticks are passed over as told: what they had claimed has ended, and is not given back. */
    readonly passed: readonly string[];
  };
  /** Skipped and missed records of the ticks that the cursor passes. */
  readonly records: readonly RunRecord[];
  /** Skip only while this lock is held. */
  readonly whileHeld?: HeldLock;
}

export type SettlementResult =
  | { readonly ok: true; readonly cursor: CursorAt }
  | { readonly ok: false; readonly reason: 'definition-changed' }
  | { readonly ok: false; readonly reason: 'cursor-moved'; readonly cursor: CursorAt }
  | { readonly ok: false; readonly reason: 'floor-moved' }
  /** Also: something else that was compared is not as it was. */
  | { readonly ok: false; readonly reason: 'lock-moved' };

/** Moves the cursor past ticks that nothing runs for, and records why. */
export function settleTicks(keys: Keyspace, settlement: TickSettlement): Intent<SettlementResult> {
  const { job, cursor, whileHeld, all, known } = settlement;
  const own = all === 'nobody' ? undefined : all;
  const key = all === 'nobody' ? keys.cursorOfAll(job) : cursorKey(keys, job, own);
  return {
    job,
    txn: {
      compare: [
        modifiedAt(keys.job(job), settlement.jobRevision),
        ...compareCursor(key, cursor),
        ...(whileHeld ? [createdAt(whileHeld.key, whileHeld.createRevision)] : []),
        ...(known
          ? [
              noneCreatedAfter(keys.workers, known.workersAt),
              noneModifiedAfter(keys.cursorsOfSessions(job), known.sessionsAt),
              ...known.passed.map((workerId) => absent(keys.activeOfJob(workerId, job))),
            ]
          : []),
      ],
      success: [
        ...(all === 'nobody'
          ? [put(key, codecs.cursor.encode(cursor.to)), forgetSessions(keys, job, cursor.to)]
          : moveCursor(keys, job, cursor, own)),
        ...settlement.records.map((record) => put(keys.run(job, record.id), codecs.run.encode(record))),
      ],
      failure: stateOf(keys, job, key, cursor.floor),
    },
    read(result) {
      if (result.succeeded) return { ok: true, cursor: { tick: cursor.to, revision: result.revision } };
      if (kvAt(result, 0)?.modRevision !== settlement.jobRevision)
        return { ok: false, reason: 'definition-changed' };
      const now = cursorAt(kvAt(result, 1));
      if (now.revision !== cursor.revision) {
        // Our own write whose answer was lost looks just like this, and is settled all the same.
        return { ok: false, reason: 'cursor-moved', cursor: now };
      }
      return { ok: false, reason: floorMoved(result, cursor.floor) ? 'floor-moved' : 'lock-moved' };
    },
  };
}
