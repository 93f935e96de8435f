// Decides, job by job, what happens next: wait, claim, skip, let go. Level-triggered: events only mark a job,
// and the job is judged anew from its state. It acts through the claimer and the dispatcher alone, and it
// never trusts its own view: each decision is a transaction that compares what was decided on.
import { Agenda, type LeadPolicy } from '../common/core/agenda.ts';
import type { Timer } from '../common/core/clock.ts';
import { dueAt, type Due } from '../common/core/due.ts';
import { instant, type Instant, type Millis } from '../common/model/time.ts';
import type { HeldLock } from '../common/store/transactions/claims.ts';
import type { Assignment } from './assignment.ts';
import { passedUntil, type Claimer, type ClaimOutcome, type SettleOutcome } from './claimer.ts';
import type { CursorReader } from './cursors.ts';
import type { Dispatcher } from './dispatcher.ts';
import type { JobEntry, JobTable } from './job-table.ts';
import type { Overlaps } from './overlaps.ts';
import type { Membership, WorkerPorts } from './ports.ts';
import { killReason, type Requests } from './requests.ts';

/**
 * Measured on two cores that three workers and etcd share: a claim takes 0.2 to 0.5 ms of them, and a small
 * herd is held up by whatever else runs. Claims that are not back at the tick start late.
 */
export const LEAD: LeadPolicy = { base: 200, perJob: 1.2, max: 2_000 };
/** The timer is set anew at least this often, so that a stepped wall clock is noticed. */
const LONGEST_SLEEP: Millis = 30_000;
/** Between two looks at an agenda of which nothing is due yet, though a herd's lead says soon. */
const SHORTEST_SLEEP: Millis = 10;
/** One stretch of judging jobs, before other work gets its turn. */
const SLICE: Millis = 8;
const RETRY: Millis = 1_000;
const LOOK_AGAIN: Millis = 60_000;

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
  /** A claim of this job is on its way. */
  isAsking(job: string): boolean;
  /** Resolves when no claim is on its way. */
  whenAnswered(): Promise<void>;
  /** How long ago the most overdue tick was due that nothing keeps this worker from claiming. */
  overdue(): Millis;
  stop(): void;
}

export function createPlanner(options: PlannerOptions): Planner {
  const { table, dispatcher, claimer, requests, membership, overlaps } = options;
  const { clock } = options.ports;
  /** By tick: claimed ahead by the lead. */
  const arming = new Agenda<JobEntry>();
  /** By instant: judged anew then, not before. */
  const waking = new Agenda<JobEntry>();
  const dirty = new Set<JobEntry>();
  /** Ticks that are due and that nothing but this worker keeps from being settled: what readiness looks at. */
  const pending = new Map<JobEntry, Instant>();
  let full = new Set<JobEntry>();
  /** The last look at the agenda claims up to here: a herd's lead holds for all of it, also when part is claimed. */
  let armUntil = instant(0);
  let asking = 0;
  const answered: (() => void)[] = [];
  let timer: Timer | undefined;
  let slice: Timer | undefined;
  let stopped = false;

  const unplan = (entry: JobEntry): void => {
    entry.on?.remove(entry);
    entry.on = undefined;
  };

  const plan = (entry: JobEntry, agenda: Agenda<JobEntry>, at: Instant): void => {
    if (entry.on !== agenda) unplan(entry);
    agenda.set(entry, at);
    entry.on = agenda;
  };

  const later = (entry: JobEntry, delay: Millis): void => plan(entry, waking, instant(clock.now() + delay));

  const mark = (entry: JobEntry): void => {
    if (stopped) return;
    dirty.add(entry);
    slice ??= clock.setTimer(0, judgeSome);
  };

  /** Whatever was forgotten by a fault of ours comes up again: no job stops for good. */
  const lookAgain = (): void => {
    looking = clock.setTimer(LOOK_AGAIN, lookAgain);
    for (const entry of table.entries.values()) {
      if (entry.owned && entry.on === undefined && entry.busy === 'no') mark(entry);
    }
  };
  let looking = clock.setTimer(LOOK_AGAIN, lookAgain);

  const judgeSome = (): void => {
    slice = undefined;
    const until = clock.monotonic() + SLICE;
    for (const entry of dirty) {
      dirty.delete(entry);
      judge(entry);
      if (clock.monotonic() > until) break;
    }
    if (dirty.size > 0) slice = clock.setTimer(0, judgeSome);
    else sleep();
  };

  const wake = (): void => {
    timer = undefined;
    const now = clock.now();
    const lead = arming.leadAt(now, LEAD);
    armUntil = instant(now + lead);
    for (let entry = arming.first(); entry && entry.due - lead <= now; entry = arming.first()) {
      unplan(entry);
      dirty.add(entry);
    }
    for (let entry = waking.first(); entry && entry.due <= now; entry = waking.first()) {
      unplan(entry);
      dirty.add(entry);
    }
    if (dirty.size > 0) {
      slice?.cancel();
      judgeSome();
    } else sleep();
  };

  const sleep = (): void => {
    timer?.cancel();
    if (stopped) return;
    const now = clock.now();
    const arm = arming.nextWake(LEAD);
    const next = waking.first()?.due;
    const untilArm = arm === undefined ? LONGEST_SLEEP : Math.max(arm - now, SHORTEST_SLEEP);
    const untilNext = next === undefined ? LONGEST_SLEEP : Math.max(next - now, 0);
    timer = clock.setTimer(Math.min(LONGEST_SLEEP, untilArm, untilNext), wake);
  };

  const judge = (entry: JobEntry): void => {
    unplan(entry);
    const member = membership();
    if (!member?.isValid() || !entry.owned || table.get(entry.name) !== entry || entry.busy === 'asking')
      return;
    if (entry.busy === 'full') entry.busy = 'no';
    if (!entry.cursorKnown) return options.cursors.want(entry);
    if (judgeTrigger(entry, member)) return;
    if (entry.rule.paused) return void pending.delete(entry);
    const now = clock.now();
    const due = dueAt(
      { ticks: entry.ticks, since: entry.since, cursor: entry.cursor, catchUp: entry.rule.catchUp },
      now,
    );
    if (due.kind !== 'now') pending.delete(entry);
    if (due.kind === 'at') judgeComing(entry, member, due.tick, now);
    else if (due.kind === 'now') judgePassed(entry, member, due, now);
  };

  const isWithinLead = (tick: Instant, now: Instant): boolean =>
    tick - arming.leadAt(now, LEAD) <= now || (tick <= armUntil && tick - LEAD.max <= now);

  const judgeComing = (entry: JobEntry, member: Membership, tick: Instant, now: Instant): void => {
    // While a run is on, nothing is claimed ahead: whether the next overlaps is known at its tick.
    if (entry.busy === 'held') plan(entry, waking, tick);
    else if (!isWithinLead(tick, now)) plan(entry, arming, tick);
    else if (hasSlot(entry)) {
      expect(entry, tick);
      ask(
        entry,
        claimer.claimTick(entry, member, { tick, late: false, missed: undefined, missedReason: '' }),
        (outcome) => claimed(entry, member, tick, outcome),
      );
    }
  };

  const judgePassed = (
    entry: JobEntry,
    member: Membership,
    due: Extract<Due, { kind: 'now' }>,
    now: Instant,
  ): void => {
    if (entry.busy === 'held') return overlapping(entry, member, overlaps.own(entry), now);
    const { run, missed, late } = due;
    expect(entry, instant(missed?.from ?? run ?? now));
    const reason = overlaps.whyMissed(entry);
    if (run === undefined) {
      ask(entry, claimer.miss(entry, member, missed!, reason), (outcome) => settled(entry, outcome));
    } else if (hasSlot(entry)) {
      ask(
        entry,
        claimer.claimTick(entry, member, { tick: run, late, missed, missedReason: reason }),
        (outcome) => claimed(entry, member, run, outcome),
      );
    }
  };

  /** True: the job is busy with a request to run. */
  const judgeTrigger = (entry: JobEntry, member: Membership): boolean => {
    const trigger = requests.next(entry.name);
    if (!trigger) return false;
    if (entry.busy === 'held') {
      if (trigger.record.whenRunning === 'skip') overlaps.skipTrigger(entry, trigger);
      return false;
    }
    if (!hasSlot(entry)) return true;
    ask(entry, claimer.claimTrigger(entry, member, trigger), (outcome) => {
      if (!outcome.ok && outcome.reason === 'lock-held' && trigger.record.whenRunning === 'skip')
        overlaps.skipTrigger(entry, trigger);
      if (!outcome.ok && outcome.reason === 'trigger-gone')
        requests.removeTrigger(options.ports.keys.trigger(trigger.job, trigger.runId));
      claimed(entry, member, undefined, outcome);
    });
    return true;
  };

  const hasSlot = (entry: JobEntry): boolean => {
    if (dispatcher.count + asking < options.slots) return true;
    entry.busy = 'full';
    pending.delete(entry);
    full.add(entry);
    options.onFull();
    return false;
  };

  /** A tick is due here, and has to be settled soon. */
  const expect = (entry: JobEntry, tick: Instant): void => {
    if (!pending.has(entry)) pending.set(entry, tick);
  };

  const ask = <R>(entry: JobEntry, answer: Promise<R>, then: (outcome: R) => void): void => {
    entry.busy = 'asking';
    asking++;
    void answer.then((outcome) => {
      asking--;
      entry.busy = 'no';
      then(outcome);
      if (full.size > 0) useSlots();
      if (asking === 0) for (const resolve of answered.splice(0)) resolve();
    });
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
    // Deleted and created again meanwhile: that cursor was another job's.
    if (tick !== undefined && run.jobCreated === entry.created) {
      entry.cursor = tick;
      entry.cursorRevision = assignment.fencingToken;
    }
    pending.delete(entry);
    if (assignment.lock === 'job') {
      entry.busy = 'held';
      entry.holder = run.id;
      overlaps.hold(entry, assignment);
    }
    dispatcher.arm(assignment);
    if (entry.revision !== assignment.jobRevision) dispatcher.definitionChanged(entry.name);
    const kill = requests.killOf(entry.name, run.id);
    if (kill) dispatcher.kill(entry.name, run.id, killReason(kill));
    // With a lock of its own each, one run is armed at a time all the same: given back, a tick that a later
    // one has passed could not come due again.
    if (assignment.lock === 'run' && tick !== undefined && tick > clock.now()) {
      plan(entry, waking, tick);
      sleep();
    } else mark(entry);
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
          return (plan(entry, waking, tick), sleep());
        }
        if (tick === undefined) return (later(entry, RETRY), sleep());
        return overlapping(entry, member, failed.lock, now);
      case 'trigger-gone':
        return mark(entry);
      case 'error':
        // It may have been carried out; what the cursor is now, only etcd knows.
        entry.cursorKnown = false;
        return (later(entry, RETRY), sleep());
      case 'definition-changed':
        // The change is on its way to us; the timer is for a watch that is late.
        return (later(entry, RETRY), sleep());
    }
  };

  const overlapping = (
    entry: JobEntry,
    member: Membership,
    lock: HeldLock | undefined,
    now: Instant,
  ): void => {
    const { overlap } = entry.rule;
    const skipped = overlap === 'forbid' ? passedUntil(entry, now) : undefined;
    if (overlap === 'forbid' && !skipped) return mark(entry);
    // A tick that was overdue before the run began did not come while it was on: it waits to be caught up.
    if (skipped && lock && skipped.from > (lock.record?.startAt ?? 0)) {
      return ask(entry, claimer.skip(entry, member, skipped, lock), (outcome) => {
        if (entry.holder !== undefined) entry.busy = 'held';
        settled(entry, outcome);
      });
    }
    if (overlap === 'replace' && lock) overlaps.replace(entry, lock);
    pending.delete(entry);
    // The end of a run of ours is told; that of another worker's is looked for.
    if (entry.busy !== 'held') later(entry, RETRY);
    sleep();
  };

  const settled = (entry: JobEntry, outcome: SettleOutcome): void => {
    if (outcome.ok) pending.delete(entry);
    if (outcome.ok || outcome.reason === 'cursor-moved') return moveCursor(entry, outcome.cursor);
    if (outcome.reason === 'lock-moved') return mark(entry);
    later(entry, RETRY);
    sleep();
  };

  const moveCursor = (entry: JobEntry, cursor: { tick: number | undefined; revision: number }): void => {
    entry.cursor = cursor.tick === undefined ? undefined : instant(cursor.tick);
    entry.cursorRevision = cursor.revision;
    entry.cursorKnown = true;
    mark(entry);
  };

  const useSlots = (): void => {
    let free = options.slots - dispatcher.count - asking;
    if (free <= 0) return;
    const waiting = full;
    full = new Set();
    for (const entry of waiting) {
      if (entry.busy !== 'full') continue;
      if (free-- > 0) mark(entry);
      else full.add(entry);
    }
  };

  return {
    mark,
    drop(entry) {
      unplan(entry);
      dirty.delete(entry);
      pending.delete(entry);
      if (entry.busy === 'full') entry.busy = 'no';
    },
    runOver(entry, { run, fencingToken }, how) {
      if (how === 'given-back' && entry?.cursorRevision === fencingToken) {
        // The tick is to be run again, perhaps by us: where the cursor stands now, only etcd knows.
        entry.cursorKnown = false;
        mark(entry);
      }
      if (entry?.holder === run.id) {
        entry.holder = undefined;
        if (entry.busy === 'held') entry.busy = 'no';
        mark(entry);
      }
      if (!entry || entry.holder === undefined) overlaps.release(run.job);
      if (full.size > 0) useSlots();
    },
    isAsking: (job) => table.get(job)?.busy === 'asking',
    whenAnswered: () => (asking === 0 ? Promise.resolve() : new Promise((resolve) => answered.push(resolve))),
    overdue() {
      if (!membership()?.isValid()) return 0;
      let oldest = Math.min(arming.first()?.due ?? Infinity, waking.first()?.due ?? Infinity);
      for (const tick of pending.values()) oldest = Math.min(oldest, tick);
      return Math.max(0, clock.now() - oldest);
    },
    stop() {
      stopped = true;
      timer?.cancel();
      looking.cancel();
      slice?.cancel();
    },
  };
}
