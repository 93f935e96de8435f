// How far a clock is off, from what other processes' clocks said when they wrote.
import type { Millis } from '../model/time.ts';

/** Fewer clocks than this can't tell which one is wrong. */
export const CLOCKS_NEEDED = 3;

/**
 * How far our clock is ahead of the median of all clocks, ours included; `others` are theirs minus ours.
 * Latency makes each of them seem up to one delivery too small.
 */
export function offsetFromMedian(others: readonly Millis[]): Millis {
  const all = [...others, 0].sort((a, b) => a - b);
  const middle = all.length >> 1;
  const median = all.length % 2 === 1 ? all[middle]! : (all[middle - 1]! + all[middle]!) / 2;
  return -median + 0;
}
