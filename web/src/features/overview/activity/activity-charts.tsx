// How runs went over time, as three charts of the same stretch: the share that went well, how many there were, how
// late they started.
import { Group } from '@mantine/core';
import { memo, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { ActivityView } from '../../../../../src/common/api/overview.ts';
import { toneColor } from '../../../components/tone.ts';
import { durationText } from '../../../lib/duration-text.ts';
import { endsOf, numberText, rateOf } from '../figures.ts';
import { ChartFrame } from './chart-frame.tsx';
import { countTop, lagHeight, lagMarks, lagTop, linePath, rateFloor } from './curves.ts';

export interface ActivityChartsProps {
  readonly buckets: ActivityView['buckets'];
  readonly times: readonly string[];
  readonly at: number | undefined;
  readonly onAt: (bucket: number | undefined) => void;
}

export function ActivityCharts({ buckets, times, at, onAt }: ActivityChartsProps): ReactNode {
  const { t } = useTranslation('overview');
  const ends = buckets.map(endsOf);
  const rates = ends.map(rateOf);
  const floor = rateFloor(rates);
  const most = countTop(Math.max(...ends.map(({ good, wrong, other }) => good + wrong + other)));
  const top = lagTop(buckets.map(({ lagP99Ms }) => lagP99Ms));
  const shared = { times, buckets: buckets.length, at, onAt };
  return (
    <div className="chart-row">
      <ChartFrame
        {...shared}
        title={t('activity.rate')}
        marks={[
          [`${floor * 100} %`, 0],
          ['100 %', 1],
        ]}
      >
        <RateLine rates={rates} floor={floor} />
      </ChartFrame>
      <ChartFrame
        {...shared}
        title={t('activity.runs')}
        legend={
          <Legend
            items={[
              [t('activity.good'), toneColor('good', 'solid')],
              [t('activity.wrong'), toneColor('bad', 'solid')],
              [t('activity.other'), toneColor('skipped', 'solid')],
            ]}
          />
        }
        marks={[
          ['0', 0],
          [numberText(most), 1],
        ]}
      >
        <Counts buckets={buckets} most={most} />
      </ChartFrame>
      <ChartFrame
        {...shared}
        title={t('activity.lag')}
        legend={
          <Legend
            items={[
              [t('activity.p99'), toneColor('missed', 'solid')],
              [t('activity.p50'), toneColor('running', 'solid')],
            ]}
          />
        }
        marks={lagMarks(top).map((mark) => [durationText(mark), lagHeight(mark, top)] as const)}
      >
        <path
          d={lagPath(buckets, 'lagP99Ms', top)}
          className="chart-line"
          stroke={toneColor('missed', 'solid')}
        />
        <path
          d={lagPath(buckets, 'lagP50Ms', top)}
          className="chart-line"
          stroke={toneColor('running', 'solid')}
        />
      </ChartFrame>
    </div>
  );
}

const lagPath = (buckets: ActivityView['buckets'], which: 'lagP50Ms' | 'lagP99Ms', top: number): string =>
  linePath(buckets.map(({ [which]: lag }) => (lag === null ? undefined : lagHeight(lag, top))));

function RateLine({
  rates,
  floor,
}: {
  readonly rates: readonly (number | undefined)[];
  readonly floor: number;
}): ReactNode {
  const heights = rates.map((rate) => rate && Math.max(0, (rate - floor) / (1 - floor)));
  return <path d={linePath(heights)} className="chart-line" stroke={toneColor('good', 'solid')} />;
}

interface CountsProps {
  readonly buckets: ActivityView['buckets'];
  readonly most: number;
}

/** Drawn anew when the figures change, not when the pointer moves. */
const Counts = memo(function Counts({ buckets, most }: CountsProps): ReactNode {
  const width = 1 / buckets.length;
  return buckets.map((bucket, at) => {
    const { good, wrong, other } = endsOf(bucket);
    let y = 1;
    const bar = (tone: 'good' | 'bad' | 'skipped', count: number): ReactNode => {
      if (count === 0) return null;
      const height = count / most;
      y -= height;
      return (
        <rect
          x={(at + 0.1) * width}
          y={y}
          width={width * 0.8}
          height={height}
          fill={toneColor(tone, 'solid')}
        />
      );
    };
    return (
      <g key={bucket.at}>
        {bar('bad', wrong)}
        {bar('skipped', other)}
        {bar('good', good)}
      </g>
    );
  });
});

export function Legend({ items }: { readonly items: readonly (readonly [string, string])[] }): ReactNode {
  return (
    <Group gap="xs" component="ul" className="overview-legend">
      {items.map(([word, color]) => (
        <li key={word} style={{ '--tone': color } as object}>
          {word}
        </li>
      ))}
    </Group>
  );
}
