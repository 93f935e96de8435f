// How many ticks come when, in as many bins as are asked for. Of a job that ticks very often the master lists the
// first few and the count: the rest is laid evenly behind them. Pure.
import type { Timeline } from '../../../../../src/common/api/timeline.ts';

export interface ComingBins {
  readonly counts: readonly number[];
  readonly most: number;
  readonly widthMs: number;
}

export function binComing(
  coming: Timeline['coming'],
  from: number,
  widthMs: number,
  bins: number,
): ComingBins {
  const counts = Array.from<number>({ length: bins }).fill(0);
  const add = (at: number, count: number): void => {
    const bin = Math.floor((at - from) / widthMs);
    if (bin >= 0 && bin < bins) counts[bin]! += count;
  };
  const until = Date.parse(coming.until);
  for (const { ticks, count } of coming.jobs) {
    for (const tick of ticks) add(Date.parse(tick), 1);
    const last = Date.parse(ticks.at(-1) ?? coming.until);
    const rest = count - ticks.length;
    if (rest <= 0 || until <= last) continue;
    for (let bin = Math.max(0, Math.floor((last - from) / widthMs)); bin < bins; bin++) {
      const begin = Math.max(last, from + bin * widthMs);
      const end = Math.min(until, from + (bin + 1) * widthMs);
      if (end > begin) counts[bin]! += (rest * (end - begin)) / (until - last);
    }
  }
  return { counts, most: Math.max(0, ...counts), widthMs };
}
