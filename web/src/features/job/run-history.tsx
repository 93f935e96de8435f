// How the job went: the durations of its newest runs as bars, and below them every run, page by page.
import { Button, Group, NativeSelect, Paper, Table, Text } from '@mantine/core';
import { IconHistory } from '@tabler/icons-react';
import { keepPreviousData, useInfiniteQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { lazy, Suspense, useState, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { shownRunState, type RunView } from '../../../../src/common/api/values.ts';
import { Countdown, DurationText } from '../../components/countdown.tsx';
import { EmptyState } from '../../components/empty-state.tsx';
import { Loaded } from '../../components/loaded.tsx';
import { OutcomeBadge } from '../../components/outcome-badge.tsx';
import { runPlace } from '../../components/run-address.ts';
import { ColumnHeads, RunLength, RunWhy, WorkerName } from '../../components/run-cells.tsx';
import { TimeText } from '../../components/time-text.tsx';
import { readPages } from '../../lib/query.ts';

const DurationChart = lazy(async () => ({ default: (await import('./duration-chart.tsx')).DurationChart }));
const PAGE = 50;
const STATES = shownRunState.options;

export function RunHistory({ job }: { readonly job: string }): ReactNode {
  const { t } = useTranslation('job');
  const { t: common } = useTranslation();
  const [state, setState] = useState<RunView['state'] | ''>('');
  const query = { limit: PAGE, ...(state !== '' && { state }) };
  const runs = useInfiniteQuery({
    ...readPages('listRunsOfJob', { params: { job }, query }),
    placeholderData: keepPreviousData,
  });
  return (
    <Loaded query={runs} lines={12}>
      {({ pages }) => {
        const all = pages.flatMap(({ items }) => items);
        if (all.length === 0 && state === '')
          return <EmptyState icon={IconHistory} title={t('runs.none')} explain={t('runs.noneExplain')} />;
        return (
          <>
            <Suspense fallback={<div className="job-chart" />}>
              <DurationChart runs={all} />
            </Suspense>
            <Group justify="space-between" my="xs">
              <Text size="xs" c="dimmed">
                {t('runs.shown', { count: all.length })}
              </Text>
              <NativeSelect
                size="xs"
                aria-label={t('runs.filter')}
                value={state}
                onChange={(event) => setState(event.currentTarget.value as RunView['state'] | '')}
                data={[
                  { value: '', label: t('runs.allStates') },
                  ...STATES.map((each) => ({ value: each, label: common(`outcome.${each}`) })),
                ]}
              />
            </Group>
            <RunTable runs={all} />
            {runs.hasNextPage && (
              <Group justify="center" mt="sm">
                <Button
                  variant="default"
                  loading={runs.isFetchingNextPage}
                  onClick={() => void runs.fetchNextPage()}
                >
                  {t('runs.more')}
                </Button>
              </Group>
            )}
          </>
        );
      }}
    </Loaded>
  );
}

const COLUMNS = ['outcome', 'tick', 'cause', 'worker', 'lag', 'duration', 'why'] as const;

function RunTable({ runs }: { readonly runs: readonly RunView[] }): ReactNode {
  const { t } = useTranslation('job');
  return (
    <Paper>
      <Table className="stacked-table run-cards" highlightOnHover>
        <ColumnHeads
          columns={COLUMNS.map((key) => ({
            key,
            name: t(`column.${key}`),
            isNumber: key === 'lag' || key === 'duration',
          }))}
        />
        <Table.Tbody>
          {runs.map((run) => (
            <RunLine key={run.id} run={run} />
          ))}
        </Table.Tbody>
      </Table>
    </Paper>
  );
}

function RunLine({ run }: { readonly run: RunView }): ReactNode {
  const { t } = useTranslation('job');
  const { t: common } = useTranslation();
  const isAhead = run.state === 'armed' || run.state === 'waiting';
  return (
    <Table.Tr>
      <Table.Td data-label={t('column.outcome')} data-area="state">
        <OutcomeBadge outcome={run.state} />
      </Table.Td>
      <Table.Td data-label={t('column.tick')} data-area="name">
        <span>
          <Link {...runPlace(run.job, run.id)} className="job-run-link">
            <TimeText at={run.scheduledFor} show="clock" />
          </Link>
          {run.ticks && (
            <Text span size="xs" c="dimmed" ml={6}>
              {t('runs.ticks', { count: run.ticks.count })}
            </Text>
          )}
        </span>
      </Table.Td>
      <Table.Td data-label={t('column.cause')} data-area="cause">
        {common(`cause.${run.cause.kind}`)}
        {run.cause.by !== undefined && ` · ${run.cause.by}`}
      </Table.Td>
      <Table.Td data-label={t('column.worker')} data-area="where">
        <WorkerName id={run.worker} />
      </Table.Td>
      <Table.Td data-label={t('column.lag')} data-area="lag" data-number>
        <DurationText ms={run.startLagMs} />
      </Table.Td>
      <Table.Td data-label={t('column.duration')} data-area="length" data-number>
        {isAhead ? <Countdown to={run.scheduledFor} /> : <RunLength run={run} />}
      </Table.Td>
      <Table.Td data-label={t('column.why')} data-area="why">
        <RunWhy run={run}>
          {run.attempts.length > 1 && `${t('runs.attempts', { count: run.attempts.length })} `}
        </RunWhy>
      </Table.Td>
    </Table.Tr>
  );
}
