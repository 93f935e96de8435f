// The ticks of one day: what became of each, by whom, how late, and why.
import { Button, Group, Paper, Table, Text, Title, UnstyledButton } from '@mantine/core';
import { keepPreviousData, useInfiniteQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useState, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { Calendar, TickView } from '../../../../src/common/api/ticks.ts';
import { DurationText } from '../../components/countdown.tsx';
import { Loaded } from '../../components/loaded.tsx';
import { OutcomeBadge } from '../../components/outcome-badge.tsx';
import { runPlace } from '../../components/run-address.ts';
import { ColumnHeads, WorkerName } from '../../components/run-cells.tsx';
import { currentLanguage } from '../../lib/i18n/language.ts';
import { dateText, timeText } from '../../lib/i18n/time-text.ts';
import { readPages } from '../../lib/query.ts';
import { badgesOf } from './tick-badges.ts';
import { legend, partsOf, type PartKey } from './tick-counts.ts';

const PAGE = 100;

export interface DayTicksProps {
  readonly job: string;
  readonly day: Calendar['days'][number];
  readonly zone: string;
}

export function DayTicks({ job, day, zone }: DayTicksProps): ReactNode {
  const { t, i18n } = useTranslation('job');
  const [only, setOnly] = useState<PartKey>();
  const parts = partsOf(day.counts);
  const outcome = parts.find(({ key }) => key === only)?.outcomes;
  const to = new Date(Date.parse(day.until) - 1).toISOString();
  const query = { from: day.from, to, limit: PAGE, ...(outcome && { outcome: [...outcome] }) };
  const ticks = useInfiniteQuery({
    ...readPages('listTicks', { params: { job }, query }),
    placeholderData: keepPreviousData,
  });
  return (
    <section aria-label={t('day.title')}>
      <Group gap="xs" mt="md" mb="xs">
        <Title order={2}>{dateText(day.date, currentLanguage(), 'fullDay')}</Title>
        {parts.map(({ key, count, color }) => (
          <UnstyledButton
            key={key}
            className="job-filter"
            aria-pressed={only === key}
            onClick={() => setOnly(only === key ? undefined : key)}
          >
            <span className="job-legend" style={legend(color)}>
              {t(`count.${key}`)} <b className="page-count">{count.toLocaleString(i18n.language)}</b>
            </span>
          </UnstyledButton>
        ))}
      </Group>
      <Loaded query={ticks}>
        {({ pages }) => {
          const all = pages.flatMap(({ items }) => items);
          return (
            <>
              {all.length === 0 ? (
                <Text size="sm" c="dimmed">
                  {t('calendar.nothing')}
                </Text>
              ) : (
                <TickTable job={job} ticks={all} zone={zone} />
              )}
              {ticks.hasNextPage && (
                <Group justify="center" mt="sm">
                  <Button
                    variant="default"
                    loading={ticks.isFetchingNextPage}
                    onClick={() => void ticks.fetchNextPage()}
                  >
                    {t('day.more')}
                  </Button>
                </Group>
              )}
            </>
          );
        }}
      </Loaded>
    </section>
  );
}

interface TickTableProps {
  readonly job: string;
  readonly ticks: readonly TickView[];
  readonly zone: string;
}

const COLUMNS = ['tick', 'outcome', 'worker', 'lag', 'why'] as const;

function TickTable({ job, ticks, zone }: TickTableProps): ReactNode {
  const { t } = useTranslation('job');
  const language = currentLanguage();
  return (
    <Paper>
      <Table className="stacked-table">
        <ColumnHeads
          columns={COLUMNS.map((key) => ({ key, name: t(`column.${key}`), isNumber: key === 'lag' }))}
        />
        <Table.Tbody>
          {ticks.map((tick) => (
            <TickLine
              key={tick.tick}
              job={job}
              tick={tick}
              time={timeText(Date.parse(tick.tick), language, zone)}
            />
          ))}
        </Table.Tbody>
      </Table>
    </Paper>
  );
}

interface TickLineProps {
  readonly job: string;
  readonly tick: TickView;
  readonly time: string;
}

function TickLine({ job, tick, time }: TickLineProps): ReactNode {
  const { t } = useTranslation('job');
  const { runs, ticks, startLagMs } = tick;
  const [only] = runs;
  return (
    <Table.Tr>
      <Table.Td data-label={t('column.tick')} className="page-count">
        {only && runs.length === 1 ? (
          <Link {...runPlace(job, only.run)} className="job-run-link">
            {time}
          </Link>
        ) : (
          time
        )}
      </Table.Td>
      <Table.Td data-label={t('column.outcome')}>
        <Group gap={6}>
          {badgesOf(tick).map(({ outcome, run }) =>
            // Of several runs each is reached by its own.
            run !== undefined && runs.length > 1 ? (
              <Link key={run} {...runPlace(job, run)} className="job-run-link" title={run}>
                <OutcomeBadge outcome={outcome} />
              </Link>
            ) : (
              <OutcomeBadge key={outcome} outcome={outcome} />
            ),
          )}
        </Group>
      </Table.Td>
      <Table.Td data-label={t('column.worker')}>
        <WorkerName id={tick.worker} />
      </Table.Td>
      <Table.Td data-label={t('column.lag')} data-number>
        <DurationText ms={startLagMs} />
      </Table.Td>
      <Table.Td data-label={t('column.why')}>
        <Text size="xs">
          {ticks && `${t('runs.ticks', { count: ticks.count })}. `}
          {tick.reason}
        </Text>
      </Table.Td>
    </Table.Tr>
  );
}
