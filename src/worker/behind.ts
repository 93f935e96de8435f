// What `overlap: forbid` has to remember: ticks that came while a run was on, and that can be told as skipped only
// when one before them, which was overdue before that run began, has been caught up or given up. Kept in memory: a
// worker that takes the job over meanwhile finds the run that is on, and of one that has ended it knows nothing.
import { dueBehind, type Blocked, type DueBehind } from '../common/core/due-behind.ts';
import { runnableUntil } from '../common/core/due.ts';
import { instant, type Instant } from '../common/model/time.ts';
import type { HeldLock } from '../common/store/transactions/claims.ts';
import type { PassedTicks } from './claimer.ts';
import type { JobEntry } from './job-table.ts';
import { holderOf, type Overlaps } from './overlaps.ts';

interface Behind extends Blocked {
  /** Of the first run that was in the way. */
  readonly lock: HeldLock;
  /** Other runs were on after it, with no tick between. */
  readonly others: boolean;
}

export interface DueNow {
  readonly run: Instant | undefined;
  readonly late: boolean;
  readonly passed: readonly PassedTicks[];
}

export interface BehindRuns {
  /**
   * A run is on by this lock, and a tick from before it is unsettled. `until`: that may be run until then, so it waits
   * for the run to end. `passed`: what is to be settled first.
   */
  judge(
    entry: JobEntry,
    lock: HeldLock,
    now: Instant,
  ): { readonly until: Instant } | { readonly passed: readonly PassedTicks[] };
  /** No run is on here: what is due of what one has held up; undefined: nothing is known of one. */
  due(entry: JobEntry, now: Instant): DueNow | undefined;
  /** The run of this lock was on until now. `never`: it was given back. */
  over(entry: JobEntry, lock: HeldLock | undefined, now: Instant | 'never'): void;
  forget(entry: JobEntry): void;
}

const sameLock = (a: HeldLock, b: HeldLock): boolean =>
  a.createRevision === b.createRevision && a.key === b.key;

export function createBehindRuns(overlaps: Pick<Overlaps, 'whyMissed'>): BehindRuns {
  const known = new WeakMap<JobEntry, Behind>();

  const dueOf = (entry: JobEntry, now: Instant, blocked: Blocked): DueBehind | undefined =>
    dueBehind(
      { ticks: entry.ticks, since: entry.since, cursor: entry.cursor, catchUp: entry.rule.catchUp },
      now,
      blocked,
    );

  const withReasons = (entry: JobEntry, due: DueBehind, { lock, others }: Behind): DueNow => ({
    ...due,
    passed: due.passed.map(({ state, ticks }) => ({
      state,
      ticks,
      reason:
        state === 'skipped'
          ? `overlap: forbid, and ${holderOf(lock, others)} was on`
          : `${overlaps.whyMissed(entry)}, and then ${holderOf(lock, others)} was on`,
    })),
  });

  return {
    judge(entry, lock, now) {
      const start = instant(lock.record?.startAt ?? 0);
      const before = known.get(entry);
      let behind: Behind = { lock, after: start, until: now, others: false };
      if (before) {
        const isNext = !sameLock(before.lock, lock);
        const due = isNext ? dueOf(entry, now, before) : undefined;
        const next = entry.ticks.nextAfter(before.until);
        // A tick between the two runs takes the place of the one that waits.
        const isOver = due?.passed[0]?.state === 'skipped' || (next !== undefined && next <= start);
        if (due && isOver)
          return {
            passed: withReasons(entry, due, before).passed.filter(({ ticks }) => ticks.to <= before.until),
          };
        if (!isNext || due) behind = { ...before, until: now, others: before.others || isNext };
      }
      const due = dueOf(entry, now, behind);
      if (due?.run === undefined)
        return { passed: due ? withReasons(entry, due, behind).passed.slice(0, 1) : [] };
      known.set(entry, behind);
      return { until: runnableUntil(entry.rule, due.run) };
    },
    due(entry, now) {
      const behind = known.get(entry);
      if (!behind) return undefined;
      const isForbid = entry.rule.overlap === 'forbid' && entry.rule.catchUp.policy !== 'all';
      const due = isForbid ? dueOf(entry, now, behind) : undefined;
      if (due) return withReasons(entry, due, behind);
      known.delete(entry);
      return undefined;
    },
    over(entry, lock, now) {
      const behind = known.get(entry);
      if (!behind || !lock || (!behind.others && !sameLock(behind.lock, lock))) return;
      if (now !== 'never') known.set(entry, { ...behind, until: now });
      else if (!behind.others) known.delete(entry);
    },
    forget: (entry) => void known.delete(entry),
  };
}
