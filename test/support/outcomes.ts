// What became of a job's ticks, from its records: the judge of "every tick has exactly one outcome".
import { expect } from 'vitest';
import type { RunRecord } from '../../src/common/model/run.ts';

/** The ticks that the records tell of, each as often as told, in order; a stretch by its ends and count. */
export function ticksTold(runs: readonly RunRecord[], interval: number): number[] {
  const told: number[] = [];
  for (const { cause, ticks } of runs) {
    if (ticks) {
      for (let i = 0; i < ticks.count; i++) told.push(ticks.from + i * interval);
      if (ticks.from + (ticks.count - 1) * interval !== ticks.to) told.push(NaN);
    } else if (cause.tick !== undefined && cause.retryOf === undefined) told.push(cause.tick);
  }
  return told.sort((a, b) => a - b);
}

/** Fails unless every tick from the first told to the last has exactly one outcome. */
export function expectEachTickOnce(runs: readonly RunRecord[], interval = 1_000): void {
  const told = ticksTold(runs, interval);
  expect(told.length).toBeGreaterThan(0);
  const all = Array.from({ length: told.length }, (_, i) => told[0]! + i * interval);
  expect(told).toEqual(all);
}

export const inState = (runs: readonly RunRecord[], ...states: RunRecord['state'][]): RunRecord[] =>
  runs.filter(({ state }) => states.includes(state));
