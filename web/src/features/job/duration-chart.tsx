// How long each of the newest runs took, oldest at the left, in the colour of what became of it. What took no time
// because it did not run is a mark at the foot. Plain svg: hundreds of bars cost nothing.
import { useNavigate } from '@tanstack/react-router';
import { useState, type MouseEvent, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { RunView } from '../../../../src/common/api/values.ts';
import { runPlace } from '../../components/run-address.ts';
import { toneColor, toneOf } from '../../components/tone.ts';
import { durationText } from '../../lib/duration-text.ts';
import { currentLanguage } from '../../lib/i18n/language.ts';
import { clockText } from '../../lib/i18n/time-text.ts';
import { useNow } from '../../lib/now.ts';

const MOST = 200;
/** Fewer take no more room than this many. */
const LEAST_SHOWN = 20;
const HEIGHT = 96;
/** Of the drawing, which is stretched to the room there is. */
const STEP = 10;
const LEAST = 2;

export function DurationChart({ runs }: { readonly runs: readonly RunView[] }): ReactNode {
  const { t } = useTranslation('job');
  const { t: common } = useTranslation();
  const navigate = useNavigate();
  const now = useNow(60_000);
  const [pointed, setPointed] = useState<number>();
  const shown = runs.slice(0, MOST).toReversed();
  const took = shown.flatMap(({ durationMs }) => durationMs ?? []);
  const largest = Math.max(...took, 1);
  const sorted = took.toSorted((a, b) => a - b);
  const median = sorted[Math.floor(sorted.length / 2)];
  const language = currentLanguage();
  const at = (run: RunView): string => clockText(Date.parse(run.scheduledFor), now, language);
  const tell = (run: RunView): string =>
    [
      at(run),
      common(`outcome.${run.state}`),
      ...(run.durationMs === undefined ? [] : [durationText(run.durationMs)]),
    ].join(' · ');
  const run = pointed === undefined ? undefined : shown[pointed];
  const open = (): void => {
    if (run) void navigate(runPlace(run.job, run.id));
  };
  const point = (event: MouseEvent<SVGSVGElement>): void => {
    const box = event.currentTarget.getBoundingClientRect();
    const place = Math.floor(((event.clientX - box.left) / box.width) * shown.length);
    setPointed(Math.max(0, Math.min(place, shown.length - 1)));
  };
  const width = shown.length * STEP;
  const y = (ms: number): number => HEIGHT - Math.max(LEAST, (ms / largest) * (HEIGHT - 4));
  return (
    <figure className="job-chart" aria-label={t('chart.title')}>
      <figcaption>
        <span className="page-count">
          {run
            ? tell(run)
            : t('chart.summary', {
                median: median === undefined ? '-' : durationText(median),
                largest: durationText(took.length > 0 ? largest : 0),
              })}
        </span>
      </figcaption>
      {/* Each run is a link in the table below. */}
      {/* oxlint-disable-next-line jsx-a11y/click-events-have-key-events, jsx-a11y/no-noninteractive-element-interactions */}
      <svg
        viewBox={`0 0 ${Math.max(width, LEAST_SHOWN * STEP)} ${HEIGHT}`}
        preserveAspectRatio="none"
        role="img"
        aria-label={t('chart.label', { count: shown.length })}
        onMouseMove={point}
        onMouseLeave={() => setPointed(undefined)}
        onClick={open}
      >
        {median !== undefined && (
          <line
            x1={0}
            x2="100%"
            y1={y(median)}
            y2={y(median)}
            stroke="var(--mantine-color-dimmed)"
            strokeDasharray="4 4"
            vectorEffect="non-scaling-stroke"
            opacity={0.5}
          />
        )}
        {shown.map((each, place) => {
          const top = y(each.durationMs ?? 0);
          return (
            <rect
              key={each.id}
              x={place * STEP + 1}
              width={STEP - 2}
              y={top}
              height={HEIGHT - top}
              fill={toneColor(toneOf[each.state], 'solid')}
              opacity={pointed === undefined || pointed === place ? 1 : 0.45}
            />
          );
        })}
      </svg>
      {/* As wide as the bars are together. */}
      <div
        className="job-chart-ends"
        style={{ width: `${(100 * width) / Math.max(width, LEAST_SHOWN * STEP)}%` }}
        aria-hidden
      >
        <span>{shown[0] && at(shown[0])}</span>
        <span>{shown.length > 1 && at(shown.at(-1)!)}</span>
      </div>
    </figure>
  );
}
