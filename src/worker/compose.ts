// A worker's scheduling, registration and drain, joined on ports. What those ports are built on (a connection, a
// runner, disks, a server) is main.ts's, or a simulation's: nothing here is made for either.
import type { Clock } from '../common/core/clock.ts';
import { instant, type Millis } from '../common/model/time.ts';
import type { Abilities } from '../common/model/worker.ts';
import { startClocks, type Clocks } from '../common/runtime/clocks.ts';
import { startBatcher, type Batcher } from '../common/store/batcher.ts';
import type { Membership, WorkerPorts } from './ports.ts';
import { startRegistration, type Registration } from './registration.ts';
import { startScheduler, type Scheduler } from './scheduler.ts';
import type { TaskPort } from './tasks/task.ts';

/**
 * After the drain timeout, for an etcd that is away: the process has to end, and leases end by themselves. Not counted
 * from the last end of a run: what is not recorded by then others record as lost, whatever its end was, so ends are
 * kept for etcd's return for as long as runs were allowed.
 */
const ETCD_PATIENCE: Millis = 10_000;

export interface WorkerParts extends Pick<
  WorkerPorts,
  'etcd' | 'keys' | 'logger' | 'randomSuffix' | 'beginOutput'
> {
  /** The bare clock. */
  readonly clock: Clock;
  /** Called once. The times that tasks tell are on the scale of the clock that is believed. */
  readonly openTasks: (clocks: Clocks) => TaskPort;
}

export interface WorkerTraits {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  /** What its tasks port can run; fixed. */
  readonly can: Abilities;
  readonly slots: number;
  readonly ttl: Millis;
  readonly drainTimeout: Millis;
  readonly maxClockOffset: Millis;
  readonly version: string;
}

export interface ComposedWorker {
  readonly scheduler: Scheduler;
  readonly clocks: Clocks;
  readonly batcher: Batcher;
  /** Undefined while it has no session. */
  readonly membership: Membership | undefined;
  /** Resolves when it has registered and loaded all jobs for the first time; rejects when it leaves before. */
  readonly whenReady: Promise<void>;
  /** Registers it as reached there, and again after each loss of its session. Nothing is claimed before that. */
  join(reached: { readonly http: string; readonly token: string }): void;
  /**
   * Drains: armed runs go back at once, running ones get `drainTimeout`, then are killed; all are recorded, and
   * the lease is revoked. Never rejects. The ports are its caller's to close.
   */
  leave(): Promise<void>;
}

export function composeWorker(parts: WorkerParts, traits: WorkerTraits): ComposedWorker {
  const { etcd, keys, clock, logger, randomSuffix, beginOutput } = parts;
  const batcher = startBatcher({ etcd });
  let registration: Registration | undefined;
  const clocks = startClocks({
    clock,
    keys,
    logger,
    maxOffset: traits.maxClockOffset,
    revisions: () => scheduler.peerRevisions(),
    tell: () => registration?.tellTime(),
    onChanged: () => scheduler.clockChanged(),
  });
  const tasks = parts.openTasks(clocks);
  const ports: WorkerPorts = {
    etcd,
    batcher,
    keys,
    clock: clocks.clock,
    logger,
    randomSuffix,
    tasks,
    beginOutput,
  };
  const scheduler = startScheduler({
    ports,
    slots: traits.slots,
    clocks,
    membership: () => registration?.membership,
    onLoadChanged: () => registration?.tell(),
    onUnregistered: (workerId) => registration?.unregistered(workerId),
  });
  let joined: () => void;
  const joinedOnce = new Promise<void>((resolve) => (joined = resolve));
  const whenReady = Promise.all([joinedOnce, scheduler.whenLoaded]).then(() => undefined);
  // Stopped before that, and nobody waits for it.
  whenReady.catch(() => undefined);

  return {
    scheduler,
    clocks,
    batcher,
    get membership() {
      return registration?.membership;
    },
    whenReady,
    join({ http, token }) {
      const registered = startRegistration({
        ports,
        name: traits.name,
        labels: traits.labels,
        can: traits.can,
        slots: traits.slots,
        ttlSeconds: traits.ttl / 1_000,
        version: traits.version,
        http,
        token,
        load: () => scheduler.load(),
        draining: () => scheduler.draining(),
        waiting: () => scheduler.waiting(),
        stamp: (key) => clocks.stamp(key),
        onExtended: (deadline) => tasks.setDeadline(deadline),
        onJoined: () => {
          scheduler.joined();
          joined();
        },
        onLost: (_membership, reason) => scheduler.lost(`the claim was lost (${reason})`),
      });
      registration = registered;
      // Until then it is ranked for nothing.
      void scheduler.whenLoaded.then(
        () => registered.atOnce(),
        () => undefined,
      );
    },
    async leave() {
      const { drainTimeout } = traits;
      // Both run from the start: giving armed runs back and writing ends take as long as etcd is away.
      const timeout = clock.setTimer(drainTimeout, () =>
        scheduler.killAll('the worker shuts down, and the drain timeout is over'),
      );
      const giveUp = clock.setTimer(drainTimeout + ETCD_PATIENCE, () => {
        logger.warn('draining: etcd does not answer; what is not written is left to others to settle');
        scheduler.giveUp();
      });
      const killAt = instant(clock.now() + drainTimeout);
      await scheduler.leave(killAt, instant(killAt + ETCD_PATIENCE));
      await registration?.atOnce();
      await scheduler.whenIdle();
      timeout.cancel();
      giveUp.cancel();
      scheduler.stop();
      clocks.stop();
      await registration?.leave();
      await batcher.stop();
    },
  };
}
