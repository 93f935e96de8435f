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
  /** Ticks before it that are given up, and why. */
  readonly missed: Stretch | undefined;
  readonly missedReason: string;
}

export interface Claimer {
  claimTick(entry: JobEntry, membership: Membership, claim: TickClaim): Promise<ClaimOutcome>;
  claimTrigger(entry: JobEntry, membership: Membership, trigger: PendingTrigger): Promise<ClaimOutcome>;
  /** Records ticks as missed. */
  miss(entry: JobEntry, membership: Membership, missed: Stretch, reason: string): Promise<SettleOutcome>;
  /** Records ticks as skipped because of this lock; ticks skipped for one lock share one record. */
  skip(entry: JobEntry, membership: Membership, skipped: Stretch, lock: HeldLock): Promise<SettleOutcome>;
  /** Forgets what is kept for skips of this job. */
  forget(job: string): void;
}

export function createClaimer(
  ports: WorkerPorts,
  table: JobTable,
  peers: Pick<Peers, 'shardOf' | 'earliestFor'>,
): Claimer {
  const { keys, batcher, clock, logger } = ports;
  const submit = batcher.submit.bind(batcher);
  const skips = new Map<string, { lockRevision: number; id: string; ticks: Stretch }>();

  /** Under `mode: all` every worker has a record of the same tick. */
  const suffixFor = ({ rule }: JobEntry): string =>
    rule.all ? ports.randomSuffix() + ports.randomSuffix() : ports.randomSuffix();

  const versionOf = (entry: JobEntry) => ({
    job: entry.name,
    generation: entry.generation,
    jobCreated: entry.created,
  });

  /** The last tick that was due before any of the workers that match now was there; the keeper records it. */
  const beforeAll = ({ rule, ticks, since, floor }: JobEntry, member: Membership): number | undefined => {
    const earliest = Math.min(peers.earliestFor(rule) ?? Infinity, member.since);
    const last = ticks.atOrBefore(instant(earliest));
    return last === undefined || last <= since || last <= (floor?.tick ?? 0) ? undefined : last;
  };

  const cursorMove = (entry: JobEntry, member: Membership, to: number): CursorMove => {
    const { cursorRevision: revision, floor, rule } = entry;
    // The usual job, ten thousand times in a second of a herd.
    if (!rule.all && floor === undefined) return { revision, to };
    const before = rule.all ? beforeAll(entry, member) : undefined;
    return { revision, to, ...(floor ? { floor } : {}), ...(before === undefined ? {} : { before }) };
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
        ...versionOf(entry),
        ...(trigger ? { overrides: overridesOf(trigger.record) } : {}),
        ...(record.definition.onLostLease === 'continue' ? { onLostLease: 'continue' as const } : {}),
      });
      const lock = entry.rule.overlap === 'allow' ? 'run' : entry.rule.all ? 'worker' : 'job';
      const jobRevision = entry.revision;
      const settledBefore = tick?.missed ? instant(tick.missed.to) : settledUntil(entry);
      const missed =
        tick?.missed &&
        passedTicks(versionOf(entry), 'missed', tick.missed, {
          reason: tick.missedReason,
          worker: ownerOf(entry, membership)?.workerId,
          at: now,
          suffix: suffixFor(entry),
        });
      const result = await carryThrough(
        claimRun(keys, {
          run,
          workerId: membership.workerId,
          leaseId: membership.leaseId,
          jobRevision,
          lock,
          startAt: wanted.startAt,
          ...(entry.rule.all ? { all: true } : {}),
          ...(tick ? { cursor: cursorMove(entry, membership, tick.tick) } : {}),
          ...(trigger ? { triggerRevision: trigger.revision } : {}),
          ...(missed ? { passed: [missed] } : {}),
        }),
        { clock, submit, goesOn: () => membership.isValid() },
      );
      if (!result.ok) return result;
      const assignment: Assignment = {
        definition: record.definition,
        run,
        membership,
        lock,
        fencingToken: result.fencingToken,
        jobRevision,
        startAt: wanted.startAt,
        ...(tick ? { settledBefore } : {}),
        ...(trigger ? { trigger: trigger.record } : {}),
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

    miss: (entry, membership, missed, reason) =>
      guarded(entry, 'record of missed ticks', () => {
        const all = ownerOf(entry, membership);
        const record = passedTicks(versionOf(entry), 'missed', missed, {
          reason,
          at: clock.now(),
          suffix: suffixFor(entry),
          worker: all?.workerId,
        });
        return carryThrough(
          settleTicks(keys, {
            job: entry.name,
            jobRevision: entry.revision,
            cursor: cursorMove(entry, membership, missed.to),
            records: [record],
            ...(all ? { all } : {}),
          }),
          { clock, submit, goesOn: () => membership.isValid() },
        );
      }),

    skip: (entry, membership, skipped, lock) =>
      guarded(entry, 'record of skipped ticks', async () => {
        const before = skips.get(entry.name);
        const goesOn = before?.lockRevision === lock.createRevision && before.ticks.to === entry.cursor;
        const ticks = goesOn
          ? { count: before.ticks.count + skipped.count, from: before.ticks.from, to: skipped.to }
          : skipped;
        const id = goesOn ? before.id : makeRunId(instant(ticks.from), suffixFor(entry));
        const holder = lock.record ? `run ${lock.record.runId} on ${lock.record.worker}` : 'another run';
        const all = ownerOf(entry, membership);
        const record = passedTicks(versionOf(entry), 'skipped', ticks, {
          id,
          worker: all?.workerId,
          at: clock.now(),
          reason: `overlap: forbid, and ${holder} was on`,
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
        if (result.ok) skips.set(entry.name, { lockRevision: lock.createRevision, id, ticks });
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

/** The ticks of the job from its last settled one up to `until`; undefined: none. */
export function passedUntil(entry: JobEntry, until: Instant): Stretch | undefined {
  const base = settledUntil(entry);
  const from = entry.ticks.nextAfter(base);
  const to = entry.ticks.atOrBefore(until);
  if (from === undefined || to === undefined || to < from) return undefined;
  return { count: entry.ticks.countBetween(base, to), from, to };
}
