// When each job is judged: at its instant, claimed ahead by the lead, or soon after something has changed. In
// slices, so that a herd stops nothing else. It decides nothing about a job, and it forgets none: what a fault
// of ours let fall comes up again within a minute.
import { Agenda, type LeadPolicy } from '../common/core/agenda.ts';
import type { Clock, Timer } from '../common/core/clock.ts';
import { instant, type Instant, type Millis } from '../common/model/time.ts';
import type { JobEntry, JobTable } from './job-table.ts';

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
const LOOK_AGAIN: Millis = 60_000;

export interface Rounds {
  /** Something about the job has changed: it is judged soon. */
  mark(entry: JobEntry): void;
  /** Judged when the lead before its tick begins. */
  armAt(entry: JobEntry, tick: Instant): void;
  /** Judged at that instant, not before. */
  wakeAt(entry: JobEntry, at: Instant): void;
  /** Its instant is near enough for a claim. */
  isWithinLead(tick: Instant, now: Instant): boolean;
  /** It is on no agenda any more. */
  unplan(entry: JobEntry): void;
  /** As unplan, and what was marked is not judged. */
  drop(entry: JobEntry): void;
  /** Sets the timer anew, after plans that were made outside of judging. */
  sleep(): void;
  /** The time was moved: what waits for an instant is judged anew, or waited for anew. */
  clockChanged(): void;
  /** The earliest instant that is planned; Infinity: none. */
  earliest(): number;
  stop(): void;
}

export function createRounds(clock: Clock, table: JobTable, judge: (entry: JobEntry) => void): Rounds {
  /** By tick: claimed ahead by the lead. */
  const arming = new Agenda<JobEntry>();
  /** By instant: judged anew then, not before. */
  const waking = new Agenda<JobEntry>();
  const dirty = new Set<JobEntry>();
  /** The last look at the agenda claims up to here: a herd's lead holds for all of it, also when part is claimed. */
  let armUntil = instant(0);
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

  const mark = (entry: JobEntry): void => {
    if (stopped) return;
    dirty.add(entry);
    slice ??= clock.setTimer(0, judgeSome);
  };

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

  return {
    mark,
    armAt: (entry, tick) => plan(entry, arming, tick),
    wakeAt: (entry, at) => plan(entry, waking, at),
    isWithinLead: (tick, now) =>
      tick - arming.leadAt(now, LEAD) <= now || (tick <= armUntil && tick - LEAD.max <= now),
    unplan,
    drop(entry) {
      unplan(entry);
      dirty.delete(entry);
    },
    sleep,
    clockChanged() {
      // What was to be looked at in a second would be looked at in an hour, after a step back of an hour.
      for (let entry = waking.first(); entry; entry = waking.first()) {
        unplan(entry);
        mark(entry);
      }
      armUntil = instant(0);
      sleep();
    },
    earliest: () => Math.min(arming.first()?.due ?? Infinity, waking.first()?.due ?? Infinity),
    stop() {
      stopped = true;
      timer?.cancel();
      looking.cancel();
      slice?.cancel();
    },
  };
}
