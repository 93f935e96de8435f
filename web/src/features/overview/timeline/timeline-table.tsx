// The timeline without a picture: the newest runs and the next ticks as tables. Told anew every few seconds only, so
// that a reader is not run over.
import { Checkbox, Stack, Table, Text } from '@mantine/core';
import { useState, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { Timeline } from '../../../../../src/common/api/timeline.ts';
import { Countdown, DurationText, Elapsed } from '../../../components/countdown.tsx';
import { OutcomeBadge } from '../../../components/outcome-badge.tsx';
import { TimeText } from '../../../components/time-text.tsx';
import { useNow } from '../../../lib/now.ts';
import { JobLink, RunLink } from '../places.tsx';
import { useWhy } from '../../../components/why.ts';
import type { Bars } from './bars.ts';

const RENEW_MS = 5_000;
const MOST_RUNS = 100;
const MOST_TICKS = 50;

export interface TimelineTableProps {
  readonly bars: Bars;
  readonly coming: Timeline['coming'] | undefined;
  readonly workers: ReadonlyMap<string, string>;
  readonly spanMs: number;
}

export function TimelineTable({ bars, coming, workers, spanMs }: TimelineTableProps): ReactNode {
  const { t } = useTranslation('overview');
  const whyOf = useWhy();
  const now = useNow(RENEW_MS);
  const [onlyWrong, setOnlyWrong] = useState(false);
  const runs = bars
    .all()
    .filter(({ end, isWrong }) => (end ?? now) >= now - spanMs && (isWrong || !onlyWrong))
    .slice(-MOST_RUNS)
    .toReversed();
  const ticks = (coming?.jobs ?? [])
    .flatMap(({ job, ticks }) => ticks.map((at) => ({ job, at })))
    .filter(({ at }) => Date.parse(at) <= now + spanMs && Date.parse(at) > now)
    .sort((a, b) => (a.at < b.at ? -1 : 1))
    .slice(0, MOST_TICKS);
  return (
    <Stack
      gap="xs"
      className="timeline-scroller"
      p="xs"
      role="region"
      aria-label={t('timeline.label')}
      tabIndex={0}
    >
      <Checkbox
        size="xs"
        label={t('timeline.onlyWrong')}
        checked={onlyWrong}
        onChange={(event) => setOnlyWrong(event.currentTarget.checked)}
      />
      <Table className="stacked-table" aria-label={t('timeline.runsCaption')}>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>{t('column.job')}</Table.Th>
            <Table.Th>{t('column.outcome')}</Table.Th>
            <Table.Th>{t('column.began')}</Table.Th>
            <Table.Th ta="right">{t('column.took')}</Table.Th>
            <Table.Th>{t('column.worker')}</Table.Th>
            <Table.Th>{t('column.why')}</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {runs.map(({ key, run, isMark, end }) => (
            <Table.Tr key={key}>
              <Table.Td>
                <RunLink job={run.job} run={run.id}>
                  {run.job}
                </RunLink>
              </Table.Td>
              <Table.Td data-label={t('column.outcome')}>
                <OutcomeBadge outcome={run.state} />
              </Table.Td>
              <Table.Td data-label={t('column.began')}>
                <TimeText at={run.startedAt ?? run.scheduledFor} show="clock" />
              </Table.Td>
              <Table.Td data-label={t('column.took')} ta="right">
                {isMark ? null : end === undefined ? (
                  <Elapsed since={run.startedAt!} />
                ) : (
                  <DurationText ms={run.durationMs} />
                )}
              </Table.Td>
              <Table.Td data-label={t('column.worker')}>
                {run.worker === undefined ? t('timeline.nobody') : (workers.get(run.worker) ?? run.worker)}
              </Table.Td>
              <Table.Td data-label={t('column.why')} className="overview-why">
                {whyOf(run)}
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
      {runs.length === 0 && (
        <Text size="sm" c="dimmed">
          {t('timeline.noRuns')}
        </Text>
      )}
      <Table className="stacked-table" aria-label={t('timeline.comingCaption')}>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>{t('column.comingJob')}</Table.Th>
            <Table.Th>{t('column.at')}</Table.Th>
            <Table.Th ta="right">{t('column.in')}</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {ticks.map(({ job, at }) => (
            <Table.Tr key={`${job} ${at}`}>
              <Table.Td>
                <JobLink job={job} />
              </Table.Td>
              <Table.Td data-label={t('column.at')}>
                <TimeText at={at} show="clock" />
              </Table.Td>
              <Table.Td data-label={t('column.in')} ta="right">
                <Countdown to={at} />
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Stack>
  );
}
