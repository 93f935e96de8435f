// Decides, job by job, what happens next: wait, claim, skip, let go. Level-triggered: events only mark a job,
// and the job is judged anew from its state. It acts through the claimer and the dispatcher alone, and it
// never trusts its own view: each decision is a transaction that compares what was decided on.
import { dueAt, settledUntil, ticksWithin } from '../common/core/due.ts';
import { instant, type Instant, type Millis } from '../common/model/time.ts';
import type { WaitingJobs } from '../common/model/worker.ts';
import type { CursorAt, HeldLock } from '../common/store/transactions/claims.ts';
import type { Assignment } from './assignment.ts';
import { createBehindRuns, type DueNow } from './behind.ts';
import type { Claimer, ClaimOutcome, PassedTicks, SettleOutcome } from './claimer.ts';
import type { CursorReader } from './cursors.ts';
import type { Dispatcher } from './dispatcher.ts';
import type { JobEntry, JobTable } from './job-table.ts';
import { whySkipped, type Overlaps } from './overlaps.ts';
import type { Membership, WorkerPorts } from './ports.ts';
import type { Requests } from './requests.ts';
import { createRounds } from './rounds.ts';
import { createSlots } from './slots.ts';
import { createTurns } from './turns.ts';

const RETRY: Millis = 1_000;
const NONE: readonly PassedTicks[] = [];

export interface PlannerOptions {
  readonly ports: WorkerPorts;
  readonly table: JobTable;
  readonly dispatcher: Dispatcher;
  readonly claimer: Claimer;
  readonly cursors: CursorReader;
  readonly requests: Requests;
  readonly overlaps: Overlaps;
  readonly slots: number;
  /** Undefined: no claims now (no session, draining, or not ready yet). */
  readonly membership: () => Membership | undefined;
  /** No slot is free. */
  readonly onFull: () => void;
}

export interface Planner {
  /** Something about the job has changed. */
  mark(entry: JobEntry): void;
  /** The job is no more, or not this worker's any more. */
  drop(entry: JobEntry): void;
  /** A run of the job is over here. */
  runOver(entry: JobEntry | undefined, assignment: Assignment, how: 'ended' | 'given-back'): void;
  /** The run goes on here, and its lock is gone. */
  lockLost(entry: JobEntry | undefined, assignment: Assignment): void;
  /** The time was moved: what waits for an instant may have to wait less, or be judged anew. */
  clockChanged(): void;
  /** A claim of this job is on its way. */
  isAsking(job: string): boolean;
  /** Resolves when no claim is on its way. */
  whenAnswered(): Promise<void>;
  /** Jobs that wait for a slot, and since when the first of them does; undefined: none. */
  waiting(): WaitingJobs | undefined;
  /** How long ago the most overdue tick was due that nothing keeps this worker from claiming. */
  overdue(): Millis;
  stop(): void;
}

export function createPlanner(options: PlannerOptions): Planner {
  const { table, dispatcher, claimer, requests, membership, overlaps } = options;
  const { clock } = options.ports;
  const behind = createBehindRuns(overlaps);
  /** Ticks that are due and that nothing but this worker keeps from being settled: what readiness looks at. */
  const pending = new Map<JobEntry, Instant>();
  const later = (entry: JobEntry, delay: Millis): void => rounds.wakeAt(entry, instant(clock.now() + delay));

  const judge = (entry: JobEntry): void => {
    judgeNow(entry);
    slots.judged(entry);
    // Its ticks may be far away; the request is not.
    const until = turns.heldUntil(entry);
    if (until === undefined || !entry.owned || entry.busy !== 'no') return;
    if (entry.on === undefined || entry.due > until) rounds.wakeAt(entry, until);
  };

  const judgeNow = (entry: JobEntry): void => {
    rounds.unplan(entry);
    if (entry.busy === 'full') entry.busy = 'no';
    const member = membership();
    if (!member?.isValid() || !entry.owned || table.get(entry.name) !== entry || entry.busy === 'asking')
      return;
    // Of the other mode, or of a session that is over.
    if (entry.cursorOwner !== (entry.rule.all ? member.workerId : undefined)) entry.cursorKnown = false;
    if (!entry.cursorKnown) return options.cursors.want(entry);
    if (judgeTrigger(entry, member)) return;
    if (entry.rule.paused) return void pending.delete(entry);
    const now = clock.now();
    const due = dueAt(
      { ticks: entry.ticks, since: entry.since, cursor: entry.cursor, catchUp: entry.rule.catchUp },
      now,
    );
    if (due.kind !== 'now') pending.delete(entry);
    const isAhead = due.kind === 'never' || (due.kind === 'at' && !rounds.isWithinLead(due.tick, now));
    if (!isAhead && !table.isSound(entry)) return;
    if (due.kind === 'at') judgeComing(entry, member, due.tick, now);
    else if (due.kind !== 'now') return;
    else if (entry.busy === 'held') overlapping(entry, member, overlaps.own(entry), now);
    else {
      const { missed } = due;
      const passed: readonly PassedTicks[] = missed
        ? [{ state: 'missed', ticks: missed, reason: overlaps.whyMissed(entry) }]
        : NONE;
      settlePassed(entry, member, behind.due(entry, now) ?? { ...due, passed });
    }
  };

  const judgeComing = (entry: JobEntry, member: Membership, tick: Instant, now: Instant): void => {
    // While a run is on, nothing is claimed ahead: whether the next overlaps is known at its tick.
    if (entry.busy === 'held') rounds.wakeAt(entry, tick);
    else if (!rounds.isWithinLead(tick, now)) rounds.armAt(entry, tick);
    else if (slots.take(entry, tick)) {
      expect(entry, tick);
      slots.ask(entry, claimer.claimTick(entry, member, { tick, late: false, passed: NONE }), (outcome) =>
        claimed(entry, member, tick, outcome),
      );
    }
  };

  const settlePassed = (entry: JobEntry, member: Membership, { run, late, passed }: DueNow): void => {
    const first = instant(passed[0]?.ticks.from ?? run ?? clock.now());
    expect(entry, first);
    if (run === undefined) {
      slots.ask(entry, claimer.pass(entry, member, passed), (outcome) => settled(entry, outcome));
    } else if (slots.take(entry, first)) {
      slots.ask(entry, claimer.claimTick(entry, member, { tick: run, late, passed }), (outcome) =>
        claimed(entry, member, run, outcome),
      );
    }
  };

  /** True: the job is busy with a request to run. */
  const judgeTrigger = (entry: JobEntry, member: Membership): boolean => {
    const trigger = turns.next(entry, member);
    if (trigger === undefined || trigger === 'waits') return false;
    if (!table.isSound(entry)) return true;
    if (entry.busy === 'held') {
      if (trigger.record.whenRunning === 'skip') overlaps.skipTrigger(entry, trigger);
      return false;
    }
    // By the clock of who asked, which may be ahead.
    if (!slots.take(entry, instant(Math.min(trigger.record.requestedAt, clock.now())))) return true;
    slots.ask(entry, claimer.claimTrigger(entry, member, trigger), (outcome) => {
      if (!outcome.ok && outcome.reason === 'lock-held' && trigger.record.whenRunning === 'skip')
        overlaps.skipTrigger(entry, trigger);
      // The claim consumed it. The watch may tell so later: until then it would be claimed again, and with a
      // lock of its own be taken for this very claim, and run a second time.
      if (outcome.ok || outcome.reason === 'trigger-gone')
        requests.removeTrigger(options.ports.keys.trigger(trigger.job, trigger.runId));
      claimed(entry, member, undefined, outcome);
    });
    return true;
  };

  /** A tick is due here, and has to be settled soon. */
  const expect = (entry: JobEntry, tick: Instant): void => {
    if (!pending.has(entry)) pending.set(entry, tick);
  };

  const claimed = (
    entry: JobEntry,
    member: Membership,
    tick: Instant | undefined,
    outcome: ClaimOutcome,
  ): void => {
    if (!outcome.ok) return notClaimed(entry, member, tick, outcome);
    const { assignment } = outcome;
    const { run } = assignment;
    slots.used(entry);
    // Deleted and created again meanwhile: that cursor was another job's. Claimed under the mode before: too.
    const owner = run.shard && assignment.membership.workerId;
    if (tick !== undefined && run.jobCreated === entry.created && entry.cursorOwner === owner) {
      entry.cursor = tick;
      entry.cursorRevision = assignment.fencingToken;
    }
    pending.delete(entry);
    if (assignment.lock !== 'run') {
      entry.busy = 'held';
      entry.holder = run.id;
      overlaps.hold(entry, assignment);
    }
    dispatcher.arm(assignment);
    if (entry.revision !== assignment.jobRevision) dispatcher.definitionChanged(entry.name);
    const kill = requests.killOf(entry.name, run.id);
    if (kill) dispatcher.kill(entry.name, run.id, kill);
    // With a lock of its own each, one run is armed at a time all the same: given back, a tick that a later
    // one has passed could not come due again.
    if (assignment.lock === 'run' && tick !== undefined && tick > clock.now()) {
      rounds.wakeAt(entry, tick);
      rounds.sleep();
    } else rounds.mark(entry);
  };

  const notClaimed = (
    entry: JobEntry,
    member: Membership,
    tick: Instant | undefined,
    failed: Extract<ClaimOutcome, { ok: false }>,
  ): void => {
    const now = clock.now();
    switch (failed.reason) {
      case 'cursor-moved':
        pending.delete(entry);
        return moveCursor(entry, failed.cursor);
      case 'lock-held':
        // Claimed ahead, and the run before it is still on: at the tick it is known whether they overlap.
        if (tick !== undefined && tick > now) {
          pending.delete(entry);
          return (rounds.wakeAt(entry, tick), rounds.sleep());
        }
        // A request behind another worker's run: asked again in a moment, and ticks are judged meanwhile.
        if (tick === undefined) {
          turns.holdUp(entry);
          return rounds.mark(entry);
        }
        return overlapping(entry, member, failed.lock, now);
      case 'trigger-gone':
        return rounds.mark(entry);
      case 'floor-moved':
        entry.cursorKnown = false;
        return rounds.mark(entry);
      case 'error':
        // It may have been carried out; what the cursor is now, only etcd knows.
        entry.cursorKnown = false;
        return (later(entry, RETRY), rounds.sleep());
      case 'definition-changed':
        // The change is on its way to us; the timer is for a watch that is late.
        return (later(entry, RETRY), rounds.sleep());
    }
  };

  const overlapping = (
    entry: JobEntry,
    member: Membership,
    lock: HeldLock | undefined,
    now: Instant,
  ): void => {
    const { overlap, catchUp } = entry.rule;
    const passed = overlap === 'forbid' ? ticksWithin(entry.ticks, settledUntil(entry), now) : undefined;
    if (overlap === 'forbid' && !passed) return rounds.mark(entry);
    if (passed && lock && passed.from > (lock.record?.startAt ?? 0)) {
      return slots.ask(entry, claimer.skip(entry, member, passed, lock, whySkipped(lock)), (outcome) =>
        settled(entry, outcome),
      );
    }
    // A tick that was overdue before the run began did not come while it was on: it waits to be caught up, and what
    // came since waits behind it. Under `all` to be run in its turn.
    if (passed && lock && catchUp.policy !== 'all') {
      const verdict = behind.judge(entry, lock, now);
      if ('passed' in verdict)
        return slots.ask(entry, claimer.pass(entry, member, verdict.passed), (outcome) =>
          settled(entry, outcome),
        );
      if (entry.busy === 'held') rounds.wakeAt(entry, instant(verdict.until + 1));
    }
    const next = overlap === 'replace' && lock ? replacing(entry, lock, now) : undefined;
    pending.delete(entry);
    // The end of a run of ours is told; that of another worker's is looked for.
    const again = entry.busy === 'held' ? Infinity : now + RETRY;
    if (next !== undefined || again !== Infinity)
      rounds.wakeAt(entry, instant(Math.min(next ?? Infinity, again)));
    rounds.sleep();
  };

  /**
   * A tick that came while the run was on ends it. One that was overdue before that began did not: it waits for its end,
   * or for the next tick, which is what this tells.
   */
  const replacing = (entry: JobEntry, lock: HeldLock, now: Instant): Instant | undefined => {
    const newest = entry.ticks.atOrBefore(now);
    if (newest === undefined || newest <= (lock.record?.startAt ?? 0)) return entry.ticks.nextAfter(now);
    overlaps.replace(entry, lock);
    return undefined;
  };

  const settled = (entry: JobEntry, outcome: SettleOutcome): void => {
    if (outcome.ok) pending.delete(entry);
    if (outcome.ok) return takeCursor(entry, outcome.cursor);
    if (outcome.reason === 'cursor-moved') return moveCursor(entry, outcome.cursor);
    if (outcome.reason === 'floor-moved') entry.cursorKnown = false;
    if (outcome.reason === 'lock-moved' || outcome.reason === 'floor-moved') return rounds.mark(entry);
    later(entry, RETRY);
    rounds.sleep();
  };

  /** Somebody else has moved it, or we, and the answer was lost. */
  const moveCursor = (entry: JobEntry, cursor: CursorAt): void => {
    if (entry.floor === undefined && !entry.rule.all && !cursor.isUnreadable)
      return takeCursor(entry, cursor);
    // What else it is held against is read along with it.
    entry.cursorKnown = false;
    rounds.mark(entry);
  };

  const takeCursor = (entry: JobEntry, cursor: CursorAt): void => {
    entry.cursor = cursor.tick === undefined ? undefined : instant(cursor.tick);
    entry.cursorRevision = cursor.revision;
    entry.cursorKnown = true;
    rounds.mark(entry);
  };

  const rounds = createRounds(clock, table, judge);
  const turns = createTurns({ clock, requests, overlaps }, RETRY);
  const slots = createSlots({
    slots: options.slots,
    clock,
    dispatcher,
    mark: (entry) => rounds.mark(entry),
    onFull(entry) {
      pending.delete(entry);
      options.onFull();
    },
  });

  /** That claim has moved a cursor that the job is planned by. */
  const hasMoved = ({ cursorRevision, floor }: JobEntry, fencingToken: number): boolean =>
    cursorRevision === fencingToken || floor?.revision === fencingToken;

  return {
    mark: (entry) => rounds.mark(entry),
    drop(entry) {
      rounds.drop(entry);
      behind.forget(entry);
      pending.delete(entry);
      slots.leave(entry);
    },
    runOver(entry, { run, fencingToken }, how) {
      if (entry) slots.used(entry);
      if (how === 'given-back' && entry && hasMoved(entry, fencingToken)) {
        // The tick is to be run again, perhaps by us: where the cursor stands now, only etcd knows.
        entry.cursorKnown = false;
        rounds.mark(entry);
      }
      if (entry?.holder === run.id) {
        behind.over(entry, overlaps.own(entry), how === 'ended' ? clock.now() : 'never');
        entry.holder = undefined;
        if (entry.busy === 'held') entry.busy = 'no';
        rounds.mark(entry);
      }
      if (!entry || entry.holder === undefined) overlaps.release(run.job);
      slots.freed();
    },
    lockLost(entry, { run }) {
      if (entry?.holder !== run.id) return;
      behind.over(entry, overlaps.own(entry), clock.now());
      entry.holder = undefined;
      if (entry.busy === 'held') entry.busy = 'no';
      overlaps.release(run.job);
      rounds.mark(entry);
    },
    clockChanged: () => rounds.clockChanged(),
    isAsking: (job) => table.get(job)?.busy === 'asking',
    whenAnswered: () => slots.whenAnswered(),
    waiting: () => slots.waiting(),
    overdue() {
      if (!membership()?.isValid()) return 0;
      let oldest = rounds.earliest();
      for (const tick of pending.values()) oldest = Math.min(oldest, tick);
      return Math.max(0, clock.now() - oldest);
    },
    stop: () => rounds.stop(),
  };
}
