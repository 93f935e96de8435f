// The figures one reads first: what runs, what is wrong, how it goes; each leads to the list of what it counts.
import { Paper, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link, type LinkProps } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { Overview } from '../../../../src/common/api/overview.ts';
import '../../components/outcome.css';
import { toneColor, type Tone } from '../../components/tone.ts';
import { durationText } from '../../lib/duration-text.ts';
import { read } from '../../lib/query.ts';
import { numberText, percentText, rateOf, totalOf, worstLag } from './figures.ts';

/** Minutes of which the lag is told: long ago is the chart's. */
const LAG_MINUTES = 10;
const RENEW_MS = 10_000;

export function Tiles({ overview }: { readonly overview: Overview }): ReactNode {
  const { t } = useTranslation('overview');
  const activity = useQuery({
    ...read('getActivity', { query: { window: '1h' } }),
    refetchInterval: RENEW_MS,
  });
  const { jobs, runs, workers } = overview;
  const buckets = activity.data?.buckets ?? [];
  const ends = totalOf(buckets);
  const rate = rateOf(ends);
  const lag = worstLag(buckets.slice(-LAG_MINUTES));
  const slots = { busy: numberText(workers.busy), slots: numberText(workers.slots) };
  const idle = jobs.paused + jobs.unschedulable + jobs.broken;
  const takesWork = (workers.byState.ready ?? 0) + (workers.byState.full ?? 0);
  return (
    <div className="overview-tiles">
      <Tile
        label={t('tile.running')}
        value={numberText(runs.running)}
        note={
          runs.waiting > 0
            ? t('tile.waiting', { count: runs.waiting })
            : runs.armed > 0
              ? t('tile.slotsArmed', { ...slots, armed: numberText(runs.armed) })
              : t('tile.slots', slots)
        }
        {...(runs.waiting > 0 && { noteTone: 'missed' as const })}
        to={{ to: '/runs', search: runs.waiting > 0 ? { show: 'waiting' } : {} }}
      />
      <Tile
        label={t('tile.failing')}
        value={numberText(jobs.failing)}
        note={t('tile.ofJobs', { count: jobs.total, text: numberText(jobs.total) })}
        {...(jobs.failing > 0 && { tone: 'bad' as const })}
        to={{ to: '/jobs', search: { state: 'failing' } }}
      />
      <Tile
        label={t('tile.rate')}
        value={rate === undefined ? '–' : percentText(rate)}
        note={t('tile.lastHour', { count: ends.good + ends.wrong, text: numberText(ends.good + ends.wrong) })}
        {...(rate !== undefined && rate < 0.99 && { tone: 'bad' as const })}
        to={{ to: '/jobs', search: { sort: 'lastOutcome' } }}
      />
      <Tile
        label={t('tile.lag')}
        value={lag === undefined ? '–' : durationText(lag)}
        note={t('tile.lagNote', { count: LAG_MINUTES })}
        {...(lag !== undefined && lag > 1_000 && { tone: 'missed' as const })}
        to={{ to: '/runs', search: { show: 'recent' } }}
      />
      <Tile
        label={t('tile.idle')}
        value={numberText(idle)}
        note={
          jobs.broken > 0
            ? t('tile.broken', { unschedulable: jobs.unschedulable, broken: jobs.broken })
            : jobs.unschedulable > 0
              ? t('tile.unschedulable', { unschedulable: jobs.unschedulable, paused: jobs.paused })
              : t('tile.paused', { count: jobs.paused })
        }
        {...(jobs.unschedulable + jobs.broken > 0 && { tone: 'missed' as const })}
        to={{ to: '/jobs', search: { state: 'paused,unschedulable,broken' } }}
      />
      <Tile
        label={t('tile.workers')}
        value={numberText(takesWork)}
        note={t('tile.ofWorkers', { count: workers.total })}
        {...(takesWork === 0 && { tone: 'bad' as const })}
        to={{ to: '/workers' }}
      />
    </div>
  );
}

interface TileProps {
  readonly label: string;
  readonly value: string;
  readonly note: string;
  readonly tone?: Tone;
  readonly noteTone?: Tone;
  readonly to?: LinkProps;
}

function Tile({ label, value, note, tone, noteTone, to }: TileProps): ReactNode {
  return (
    <Paper px="sm" py="xs" role="group" aria-label={label} className="overview-tile">
      <Text size="xs" c="dimmed" truncate>
        {to ? <Link {...to}>{label}</Link> : label}
      </Text>
      <Text fz={26} fw={600} lh={1.25} className="page-count" {...(tone && { c: toneColor(tone, 'text') })}>
        {value}
      </Text>
      <Text
        size="xs"
        truncate
        title={note}
        className="page-count"
        c={noteTone ? toneColor(noteTone, 'text') : 'dimmed'}
      >
        {note}
      </Text>
    </Paper>
  );
}
