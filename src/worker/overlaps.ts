// What a tick does that comes while a run of its job is on: the acts behind `forbid`, `queue` and `replace`.
import { endedRun, armedRun } from '../common/core/lifecycle.ts';
import type { KillRecord } from '../common/model/run.ts';
import { instant } from '../common/model/time.ts';
import type { LeaseId } from '../common/store/etcd.ts';
import type { HeldLock } from '../common/store/transactions/claims.ts';
import { lockKey } from '../common/store/transactions/claims.ts';
import { settleTrigger } from '../common/store/transactions/endings.ts';
import { requestKill } from '../common/store/transactions/jobs.ts';
import type { Assignment } from './assignment.ts';
import type { Dispatcher } from './dispatcher.ts';
import type { JobEntry } from './job-table.ts';
import { carryThrough } from './persist.ts';
import type { Membership, WorkerPorts } from './ports.ts';
import type { PendingTrigger } from './requests.ts';

/** A request to kill that nobody takes ends by itself. */
const KILL_TTL_SECONDS = 60;

export interface Overlaps {
  hold(entry: JobEntry, assignment: Assignment): void;
  release(job: string): void;
  /** The lock that a run of ours holds. */
  own(entry: JobEntry): HeldLock | undefined;
  /** Asks for the end of the run that holds the lock, once. */
  replace(entry: JobEntry, lock: HeldLock): void;
  /** Ends a request to run, by default one that does not wait for the run that is on. */
  skipTrigger(entry: JobEntry, trigger: PendingTrigger, reason?: string): void;
  /** Why ticks of this job that passed are missed. */
  whyMissed(entry: JobEntry): string;
}

/** `others`: or of runs that followed that one. */
export const holderOf = ({ record }: HeldLock, others = false): string =>
  `${record ? `run ${record.runId} on ${record.worker}` : 'another run'}${others ? ' or one right after it' : ''}`;

/** Why `forbid` skips ticks. */
export const whySkipped = (lock: HeldLock): string => `overlap: forbid, and ${holderOf(lock)} was on`;

export function createOverlaps(
  ports: WorkerPorts,
  dispatcher: () => Dispatcher,
  membership: () => Membership | undefined,
): Overlaps {
  const { keys, batcher, clock, logger, etcd } = ports;
  const holding = new Map<string, HeldLock>();
  const replaced = new Map<string, number>();
  const skipping = new Set<string>();

  const replacing = (): KillRecord => ({
    by: 'overlap: replace',
    at: clock.now(),
    reason: 'the next tick has come',
  });

  const askForKill = async (job: string, { record }: HeldLock): Promise<void> => {
    if (!record) return;
    const { leaseId }: { leaseId: LeaseId } = await etcd.leaseGrant(KILL_TTL_SECONDS);
    const { runId, worker: workerId } = record;
    await batcher.submit(requestKill(keys, { job, runId, workerId, kill: replacing(), leaseId }));
  };

  return {
    hold(entry, assignment) {
      const { run, membership, startAt, fencingToken } = assignment;
      const record = { runId: run.id, worker: membership.workerId, startAt };
      const key = lockKey(keys, { lock: assignment.lock, run, workerId: membership.workerId });
      holding.set(entry.name, { key, createRevision: fencingToken, record });
    },
    release(job) {
      holding.delete(job);
      replaced.delete(job);
    },
    own: (entry) => holding.get(entry.name),
    replace(entry, lock) {
      if (replaced.get(entry.name) === lock.createRevision) return;
      replaced.set(entry.name, lock.createRevision);
      const runId = lock.record?.runId;
      if (
        runId !== undefined &&
        dispatcher().kill(entry.name, runId, replacing(), 'overlap: replace, and the next tick has come')
      )
        return;
      askForKill(entry.name, lock).catch((error: unknown) => {
        replaced.delete(entry.name);
        logger.warn(
          { err: error, job: entry.name, run: runId },
          'the run to be replaced could not be asked to end',
        );
      });
    },
    skipTrigger(entry, trigger, reason = 'a run of the job was on') {
      const name = `${trigger.job}/${trigger.runId}`;
      if (skipping.has(name)) return;
      skipping.add(name);
      const { record } = trigger;
      const asked = armedRun({
        job: entry.name,
        generation: entry.generation,
        jobCreated: entry.created,
        id: trigger.runId,
        cause: { kind: record.cause, ...(record.by === undefined ? {} : { by: record.by }) },
        worker: '',
        scheduledFor: instant(record.requestedAt),
        now: clock.now(),
        attempt: record.attempt,
      });
      const { worker: _nobody, armedAt: _never, ...rest } = asked;
      const skipped = {
        ...endedRun(rest, { state: 'failed', at: clock.now(), reason }),
        state: 'skipped' as const,
      };
      // Nothing else makes anybody look at it again: it is carried through, or left to who comes after this session.
      const member = membership();
      const goesOn = (): boolean => member?.isValid() ?? false;
      carryThrough(settleTrigger(keys, skipped, trigger.revision), {
        clock,
        submit: batcher.submit.bind(batcher),
        goesOn,
      })
        .catch((error: unknown) =>
          logger.warn({ err: error, run: trigger.runId }, 'a request to run could not be settled'),
        )
        .finally(() => skipping.delete(name));
    },
    whyMissed({ rule }) {
      const why = `${rule.all ? 'the worker was not' : 'no worker was'} there and free to run it in time`;
      const waits = rule.overlap === 'queue' || rule.overlap === 'replace';
      if (rule.catchUp.policy !== 'all')
        return waits ? `${why}, or a run was on: only the newest tick waits` : why;
      if (waits) return `${why}, or it waited behind other runs for longer than the window`;
      return rule.overlap === 'forbid'
        ? `${why}, or it waited behind others that were caught up for longer than the window`
        : why;
    },
  };
}
