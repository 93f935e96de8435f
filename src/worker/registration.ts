// This worker's membership: a session, and under it the registration that others rank and reach it by. When
// a session is lost the next one registers under a new id, so nothing of the old one is taken for alive.
import { hostname } from 'node:os';
import type { Timer } from '../common/core/clock.ts';
import type { Instant, Millis, Monotonic } from '../common/model/time.ts';
import type {
  Abilities,
  ClockStamp,
  Draining,
  WaitingJobs,
  WorkerRecord,
  WorkerState,
} from '../common/model/worker.ts';
import { createOutageNote } from '../common/runtime/outage-note.ts';
import { createBackoff } from '../common/store/backoff.ts';
import { EtcdError } from '../common/store/etcd.ts';
import { codecs } from '../common/store/keyspace.ts';
import { startSession, type LossReason, type Session } from '../common/store/session.ts';
import { register } from '../common/store/transactions/membership.ts';
import type { Membership, WorkerPorts } from './ports.ts';

const REWRITE_EVERY: Millis = 10_000;
/** A state that comes and goes (full, ready) is told at most this often; draining is told at once. */
const STATE_PAUSE: Millis = 1_000;
/** Who asks for our time is answered after this, others who ask along with him; and again after that. */
const GATHER: Millis = 50;
const ANSWER_PAUSE: Millis = 500;
/** Part of the TTL kept back, so that what runs is dead when the lease can end. */
const MARGIN = 0.15;

export interface RegistrationOptions {
  readonly ports: Pick<WorkerPorts, 'etcd' | 'keys' | 'clock' | 'logger' | 'randomSuffix'>;
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  /** What it can run; does not change as long as it lives. */
  readonly can: Abilities;
  readonly slots: number;
  readonly ttlSeconds: number;
  readonly version: string;
  readonly http: string;
  readonly token: string;
  /** Asked at each writing. */
  readonly load: () => {
    readonly state: WorkerState;
    readonly running: number;
    readonly left: number | undefined;
  };
  readonly draining: () => Draining | undefined;
  readonly waiting: () => WaitingJobs | undefined;
  /** What the record tells of this clock, asked at each writing. */
  readonly stamp: (key: string) => ClockStamp;
  readonly onExtended: (deadline: Monotonic) => void;
  readonly onJoined: (membership: Membership) => void;
  readonly onLost: (membership: Membership, reason: LossReason) => void;
}

export interface Registration {
  readonly membership: Membership | undefined;
  /** Tells a changed state, or the progress of a drain, soon; `atOnce` resolves when it is told. */
  tell(): void;
  /** Writes it anew in a moment, whatever was told: another asks for our time, or we ask for theirs. */
  tellTime(): void;
  atOnce(): Promise<void>;
  /**
   * Others were told that this registration is gone, so they settle what runs under it and take over: the session is
   * lost, whatever the next keep-alive would say. A stuck leader of etcd before 3.5.13 revokes leases that are alive.
   */
  unregistered(workerId: string): void;
  /** Leaves: the lease is revoked, the registration and every lock with it. */
  leave(): Promise<void>;
}

export function startRegistration(options: RegistrationOptions): Registration {
  const { etcd, keys, clock, logger, randomSuffix } = options.ports;
  const startedAt: Instant = clock.now();
  const backoff = createBackoff({ first: 100, longest: 2_000 });
  const outage = createOutageNote({ clock, logger }, 'this worker is not registered and takes no runs');
  let session: Session | undefined;
  let membership: Membership | undefined;
  let told: WorkerState | undefined;
  let toldLeft: number | undefined;
  let rewrite: Timer | undefined;
  let soon: Timer | undefined;
  let answer: Timer | undefined;
  let writtenAt = -Infinity;
  let stopped = false;

  const write = async (member: Membership): Promise<void> => {
    const { state, running, left } = options.load();
    const draining = options.draining();
    const waiting = options.waiting();
    const record: WorkerRecord = {
      id: member.workerId,
      name: options.name,
      host: hostname(),
      pid: process.pid,
      version: options.version,
      labels: { ...options.labels },
      can: options.can,
      slots: options.slots,
      running,
      state,
      ...(draining === undefined ? {} : { draining }),
      ...(waiting === undefined ? {} : { waiting }),
      http: options.http,
      token: options.token,
      startedAt,
      joinedAt: member.since,
      ...options.stamp(keys.worker(member.workerId)),
    };
    told = state;
    toldLeft = left;
    writtenAt = clock.monotonic();
    await etcd.txn(register(keys.worker(member.workerId), codecs.worker.encode(record), member.leaseId));
  };

  const isTold = (): boolean => {
    const { state, left } = options.load();
    return state === told && left === toldLeft;
  };

  const writeOrWarn = async (): Promise<void> => {
    if (!membership?.isValid()) return;
    try {
      await write(membership);
    } catch (error) {
      logger.warn({ err: error }, 'registration not written; the next one will be');
      told = undefined;
    }
  };

  const keepWriting = (): void => {
    rewrite = clock.setTimer(REWRITE_EVERY, () => {
      keepWriting();
      void writeOrWarn();
    });
  };

  const join = async (): Promise<void> => {
    const opened = await startSession({
      etcd,
      clock,
      ttlSeconds: options.ttlSeconds,
      marginMs: options.ttlSeconds * 1_000 * MARGIN,
      onExtended: options.onExtended,
      onLost: (reason) => lose(reason),
    });
    session = opened;
    if (stopped) return opened.revoke();
    const member: Membership = {
      workerId: `${options.name}-${randomSuffix()}`,
      leaseId: opened.leaseId,
      since: clock.now(),
      isValid: () => opened.isValid(),
      get deadline() {
        return opened.deadline;
      },
    };
    // Only who is registered claims: others settle what an unregistered worker holds.
    await write(member);
    if (!opened.isValid()) throw new EtcdError('lease_not_found', 'the session was lost while registering');
    membership = member;
    options.onExtended(opened.deadline);
    keepWriting();
    logger.info({ worker: member.workerId }, 'registered');
    options.onJoined(member);
    // What changed while that was on its way could not be told.
    if (options.load().state !== told) void writeOrWarn();
  };

  const part = (): Membership | undefined => {
    const was = membership;
    membership = undefined;
    session = undefined;
    told = undefined;
    rewrite?.cancel();
    soon?.cancel();
    soon = undefined;
    answer?.cancel();
    answer = undefined;
    return was;
  };

  const lose = (reason: LossReason): void => {
    // Still joining: join() finds the session invalid and tries again.
    if (!membership) return;
    const was = part();
    logger.error(
      { worker: was?.workerId, reason },
      'session lost: every run under it is ended, and the worker registers anew',
    );
    options.onLost(was!, reason);
    void rejoin();
  };

  const rejoin = async (): Promise<void> => {
    for (;;) {
      if (stopped) return;
      try {
        await join();
        backoff.reset();
        outage.over();
        return;
      } catch (error) {
        outage.note(error);
        session?.stop();
        part();
        await new Promise<void>((resolve) => void clock.setTimer(backoff.next(), resolve));
      }
    }
  };

  void rejoin();

  return {
    get membership() {
      return membership;
    },
    tell() {
      if (!membership || soon || isTold()) return;
      soon = clock.setTimer(STATE_PAUSE, () => {
        soon = undefined;
        if (!isTold()) void writeOrWarn();
      });
    },
    tellTime() {
      if (!membership || answer) return;
      answer = clock.setTimer(Math.max(GATHER, writtenAt + ANSWER_PAUSE - clock.monotonic()), () => {
        answer = undefined;
        void writeOrWarn();
      });
    },
    atOnce: writeOrWarn,
    unregistered(workerId) {
      if (membership?.workerId !== workerId) return;
      session?.stop();
      lose('gone');
    },
    async leave() {
      stopped = true;
      const last = session;
      part();
      try {
        await last?.revoke();
      } catch (error) {
        logger.warn({ err: error }, 'lease not revoked: it ends by itself');
      }
    },
  };
}
