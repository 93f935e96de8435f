// What ended lately, newest first, as it happens.
import { Button, Text } from '@mantine/core';
import { IconHistory } from '@tabler/icons-react';
import { useState, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { EmptyState } from '../../components/empty-state.tsx';
import { ErrorState } from '../../components/error-state.tsx';
import { LoadingLines } from '../../components/loaded.tsx';
import { RunTable } from './run-table.tsx';
import { RunsBar } from './runs-bar.tsx';
import { isFound, isOfEnd, type EndFilter } from './runs-search.ts';
import { useRecentRuns } from './use-recent-runs.ts';

/** Rows that are drawn at first, and with each wish for more. */
const ROWS = 100;

export interface RecentRunsProps {
  readonly state: EndFilter | undefined;
  readonly q: string | undefined;
}

export function RecentRuns({ state, q }: RecentRunsProps): ReactNode {
  const { t } = useTranslation('runs');
  const { query, runs, isCut } = useRecentRuns();
  const [most, setMost] = useState(ROWS);
  const found = runs?.filter((run) => isOfEnd(run.state, state) && isFound(run, q));
  const isNarrowed = state !== undefined || q !== undefined;
  return (
    <>
      <RunsBar count={found && t(isCut ? 'countMore' : 'count', { count: found.length })} />
      {query.isError && <ErrorState error={query.error} onRetry={() => void query.refetch()} />}
      {query.isPending && <LoadingLines />}
      {isCut && (
        <Text size="xs" c="dimmed" mb="xs">
          {t('recent.cut')}
        </Text>
      )}
      {found?.length === 0 && (
        <EmptyState icon={IconHistory} explain={t(isNarrowed ? 'empty.search' : 'empty.recent')} />
      )}
      {found && found.length > 0 && <RunTable runs={found.slice(0, most)} isOver />}
      {found && found.length > most && (
        <Button mt="sm" variant="default" onClick={() => setMost(most + ROWS)}>
          {t('more')}
        </Button>
      )}
    </>
  );
}
