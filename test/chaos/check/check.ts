// The verdict on a history: every check, and what was counted on the way. Pure; reads no clock, no file, no etcd.
import type { History, Violation } from '../events.ts';
import { factsOf } from './facts.ts';
import { lagOf, recoveryOf, type Lag, type Recovery } from './figures.ts';
import { checkOverlap } from './overlap.ts';
import { checkStale } from './stale.ts';
import { checkStarts } from './starts.ts';
import { checkTicks, noCounts, type TickCounts } from './ticks.ts';

export interface Verdict {
  readonly violations: readonly Violation[];
  readonly ticks: TickCounts;
  /** Attempts of tasks that started. */
  readonly starts: number;
  readonly marks: number;
  readonly records: number;
  /** Sessions that etcd revoked although they were alive: a limit of etcd before 3.5.13. */
  readonly revokedAlive: number;
  readonly lag: Lag;
  readonly recovery: readonly Recovery[];
}

export function check(history: History): Verdict {
  const facts = factsOf(history);
  const ticks = noCounts();
  const violations = [
    ...checkTicks(facts, ticks),
    ...checkStarts(facts),
    ...checkOverlap(facts),
    ...checkStale(facts),
  ];
  return {
    violations,
    ticks,
    starts: history.marks.filter(({ mark }) => mark === 'start').length,
    marks: history.marks.length,
    records: facts.runs.size,
    revokedAlive: facts.revokedAlive.size,
    lag: lagOf(facts),
    recovery: recoveryOf(facts),
  };
}
