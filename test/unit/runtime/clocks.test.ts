// Several processes, each with a clock of its own, told what the others register after a while.
import { pino } from 'pino';
import { beforeEach, describe, expect, test } from 'vitest';
import type { Clock } from '../../../src/common/core/clock.ts';
import { HOLD } from '../../../src/common/core/clock-judge.ts';
import { instant } from '../../../src/common/model/time.ts';
import { startClocks, type Clocks } from '../../../src/common/runtime/clocks.ts';
import { codecs, keyspace } from '../../../src/common/store/keyspace.ts';
import { createTestClock, type TestClock } from '../../support/test-clock.ts';

const keys = keyspace('/t/');
const MINUTE = 60_000;
/** From a writer to each reader. */
const DELIVERY = 10;
/** As registrations do. */
const GATHER = 50;
const HEARTBEAT = 10_000;

interface Process {
  readonly clocks: Clocks;
  /** How far the time it goes by is ahead of the true one. */
  ahead(): number;
  step(by: number): void;
  write(): void;
  leave(): void;
  readonly writes: number;
  readonly changes: number;
  /** Only those of the changes that would be told to it now. */
  isDeaf: boolean;
}

let time: TestClock;
let revision: number;
let processes: Map<string, Process & { told: number; take(change: 'put' | 'delete', key: string): void }>;
let store: Map<string, { value: string; revision: number }>;

beforeEach(() => {
  time = createTestClock();
  revision = 0;
  processes = new Map();
  store = new Map();
});

function start(name: string, off = 0, kind: 'worker' | 'master' = 'worker'): Process {
  let stepped = off;
  const bare: Clock = {
    now: () => instant(time.now() + stepped),
    monotonic: () => time.monotonic(),
    setTimer: (delay, fn) => time.setTimer(delay, fn),
  };
  const key = kind === 'master' ? keys.master(name) : keys.worker(name);
  let waiting = false;
  const clocks = startClocks({
    clock: bare,
    keys,
    logger: pino({ level: 'silent' }),
    maxOffset: 1_000,
    revisions: () => ({ workers: self.told, masters: self.told }),
    tell() {
      if (waiting) return;
      waiting = true;
      time.setTimer(GATHER, () => {
        waiting = false;
        self.write();
      });
    },
    onChanged: () => void self.changes++,
  });
  const self = {
    clocks,
    told: 0,
    writes: 0,
    changes: 0,
    isDeaf: false,
    ahead: () => clocks.clock.now() - time.now(),
    step: (by: number) => void (stepped += by),
    write() {
      if (!processes.has(key)) return;
      self.writes++;
      const common = { id: name, host: 'h', pid: 1, version: '1', http: 'http://h', startedAt: 0 };
      const value =
        kind === 'master'
          ? codecs.master.encode({ ...common, ...clocks.stamp(key) })
          : codecs.worker.encode({
              ...common,
              name: 'w',
              labels: {},
              slots: 1,
              running: 0,
              state: 'ready',
              token: 't',
              ...clocks.stamp(key),
            });
      store.set(key, { value, revision: ++revision });
      for (const other of processes.values()) other.take('put', key);
    },
    leave() {
      processes.delete(key);
      store.delete(key);
      for (const other of processes.values()) other.take('delete', key);
      clocks.stop();
    },
    take(type: 'put' | 'delete', changed: string) {
      const kv = store.get(changed);
      time.setTimer(DELIVERY, () => {
        if (self.isDeaf || !processes.has(key)) return;
        if (type === 'delete') return clocks.take([{ type, key: changed, modRevision: revision }], true);
        const { value, revision: at } = kv!;
        self.told = Math.max(self.told, at);
        clocks.take(
          [
            {
              type,
              kv: { key: changed, value, createRevision: at, modRevision: at, version: 1, lease: '1' },
            },
          ],
          true,
        );
      });
    },
  };
  // As a list would tell it: those that are there, without a word on when they wrote.
  clocks.take(
    [...store].map(([known, { value, revision: at }]) => ({
      type: 'put',
      kv: { key: known, value, createRevision: at, modRevision: at, version: 1, lease: '1' },
    })),
    false,
  );
  self.told = revision;
  processes.set(key, self);
  const beat = (): void => {
    self.write();
    time.setTimer(HEARTBEAT, () => processes.has(key) && beat());
  };
  beat();
  return self;
}

const offOf = (process: Process): boolean => process.clocks.isAside;

describe('a process that joins two others', () => {
  test('knows how far its clock is off before it is ready, whichever it is', async () => {
    const [a, b] = [start('a'), start('b')];
    await time.advance(4_000);
    const fast = start('c', 5_000);
    let ready = false;
    void fast.clocks.compared().then(() => (ready = true));
    await time.advance(5);
    expect(ready).toBe(false);
    await time.advance(200);
    expect(ready).toBe(true);
    expect([a, b, fast].map(offOf)).toEqual([false, false, true]);
    expect(Math.abs(fast.ahead())).toBeLessThanOrEqual(2 * DELIVERY);
    expect(fast.clocks.offset().known).toBe(true);
    expect(Math.abs(fast.clocks.offset().offset - 5_000)).toBeLessThanOrEqual(DELIVERY);
    expect(Math.abs(a.clocks.offsetOf(keys.worker('c'))! - 5_000)).toBeLessThanOrEqual(DELIVERY);
  });

  test('masters count as clocks', async () => {
    start('m', 0, 'master');
    start('a');
    const fast = start('b', 5_000);
    await time.advance(200);
    await fast.clocks.compared();
    expect(fast.clocks.isAside).toBe(true);
  });

  test('does not wait for ever when they do not answer', async () => {
    const others = [start('a'), start('b')];
    await time.advance(1_000);
    for (const other of others) other.isDeaf = true;
    const late = start('c');
    let ready = false;
    void late.clocks.compared().then(() => (ready = true));
    await time.advance(2_500);
    expect(ready).toBe(false);
    await time.advance(1_000);
    expect(ready).toBe(true);
  });

  test('need not wait when there is nobody to compare with, or one other', async () => {
    await start('a').clocks.compared();
    await start('b', 5_000).clocks.compared();
    expect([...processes.values()].some(offOf)).toBe(false);
  });
});

test('few of many answer one that joins', async () => {
  const all = Array.from({ length: 40 }, (_, i) => start(`w${i}`));
  await time.advance(2_000);
  const before = all.map(({ writes }) => writes);
  const late = start('late', 5_000);
  await time.advance(400);
  const answers = all.filter(({ writes }, i) => writes > before[i]!).length;
  expect(answers).toBe(5);
  expect(late.clocks.isAside).toBe(true);
});

describe('a clock of three that is set forward by ten minutes', () => {
  test('and wrongly: its process goes on by the time of the others, and tells that it is off', async () => {
    const [a, b, c] = [start('a'), start('b'), start('c')];
    await time.advance(25_000);
    c.step(10 * MINUTE);
    expect(c.ahead()).toBe(0);
    const { changes } = c;
    await time.advance(300);
    expect([a, b, c].map(offOf)).toEqual([false, false, true]);
    expect(c.changes).toBeGreaterThan(changes);
    await time.advance(MINUTE);
    expect(Math.abs(c.ahead())).toBeLessThanOrEqual(2 * DELIVERY);
    c.step(-10 * MINUTE);
    await time.advance(1_500);
    expect(c.clocks).toMatchObject({ isAside: false, correction: 0 });
    expect([a, b].map((each) => each.ahead())).toEqual([0, 0]);
  });

  test('and rightly: it is believed as soon as the others say the same', async () => {
    start('a');
    start('b');
    const c = start('c', -10 * MINUTE);
    await time.advance(25_000);
    expect(c.clocks.isAside).toBe(true);
    c.step(10 * MINUTE);
    await time.advance(1_500);
    expect(c.clocks).toMatchObject({ isAside: false, correction: 0 });
  });

  test('by a process that nobody asks for the time: it is noticed within a second', async () => {
    const [a, b, c] = [start('a'), start('b'), start('c')];
    await time.advance(3_500);
    c.step(10 * MINUTE);
    await time.advance(1_300);
    expect([a, b, c].map(offOf)).toEqual([false, false, true]);
  });

  test('a machine that slept: what came in before counts no more, and its time is right at once', async () => {
    start('a');
    start('b');
    const c = start('c');
    await time.advance(25_000);
    // Its monotonic clock stood still: on its scale, all others went forward, and so did its wall clock.
    for (const each of processes.values()) (each as Process).step(10 * MINUTE);
    await time.advance(2_000);
    expect([...processes.values()].map(offOf)).toEqual([false, false, false]);
    expect(c.ahead()).toBe(10 * MINUTE);
  });
});

describe('with one other clock', () => {
  test('a step breaks what both agreed on: it is the one that was set that is off', async () => {
    const [a, b] = [start('a'), start('m', 0, 'master')];
    await time.advance(25_000);
    a.step(10 * MINUTE);
    await time.advance(1_500);
    expect([a, b].map(offOf)).toEqual([true, false]);
    await time.advance(2 * MINUTE);
    expect(Math.abs(a.ahead())).toBeLessThanOrEqual(2 * DELIVERY);
    expect(b.ahead()).toBe(0);
  });

  test('a step to the time of the other is believed', async () => {
    start('m', 0, 'master');
    const a = start('a', -10 * MINUTE);
    await time.advance(25_000);
    expect(a.ahead()).toBe(-10 * MINUTE);
    a.step(10 * MINUTE);
    await time.advance(1_500);
    expect(a.clocks).toMatchObject({ isAside: false, correction: 0 });
    expect(a.ahead()).toBe(0);
  });
});

describe('alone', () => {
  test('a step forward is believed after a while', async () => {
    const a = start('a');
    await time.advance(5_000);
    a.step(10 * MINUTE);
    await time.advance(HOLD - 1_000);
    expect(a.ahead()).toBe(0);
    await time.advance(3_000);
    expect(a.ahead()).toBe(10 * MINUTE);
  });

  test('a step back is believed at once', async () => {
    const a = start('a');
    await time.advance(5_000);
    a.step(-10 * MINUTE);
    expect(a.ahead()).toBe(-10 * MINUTE);
    await time.advance(MINUTE);
    expect(a.ahead()).toBe(-10 * MINUTE);
  });
});

test('slow news of right clocks move nobody', async () => {
  const all = [start('a'), start('b'), start('c')];
  for (let i = 0; i < 20; i++) {
    time.freeze(2_500);
    await time.advance(500);
    expect(all.map((each) => each.ahead())).toEqual([0, 0, 0]);
  }
  expect(all.some(offOf)).toBe(false);
});

test('one that has left is no clock any more', async () => {
  const all = [start('a'), start('b'), start('c')];
  await time.advance(1_000);
  expect(all[2]!.clocks.offset().known).toBe(true);
  all[0]!.leave();
  await time.advance(1_000);
  expect(all[2]!.clocks.offset().known).toBe(false);
  expect(all[2]!.clocks.offsetOf(keys.worker('a'))).toBeUndefined();
});
