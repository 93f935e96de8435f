// The newest runs of a job as a strip of bars: what became of each, in words, where one points. One tooltip for all
// of them, made when it is wanted: a list shows hundreds of bars.
import { Tooltip } from '@mantine/core';
import { useState, type CSSProperties, type MouseEvent, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { RECENT_RUNS, type RecentRunView } from '../../../src/common/api/jobs.ts';
import { durationText } from '../lib/duration-text.ts';
import { currentLanguage } from '../lib/i18n/language.ts';
import { clockText } from '../lib/i18n/time-text.ts';
import { useNow } from '../lib/now.ts';
import './outcome.css';
import './run-strip.css';
import { toneColor, toneOf } from './tone.ts';

const HEIGHTS: Partial<Record<RecentRunView['state'], string>> = {
  succeeded: 'low',
  running: 'low',
  armed: 'low',
  skipped: 'lowest',
};

export interface RunStripProps {
  /** Newest first, as the API tells them; undefined while they are not known. */
  readonly runs: readonly RecentRunView[] | undefined;
  /** A click on a bar. */
  readonly onOpen?: (run: RecentRunView) => void;
}

export function RunStrip({ runs = [], onOpen }: RunStripProps): ReactNode {
  const { t } = useTranslation();
  const [pointed, setPointed] = useState<number>();
  const shown = runs.slice(0, RECENT_RUNS).toReversed();
  const placeOf = (event: MouseEvent): number | undefined => {
    const place = (event.target as HTMLElement).dataset['place'];
    return place === undefined ? undefined : Number(place);
  };
  const open = (event: MouseEvent): void => {
    const run = shown[placeOf(event) ?? -1];
    if (run) onOpen?.(run);
  };
  return (
    // Each run is reached by keyboard on the page of its job; here a click is a short cut.
    // oxlint-disable-next-line jsx-a11y/click-events-have-key-events, jsx-a11y/no-noninteractive-element-interactions
    <span
      className="run-strip"
      role="img"
      aria-label={summaryOf(runs, t)}
      onMouseOver={(event) => setPointed(placeOf(event))}
      onFocus={() => undefined}
      onMouseLeave={() => setPointed(undefined)}
      onClick={open}
    >
      {Array.from({ length: RECENT_RUNS - shown.length }, (_, place) => (
        <span key={`none ${place}`} className="run-strip-bar" data-height="none" />
      ))}
      {shown.map((run, place) => {
        const bar = (
          <span
            key={run.id}
            className="run-strip-bar"
            data-place={place}
            data-height={HEIGHTS[run.state] ?? 'full'}
            style={
              {
                '--tone-solid': toneColor(toneOf[run.state], 'solid'),
                cursor: onOpen && 'pointer',
              } as CSSProperties
            }
          />
        );
        return place === pointed ? (
          <Tooltip key={run.id} opened label={<RunWords run={run} />} multiline>
            {bar}
          </Tooltip>
        ) : (
          bar
        );
      })}
    </span>
  );
}

function RunWords({ run }: { readonly run: RecentRunView }): ReactNode {
  const { t } = useTranslation();
  const at = clockText(Date.parse(run.scheduledFor), useNow(60_000), currentLanguage());
  const parts = [
    t(`outcome.${run.state}`),
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

/** `12 succeeded, 3 failed`, in the order in which they are most. */
function summaryOf(runs: readonly RecentRunView[], t: Translate): string {
  if (runs.length === 0) return t('strip.none');
  const counts = new Map<RecentRunView['state'], number>();
  for (const { state } of runs) counts.set(state, (counts.get(state) ?? 0) + 1);
  const parts = [...counts]
    .sort(([, a], [, b]) => b - a)
    .map(([state, n]) => `${n} ${t(`outcome.${state}`)}`);
  return t('strip.summary', { count: runs.length, parts: parts.join(', ') });
}
