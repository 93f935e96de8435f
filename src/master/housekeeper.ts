// Keeps the database small: one master at a time removes history that is too old, what deleted jobs left
// behind, and, when etcd nears its quota, history before claims suffer. Slow on purpose: a few requests a
// second at most, in pages. Never touches a lock, an active run or a definition.
import type { Clock, Timer } from '../common/core/clock.ts';
import type { Millis } from '../common/model/time.ts';
import type { Logger } from '../common/runtime/logger.ts';
import { EtcdError, type Etcd, type KeyValue } from '../common/store/etcd.ts';
import type { Keyspace } from '../common/store/keyspace.ts';
import { electHousekeeper, type Election } from '../common/store/transactions/masters.ts';
import { createLeftovers } from './housekeeping/leftovers.ts';
import { noteCut, pruneByCount, pruneHistories } from './housekeeping/prune.ts';
import { createQuotaWatch } from './housekeeping/quota.ts';
import type { Registration } from './registration.ts';

export interface HousekeeperTiming {
  /** Between two rounds, and between two looks at the quota, also within a round. */
  readonly roundEvery: Millis;
  /** Between two requests. */
  readonly pace: Millis;
  /** What has no job for this long is a leftover. */
  readonly leftoverAge: Millis;
}

const TIMING: HousekeeperTiming = { roundEvery: 60_000, pace: 400, leftoverAge: 300_000 };

export interface HousekeeperDeps {
  readonly etcd: Etcd;
  readonly keys: Keyspace;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly masterId: string;
  readonly registration: Pick<Registration, 'leaseId'>;
  readonly quotaBytes: number;
  readonly timing?: HousekeeperTiming;
}

export interface Housekeeper {
  readonly isElected: boolean;
  /** Waits for the request under way. */
  stop(): Promise<void>;
}

/** Thrown out of a round that shall not go on. */
class RoundOver extends Error {}

export function startHousekeeper(deps: HousekeeperDeps): Housekeeper {
  const { etcd, keys, clock, logger, timing = TIMING } = deps;
  const leftovers = createLeftovers({ etcd, keys, clock, age: timing.leftoverAge });
  const quota = createQuotaWatch(etcd, deps.quotaBytes);
  let isStopped = false;
  let isElected = false;
  let timer: Timer | undefined;
  let wake: (() => void) | undefined;
  let working: Promise<void> = Promise.resolve();
  let quotaSeenAt = -Infinity;

  const elect = async (): Promise<boolean> => {
    const { leaseId } = deps.registration;
    if (leaseId === undefined) return false;
    const vote = async (over?: KeyValue): Promise<Election> => {
      const intent = electHousekeeper(keys, deps.masterId, leaseId, over);
      return intent.read(await etcd.txn(intent.txn));
    };
    const first = await vote();
    if (first.stray)
      logger.warn({ key: keys.housekeeper }, 'a housekeeper that no master is: taking its place');
    const { holder } = first.stray ? await vote(first.stray) : first;
    return holder === deps.masterId;
  };

  /** Between two requests. A master that lost its lease, and so the office, goes no further. */
  const step = async (): Promise<void> => {
    await new Promise<void>((resolve) => {
      wake = resolve;
      timer = clock.setTimer(timing.pace, resolve);
    });
    if (isStopped || deps.registration.leaseId === undefined) throw new RoundOver();
  };

  /** Before the first cut, for who asks meanwhile, and after the last. Full as it is, etcd may refuse it. */
  const noteHistoryCut = async (): Promise<void> => {
    try {
      await noteCut({ etcd, keys, clock });
    } catch (error) {
      logger.warn({ err: error }, 'it could not be noted that histories are cut: the audit may miss records');
    }
  };

  const watchQuota = async (): Promise<void> => {
    quotaSeenAt = clock.monotonic();
    const level = await quota.check(step);
    if (level === 0) return;
    logger.warn({ level }, 'etcd is near its quota: cutting history');
    await noteHistoryCut();
    await pruneByCount({ etcd, keys, clock, pace: step }, level);
    await quota.compact();
    await noteHistoryCut();
    quotaSeenAt = clock.monotonic();
  };

  /** A round among many jobs takes long: the quota does not wait for its end. */
  const pace = async (): Promise<void> => {
    await step();
    if (clock.monotonic() - quotaSeenAt >= timing.roundEvery) await watchQuota();
  };

  const round = async (): Promise<void> => {
    isElected = await elect();
    if (!isElected) return;
    await watchQuota();
    await pruneHistories({ etcd, keys, clock, pace });
    const swept = await leftovers.sweep(pace);
    logger.debug(swept, 'house kept');
  };

  const roundAndNext = async (): Promise<void> => {
    try {
      await round();
    } catch (error) {
      if (error instanceof RoundOver) isElected = false;
      else if (error instanceof EtcdError)
        logger.info({ reason: error.message }, 'housekeeping waits for etcd');
      else logger.error({ err: error }, 'housekeeping failed');
    }
    next(timing.roundEvery);
  };

  const next = (delay: Millis): void => {
    if (isStopped) return;
    timer = clock.setTimer(delay, () => {
      working = roundAndNext();
    });
  };
  next(Math.min(timing.roundEvery, 2_000));

  return {
    get isElected() {
      return isElected;
    },
    async stop() {
      isStopped = true;
      timer?.cancel();
      wake?.();
      await working;
    },
  };
}
