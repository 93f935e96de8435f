// The runs of all jobs: those that are on, those that wait, and those that ended lately. Filters are in the address.
import { Button } from '@mantine/core';
import { IconPlayerPlay } from '@tabler/icons-react';
import { useInfiniteQuery } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { EmptyState } from '../../components/empty-state.tsx';
import { Loaded } from '../../components/loaded.tsx';
import { PageHeader } from '../../components/page-header.tsx';
import { readPages } from '../../lib/query.ts';
import { RecentRuns } from './recent-runs.tsx';
import { RunTable } from './run-table.tsx';
import { RunsBar } from './runs-bar.tsx';
import { isFound, type RunList } from './runs-search.ts';

const PAGE = 200;
const route = getRouteApi('/runs');

export function RunsPage(): ReactNode {
  const { t } = useTranslation('runs');
  const { show = 'active', state, q } = route.useSearch();
  return (
    <>
      <PageHeader title={t('title')} />
      {show === 'recent' ? <RecentRuns state={state} q={q} /> : <RunsOn show={show} q={q} />}
    </>
  );
}

interface RunsOnProps {
  readonly show: Exclude<RunList, 'recent'>;
  readonly q: string | undefined;
}

function RunsOn({ show, q }: RunsOnProps): ReactNode {
  const { t } = useTranslation('runs');
  const runs = useInfiniteQuery({
    ...readPages('listRuns', { query: { limit: PAGE, ...(show !== 'active' && { state: show }) } }),
    // Nobody tells of requests that no worker has taken.
    refetchInterval: show === 'waiting' ? 3_000 : false,
  });
  const hasMore = runs.hasNextPage;
  const all = runs.data?.pages.flatMap(({ items }) => items) ?? [];
  const items = all.filter((run) => isFound(run, q));
  const explain = q === undefined ? t(`empty.${show}`) : t('empty.search');
  return (
    <>
      <RunsBar
        count={runs.isSuccess ? t(hasMore ? 'countMore' : 'count', { count: items.length }) : undefined}
      />
      <Loaded query={runs}>
        {() =>
          items.length === 0 ? (
            <EmptyState icon={IconPlayerPlay} explain={explain} />
          ) : (
            <RunTable runs={items} />
          )
        }
      </Loaded>
      {hasMore && (
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
