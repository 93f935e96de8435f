// What became of the ticks of a day, as parts of a bar: what is wrong first, then what did not run, then the rest.
import type { CSSProperties } from 'react';
import type { Calendar } from '../../../../src/common/api/ticks.ts';
import type { TickOutcome } from '../../../../src/common/core/outcomes.ts';
import { toneColor, type Tone } from '../../components/tone.ts';

export type Counts = Calendar['counts'];

const PARTS = [
  ['twice', 'bad', ['twice']],
  ['unexplained', 'bad', ['unexplained']],
  ['lost', 'lost', ['lost']],
  ['missed', 'missed', ['missed']],
  ['skipped', 'skipped', ['skipped']],
  ['waiting', 'waiting', ['waiting']],
  ['running', 'running', ['running', 'armed']],
  ['ran', 'good', ['ran']],
  ['notKnown', 'paused', ['not_known']],
  ['paused', 'paused', ['paused']],
  ['notYet', 'paused', ['not_yet']],
] as const satisfies readonly (readonly [keyof Counts, Tone, readonly TickOutcome[]])[];

export type PartKey = (typeof PARTS)[number][0];

export interface Part {
  readonly key: PartKey;
  readonly count: number;
  readonly color: string;
  /** As `outcome` of the API asks for it. */
  readonly outcomes: readonly TickOutcome[];
}

/** For `job-legend`. */
export const legend = (color: string): CSSProperties => ({ '--legend': color }) as CSSProperties;

/** Those that there are any of. */
export const partsOf = (counts: Counts): Part[] =>
  PARTS.filter(([key]) => counts[key] > 0).map(([key, tone, outcomes]) => ({
    key,
    count: counts[key],
    color: toneColor(tone, 'solid'),
    outcomes,
  }));
