// Runs of one job that follow each other more closely than bars can be drawn apart: how many there are over time takes
// the place of their bars. Pure.
import type { Tone } from '../../../components/tone.ts';
import type { Bar } from './bars.ts';

/** Fewer than this in a row stay bars, one over the other. */
const FEWEST = 6;

export interface Split {
  /** By start. */
  readonly apart: readonly Bar[];
  /** By start. */
  readonly dense: readonly Bar[];
}

/**
 * `bars` by start. Too close are those that begin within `leastMs` of each other and took less. What went wrong is too
 * close only to its like: one that failed among hundreds that did not keeps its bar.
 */
export function splitDense(bars: readonly Bar[], leastMs: number): Split {
  const dense = new Set<Bar>();
  for (const isWrong of [true, false]) {
    let chain: Bar[] = [];
    const close = (): void => {
      if (chain.length >= FEWEST) for (const bar of chain) dense.add(bar);
      chain = [];
    };
    for (const bar of bars) {
      const isShort = bar.end !== undefined && bar.end - bar.start < leastMs;
      if (bar.isWrong !== isWrong || !isShort) continue;
      const last = chain.at(-1);
      if (last && bar.start - last.start >= leastMs) close();
      chain.push(bar);
    }
    close();
  }
  if (dense.size === 0) return { apart: bars, dense: [] };
  return { apart: bars.filter((bar) => !dense.has(bar)), dense: bars.filter((bar) => dense.has(bar)) };
}

export interface DenseBin {
  readonly from: number;
  /** How many, of each tone, from the foot up. A run counts in the two bins whose middles it lies between. */
  readonly parts: readonly (readonly [tone: Tone, amount: number])[];
  readonly amount: number;
}

export interface Density {
  readonly bins: readonly DenseBin[];
  readonly widthMs: number;
  /** Of the fullest bin. */
  readonly most: number;
}

export const NO_DENSITY: Density = { bins: [], widthMs: 1, most: 0 };

/** Bins begin at multiples of their width, so that they stay what they are as time goes on. */
export function densityOf(dense: readonly Bar[], widthMs: number): Density {
  if (dense.length === 0) return NO_DENSITY;
  const bins = new Map<number, Map<Tone, number>>();
  const add = (bin: number, { tone }: Bar, share: number): void => {
    const parts = bins.get(bin) ?? new Map<Tone, number>();
    bins.set(bin, parts.set(tone, (parts.get(tone) ?? 0) + share));
  };
  for (const bar of dense) {
    const at = bar.start / widthMs - 0.5;
    const bin = Math.floor(at);
    add(bin, bar, 1 - (at - bin));
    add(bin + 1, bar, at - bin);
  }
  const told = [...bins]
    .sort(([a], [b]) => a - b)
    .map(([bin, parts]) => ({
      from: bin * widthMs,
      parts: [...parts].sort(([a], [b]) => Number(b === 'good') - Number(a === 'good') || (a < b ? -1 : 1)),
      amount: [...parts.values()].reduce((sum, share) => sum + share, 0),
    }));
  return { bins: told, widthMs, most: Math.max(...told.map(({ amount }) => amount)) };
}
