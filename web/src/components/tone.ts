// Which tone an outcome has: what a badge, a bar, a strip and a calendar show it in. The colours themselves are in
// outcome.css; a tone is never the only sign of what happened.
import type { CSSProperties } from 'react';
import type { JobState } from '../../../src/common/api/jobs.ts';
import type { RunView } from '../../../src/common/api/values.ts';

export type Tone =
  'good' | 'bad' | 'running' | 'waiting' | 'skipped' | 'missed' | 'lost' | 'killed' | 'paused';

/** States of a run, of a job, and what became of a tick. */
export type Outcome = RunView['state'] | JobState | 'ran' | 'not_yet' | 'not_known' | 'twice' | 'unexplained';

export const toneOf: Readonly<Record<Outcome, Tone>> = {
  succeeded: 'good',
  ran: 'good',
  active: 'good',
  failed: 'bad',
  timed_out: 'bad',
  broken: 'bad',
  twice: 'bad',
  unexplained: 'bad',
  running: 'running',
  armed: 'waiting',
  waiting: 'waiting',
  not_yet: 'paused',
  skipped: 'skipped',
  not_known: 'skipped',
  missed: 'missed',
  lost: 'lost',
  killed: 'killed',
  paused: 'paused',
};

/** A colour for svg and css: `toneColor('good', 'solid')`. */
export const toneColor = (tone: Tone, part: 'text' | 'tint' | 'solid'): string =>
  `var(--outcome-${tone}-${part})`;

/** For what is styled by `--tone-text` and `--tone-tint`. */
export const toneStyle = (tone: Tone): CSSProperties =>
  ({ '--tone-text': toneColor(tone, 'text'), '--tone-tint': toneColor(tone, 'tint') }) as CSSProperties;
