// All jobs: found, narrowed and put in order by the master, however many they are; what is asked for is in the
// address. Selected ones are paused, resumed, run or deleted together.
import { Affix, Button } from '@mantine/core';
import { IconPlus } from '@tabler/icons-react';
import { getRouteApi, Link } from '@tanstack/react-router';
import { useRef, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { ErrorState } from '../../components/error-state.tsx';
import { Loaded } from '../../components/loaded.tsx';
import { PageHeader } from '../../components/page-header.tsx';
import { BulkBar } from './bulk-bar.tsx';
import { JobFilters } from './job-filters.tsx';
import { JobTable } from './job-table.tsx';
import { isNarrowed, type JobsSearch } from './jobs-search.ts';
import './jobs.css';
import { NoJobs, NothingFound } from './no-jobs.tsx';
import { useJobList } from './use-job-list.ts';
import { useSelection } from './use-selection.ts';
import { useWanted } from './use-wanted.ts';

const route = getRouteApi('/jobs');

export function JobsPage(): ReactNode {
  const { t } = useTranslation('jobs');
  const { wanted, want } = useWanted(route.useSearch());
  const list = useJobList(wanted);
  const selection = useSelection(list.jobs, wanted);
  const searchBox = useRef<HTMLInputElement>(null);
  const { total } = list;
  const isEmpty = total === 0 && !isNarrowed(wanted) && !list.query.isPlaceholderData;
  const clear = (): void => want({ q: undefined, state: undefined, label: undefined });
  return (
    <>
      <PageHeader
        title={t('title')}
        summary={<Total total={total} wanted={wanted} />}
        actions={
          <Button
            leftSection={<IconPlus size={16} aria-hidden />}
            renderRoot={(props) => <Link to="/jobs/new" {...props} />}
          >
            {t('new')}
          </Button>
        }
      />
      {!isEmpty && <JobFilters wanted={wanted} want={want} searchBox={searchBox} />}
      {list.failure && (
        // Where one has jumped to, its place is far below the top of the page.
        <Affix position={{ bottom: 20, right: 20 }} zIndex="var(--mantine-z-index-app)">
          <ErrorState error={list.failure.error} onRetry={list.failure.retry} />
        </Affix>
      )}
      <Loaded query={list.query} lines={16}>
        {() =>
          isEmpty ? (
            <NoJobs />
          ) : total === 0 ? (
            <NothingFound onClear={clear} />
          ) : (
            <JobTable list={list} selection={selection} wanted={wanted} want={want} searchBox={searchBox} />
          )
        }
      </Loaded>
      <BulkBar selection={selection} />
    </>
  );
}

/** Said aloud when it changes: a search has an answer. */
function Total({
  total,
  wanted,
}: {
  readonly total: number | undefined;
  readonly wanted: JobsSearch;
}): ReactNode {
  const { t, i18n } = useTranslation('jobs');
  const isPart = isNarrowed(wanted);
  const number = total?.toLocaleString(i18n.language) ?? '';
  const words = total === undefined ? '\u00A0' : t(isPart ? 'found' : 'total', { count: total, number });
  return <span role="status">{words}</span>;
}
