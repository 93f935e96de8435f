// The newest runs of a job as a strip of bars: what became of each, in words, where one points. A list shows hundreds
// of bars: they are drawn as one path for each colour, and a bar is an element only while one points at it.
import { Tooltip } from '@mantine/core';
import { useState, type MouseEvent, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { RECENT_RUNS, type RecentRunView } from '../../../src/common/api/jobs.ts';
import { durationText } from '../lib/duration-text.ts';
import { currentLanguage } from '../lib/i18n/language.ts';
import { clockText } from '../lib/i18n/time-text.ts';
import { createKept } from '../lib/kept.ts';
import { useNow } from '../lib/now.ts';
import { outcomeWord } from './outcome-word.ts';
import './outcome.css';
import './run-strip.css';
import { toneColor, toneOf, type Tone } from './tone.ts';

const BAR_PX = 5;
const STEP_PX = BAR_PX + 1;
const WIDTH_PX = RECENT_RUNS * STEP_PX - 1;
const HEIGHT_PX = 22;
/** What did not go well is high: they differ by more than their colour. */
const HEIGHTS: Partial<Record<RecentRunView['state'], number>> = {
  succeeded: 12,
  running: 12,
  armed: 12,
  skipped: 6,
};
/** Where no run is yet. */
const NONE_PX = 2;

const barAt = (place: number, height: number): string =>
  `M${place * STEP_PX} ${HEIGHT_PX}v${-height}h${BAR_PX}v${height}z`;

export interface RunStripProps {
  /** Newest first, as the API tells them; undefined while they are not known. */
  readonly runs: readonly RecentRunView[] | undefined;
  /** A click on a bar. */
  readonly onOpen?: (run: RecentRunView) => void;
}

export function RunStrip({ runs = [], onOpen }: RunStripProps): ReactNode {
  const { t } = useTranslation();
  const [pointed, setPointed] = useState<number>();
  const none = Math.max(0, RECENT_RUNS - runs.length);
  /** By its place in the strip, the newest at the right. */
  const runAt = (place: number): RecentRunView | undefined => runs[RECENT_RUNS - 1 - place];
  const placeOf = (event: MouseEvent): number =>
    Math.floor((event.clientX - event.currentTarget.getBoundingClientRect().left) / STEP_PX);
  const run = pointed === undefined ? undefined : runAt(pointed);
  const paths = new Map<Tone, string>();
  for (let place = none; place < RECENT_RUNS; place++) {
    const { state } = runAt(place)!;
    const tone = toneOf[state];
    paths.set(tone, (paths.get(tone) ?? '') + barAt(place, HEIGHTS[state] ?? HEIGHT_PX));
  }
  return (
    // Each run is reached by keyboard on the page of its job; here a click is a short cut.
    // oxlint-disable-next-line jsx-a11y/click-events-have-key-events, jsx-a11y/no-noninteractive-element-interactions
    <span
      className="run-strip"
      role="img"
      aria-label={summaryOf(runs, t)}
      data-open={(onOpen && run !== undefined) || undefined}
      onMouseMove={(event) => setPointed(placeOf(event))}
      onMouseLeave={() => setPointed(undefined)}
      onClick={(event) => {
        const meant = runAt(placeOf(event));
        if (meant) onOpen?.(meant);
      }}
    >
      <svg width={WIDTH_PX} height={HEIGHT_PX} aria-hidden>
        {none > 0 && (
          <path
            d={Array.from({ length: none }, (_, place) => barAt(place, NONE_PX)).join('')}
            fill="var(--page-rule)"
          />
        )}
        {[...paths].map(([tone, d]) => (
          <path key={tone} d={d} fill={toneColor(tone, 'solid')} />
        ))}
      </svg>
      {run && pointed !== undefined && (
        <Tooltip key={run.id} opened label={<RunWords run={run} />} multiline>
          <span className="run-strip-pointed" style={{ left: pointed * STEP_PX - 1 }} />
        </Tooltip>
      )}
    </span>
  );
}

function RunWords({ run }: { readonly run: RecentRunView }): ReactNode {
  const { t } = useTranslation();
  const at = clockText(Date.parse(run.scheduledFor), useNow(60_000), currentLanguage());
  const parts = [
    outcomeWord(run.state),
    ...(run.ticks === undefined ? [] : [t('strip.ticks', { count: run.ticks })]),
    ...(run.durationMs === undefined ? [] : [durationText(run.durationMs)]),
  ];
  return (
    <>
      <div>{parts.join(' · ')}</div>
      <div className="page-count">{at}</div>
    </>
  );
}

type Translate = ReturnType<typeof useTranslation<'common'>>['t'];

/** Most strips of a list say the same. */
const summaries = createKept<string>();

/** `12 succeeded, 3 failed`, in the order in which they are most. */
function summaryOf(runs: readonly RecentRunView[], t: Translate): string {
  if (runs.length === 0) return t('strip.none');
  const counts = new Map<RecentRunView['state'], number>();
  for (const { state } of runs) counts.set(state, (counts.get(state) ?? 0) + 1);
  const parts = [...counts]
    .sort(([, a], [, b]) => b - a)
    .map(([state, n]) => `${n} ${outcomeWord(state)}`)
    .join(', ');
  return summaries(`${currentLanguage()} ${parts}`, () => t('strip.summary', { count: runs.length, parts }));
}
