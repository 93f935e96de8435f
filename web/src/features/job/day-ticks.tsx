// The ticks of one day: what became of each, by whom, how late, and why.
import { Button, Group, Paper, Table, Text, Title, UnstyledButton } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import { useEffect, useEffectEvent, useState, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { Calendar, TickView } from '../../../../src/common/api/ticks.ts';
import { DurationText } from '../../components/countdown.tsx';
import { Loaded } from '../../components/loaded.tsx';
import { OutcomeBadge } from '../../components/outcome-badge.tsx';
import { runPlace } from '../../components/run-address.ts';
import { ColumnHeads, WorkerName } from '../../components/run-cells.tsx';
import { currentLanguage } from '../../lib/i18n/language.ts';
import { reasonText } from '../../lib/i18n/reason-words.ts';
import { dateText, timeText } from '../../lib/i18n/time-text.ts';
import { badgesOf } from './tick-badges.ts';
import { legend, partsOf, ranWell, type PartKey, type TickFilter } from './tick-counts.ts';
import type { DaySoFar, TickWindow } from './tick-windows.ts';
import { useTicksOfDay, useTicksOfToday, type Ticks } from './use-ticks.ts';

/** Of today, as time goes on: more are not drawn at once. */
const MOST = 1_000;
/** Only ever ahead, or on both sides of now: from the beginning of the day on. */
const AHEAD: ReadonlySet<PartKey> = new Set(['notYet', 'paused']);

export interface DayTicksProps {
  readonly job: string;
  readonly day: Calendar['days'][number];
  readonly zone: string;
}

export function DayTicks({ job, day, zone }: DayTicksProps): ReactNode {
  const { t, i18n } = useTranslation('job');
  const [only, setOnly] = useState<PartKey>();
  const [opened, setOpened] = useState(Date.now);
  const parts = partsOf(day.counts);
  const part = parts.find(({ key }) => key === only);
  const stretch = { from: Date.parse(day.from), until: Date.parse(day.until) };
  const isToday = opened >= stretch.from && opened < stretch.until;
  const isNewestFirst = isToday && (only === undefined || !AHEAD.has(only));
  const isWanted = only === 'ran' ? ranWell : undefined;
  const shared = { job, zone, isWanted, filter: part?.filter };
  const soFar = parts.reduce((sum, { key, count }) => sum + (AHEAD.has(key) ? 0 : count), 0);
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
        {isNewestFirst && (
          <Text size="xs" c="dimmed">
            {t('day.newest')}
          </Text>
        )}
      </Group>
      {isNewestFirst ? (
        <Newest
          key={`${only ?? ''} ${opened}`}
          {...shared}
          soFar={{ ...stretch, now: opened, count: part?.count ?? soFar }}
          onFull={() => setOpened(Date.now())}
        />
      ) : (
        <Oldest key={only ?? ''} {...shared} day={{ from: stretch.from, to: stretch.until - 1 }} />
      )}
    </section>
  );
}

interface ListProps {
  readonly job: string;
  readonly zone: string;
  readonly filter: TickFilter | undefined;
  readonly isWanted: ((tick: TickView) => boolean) | undefined;
}

function Oldest({ job, day, filter = {}, ...rest }: ListProps & { readonly day: TickWindow }): ReactNode {
  return <Found job={job} ticks={useTicksOfDay(job, day, filter)} {...rest} />;
}

interface NewestProps extends ListProps {
  readonly soFar: DaySoFar;
  /** So many came since it was opened that it has to be opened anew. */
  readonly onFull: () => void;
}

function Newest({ job, soFar, filter, onFull, ...rest }: NewestProps): ReactNode {
  const ticks = useTicksOfToday(job, soFar, filter);
  const isFull = ticks.items.length > MOST && !ticks.query.hasNextPage;
  const tellFull = useEffectEvent(onFull);
  useEffect(() => {
    if (isFull) tellFull();
  }, [isFull]);
  return <Found job={job} ticks={ticks} {...rest} />;
}

interface FoundProps extends Omit<ListProps, 'filter'> {
  readonly ticks: Ticks;
}

function Found({ job, zone, ticks: { query, items }, isWanted }: FoundProps): ReactNode {
  const { t } = useTranslation('job');
  const shown = isWanted ? items.filter(isWanted) : items;
  return (
    <Loaded query={query}>
      {() => (
        <>
          {shown.length === 0 && !query.hasNextPage ? (
            <Text size="sm" c="dimmed">
              {t('calendar.nothing')}
            </Text>
          ) : (
            <TickTable job={job} ticks={shown} zone={zone} />
          )}
          {query.hasNextPage && (
            <Group justify="center" mt="sm">
              <Button
                variant="default"
                loading={query.isFetchingNextPage}
                onClick={() => void query.fetchNextPage()}
              >
                {t('day.more')}
              </Button>
            </Group>
          )}
        </>
      )}
    </Loaded>
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
      <Table className="stacked-table run-cards">
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
  const words = [
    ticks && `${t('runs.ticks', { count: ticks.count })}.`,
    tick.partly && t('day.partly'),
    tick.reason && reasonText(tick.reason, currentLanguage()),
  ].filter((each) => each !== undefined);
  return (
    <Table.Tr>
      <Table.Td data-label={t('column.tick')} data-area="name" className="page-count">
        {only && runs.length === 1 ? (
          <Link {...runPlace(job, only.run)} className="job-run-link">
            {time}
          </Link>
        ) : (
          time
        )}
      </Table.Td>
      <Table.Td data-label={t('column.outcome')} data-area="state">
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
      <Table.Td data-label={t('column.worker')} data-area="where">
        <WorkerName id={tick.worker} />
      </Table.Td>
      <Table.Td data-label={t('column.lag')} data-area="lag" data-number>
        <DurationText ms={startLagMs} />
      </Table.Td>
      <Table.Td data-label={t('column.why')} data-area="why">
        {words.length > 0 && <Text size="xs">{words.join(' ')}</Text>}
      </Table.Td>
    </Table.Tr>
  );
}
