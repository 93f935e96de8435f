// One lease and the one thing that matters about it: until when, on our own monotonic clock, we may believe
// to hold it. The deadline counts from the moment the last acknowledged keep-alive was *sent*; etcd's answer
// can only move it forward. It must never trust an answer's arrival time, and never extend once lost.
import type { Clock, Timer } from '../core/clock.ts';
import { monotonic, type Millis, type Monotonic } from '../model/time.ts';
import { createBackoff } from './backoff.ts';
import { EtcdError, type Etcd, type KeepAlive, type LeaseId } from './etcd.ts';

/**
 * expired: no acknowledgement in time. gone: etcd says that the lease is no more (revoked, or expired there).
 */
export type LossReason = 'expired' | 'gone';

export interface SessionOptions {
  readonly etcd: Etcd;
  readonly clock: Clock;
  readonly ttlSeconds: number;
  /** How long before the lease can end at etcd we stop believing in it: time to stop what runs under it. */
  readonly marginMs: Millis;
  /** With every acknowledged keep-alive. */
  readonly onExtended?: (deadline: Monotonic) => void;
  /** Once, at the deadline at the latest, whatever etcd and the network do; not after revoke() or stop(). */
  readonly onLost: (reason: LossReason) => void;
}

export interface Session {
  readonly leaseId: LeaseId;
  readonly deadline: Monotonic;
  /** Asks the clock, not a flag: right in a process that was frozen and has just gone on. */
  isValid(): boolean;
  /** Ends the lease: etcd deletes its keys. No onLost. Rejects with EtcdError when etcd could not be told. */
  revoke(): Promise<void>;
  /** Stops keeping it alive and leaves the lease to end by itself. No onLost. */
  stop(): void;
}

/** Rejects with EtcdError when no lease was granted. */
export async function startSession(options: SessionOptions): Promise<Session> {
  const { etcd, clock, onLost } = options;
  const askedAt = clock.monotonic();
  const grant = await etcd.leaseGrant(options.ttlSeconds);
  const { leaseId } = grant;
  const intervalMs = (grant.ttlSeconds * 1_000) / 3;
  const backoff = createBackoff({ first: 50, longest: Math.max(100, intervalMs / 2) });

  const deadlineOf = (sentAt: Monotonic, ttlSeconds: number): Monotonic =>
    monotonic(sentAt + ttlSeconds * 1_000 - options.marginMs);
  let deadline = deadlineOf(askedAt, grant.ttlSeconds);
  let over = false;
  let stream: KeepAlive | undefined;
  /** When the outstanding keep-alive was sent; one is outstanding at most. */
  let sentAt: Monotonic | undefined;
  let sendTimer: Timer | undefined;
  let fence: Timer | undefined;

  const end = (): void => {
    over = true;
    sendTimer?.cancel();
    fence?.cancel();
    stream?.close();
    stream = undefined;
  };

  const lose = (reason: LossReason): void => {
    if (over) return;
    end();
    onLost(reason);
  };

  const armFence = (): void => {
    fence?.cancel();
    fence = clock.setTimer(Math.max(0, deadline - clock.monotonic()), () => {
      // A timer can fire a fraction early; the deadline is what counts.
      if (clock.monotonic() < deadline) armFence();
      else lose('expired');
    });
  };

  const sendIn = (delay: Millis): void => {
    sendTimer?.cancel();
    sendTimer = clock.setTimer(delay, send);
  };

  const send = (): void => {
    if (over) return;
    if (sentAt !== undefined) {
      // No answer for a whole interval: the member or the way to it has gone silent. Try another stream.
      stream?.close();
      stream = undefined;
    }
    stream ??= openStream();
    sentAt = clock.monotonic();
    stream.send();
    sendIn(intervalMs);
  };

  const onAnswer = (ttlSeconds: number): void => {
    if (over || sentAt === undefined) return;
    const acknowledged = sentAt;
    sentAt = undefined;
    // The answer may have waited while we were frozen: what was lost before it was read stays lost.
    if (clock.monotonic() >= deadline) return lose('expired');
    if (ttlSeconds <= 0) return lose('gone');
    backoff.reset();
    deadline = monotonic(Math.max(deadline, deadlineOf(acknowledged, ttlSeconds)));
    armFence();
    sendIn(Math.max(0, acknowledged + intervalMs - clock.monotonic()));
    options.onExtended?.(deadline);
  };

  const openStream = (): KeepAlive => {
    const opened: KeepAlive = etcd.keepAlive(leaseId, {
      onAnswer: (ttlSeconds) => {
        if (opened === stream) onAnswer(ttlSeconds);
      },
      onEnd: (error) => {
        if (over || opened !== stream) return;
        stream = undefined;
        sentAt = undefined;
        if (error.kind === 'lease_not_found') lose('gone');
        else sendIn(backoff.next());
      },
    });
    return opened;
  };

  if (clock.monotonic() >= deadline) {
    throw new EtcdError('deadline', 'the lease was granted too late to be of use', { mayHaveApplied: true });
  }
  armFence();
  sendIn(intervalMs);

  return {
    leaseId,
    get deadline() {
      return deadline;
    },
    isValid: () => !over && clock.monotonic() < deadline,
    async revoke() {
      end();
      await etcd.leaseRevoke(leaseId);
    },
    stop: end,
  };
}
