// What is shown of a tick in one column: how its runs went, and what became of the tick itself where they do not say
// it. `ran` beside `succeeded` says nothing. Pure.
import type { TickView } from '../../../../src/common/api/ticks.ts';
import type { Outcome } from '../../components/tone.ts';

export interface TickBadge {
  readonly outcome: Outcome;
  /** The run that it tells of. */
  readonly run?: string;
}

export function badgesOf({ outcome, runs }: Pick<TickView, 'outcome' | 'runs'>): readonly TickBadge[] {
  const told = runs.map(({ run, state }) => ({ outcome: state, run }));
  const isTold = outcome === 'ran' ? told.length > 0 : told.some((each) => each.outcome === outcome);
  return isTold ? told : [{ outcome }, ...told];
}
