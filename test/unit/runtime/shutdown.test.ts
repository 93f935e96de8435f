import { EventEmitter } from 'node:events';
import { pino } from 'pino';
import { describe, expect, it } from 'vitest';
import type { Clock } from '../../../src/common/core/clock.ts';
import { instant, monotonic } from '../../../src/common/model/time.ts';
import { startShutdown } from '../../../src/common/runtime/shutdown.ts';

/** A process that signals are sent to by hand, on a clock that is moved by hand. */
function setUp(deadline = 1_000) {
  let now = 0;
  const timers = new Set<{ readonly at: number; readonly fn: () => void }>();
  const clock: Clock = {
    now: () => instant(now),
    monotonic: () => monotonic(now),
    setTimer: (delay, fn) => {
      const timer = { at: now + delay, fn };
      timers.add(timer);
      return { cancel: () => void timers.delete(timer) };
    },
  };
  const events = new EventEmitter();
  const exits: number[] = [];
  const ended = new Promise<void>((resolve) => events.once('ended', resolve));
  const process = Object.assign(events, {
    exit: (code: number) => {
      exits.push(code);
      events.emit('ended');
    },
  });
  const shutdown = startShutdown({ process, clock, deadline, logger: pino({ level: 'silent' }) });
  const advance = (ms: number): void => {
    now += ms;
    for (const timer of timers) if (timer.at <= now && timers.delete(timer)) timer.fn();
  };
  return {
    shutdown,
    exits,
    ended,
    advance,
    timers,
    signal: (name: string, error?: unknown) => events.emit(name, error),
  };
}

const never = () => new Promise<void>(() => {});

describe('a process that is asked to stop', () => {
  it.each(['SIGTERM', 'SIGINT'])('stops its parts in the reverse order of their start: %s', async (name) => {
    const { shutdown, exits, ended, signal, timers } = setUp();
    const stopped: string[] = [];
    shutdown.add('first', () => void stopped.push('first'));
    shutdown.add('second', async () => {
      await Promise.resolve();
      stopped.push('second');
    });
    signal(name);
    expect(shutdown.isStopping).toBe(true);
    await ended;
    expect(stopped).toEqual(['second', 'first']);
    expect(exits).toEqual([0]);
    expect(timers.size).toBe(0);
  });

  it('goes on with the others when one fails, and says so with its exit code', async () => {
    const { shutdown, exits, ended, signal } = setUp();
    let stopped = false;
    shutdown.add('first', () => {
      stopped = true;
    });
    shutdown.add('second', () => Promise.reject(new Error('stuck')));
    signal('SIGTERM');
    await ended;
    expect(stopped).toBe(true);
    expect(exits).toEqual([1]);
  });

  it('ends with an error when its parts take longer than the deadline', async () => {
    const { shutdown, exits, ended, signal, advance } = setUp(1_000);
    shutdown.add('first', never);
    signal('SIGTERM');
    advance(999);
    expect(exits).toEqual([]);
    advance(1);
    await ended;
    expect(exits).toEqual([1]);
  });

  it('ends at once at the second signal, with the code that shells give', () => {
    const { shutdown, exits, signal, advance } = setUp();
    shutdown.add('first', never);
    signal('SIGINT');
    advance(600);
    signal('SIGINT');
    expect(exits).toEqual([130]);
  });

  it('takes one keystroke that arrives twice for one', () => {
    const { shutdown, exits, signal, advance } = setUp();
    shutdown.add('first', never);
    signal('SIGINT');
    advance(20);
    signal('SIGINT');
    signal('SIGTERM');
    expect(exits).toEqual([]);
  });

  it('ends with the code it is given when it stops by itself', async () => {
    const { shutdown, exits, ended } = setUp();
    shutdown.begin('failed', 1);
    shutdown.begin('again', 0);
    await ended;
    expect(exits).toEqual([1]);
  });

  it.each(['uncaughtException', 'unhandledRejection'])('does not wait for anything after an %s', (name) => {
    const { shutdown, exits, signal } = setUp();
    shutdown.add('first', never);
    signal(name, new Error('unexpected'));
    expect(exits).toEqual([1]);
  });
});
