// Makes claims: turns "run this tick" into a transaction, carries it through lost answers, and hands what was
// won to the dispatcher.
import { armedRun } from '../common/core/lifecycle.ts';
import { passedTicks } from '../common/core/lifecycle.ts';
import { makeRunId } from '../common/model/ids.ts';
import type { RunCause, RunRecord, Stretch, TriggerRecord } from '../common/model/run.ts';
import { instant, type Instant } from '../common/model/time.ts';
import { settledUntil } from '../common/core/due.ts';
import {
  claimRun,
  settleTicks,
  type ClaimResult,
  type HeldLock,
  type SettlementResult,
} from '../common/store/transactions/claims.ts';
import type { CursorMove, CursorOwner } from '../common/store/transactions/cursor-moves.ts';
import type { Assignment } from './assignment.ts';
import type { JobEntry, JobTable } from './job-table.ts';
import type { Unreadable } from '../common/store/unreadable.ts';
import { carryThrough } from './persist.ts';
import type { Peers } from './peers.ts';
import type { Membership, WorkerPorts } from './ports.ts';
import type { PendingTrigger } from './requests.ts';

export type Failed<R> = Extract<R, { ok: false }>;

/** `error`: no answer that can be trusted, and no further try: the membership ended, or etcd refused. */
export type ClaimOutcome =
  | { readonly ok: true; readonly assignment: Assignment }
  | Failed<ClaimResult>
  | { readonly ok: false; readonly reason: 'error' };
export type SettleOutcome = SettlementResult | { readonly ok: false; readonly reason: 'error' };

export interface TickClaim {
  readonly tick: Instant;
  readonly late: boolean;
  /** Ticks before it that nothing runs for. */
  readonly passed: readonly PassedTicks[];
}

/** Ticks that nothing runs for, and why. */
export interface PassedTicks {
  readonly state: 'missed' | 'skipped';
  readonly ticks: Stretch;
  readonly reason: string;
}

export interface Claimer {
  claimTick(entry: JobEntry, membership: Membership, claim: TickClaim): Promise<ClaimOutcome>;
  claimTrigger(entry: JobEntry, membership: Membership, trigger: PendingTrigger): Promise<ClaimOutcome>;
  /** Records ticks that nothing runs for: stretches that follow one another. */
  pass(entry: JobEntry, membership: Membership, passed: readonly PassedTicks[]): Promise<SettleOutcome>;
  /** Records ticks as skipped while this lock is held; ticks skipped for one lock share one record. */
  skip(
    entry: JobEntry,
    membership: Membership,
    skipped: Stretch,
    lock: HeldLock,
    reason: string,
  ): Promise<SettleOutcome>;
  /** Forgets what is kept for skips of this job. */
  forget(job: string): void;
}

/** The record of ticks that were skipped for one lock, which grows with them. */
interface Skips {
  readonly lockRevision: number;
  readonly generation: number;
  readonly id: string;
  readonly ticks: Stretch;
}

export function createClaimer(
  ports: WorkerPorts,
  table: JobTable,
  peers: Pick<Peers, 'shardOf'>,
  unreadable: Unreadable,
): Claimer {
  const { keys, batcher, clock, logger } = ports;
  const submit = batcher.submit.bind(batcher);
  const skips = new Map<string, Skips>();

  /** Under `mode: all` every worker has a record of the same tick. */
  const suffixFor = ({ rule }: JobEntry): string =>
    rule.all ? ports.randomSuffix() + ports.randomSuffix() : ports.randomSuffix();

  const versionOf = (entry: JobEntry) => ({
    job: entry.name,
    generation: entry.generation,
    jobCreated: entry.created,
  });

  const recordsOf = (
    entry: JobEntry,
    membership: Membership,
    passed: readonly PassedTicks[],
  ): readonly RunRecord[] =>
    passed.map(({ state, ticks, reason }) =>
      passedTicks(versionOf(entry), state, ticks, {
        reason,
        worker: ownerOf(entry, membership)?.workerId,
        at: clock.now(),
        suffix: suffixFor(entry),
      }),
    );

  /**
   * The last tick that was due before this session began. Those up to it are the affair of sessions before it: a
   * registration may be that of a worker that is dead and was never going to settle them. When its lease has ended,
   * the keeper records what is left.
   */
  const beforeAll = ({ ticks, since, floor }: JobEntry, member: Membership): number | undefined => {
    const last = ticks.atOrBefore(instant(Math.min(clock.now(), member.since)));
    return last === undefined || last <= since || last <= (floor?.tick ?? 0) ? undefined : last;
  };

  const cursorMove = (entry: JobEntry, member: Membership, to: number): CursorMove => {
    const { cursorRevision: revision, floor, rule } = entry;
    // The usual job, ten thousand times in a second of a herd.
    if (!rule.all && floor === undefined) return { revision, to };
    const before = rule.all ? beforeAll(entry, member) : undefined;
    return {
      revision,
      to,
      ...(floor ? { floor } : {}),
      ...(before === undefined
        ? {}
        : {
            session: { since: member.since, before, jobSince: entry.since },
            from: settledUntil(entry),
          }),
    };
  };

  const noteLock = ({ key, record }: HeldLock): void => {
    if (record) unreadable.clear(key);
    else unreadable.note(key, 'it is no lock of a worker', 'lock cannot be read: its job counts as running');
  };

  const guarded = async <R>(
    entry: JobEntry,
    what: string,
    ask: () => Promise<R>,
  ): Promise<R | { ok: false; reason: 'error' }> => {
    try {
      return await ask();
    } catch (error) {
      logger.warn({ err: error, job: entry.name }, `${what} without an answer`);
      return { ok: false, reason: 'error' };
    }
  };

  const claim = (
    entry: JobEntry,
    membership: Membership,
    wanted: {
      id: string;
      cause: RunCause;
      scheduledFor: Instant;
      startAt: Instant;
      attempt: number;
      tick?: TickClaim;
      trigger?: PendingTrigger;
    },
  ): Promise<ClaimOutcome> =>
    guarded(entry, 'claim', async () => {
      const record = table.recordOf(entry);
      // Deleted meanwhile, or changed to what is no definition: that is on its way, or was just told.
      if (!record) return { ok: false, reason: 'definition-changed' };
      const { tick, trigger } = wanted;
      const now = clock.now();
      const run = armedRun({
        id: wanted.id,
        cause: wanted.cause,
        worker: membership.workerId,
        scheduledFor: wanted.scheduledFor,
        now,
        attempt: wanted.attempt,
        shard: entry.rule.all ? peers.shardOf(membership.workerId, entry.rule) : undefined,
        job: entry.name,
        generation: entry.generation,
        jobCreated: entry.created,
        overrides: trigger && overridesOf(trigger.record),
        onLostLease: record.definition.onLostLease === 'continue' ? 'continue' : undefined,
      });
      const lock = entry.rule.overlap === 'allow' ? 'run' : entry.rule.all ? 'worker' : 'job';
      const jobRevision = entry.revision;
      const passed = tick?.passed ?? [];
      const last = passed.at(-1);
      const settledBefore = last ? instant(last.ticks.to) : settledUntil(entry);
      const result = await carryThrough(
        claimRun(keys, {
          run,
          workerId: membership.workerId,
          leaseId: membership.leaseId,
          jobRevision,
          lock,
          startAt: wanted.startAt,
          all: entry.rule.all,
          cursor: tick && cursorMove(entry, membership, tick.tick),
          triggerRevision: trigger?.revision,
          passed: passed.length > 0 ? recordsOf(entry, membership, passed) : undefined,
        }),
        { clock, submit, goesOn: () => membership.isValid() },
      );
      if (!result.ok) {
        if (result.reason === 'lock-held') noteLock(result.lock);
        return result;
      }
      if (unreadable.size > 0) unreadable.clear(keys.lock(entry.name));
      const assignment: Assignment = {
        definition: record.definition,
        run,
        membership,
        lock,
        fencingToken: result.fencingToken,
        jobRevision,
        startAt: wanted.startAt,
        settledBefore: tick ? settledBefore : undefined,
        trigger: trigger?.record,
      };
      return { ok: true, assignment };
    });

  return {
    claimTick: (entry, membership, wanted) =>
      claim(entry, membership, {
        id: makeRunId(wanted.tick, suffixFor(entry)),
        cause: { kind: wanted.late ? 'catch_up' : 'schedule', tick: wanted.tick },
        scheduledFor: wanted.tick,
        // What the lock says of its start tells ticks that came while the run was on from those before it.
        startAt: wanted.late ? clock.now() : wanted.tick,
        attempt: 1,
        tick: wanted,
      }),

    claimTrigger(entry, membership, trigger) {
      const { cause, by, retryOf, tick, requestedAt, attempt } = trigger.record;
      return claim(entry, membership, {
        id: trigger.runId,
        cause: {
          kind: cause,
          ...(by === undefined ? {} : { by }),
          ...(retryOf === undefined ? {} : { retryOf }),
          ...(tick === undefined ? {} : { tick }),
        },
        scheduledFor: instant(tick ?? requestedAt),
        startAt: clock.now(),
        attempt,
        trigger,
      });
    },

    pass: (entry, membership, passed) =>
      guarded(entry, 'record of passed ticks', () => {
        const all = ownerOf(entry, membership);
        return carryThrough(
          settleTicks(keys, {
            job: entry.name,
            jobRevision: entry.revision,
            cursor: cursorMove(entry, membership, passed.at(-1)!.ticks.to),
            records: recordsOf(entry, membership, passed),
            ...(all ? { all } : {}),
          }),
          { clock, submit, goesOn: () => membership.isValid() },
        );
      }),

    skip: (entry, membership, skipped, lock, reason) =>
      guarded(entry, 'record of skipped ticks', async () => {
        const before = skips.get(entry.name);
        // A record tells of one version: of another one, ticks may have been another's.
        const goesOn =
          before?.lockRevision === lock.createRevision &&
          before.generation === entry.generation &&
          before.ticks.to === entry.cursor;
        const ticks = goesOn
          ? { count: before.ticks.count + skipped.count, from: before.ticks.from, to: skipped.to }
          : skipped;
        const id = goesOn ? before.id : makeRunId(instant(ticks.from), suffixFor(entry));
        const all = ownerOf(entry, membership);
        const record = passedTicks(versionOf(entry), 'skipped', ticks, {
          id,
          worker: all?.workerId,
          at: clock.now(),
          reason,
        });
        const result = await carryThrough(
          settleTicks(keys, {
            job: entry.name,
            jobRevision: entry.revision,
            cursor: cursorMove(entry, membership, skipped.to),
            records: [record],
            whileHeld: lock,
            ...(all ? { all } : {}),
          }),
          { clock, submit, goesOn: () => membership.isValid() },
        );
        const { generation } = entry;
        if (result.ok) skips.set(entry.name, { lockRevision: lock.createRevision, generation, id, ticks });
        else skips.delete(entry.name);
        return result;
      }),

    forget: (job) => void skips.delete(job),
  };
}

/** Whose ticks they are: the worker's own under `mode: all`. */
const ownerOf = ({ rule }: JobEntry, { workerId, leaseId }: Membership): CursorOwner =>
  rule.all ? { workerId, leaseId } : undefined;

/** What a request to run now changes of the definition; a retry elsewhere needs it again. */
const overridesOf = ({ env, payload }: TriggerRecord): NonNullable<RunRecord['overrides']> => ({
  ...(env === undefined ? {} : { env }),
  ...(payload === undefined ? {} : { payload }),
});
