// Virtual time, and the processes that live in it. One event at a time, in order of time and then of making;
// between two events every promise that can settle has settled. Given the seed, everything is the same again.
import crypto from 'node:crypto';
import { syncBuiltinESMExports } from 'node:module';
import type { Clock } from '../../../src/common/core/clock.ts';
import { instant, monotonic, type Millis } from '../../../src/common/model/time.ts';
import { createRandom, type Random } from './random.ts';

/** When the simulated world begins. */
export const EPOCH = 1_800_000_000_000;

interface Event {
  readonly at: Millis;
  readonly order: number;
  readonly process: ProcessState | undefined;
  readonly isTimer: boolean;
  run: (() => void) | undefined;
}

interface ProcessState {
  isAlive: boolean;
  isFrozen: boolean;
  offset: Millis;
  /** What came while it was frozen. */
  held: Event[];
  /** To tell when it is killed. */
  readonly mourners: (() => void)[];
}

/** A process with a clock of its own. Killed, nothing of it ever runs again. */
export interface SimProcess {
  readonly name: string;
  readonly isAlive: boolean;
  readonly isFrozen: boolean;
  readonly clock: Clock;
  /** Runs in this process: held while it is frozen, dropped when it is dead. */
  post(delay: Millis, run: () => void): void;
  freeze(): void;
  thaw(): void;
  kill(): void;
  /** Told when it is killed. */
  onKill(tell: () => void): void;
  /** Moves its wall clock. */
  stepClock(by: Millis): void;
}

export interface World {
  readonly seed: number;
  readonly random: Random;
  /** True time, in ms since the beginning. */
  readonly now: Millis;
  /** Belongs to no process: etcd, the network, the runner, fate. */
  after(delay: Millis, run: () => void): void;
  startProcess(name: string): SimProcess;
  /** Lets time pass. Rejects with what an event threw. */
  runUntil(at: Millis): Promise<void>;
  readonly events: number;
  /** Gives chance back to those who own it. */
  end(): void;
}

/** Events of one instant: more, and something goes round without an end. */
const MOST_AT_ONCE = 100_000;

/** Events handled in one turn of Node's loop: each gets an immediate of its own, after which promises settle. */
const PER_TURN = 64;

/** The machine's own. Not what stands there when a world takes its turn: that may be another world's, held on to for good. */
const RANDOM = Math.random;

export function createWorld(seed: number): World {
  const random = createRandom(seed);
  const heap = createHeap();
  let now: Millis = 0;
  let made = 0;
  let handled = 0;
  let atOnce = 0;

  const add = (delay: Millis, run: () => void, process?: ProcessState, isTimer = false): Event => {
    const event: Event = { at: now + Math.max(0, delay), order: ++made, process, isTimer, run };
    heap.push(event);
    return event;
  };

  /** False: nothing is left to do until then. */
  const handleNext = (until: Millis): boolean => {
    for (;;) {
      const event = heap.peek();
      if (!event || event.at > until) return false;
      heap.pop();
      const { run, process } = event;
      if (!run || process?.isAlive === false) continue;
      if (process?.isFrozen) {
        process.held.push(event);
        continue;
      }
      atOnce = event.at > now ? 0 : atOnce + 1;
      if (atOnce > MOST_AT_ONCE)
        throw new Error(`time stands still at ${now} ms: ${String(run).slice(0, 300)}`);
      now = Math.max(now, event.at);
      handled++;
      event.run = undefined;
      run();
      return true;
    }
  };

  const startProcess = (name: string): SimProcess => {
    const state: ProcessState = { isAlive: true, isFrozen: false, offset: 0, held: [], mourners: [] };
    const clock: Clock = {
      now: () => instant(Math.floor(EPOCH + now + state.offset)),
      monotonic: () => monotonic(now),
      setTimer(delay, fn) {
        // A rest that rounding leaves of a wait would be lost in the sum: real timers never wait for so little.
        const event = add(delay > 0 ? Math.max(delay, 0.001) : delay, fn, state, true);
        return { cancel: () => void (event.run = undefined) };
      },
    };
    return {
      name,
      clock,
      get isAlive() {
        return state.isAlive;
      },
      get isFrozen() {
        return state.isFrozen;
      },
      post: (delay, run) => void add(delay, run, state),
      freeze: () => void (state.isFrozen = true),
      thaw() {
        state.isFrozen = false;
        const held = state.held;
        state.held = [];
        // What a process finds first when it goes on, its timers or its sockets, is up to the kernel.
        const timersFirst = random.chance(0.5);
        const first = held.filter((event) => event.isTimer === timersFirst);
        for (const event of [...first, ...held.filter((each) => each.isTimer !== timersFirst)]) {
          // The same object: its timer can still be cancelled.
          heap.push(Object.assign(event, { at: now, order: ++made }));
        }
      },
      kill() {
        if (!state.isAlive) return;
        state.isAlive = false;
        for (const tell of state.mourners) tell();
      },
      onKill: (tell) => void state.mourners.push(tell),
      stepClock: (by) => void (state.offset += by),
    };
  };

  const runUntil = (until: Millis): Promise<void> =>
    new Promise((resolve, reject) => {
      let isOver = false;
      const step = (): void => {
        if (isOver) return;
        try {
          if (handleNext(until)) return;
          now = until;
          isOver = true;
          resolve();
        } catch (error) {
          isOver = true;
          reject(error);
        }
      };
      // All of a turn's immediates follow one another; what is not of this world comes between two turns.
      const turn = (): void => {
        setImmediate(() => {
          Math.random = () => random.next();
          step();
        });
        for (let i = 1; i < PER_TURN; i++) setImmediate(step);
        setImmediate(() => {
          Math.random = RANDOM;
          if (!isOver) turn();
        });
      };
      turn();
    });

  return {
    seed,
    random,
    get now() {
      return now;
    },
    get events() {
      return handled;
    },
    after: (delay, run) => void add(delay, run),
    startProcess,
    runUntil,
    end: takeOver(random),
  };
}

/**
 * Ids that the product draws for itself come from the seed as well, until the answered function is called. Errors
 * are made by the thousand, and nobody looks at where.
 */
function takeOver(random: Random): () => void {
  const { randomBytes } = crypto;
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 0;
  crypto.randomBytes = (size: number) => Buffer.from(random.hex(2 * size), 'hex');
  syncBuiltinESMExports();
  return () => {
    Error.stackTraceLimit = stackTraceLimit;
    crypto.randomBytes = randomBytes;
    syncBuiltinESMExports();
  };
}

function createHeap() {
  const heap: Event[] = [];
  const isBefore = (a: Event, b: Event): boolean => a.at < b.at || (a.at === b.at && a.order < b.order);
  return {
    peek: (): Event | undefined => heap[0],
    push(event: Event): void {
      let place = heap.push(event) - 1;
      while (place > 0) {
        const parent = (place - 1) >> 1;
        if (!isBefore(event, heap[parent]!)) break;
        heap[place] = heap[parent]!;
        place = parent;
      }
      heap[place] = event;
    },
    pop(): void {
      const last = heap.pop()!;
      if (heap.length === 0) return;
      let place = 0;
      for (;;) {
        let child = 2 * place + 1;
        if (child >= heap.length) break;
        if (child + 1 < heap.length && isBefore(heap[child + 1]!, heap[child]!)) child++;
        if (!isBefore(heap[child]!, last)) break;
        heap[place] = heap[child]!;
        place = child;
      }
      heap[place] = last;
    },
  };
}
