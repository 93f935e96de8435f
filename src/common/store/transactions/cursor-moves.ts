// How cursors move. Under `mode: one` the job's cursor is the only one. Under `mode: all` each worker has its
// own, under its lease, and beside them stands the cursor of all: how far any worker has got, which tells what
// nobody was there for. The other mode's cursor is the floor: nothing at or before it is due. It stands still
// while the mode is another, but for claims that are given back, so it is compared and never written here.
import type { RunRecord } from '../../model/run.ts';
import { makeRunId } from '../../model/ids.ts';
import { instant } from '../../model/time.ts';
import type { Compare, KeyRange, LeaseId, Op, Revision } from '../etcd.ts';
import { codecs, type Keyspace } from '../keyspace.ts';
import {
  absent,
  allValuesUpTo,
  createdAt,
  hasValue,
  modifiedAt,
  noValueIs,
  put,
  remove,
  valueAbove,
} from './parts.ts';

export interface CursorMove {
  /** Where it must stand. */
  readonly revision: Revision;
  readonly to: number;
  /** The other mode's cursor as it was read; absent: there was none, and none can come. */
  readonly floor?: { readonly key: string; readonly revision: Revision; readonly tick?: number };
  /** `mode: all`: the session that moves it, when ticks of the job may have come before it. */
  readonly session?: SessionStart;
  /** `mode: all`: where it stood; what sessions have told of ticks up to there is of no more use. */
  readonly from?: number;
}

export interface SessionStart {
  readonly since: number;
  /**
   * The last tick from before. While the cursor of all is behind it, ticks are still to be recorded by sessions before,
   * or when these have ended by the keeper, and it stays where it is. How far this session has got is told by a cursor
   * that outlives its lease: else what it ran would be told as missed, or run again under `mode: one`.
   */
  readonly before: number;
  /** The job's: nothing up to there is due. */
  readonly jobSince: number;
}

/** A worker under `mode: all`; undefined: `mode: one`. */
export type CursorOwner = { readonly workerId: string; readonly leaseId: LeaseId } | undefined;

export const cursorKey = (keys: Keyspace, job: string, owner: CursorOwner): string =>
  owner === undefined ? keys.cursor(job) : keys.cursorOf(job, owner.workerId);

export const compareCursor = (key: string, { revision, floor }: CursorMove): Compare[] =>
  floor === undefined
    ? [modifiedAt(key, revision)]
    : [modifiedAt(key, revision), modifiedAt(floor.key, floor.revision)];

/** The cursor of all is not compared, only never set back; set again to the same tick, it knows its last claim. */
export function moveCursor(
  keys: Keyspace,
  job: string,
  { to, from, session }: CursorMove,
  owner: CursorOwner,
): Op[] {
  const text = codecs.cursor.encode(to);
  if (owner === undefined) return [put(keys.cursor(job), text)];
  const all = keys.cursorOfAll(job);
  return [
    put(keys.cursorOf(job, owner.workerId), text, owner.leaseId),
    nested(
      [valueAbove(all, text)],
      [],
      [
        session === undefined
          ? put(all, text)
          : nested(
              [valueAbove(all, codecs.cursor.encode(session.before - 1))],
              from === undefined ? [put(all, text)] : [put(all, text), forgetSessions(keys, job, from)],
              [
                // Who changes the mode reads other cursors of all only where there is this one.
                nested([absent({ key: all })], [put(all, codecs.cursor.encode(session.jobSince))], []),
                put(keys.cursorOfSession(job, owner.workerId, session.since), text),
              ],
            ),
      ],
    ),
  ];
}

/** The cursor of all has passed them, and can't be put back before `until`. All or none: they are few, and short-lived. */
export function forgetSessions(keys: Keyspace, job: string, until: number): Op {
  const sessions = keys.cursorsOfSessions(job);
  return nested([allValuesUpTo(sessions, until)], [remove(sessions)], []);
}

export interface CursorBack {
  readonly run: RunRecord;
  readonly workerId: string;
  /** Key of the lock that is given back. */
  readonly lock: string;
  readonly fencingToken: Revision;
  /** Where the cursor goes back to. */
  readonly tick: number;
  /** What is told when it can't. */
  readonly missed: RunRecord;
  readonly leaseLost: boolean;
  /** The tick has come, and the session does not come to it again. */
  readonly isOver: boolean;
  /** `mode: all`. */
  readonly allUnder: LeaseId | undefined;
  /** `mode: all`: when the session began that claimed it. */
  readonly sessionSince: number | undefined;
}

/**
 * A tick that is given back comes due again, unless a later one was claimed since: then it is told as missed.
 *
 * Under `mode: all` the claim has moved the cursor of all, which tells that somebody was there for the tick. When no other
 * worker has it in hand, that must not stay so without a record: the cursor of all goes back. It does not when it has gone
 * on by the claims of workers that came later, nor when this session is over: what others had claimed may have been lost
 * with them, and not be settled yet. Then the tick is told as missed by this worker.
 */
export function cursorBackOps(keys: Keyspace, back: CursorBack): Op[] {
  const { run, workerId, fencingToken, allUnder, sessionSince } = back;
  const text = codecs.cursor.encode(back.tick);
  const ofTheJob = createdAt(keys.job(run.job), run.jobCreated);
  const tellMissed = put(keys.run(run.job, run.id), codecs.run.encode(back.missed));
  const unlessMoved = (cursor: string, isStill: readonly Op[], hasMoved: readonly Op[]): Op =>
    nested([modifiedAt(cursor, fencingToken), ofTheJob], isStill, hasMoved);
  if (allUnder === undefined) {
    const cursor = keys.cursor(run.job);
    return [unlessMoved(cursor, [put(cursor, text)], [nested([ofTheJob], [tellMissed], [])])];
  }
  const ofAll = keys.cursorOfAll(run.job);
  const own = keys.cursorOf(run.job, workerId);
  const claimed = codecs.cursor.encode(run.scheduledFor);
  const ofSession =
    sessionSince === undefined ? undefined : keys.cursorOfSession(run.job, workerId, sessionSince);
  const backs = [
    // With the lease its own cursor goes as well; at once, for while it stands others would take the tick to be in hand.
    back.leaseLost
      ? nested([modifiedAt(own, fencingToken)], [remove({ key: own })], [])
      : put(own, text, allUnder),
    ...(ofSession === undefined ? [] : [unlessMoved(ofSession, [put(ofSession, text)], [])]),
  ];
  const alone = back.isOver
    ? [tellMissed]
    : [
        nested(
          [hasValue(ofAll, claimed)],
          [put(ofAll, text), ...backs],
          [nested([valueAbove(ofAll, claimed)], [tellMissed], backs)],
        ),
      ];
  const decided = nested(noneHasRun(keys, back), [unlessOthersAt(keys, back, claimed, alone, backs)], backs);
  return [
    back.leaseLost
      ? nested([ofTheJob], [decided], [])
      : unlessMoved(own, [decided], [nested([ofTheJob], [tellMissed], [])]),
  ];
}

/** No other worker's run of the tick has a record, or is on beside others under `overlap: allow`. */
function noneHasRun(keys: Keyspace, { run, lock }: CursorBack): Compare[] {
  const first = makeRunId(instant(run.scheduledFor), '');
  const below = (key: string): Required<KeyRange> => ({ key, rangeEnd: `${key.slice(0, -1)}.` });
  const locks = below(keys.lockOfRun(run.job, first));
  return [
    absent(below(keys.run(run.job, first))),
    ...(lock.startsWith(locks.key)
      ? [absent({ ...locks, rangeEnd: lock }), absent({ ...locks, key: `${lock}\0` })]
      : [absent(locks)]),
  ];
}

/**
 * Whether another worker has the tick in hand: its own cursor stands there. That of one that has gone on from it has
 * moved the cursor of all as well, and what it did is on record. A lock tells nothing: it may be that of another tick.
 */
function unlessOthersAt(
  keys: Keyspace,
  { run, workerId }: CursorBack,
  claimed: string,
  then: readonly Op[],
  otherwise: readonly Op[],
): Op {
  const own = keys.cursorOf(run.job, workerId);
  const { key, rangeEnd } = keys.cursorsOfWorkers(run.job);
  const after = unlessAnyAt({ key: `${own}\0`, rangeEnd }, claimed, then, otherwise);
  return unlessAnyAt({ key, rangeEnd: own }, claimed, [after], otherwise);
}

/** etcd holds no condition on values to be true of an empty range. */
const unlessAnyAt = (
  range: Required<KeyRange>,
  value: string,
  then: readonly Op[],
  otherwise: readonly Op[],
): Op => nested([absent(range)], then, [nested([noValueIs(range, value)], then, otherwise)]);

const nested = (compare: readonly Compare[], success: readonly Op[], failure: readonly Op[]): Op => ({
  type: 'txn',
  txn: { compare, success, failure },
});
