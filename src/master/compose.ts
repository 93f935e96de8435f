// What a master does besides answering requests, joined on ports: its view of the cluster, its clock compared with
// the others', its registration, its turn at keeping house. The connection and the http server are main.ts's.
import type { Clock } from '../common/core/clock.ts';
import type { MasterRecord, ClockStamp } from '../common/model/worker.ts';
import { startClocks, type Clocks } from '../common/runtime/clocks.ts';
import type { Logger } from '../common/runtime/logger.ts';
import type { Etcd } from '../common/store/etcd.ts';
import type { Keyspace } from '../common/store/keyspace.ts';
import { startComparison, type Comparison } from './comparison.ts';
import { startHousekeeper, type HousekeeperTiming } from './housekeeper.ts';
import { startRegistration, type Registration } from './registration.ts';
import { startViews, type Views } from './views/views.ts';

/** Beyond this a master goes by the time of the others; a setting of the workers. */
const MAX_CLOCK_OFFSET = 1_000;

export interface MasterParts {
  readonly etcd: Etcd;
  readonly keys: Keyspace;
  /** The bare clock. */
  readonly clock: Clock;
  readonly logger: Logger;
}

export interface ComposedMaster {
  readonly clocks: Clocks;
  readonly views: Views;
  /** To be waited for before anything is decided by its clock. */
  readonly comparison: Comparison;
  /** Registers it, and has it stand for housekeeper. */
  join(about: Omit<MasterRecord, keyof ClockStamp | 'startedAt'>, house: HouseRules): void;
  /** Takes its registration away. The connection is its caller's to close. */
  leave(): Promise<void>;
}

export interface HouseRules {
  readonly quotaBytes: number;
  readonly timing?: HousekeeperTiming;
}

export function composeMaster({ etcd, keys, clock: bareClock, logger }: MasterParts): ComposedMaster {
  let registration: Registration | undefined;
  // What jobs may fire from when is decided by this clock, too: one that is far off must not silence them.
  const clocks = startClocks({
    clock: bareClock,
    keys,
    logger,
    maxOffset: MAX_CLOCK_OFFSET,
    revisions: () => views.peerRevisions,
    tell: () => registration?.tellTime(),
    onChanged: () => undefined,
  });
  const { clock } = clocks;
  const views = startViews({
    etcd,
    keys,
    clock,
    logger,
    onPeers: (changes, isLive) => clocks.take(changes, isLive),
  });
  let markRegistered: () => void;
  const whenRegistered = new Promise<void>((resolve) => (markRegistered = resolve));
  const comparison = startComparison({
    clock,
    clocks,
    whenThere: Promise.all([views.whenPeersLoaded, whenRegistered]),
  });
  let endHouse = async (): Promise<void> => {};
  return {
    clocks,
    views,
    comparison,
    join(about, house) {
      const startedAt = clock.now();
      const registered = startRegistration({
        etcd,
        keys,
        clock,
        logger,
        record: () => ({ ...about, startedAt, ...clocks.stamp(keys.master(about.id)) }),
      });
      registration = registered;
      void registered.whenRegistered.then(() => markRegistered());
      const housekeeper = startHousekeeper({
        etcd,
        keys,
        clock,
        logger,
        masterId: about.id,
        registration: {
          // No office for one that may take young history for old.
          get leaseId() {
            return comparison.isDone ? registered.leaseId : undefined;
          },
        },
        ...house,
      });
      endHouse = () => housekeeper.stop();
    },
    async leave() {
      await endHouse();
      await registration?.stop();
      views.stop();
      clocks.stop();
    },
  };
}
