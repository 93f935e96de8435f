// What became of the ticks of a day, as parts of a bar: what is wrong first, then what did not run, then the rest.
import type { CSSProperties } from 'react';
import type { Calendar, TickView } from '../../../../src/common/api/ticks.ts';
import type { TickOutcome } from '../../../../src/common/core/outcomes.ts';
import { toneColor, type Tone } from '../../components/tone.ts';

export type Counts = Calendar['counts'];

/** As `GET .../ticks` is narrowed to them. */
export interface TickFilter {
  readonly outcome?: readonly TickOutcome[];
  readonly failed?: 'true';
  readonly partly?: 'true';
}

const of = (...outcome: readonly TickOutcome[]): TickFilter => ({ outcome });

/** Of those that ran without a run that failed. */
const partlyOf = ({ ran, failed, partly }: Counts): number => Math.min(partly, ran - failed);

const PARTS = [
  ['twice', 'bad', of('twice')],
  ['unexplained', 'bad', of('unexplained')],
  ['failed', 'bad', { failed: 'true' }],
  ['lost', 'lost', of('lost')],
  ['missed', 'missed', of('missed')],
  ['partly', 'missed', { partly: 'true' }],
  ['skipped', 'skipped', of('skipped')],
  ['waiting', 'waiting', of('waiting')],
  ['running', 'running', of('running', 'armed')],
  ['ran', 'good', of('ran')],
  ['notKnown', 'paused', of('not_known')],
  ['paused', 'paused', of('paused')],
  ['notYet', 'paused', of('not_yet')],
] as const satisfies readonly (readonly [keyof Counts, Tone, TickFilter])[];

export type PartKey = (typeof PARTS)[number][0];

export interface Part {
  readonly key: PartKey;
  /** No tick counts in two parts. */
  readonly count: number;
  readonly color: string;
  readonly filter: TickFilter;
}

/** For `job-legend`. */
export const legend = (color: string): CSSProperties => ({ '--legend': color }) as CSSProperties;

const countOf = (key: PartKey, counts: Counts): number => {
  if (key === 'partly') return partlyOf(counts);
  return key === 'ran' ? counts.ran - counts.failed - partlyOf(counts) : counts[key];
};

/** Those that there are any of. */
export const partsOf = (counts: Counts): Part[] =>
  PARTS.map(([key, tone, filter]) => ({
    key,
    count: countOf(key, counts),
    color: toneColor(tone, 'solid'),
    filter,
  })).filter(({ count }) => count > 0);

const BAD: ReadonlySet<string> = new Set(['failed', 'timed_out', 'killed']);

/** As `failed` of the API says it of the others: no run of it ended badly but those that were tried again elsewhere. */
export function ranWell({ runs }: Pick<TickView, 'runs'>): boolean {
  const tried = new Set(runs.flatMap(({ retryOf }) => retryOf ?? []));
  return runs.every(({ run, state }) => !BAD.has(state) || tried.has(run));
}
