// The runs of all jobs: those that are on, those that wait, and those of the last minutes. Filters are in the address.
import { Button, Group, Paper, SegmentedControl, Table, Text, TextInput } from '@mantine/core';
import { IconPlayerPlay, IconSearch } from '@tabler/icons-react';
import { useInfiniteQuery } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { RunView } from '../../../../src/common/api/values.ts';
import { EmptyState } from '../../components/empty-state.tsx';
import { ErrorState } from '../../components/error-state.tsx';
import { LoadingLines } from '../../components/loaded.tsx';
import { PageHeader } from '../../components/page-header.tsx';
import '../../components/stacked-table.css';
import { readPages } from '../../lib/query.ts';
import './runs.css';
import { RUN_COLUMNS, RunRow } from './run-row.tsx';
import { RUN_LISTS, type RunList } from './runs-search.ts';

const PAGE = 200;
const NUMBERS: ReadonlySet<string> = new Set(['duration', 'lag']);
const route = getRouteApi('/runs');

export function RunsPage(): ReactNode {
  const { t } = useTranslation('runs');
  const { show = 'active', q = '' } = route.useSearch();
  const navigate = route.useNavigate();
  const runs = useInfiniteQuery({
    ...readPages('listRuns', { query: { limit: PAGE, ...(show !== 'active' && { state: show }) } }),
    // Nobody tells of requests that no worker has taken.
    refetchInterval: show === 'waiting' ? 3_000 : false,
  });
  const hasMore = runs.hasNextPage;
  const words = q.trim().toLowerCase();
  const all = runs.data?.pages.flatMap(({ items }) => items) ?? [];
  const items = all.filter(
    ({ job, worker = '' }) =>
      words === '' || job.toLowerCase().includes(words) || worker.toLowerCase().includes(words),
  );
  return (
    <>
      <PageHeader title={t('title')} />
      <Group mb="sm" gap="sm">
        <SegmentedControl
          size="xs"
          aria-label={t('list.label')}
          value={show}
          onChange={(value) =>
            void navigate({
              search: (old) => ({ ...old, show: value === 'active' ? undefined : (value as RunList) }),
              replace: true,
            })
          }
          data={RUN_LISTS.map((value) => ({ value, label: t(`list.${value}`) }))}
        />
        <TextInput
          size="xs"
          w={{ base: '100%', xs: 240 }}
          value={q}
          onChange={(event) => {
            const text = event.currentTarget.value;
            void navigate({
              search: (old) => ({ ...old, q: text === '' ? undefined : text }),
              replace: true,
            });
          }}
          placeholder={t('search')}
          aria-label={t('search')}
          leftSection={<IconSearch size={14} aria-hidden />}
        />
        {runs.isSuccess && (
          <Text size="xs" c="dimmed" role="status" className="page-count">
            {t(hasMore ? 'countMore' : 'count', { count: items.length })}
          </Text>
        )}
      </Group>
      {runs.isError && <ErrorState error={runs.error} onRetry={() => void runs.refetch()} />}
      {runs.isPending && <LoadingLines />}
      {runs.isSuccess && items.length === 0 && (
        <EmptyState icon={IconPlayerPlay} explain={words === '' ? t(`empty.${show}`) : t('empty.search')} />
      )}
      {items.length > 0 && <RunTable runs={items} />}
      {runs.hasNextPage && (
        <Button
          mt="sm"
          variant="default"
          loading={runs.isFetchingNextPage}
          onClick={() => void runs.fetchNextPage()}
        >
          {t('more')}
        </Button>
      )}
    </>
  );
}

function RunTable({ runs }: { readonly runs: readonly RunView[] }): ReactNode {
  const { t } = useTranslation('runs');
  return (
    <Paper>
      <Table className="stacked-table" highlightOnHover>
        <Table.Thead>
          <Table.Tr>
            {RUN_COLUMNS.map((name) => (
              <Table.Th key={name} className={NUMBERS.has(name) ? 'run-number' : undefined}>
                {t(`column.${name}`)}
              </Table.Th>
            ))}
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {runs.map((run) => (
            <RunRow key={`${run.job}/${run.id}`} run={run} />
          ))}
        </Table.Tbody>
      </Table>
    </Paper>
  );
}
