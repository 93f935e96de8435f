// A day that is not over, in stretches from now backwards: the API tells ticks oldest first, and who looks at today
// wants to see what has just been. Pure.

export interface TickWindow {
  /** Both ends included. */
  readonly from: number;
  readonly to: number;
}

/** Ticks of a stretch, more or less: they may come unevenly. */
const PER_WINDOW = 100;

export interface DaySoFar {
  readonly from: number;
  /** First instant of the next day. */
  readonly until: number;
  readonly now: number;
  /** Ticks that there are so far. */
  readonly count: number;
}

/** The newest first; what is still to come counts to it. Each instant of the day is in one. */
export function windowsOf({ from, until, now, count }: DaySoFar): readonly TickWindow[] {
  const many = Math.max(1, Math.min(Math.ceil(count / PER_WINDOW), now - from));
  const edge = (at: number): number => Math.ceil(now - (at * (now - from)) / many);
  return Array.from({ length: many }, (_, i) => ({
    from: i === many - 1 ? from : edge(i + 1),
    to: i === 0 ? until - 1 : edge(i) - 1,
  }));
}
