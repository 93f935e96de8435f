// Claimed runs: holds them until their tick, starts them on time, sees them to their end and has it recorded.
// It starts nothing whose claim or definition does not stand at that very moment.
import { adoptedRun, endedRun } from '../common/core/lifecycle.ts';
import type { Timer } from '../common/core/clock.ts';
import type { KillRecord, RunRecord } from '../common/model/run.ts';
import type { Instant, Millis } from '../common/model/time.ts';
import type { Revision } from '../common/store/etcd.ts';
import { markRunning } from '../common/store/transactions/endings.ts';
import type { Assignment } from './assignment.ts';
import { startExecution, type Execution, type ExecutionEnd, type ExecutionPorts } from './execution.ts';
import { adoptOutlived } from './adoption.ts';
import { giveBack } from './give-back.ts';
import { carryThrough, type Persistence } from './persist.ts';
import type { Membership, WorkerPorts } from './ports.ts';
import { createProgress } from './progress.ts';
import type { Recorder } from './recorder.ts';
import { killReason } from './requests.ts';
import { afterLoss, retryElsewhere, withReason } from './retry-elsewhere.ts';

/** A run that lasts longer is marked as running in etcd; shorter ones are spared the write. */
const MARK_AFTER: Millis = 1_000;
/** An armed run whose tick has moved further away than this (a clock stepped back) is given back. */
const FARTHEST_START: Millis = 10_000;
/**
 * A herd starts on all workers at once: what is over at once is written when the others, which may share
 * these processors, had time to start theirs. A start takes 10 to 20 us.
 */
const HERD = 50;
const HOLD_PER_START: Millis = 0.05;
const LONGEST_HOLD: Millis = 100;
/**
 * The starts of a tick go on in a further turn of the event loop after this long: processes that have begun take the
 * processors from this one, a function may compute, and the lease is to be kept alive meanwhile. Not sooner, for
 * between two turns come the ends of all that are over, and the others start late by that.
 */
const LONGEST_TURN: Millis = 200;

export interface DispatcherEvents {
  /** Mod revision of the job's definition as known now; undefined: no such job. */
  currentRevision(job: string): Revision | undefined;
  /** The job of the run was deleted, and perhaps created again. */
  isJobGone(run: RunRecord): boolean;
  /**
   * The run is over and holds its lock no more: it ended (recorded, or given up), or it was given back, which
   * moves the cursor.
   */
  onOver(assignment: Assignment, how: 'ended' | 'given-back'): void;
  /** The run goes on without its lock, which is gone or about to be. */
  onLockLost(assignment: Assignment): void;
}

export interface Dispatcher {
  /** Runs armed or on. */
  readonly count: number;
  readonly running: number;
  readonly armed: number;
  /** Of all: those whose end, and whose claim, is on its way to etcd. Counted when asked. */
  readonly ending: number;
  readonly givingBack: number;
  /** The first of them, oldest claim first. */
  list(most: number): { readonly job: string; readonly run: string }[];
  arm(assignment: Assignment): void;
  /**
   * False: no such run here. An armed run ends as killed without a start; so does one that is being given back,
   * when the request is in etcd by then. `why`: it in words.
   */
  kill(job: string, runId: string, by: KillRecord, why?: string): boolean;
  has(job: string, runId: string): boolean;
  /** Gives back what is armed under another revision than the current one; ends the attempts of a job that is gone. */
  definitionChanged(job: string): void;
  /** The time was moved: armed runs start earlier or later, or are given back. */
  clockChanged(): void;
  /** Gives every armed run back, now and until undrain(); resolves when that is written. */
  drain(): Promise<void>;
  undrain(): void;
  /** The worker is to end: no run makes a further attempt here. */
  leave(): void;
  /** What runs, for the worker ends; with the reason as it is. */
  killAll(by: KillRecord): void;
  /** What could not be given back until now is left to others: its last try is under way. */
  giveUp(): void;
  /** The claim of these runs is lost. Those that outlive it go on. */
  fence(reason: string): void;
  /** Holds the runs that outlived an earlier registration under this one. */
  adopt(membership: Membership): void;
  /** Resolves when no run is left. */
  whenIdle(): Promise<void>;
}

/** Run ids of different jobs may be alike: they are drawn for each tick anew. */
const nameOf = ({ job, id }: Pick<RunRecord, 'job' | 'id'>): string => `${job}/${id}`;

interface Held {
  readonly name: string;
  /** Replaced when a later registration of this worker adopts the run. */
  assignment: Assignment;
  adopting: Promise<void> | undefined;
  /** Who follows the output of an armed run waits for its start; no bytes: it has none. */
  readonly endOutput: (bytes?: number) => void;
  execution: Execution | undefined;
  /** Nothing of it runs any more; its end is on its way to etcd. */
  hasEnded: boolean;
}

export function createDispatcher(
  ports: WorkerPorts,
  recorder: Recorder,
  events: DispatcherEvents,
): Dispatcher {
  const { clock, logger, batcher, keys } = ports;
  const held = new Map<string, Held>();
  const armed = new Map<string, Held>();
  const starts = new Map<Instant, { timer: Timer; runs: Set<Held> }>();
  let draining = false;
  let givenUp = false;
  const idle: (() => void)[] = [];
  const releasing = new Set<Promise<void>>();
  const through: Persistence = {
    clock,
    submit: batcher.submit.bind(batcher),
    goesOn: () => !givenUp,
    whatever: true,
  };

  const over = ({ name, assignment, endOutput }: Held, how: 'ended' | 'given-back'): void => {
    endOutput();
    held.delete(name);
    events.onOver(assignment, how);
    if (held.size === 0) for (const resolve of idle.splice(0)) resolve();
  };

  const disarm = (each: Held): boolean => {
    const { startAt } = each.assignment;
    if (!armed.delete(each.name)) return false;
    const group = starts.get(startAt);
    group?.runs.delete(each);
    if (group?.runs.size === 0) {
      group.timer.cancel();
      starts.delete(startAt);
    }
    return true;
  };

  const release = (each: Held, why: string, leaseLost = false): void => {
    const releases = takeBack(each, why, leaseLost).finally(() => releasing.delete(releases));
    releasing.add(releases);
  };

  const takeBack = async (each: Held, why: string, leaseLost: boolean): Promise<void> => {
    const result = await giveBack(ports, each.assignment, { why, leaseLost, leaves: draining, through });
    if (result?.kind === 'killed') return endUnstarted(each, result.by);
    over(each, 'given-back');
  };

  /** What follows an end that this worker may not try again itself. */
  const followUp = (
    { run: claimed, definition }: Assignment,
    run: RunRecord,
    further: ExecutionEnd['further'],
  ): ReturnType<typeof afterLoss> => {
    if (further === undefined) return {};
    const before = claimed.overrides ? { ...run, overrides: claimed.overrides } : run;
    const now = clock.now();
    return further !== 'as-lost' && run.shard === undefined
      ? { retry: retryElsewhere(before, now, ports.randomSuffix(), further) }
      : afterLoss(before, definition.retry, now, ports.randomSuffix());
  };

  const recordEnd = async (each: Held, run: RunRecord, end?: ExecutionEnd): Promise<void> => {
    if (each.adopting) await each.adopting;
    const { assignment } = each;
    const { workerId } = assignment.membership;
    const next = end?.further === undefined ? undefined : followUp(assignment, run, end.further);
    // Adopted while it ended: its output is asked for under the id that it has now.
    const told = run.worker === workerId ? run : adoptedRun(run, workerId);
    await recorder.record(assignment, withReason(told, next?.reason), end?.tail ?? '', next?.retry);
    over(each, 'ended');
  };

  const endUnstarted = (each: Held, by: KillRecord, reason = killReason(by)): Promise<void> => {
    each.hasEnded = true;
    return recordEnd(
      each,
      endedRun(each.assignment.run, { state: 'killed', at: clock.now(), reason, killedBy: by }),
    );
  };

  const adopt = async (
    each: Held,
    execution: Execution,
    membership: Membership,
    before: Promise<void> | undefined,
  ): Promise<void> => {
    await before;
    const from = each.assignment.membership.workerId;
    const run = adoptedRun(execution.record, membership.workerId);
    if (each.hasEnded || !(await adoptOutlived(ports, run, { from, membership }))) return;
    each.assignment = { ...each.assignment, membership };
    execution.adopt(membership.workerId);
  };

  const executions: ExecutionPorts<Held> = {
    clock,
    tasks: ports.tasks,
    onWaiting: (each, record) => void mark(each.assignment, record),
    announce: (each, record, isWanted) => announce(each.assignment, record, isWanted),
    onProgress: (each) => progress.changed(each),
  };

  const begin = (each: Held): void => {
    const { assignment } = each;
    const { run, membership } = assignment;
    // Disarmed in the turns that its tick has taken so far.
    if (!armed.delete(each.name)) return;
    // Past the deadline others may claim: this run never starts.
    if (!membership.isValid()) return release(each, 'the claim was lost', true);
    if (events.currentRevision(run.job) !== assignment.jobRevision)
      return release(each, 'the definition changed');
    const execution = startExecution(assignment, executions, each);
    each.execution = execution;
    void execution.ended.then((end) => {
      each.endOutput(end.run.outputBytes);
      each.hasEnded = true;
      return recordEnd(each, end.run, end);
    });
  };

  const beginAll = (runs: Iterator<Held>, hold: Millis): void => {
    if (hold > 0) recorder.holdBack(hold);
    const until = clock.monotonic() + LONGEST_TURN;
    for (let next = runs.next(); !next.done; next = runs.next()) {
      begin(next.value);
      if (clock.monotonic() > until) return void clock.setTimer(0, () => beginAll(runs, hold));
    }
  };

  const mark = async (assignment: Assignment, record: RunRecord): Promise<void> => {
    try {
      await batcher.submit(markRunning(keys, assignment.membership.workerId, record));
    } catch (error) {
      logger.debug({ err: error, run: record.id }, 'run not marked as running');
    }
  };

  const announce = async (
    { membership }: Assignment,
    record: RunRecord,
    isWanted: () => boolean,
  ): Promise<boolean> => {
    const goesOn = (): boolean => !givenUp && membership.isValid() && isWanted();
    try {
      const isTold = await carryThrough(markRunning(keys, membership.workerId, record), {
        ...through,
        goesOn,
      });
      return isTold && goesOn();
    } catch (error) {
      logger.warn({ err: error, job: record.job, run: record.id }, 'a further attempt is not made here');
      return false;
    }
  };

  const progress = createProgress<Held>({
    clock,
    tell({ assignment, execution, hasEnded }) {
      if (!execution || hasEnded) return 'never';
      const { record } = execution;
      // Shorter ones are spared the write.
      if (clock.now() - record.startedAt! < MARK_AFTER) return 'later';
      void mark(assignment, record);
      return 'told';
    },
  });

  const markLasting = (runs: Iterable<Held>): void => {
    for (const { assignment, execution, hasEnded } of runs) {
      if (execution && !hasEnded) void mark(assignment, execution.record);
    }
  };

  const startDue = (startAt: Instant): void => {
    const group = starts.get(startAt);
    if (!group) return;
    const left = startAt - clock.now();
    // Timers may be a millisecond early, and the wall clock may have been set back.
    if (left > FARTHEST_START) {
      for (const each of group.runs) if (disarm(each)) release(each, 'the clock was set back');
    } else if (left > 0) {
      group.timer = clock.setTimer(left, () => startDue(startAt));
    } else {
      starts.delete(startAt);
      const hold = group.runs.size < HERD ? 0 : Math.min(LONGEST_HOLD, group.runs.size * HOLD_PER_START);
      beginAll(group.runs.values(), hold);
      // One timer for all that start together: most are over by then.
      clock.setTimer(MARK_AFTER, () => markLasting(group.runs));
    }
  };

  return {
    get count() {
      return held.size;
    },
    get running() {
      return held.size - armed.size;
    },
    get armed() {
      return armed.size;
    },
    get ending() {
      let ends = 0;
      for (const { hasEnded } of held.values()) if (hasEnded) ends++;
      return ends;
    },
    get givingBack() {
      let claims = 0;
      for (const { name, execution, hasEnded } of held.values())
        if (!execution && !hasEnded && !armed.has(name)) claims++;
      return claims;
    },
    list(most) {
      const some: { job: string; run: string }[] = [];
      for (const { assignment } of held.values()) {
        if (some.length === most) break;
        some.push({ job: assignment.run.job, run: assignment.run.id });
      }
      return some;
    },
    arm(assignment) {
      const { job, id } = assignment.run;
      const each: Held = {
        name: nameOf(assignment.run),
        assignment,
        endOutput: ports.beginOutput(job, id),
        adopting: undefined,
        execution: undefined,
        hasEnded: false,
      };
      held.set(each.name, each);
      if (draining) return release(each, 'the worker drains');
      armed.set(each.name, each);
      const { startAt } = assignment;
      const group = starts.get(startAt);
      if (group) group.runs.add(each);
      else {
        const timer = clock.setTimer(Math.max(0, startAt - clock.now()), () => startDue(startAt));
        starts.set(startAt, { timer, runs: new Set([each]) });
      }
    },
    kill(job, runId, by, why = killReason(by)) {
      const each = held.get(nameOf({ job, id: runId }));
      if (!each) return false;
      if (each.execution) each.execution.kill(by, why);
      else if (disarm(each)) void endUnstarted(each, by, why);
      return true;
    },
    has: (job, runId) => held.has(nameOf({ job, id: runId })),
    definitionChanged(job) {
      for (const each of armed.values()) {
        const { run, jobRevision } = each.assignment;
        if (run.job !== job || jobRevision === events.currentRevision(job)) continue;
        if (disarm(each)) release(each, 'the definition changed');
      }
      for (const { assignment, execution } of held.values()) {
        if (execution && assignment.run.job === job && events.isJobGone(assignment.run))
          execution.endAttempts();
      }
    },
    clockChanged() {
      for (const [startAt, group] of starts) {
        group.timer.cancel();
        startDue(startAt);
      }
    },
    async drain() {
      draining = true;
      for (const each of armed.values()) if (disarm(each)) release(each, 'the worker drains');
      await Promise.all(releasing);
    },
    undrain() {
      draining = false;
    },
    leave() {
      for (const { execution } of held.values()) execution?.leave();
    },
    killAll(by) {
      for (const { execution } of held.values()) execution?.shutDown(by, by.reason ?? killReason(by));
    },
    giveUp: () => void (givenUp = true),
    fence(reason) {
      for (const each of held.values()) {
        if (each.execution) {
          each.execution.fence(reason);
          if (each.execution.isOutliving && !each.hasEnded) events.onLockLost(each.assignment);
        } else if (disarm(each)) release(each, reason, true);
      }
    },
    adopt(membership) {
      for (const each of held.values()) {
        const { execution, hasEnded, assignment } = each;
        if (!execution?.isOutliving || hasEnded || assignment.membership === membership) continue;
        each.adopting = adopt(each, execution, membership, each.adopting);
      }
    },
    whenIdle: () => (held.size === 0 ? Promise.resolve() : new Promise((resolve) => idle.push(resolve))),
  };
}
