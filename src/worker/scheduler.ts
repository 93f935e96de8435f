// The worker's scheduling, composed: follows what etcd holds, and lets planner, claimer, dispatcher and
// settler act on it. Given its ports it is whole: a real worker and a simulated one differ in the ports only.
import { createRequests } from './requests.ts';
import type { Instant, Millis } from '../common/model/time.ts';
import type { Draining, WaitingJobs, WorkerState } from '../common/model/worker.ts';
import { codecs } from '../common/store/keyspace.ts';
import { register } from '../common/store/transactions/membership.ts';
import { createUnreadable, type Unreadable } from '../common/store/unreadable.ts';
import { startFollow, type Change, type Follow } from '../common/store/follow.ts';
import type { Revision } from '../common/store/etcd.ts';
import type { Clocks } from '../common/runtime/clocks.ts';
import { createClaimer } from './claimer.ts';
import { createCursorReader } from './cursors.ts';
import { createDispatcher } from './dispatcher.ts';
import { createDrainWatch } from './drain-watch.ts';
import { createJobTable, type JobEntry, type JobTable } from './job-table.ts';
import { createOverlaps } from './overlaps.ts';
import { createKeeper } from './keeper.ts';
import { createOwnership, KEEPS, NOTHING, OWNS, type Place } from './ownership.ts';
import { createPeers } from './peers.ts';
import { createPlanner } from './planner.ts';
import type { Membership, WorkerPorts } from './ports.ts';
import { createRecorder } from './recorder.ts';
import { startSettler } from './settler.ts';

/** A tick this late, that this worker should have claimed, means that it does not work. */
const OVERDUE: Millis = 10_000;

export interface SchedulerOptions {
  /** With the clock that is believed. */
  readonly ports: WorkerPorts;
  readonly slots: number;
  readonly clocks: Clocks;
  readonly membership: () => Membership | undefined;
  /** The state may have changed: tell it. */
  readonly onLoadChanged: () => void;
  /** This worker's own registration is gone from etcd, and with it, most likely, the lease. */
  readonly onUnregistered: (workerId: string) => void;
}

export interface Scheduler {
  readonly table: JobTable;
  /** Keys, but those of jobs, whose values could not be read. */
  readonly unreadable: Pick<Unreadable, 'size'>;
  /** `left`: while it drains, the runs it waits for. */
  load(): {
    readonly state: WorkerState;
    readonly running: number;
    readonly armed: number;
    readonly left: number | undefined;
  };
  draining(): Draining | undefined;
  /** Jobs that wait for a slot; undefined: none. */
  waiting(): WaitingJobs | undefined;
  /** Up to where registrations have been told. */
  peerRevisions(): { readonly workers: Revision; readonly masters: Revision };
  /** The time was moved, or whether this clock is off has changed. */
  clockChanged(): void;
  readiness(): { readonly ok: boolean; readonly reason?: string };
  readonly whenLoaded: Promise<void>;
  joined(): void;
  lost(reason: string): void;
  /**
   * Takes no more work, for good, and gives armed runs back. It tells that what runs is killed at `killAt`, and what
   * is not written is given up at `giveUpAt`; its caller does both.
   */
  leave(killAt: Instant, giveUpAt: Instant): Promise<void>;
  /** Resolves when nothing runs any more. */
  whenIdle(): Promise<void>;
  killAll(reason: string): void;
  /** etcd has been away for too long: what is not written yet is left to others to settle. */
  giveUp(): void;
  stop(): void;
}

export function startScheduler(options: SchedulerOptions): Scheduler {
  const { ports, clocks, membership, onLoadChanged, onUnregistered } = options;
  const { etcd, keys, clock, logger } = ports;
  const ownId = (): string | undefined => membership()?.workerId;

  const letGo = (entry: JobEntry): void => {
    planner.drop(entry);
    keeper.letGo(entry);
  };
  const table = createJobTable({ logger, onRefused: letGo });
  const unreadable = createUnreadable(logger);
  const requests = createRequests(keys, unreadable);
  const peers = createPeers(keys, clock, unreadable);
  const recorder = createRecorder(ports);
  const dispatcher = createDispatcher(ports, recorder, {
    currentRevision: (job) => table.get(job)?.revision,
    isJobGone: ({ job, jobCreated }) => table.get(job)?.created !== jobCreated,
    onOver(assignment, how) {
      planner.runOver(table.get(assignment.run.job), assignment, how);
      onLoadChanged();
    },
    onLockLost: (assignment) => planner.lockLost(table.get(assignment.run.job), assignment),
  });
  const drainWatch = createDrainWatch({ clock, logger, dispatcher });
  const claimer = createClaimer(ports, table, peers, unreadable);
  const overlaps = createOverlaps(ports, () => dispatcher, membership);
  const cursors = createCursorReader({
    etcd,
    keys,
    clock,
    logger,
    unreadable,
    jobs: table.entries,
    membership,
    onRead: (entry) => planner.mark(entry),
  });
  /** This worker is to be drained: asked for by the API, or because it leaves. */
  let isDrainAsked = false;
  let isLeaving = false;
  const drainWishes = new Set<string>();
  const isDraining = (): boolean => isDrainAsked || isLeaving;
  let isLoaded = false;

  const planner = createPlanner({
    ports,
    table,
    dispatcher,
    claimer,
    cursors,
    requests,
    overlaps,
    slots: options.slots,
    membership: () => (isDraining() || !isLoaded ? undefined : membership()),
    onFull: onLoadChanged,
  });
  const keeper = createKeeper({
    ports,
    peers,
    requests,
    overlaps,
    membership,
    isSound: (entry) => table.isSound(entry),
  });
  const placeOf = (entry: JobEntry): Place => {
    const own = ownId();
    if (isDraining() || own === undefined) return NOTHING;
    const { rule } = entry;
    const first = peers.firstFor(entry.hash, rule);
    if (first === undefined) {
      // Somebody may match and be no candidate: it is leaving, or still loading, and is waited for.
      const isHeir = peers.nobodyFor(rule) !== undefined && peers.heirOf(entry.hash) === own;
      return isHeir ? KEEPS : NOTHING;
    }
    if (!rule.all) return first === own ? OWNS : NOTHING;
    const owns = peers.takes(own, rule) ? OWNS : NOTHING;
    return first === own ? ((owns | KEEPS) as Place) : owns;
  };
  const ownership = createOwnership({
    clock,
    table,
    placeOf,
    onGained: (entry) => planner.mark(entry),
    onLost: (entry) => planner.drop(entry),
    onKept: (entry) => keeper.look(entry),
    onLetGo: (entry) => keeper.letGo(entry),
  });
  const settler = startSettler({
    ports,
    unreadable,
    table,
    peers,
    ownId: () => (isLoaded ? ownId() : undefined),
    isKnown: (job, runId) => dispatcher.has(job, runId) || planner.isAsking(job),
    isInHand: (job, runId) => dispatcher.has(job, runId),
    killOf: (job, runId) => requests.killOf(job, runId),
  });

  const takeJob = (change: Change): void => {
    const job = keys.partsOf(change.type === 'put' ? change.kv.key : change.key)[0] ?? '';
    const before = table.get(job);
    const entry = change.type === 'put' ? table.put(job, change.kv) : undefined;
    if (change.type === 'delete') {
      table.remove(job);
      recorder.forget(job);
      claimer.forget(job);
    }
    if (before && before !== entry) letGo(before);
    if (entry) takeEntry(entry, change.type === 'put' && isLoaded && change.kv.version === 1);
    dispatcher.definitionChanged(job);
  };

  const takeEntry = (entry: JobEntry, isNew: boolean): void => {
    if (isLoaded) ownership.judge(entry);
    if (!entry.owned) return;
    // A job that has just been created has no cursor; were that wrong, the claim would say so.
    if (isNew) entry.cursorKnown = true;
    planner.mark(entry);
  };

  const loads: Promise<void>[] = [];
  const follow = (
    range: { key: string; rangeEnd: string },
    onChanges: (changes: readonly Change[], isLive: boolean) => void,
  ): Follow => {
    let live = false;
    const followed = startFollow({
      etcd,
      clock,
      range,
      onChanges: (changes) => onChanges(changes, live),
      onFresh: () => (live = true),
      onStale: () => (live = false),
    });
    followed.whenLoaded.catch(() => undefined);
    loads.push(followed.whenLoaded);
    return followed;
  };

  const takePeers = (changes: readonly Change[], live: boolean): void => {
    clocks.take(changes, live);
    const { rankingChanged, gone } = peers.take(changes);
    const own = ownId();
    if (own !== undefined && gone.includes(own)) onUnregistered(own);
    if (rankingChanged && isLoaded) ownership.judgeAll();
    for (const workerId of gone) settler.workerGone(workerId);
  };
  const workers = follow(keys.workers, takePeers);
  const masters = follow(keys.masters, (changes, live) => clocks.take(changes, live));

  const follows = [
    follow(keys.jobs, (changes) => changes.forEach(takeJob)),
    workers,
    masters,
    follow(keys.triggers, (changes) => {
      for (const change of changes) {
        if (change.type === 'delete') requests.removeTrigger(change.key);
        const job = change.type === 'put' ? requests.putTrigger(change.kv) : undefined;
        const entry = job === undefined ? undefined : table.get(job);
        if (entry?.owned) planner.mark(entry);
        if (entry?.kept) keeper.look(entry);
      }
    }),
    follow(keys.kills, (changes) => {
      for (const change of changes) {
        if (change.type === 'delete') {
          requests.removeKill(change.key);
          continue;
        }
        const kill = requests.putKill(change.kv);
        if (kill) dispatcher.kill(kill.job, kill.runId, kill.record);
      }
    }),
    follow(keys.drains, (changes) => {
      for (const change of changes) {
        const id = keys.partsOf(change.type === 'put' ? change.kv.key : change.key)[0] ?? '';
        if (change.type === 'put') drainWishes.add(id);
        else drainWishes.delete(id);
        if (id !== ownId()) continue;
        isDrainAsked = change.type === 'put';
        if (isDrainAsked) void drain();
        else resume();
      }
    }),
  ];

  let registered: () => void;
  const whenRegistered = new Promise<void>((resolve) => (registered = resolve));
  // Nothing is claimed by a clock that may be fast: it is compared first.
  const whenCompared = Promise.all([workers.whenLoaded, masters.whenLoaded, whenRegistered]).then(() =>
    clocks.compared(),
  );
  const whenLoaded = Promise.all([...loads, whenCompared]).then(() => {
    isLoaded = true;
    logger.info({ jobs: table.entries.size, broken: table.broken.size, workers: peers.count }, 'jobs loaded');
    ownership.judgeAll();
    settler.sweep();
  });
  whenLoaded.catch(() => undefined);

  /** The wish hung on the session before: under the new id it is this worker's own to keep. */
  const keepDraining = async (): Promise<void> => {
    const member = membership();
    if (!member) return;
    const wish = codecs.drain.encode({
      by: 'the worker, drained before its session was lost',
      at: clock.now(),
    });
    try {
      await etcd.txn(register(keys.drain(member.workerId), wish, member.leaseId));
    } catch (error) {
      logger.warn({ err: error }, 'still draining, but not told so: resume it by restarting it');
    }
  };

  const stateFor = (count: number): WorkerState => {
    if (!isLoaded) return 'loading';
    if (isDraining()) return 'draining';
    if (clocks.isAside) return 'clock_skew';
    return count >= options.slots ? 'full' : 'ready';
  };

  const load = () => {
    const { count, running, armed } = dispatcher;
    return { state: stateFor(count), running, armed, left: isDraining() ? count : undefined };
  };

  const drain = async (): Promise<void> => {
    logger.info('draining: takes no more work');
    drainWatch.begin();
    ownership.judgeAll();
    await dispatcher.drain();
    // A claim may be on its way; what it brings is given back as well. Only then is it told: who takes over
    // reads the cursors, and has to find them put back.
    await planner.whenAnswered();
    // Resumed meanwhile: from there on claims are wanted again.
    if (isDraining()) await dispatcher.drain();
    onLoadChanged();
  };

  const resume = (): void => {
    if (isDraining()) return;
    logger.info('takes work again');
    drainWatch.end();
    dispatcher.undrain();
    onLoadChanged();
    ownership.judgeAll(true);
  };

  return {
    table,
    unreadable,
    load,
    draining: () => drainWatch.report(),
    waiting: () => planner.waiting(),
    peerRevisions: () => ({ workers: workers.revision, masters: masters.revision }),
    clockChanged() {
      dispatcher.clockChanged();
      planner.clockChanged();
      onLoadChanged();
    },
    readiness() {
      if (!membership()?.isValid()) return { ok: false, reason: 'no session with etcd' };
      if (!isLoaded) return { ok: false, reason: 'jobs are being loaded' };
      const overdue = planner.overdue();
      if (overdue > OVERDUE)
        return { ok: false, reason: `a tick of this worker is ${Math.round(overdue / 1000)} s overdue` };
      const reason = drainWatch.words();
      if (reason !== undefined) return { ok: true, reason };
      return { ok: true };
    },
    whenLoaded,
    joined() {
      registered();
      if (isLoaded) ownership.judgeAll(true);
      const member = membership();
      if (member) dispatcher.adopt(member);
      const own = member?.workerId;
      if (isDrainAsked) void keepDraining();
      else if (own !== undefined && drainWishes.has(own)) {
        isDrainAsked = true;
        void drain();
      }
    },
    lost(reason) {
      dispatcher.fence(reason);
      ownership.judgeAll();
    },
    leave(killAt, giveUpAt) {
      isLeaving = true;
      drainWatch.endsBy(killAt, giveUpAt);
      dispatcher.leave();
      return drain();
    },
    async whenIdle() {
      await planner.whenAnswered();
      await dispatcher.whenIdle();
    },
    killAll: (reason) => dispatcher.killAll({ by: 'the worker', at: clock.now(), reason }),
    giveUp() {
      dispatcher.giveUp();
      recorder.giveUp();
    },
    stop() {
      drainWatch.end();
      planner.stop();
      keeper.stop();
      ownership.stop();
      cursors.stop();
      settler.stop();
      recorder.giveUp();
      for (const each of follows) each.stop();
    },
  };
}
