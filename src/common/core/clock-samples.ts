// What other processes' clocks said when they wrote, as bounds on our own monotonic scale: so that a step of
// our wall clock changes nothing of what is known of theirs. Pure; the newest few samples of each clock count.
import type { Instant, Millis, Monotonic } from '../model/time.ts';

/** Their wall clock less our monotonic one lies between these. */
export interface ClockBounds {
  /** From when the news came: they had written it before. */
  readonly lo: Millis;
  /** From a write of ours that they had seen when they wrote; Infinity: they had seen none. */
  readonly hi: Millis;
}

export interface ClockSamples {
  /** `seenAfter`: when we had written what they had seen as they stamped their clock. */
  take(key: string, wallClock: Instant, received: Monotonic, seenAfter: Monotonic | undefined): void;
  forget(key: string): void;
  clear(): void;
  get(key: string): ClockBounds | undefined;
  all(): ClockBounds[];
}

/** Heartbeats come every 10 s: what a clock said half a minute ago still counts. */
const KEPT = 3;

const combined = (samples: readonly ClockBounds[]): ClockBounds => ({
  lo: Math.max(...samples.map(({ lo }) => lo)),
  hi: Math.min(...samples.map(({ hi }) => hi)),
});

export function createClockSamples(): ClockSamples {
  const clocks = new Map<string, ClockBounds[]>();
  return {
    take(key, wallClock, received, seenAfter) {
      const sample = {
        lo: wallClock - received,
        hi: seenAfter === undefined ? Infinity : wallClock - seenAfter,
      };
      const samples = [...(clocks.get(key) ?? []).slice(1 - KEPT), sample];
      const { lo, hi } = combined(samples);
      // They contradict each other: that clock was set meanwhile, and only the newest tells how.
      clocks.set(key, lo > hi ? [sample] : samples);
    },
    forget: (key) => void clocks.delete(key),
    clear: () => clocks.clear(),
    get(key) {
      const samples = clocks.get(key);
      return samples && combined(samples);
    },
    all: () => [...clocks.values()].map(combined),
  };
}
