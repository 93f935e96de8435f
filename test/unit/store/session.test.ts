import { describe, expect, test } from 'vitest';
import { EtcdError, type Etcd, type KeepAliveHandlers } from '../../../src/common/store/etcd.ts';
import { startSession, type LossReason } from '../../../src/common/store/session.ts';
import { createTestClock, type TestClock } from '../../support/test-clock.ts';

interface Stream {
  sends: number;
  isClosed: boolean;
  readonly handlers: KeepAliveHandlers;
}

/** An etcd of leases only, whose answers the test gives itself. */
function leases(options: { grantDelay?: number; clock: TestClock }) {
  const streams: Stream[] = [];
  const revoked: string[] = [];
  const etcd = {
    async leaseGrant(ttlSeconds: number) {
      if (options.grantDelay) options.clock.freeze(options.grantDelay);
      return { leaseId: '7', ttlSeconds };
    },
    async leaseRevoke(leaseId: string) {
      revoked.push(leaseId);
    },
    keepAlive(_leaseId: string, handlers: KeepAliveHandlers) {
      const stream: Stream = { sends: 0, isClosed: false, handlers };
      streams.push(stream);
      return { send: () => void stream.sends++, close: () => void (stream.isClosed = true) };
    },
  } as unknown as Etcd;
  return { etcd, streams, revoked };
}

async function begin(options: { grantDelay?: number } = {}) {
  const clock = createTestClock();
  const lost: LossReason[] = [];
  const extended: number[] = [];
  const { etcd, streams, revoked } = leases({ ...options, clock });
  const session = await startSession({
    etcd,
    clock,
    ttlSeconds: 9,
    marginMs: 1_000,
    onExtended: (deadline) => void extended.push(deadline),
    onLost: (reason) => void lost.push(reason),
  });
  return { clock, session, streams, revoked, lost, extended };
}

const broken = new EtcdError('unavailable', 'cut');

describe('the deadline', () => {
  test('counts from the sending of the request for the lease, not from its answer', async () => {
    const { session } = await begin({ grantDelay: 2_000 });
    expect(session.deadline).toBe(9_000 - 1_000);
  });

  test('a lease that is granted too late is no session', async () => {
    await expect(begin({ grantDelay: 8_000 })).rejects.toMatchObject({ kind: 'deadline' });
  });

  test('is moved by an answer to the moment of its request, however long the answer took', async () => {
    const { clock, session, streams, extended } = await begin();
    await clock.advance(3_000);
    expect(streams[0]!.sends).toBe(1);
    await clock.advance(2_500);
    streams[0]!.handlers.onAnswer(9);
    expect(session.deadline).toBe(3_000 + 9_000 - 1_000);
    expect(extended).toEqual([11_000]);
  });

  test('passes without an answer: lost once, by the timer', async () => {
    const { clock, session, lost, streams } = await begin();
    await clock.advance(7_999);
    expect(lost).toEqual([]);
    expect(session.isValid()).toBe(true);
    await clock.advance(1);
    expect(lost).toEqual(['expired']);
    expect(session.isValid()).toBe(false);
    streams.at(-1)!.handlers.onAnswer(9);
    await clock.advance(60_000);
    expect(lost).toEqual(['expired']);
    expect(session.isValid()).toBe(false);
    expect(clock.pendingTimers).toBe(0);
  });

  test('passes while the process is frozen: invalid at once, before any timer ran', async () => {
    const { clock, session, lost } = await begin();
    clock.freeze(8_000);
    expect(session.isValid()).toBe(false);
    expect(lost).toEqual([]);
    await clock.advance(0);
    expect(lost).toEqual(['expired']);
  });

  test('an answer that is read after the deadline revives nothing', async () => {
    const { clock, session, streams, lost } = await begin();
    await clock.advance(3_000);
    clock.freeze(6_000);
    streams[0]!.handlers.onAnswer(9);
    expect(session.isValid()).toBe(false);
    expect(lost).toEqual(['expired']);
  });
});

describe('keep-alives', () => {
  test('go out every third of the TTL, one outstanding at a time', async () => {
    const { clock, streams } = await begin();
    for (let i = 1; i <= 5; i++) {
      await clock.advance(3_000);
      expect(streams.map((stream) => stream.sends)).toEqual([i]);
      streams[0]!.handlers.onAnswer(9);
    }
  });

  test('a stream that does not answer within the interval is replaced', async () => {
    const { clock, streams, session } = await begin();
    await clock.advance(3_000);
    await clock.advance(3_000);
    expect(streams.map(({ sends, isClosed }) => [sends, isClosed])).toEqual([
      [1, true],
      [1, false],
    ]);
    // A late word of the first stream is about nothing that we know of.
    streams[0]!.handlers.onAnswer(9);
    expect(session.deadline).toBe(8_000);
    streams[1]!.handlers.onAnswer(9);
    expect(session.deadline).toBe(6_000 + 8_000);
  });

  test('a broken stream is replaced at once and again, until the deadline and not beyond', async () => {
    const { clock, streams, lost } = await begin();
    await clock.advance(3_000);
    for (let i = 0; i < 200 && lost.length === 0; i++) {
      const latest = streams.at(-1)!;
      latest.handlers.onEnd(broken);
      await clock.advance(1_500);
    }
    expect(lost).toEqual(['expired']);
    expect(streams.length).toBeGreaterThan(3);
    expect(streams.length).toBeLessThan(30);
  });

  test('a TTL of 0 means that the lease is gone: lost at once', async () => {
    const { clock, streams, lost, session } = await begin();
    await clock.advance(3_000);
    streams[0]!.handlers.onAnswer(0);
    expect(lost).toEqual(['gone']);
    expect(session.isValid()).toBe(false);
    expect(clock.pendingTimers).toBe(0);
  });
});

describe('the end', () => {
  test('revoke() and stop() are no loss and leave no timer', async () => {
    const first = await begin();
    await first.session.revoke();
    expect(first.revoked).toEqual(['7']);
    const second = await begin();
    await second.clock.advance(3_000);
    second.session.stop();
    for (const { clock, session, lost } of [first, second]) {
      expect(clock.pendingTimers).toBe(0);
      await clock.advance(60_000);
      expect(session.isValid()).toBe(false);
      expect(lost).toEqual([]);
    }
    expect(second.streams[0]!.isClosed).toBe(true);
  });
});
