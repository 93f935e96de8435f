// How cursors move. Under `mode: one` the job's cursor is the only one. Under `mode: all` each worker has its
// own, under its lease, and beside them stands the cursor of all: how far any worker has got, which tells what
// nobody was there for. The other mode's cursor is the floor: nothing at or before it is due. It stands still
// while the mode is another, but for claims that are given back, so it is compared and never written here.
import type { RunRecord } from '../../model/run.ts';
import { makeRunId } from '../../model/ids.ts';
import { instant } from '../../model/time.ts';
import type { Compare, LeaseId, Op, Revision } from '../etcd.ts';
import { codecs, type Keyspace } from '../keyspace.ts';
import { absent, allValuesUpTo, createdAt, hasValue, modifiedAt, put, remove, valueAbove } from './parts.ts';

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
  /** `mode: all`. */
  readonly allUnder: LeaseId | undefined;
  /** `mode: all`: when the session began that claimed it. */
  readonly sessionSince: number | undefined;
}

/** A tick that is given back comes due again, unless a later one was claimed since. */
export function cursorBackOps(keys: Keyspace, back: CursorBack): Op[] {
  const { run, fencingToken, allUnder } = back;
  const text = codecs.cursor.encode(back.tick);
  const ofTheJob = createdAt(keys.job(run.job), run.jobCreated);
  const putBack = (cursor: string, lease?: LeaseId): Op =>
    nested(
      [modifiedAt(cursor, fencingToken), ofTheJob],
      [put(cursor, text, lease)],
      // A later tick was claimed since: this one can't come due again, and is told as missed.
      [nested([ofTheJob], [put(keys.run(run.job, run.id), codecs.run.encode(back.missed))], [])],
    );
  if (allUnder === undefined) return [putBack(keys.cursor(run.job))];
  const ofAll = keys.cursorOfAll(run.job);
  const others = keys.locksBelow(run.job);
  const { sessionSince } = back;
  const ofSession =
    sessionSince === undefined ? undefined : keys.cursorOfSession(run.job, back.workerId, sessionSince);
  const records = keys.run(run.job, makeRunId(instant(run.scheduledFor), ''));
  return [
    // With the lease its own cursor goes as well.
    ...(back.leaseLost ? [] : [putBack(keys.cursorOf(run.job, back.workerId), allUnder)]),
    ...(ofSession === undefined
      ? []
      : [nested([modifiedAt(ofSession, fencingToken), ofTheJob], [put(ofSession, text)], [])]),
    nested(
      [
        ofTheJob,
        // Nobody has got further, and nobody else runs this tick or has run it.
        hasValue(ofAll, codecs.cursor.encode(run.scheduledFor)),
        absent({ key: others.key, rangeEnd: back.lock }),
        absent({ key: `${back.lock}\0`, rangeEnd: others.rangeEnd }),
        absent({ key: records, rangeEnd: `${records.slice(0, -1)}.` }),
      ],
      [put(ofAll, text)],
      [],
    ),
  ];
}

const nested = (compare: readonly Compare[], success: readonly Op[], failure: readonly Op[]): Op => ({
  type: 'txn',
  txn: { compare, success, failure },
});
