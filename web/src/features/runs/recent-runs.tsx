// What ended lately, newest first, as it happens.
import { Button, Text } from '@mantine/core';
import { IconHistory } from '@tabler/icons-react';
import { useState, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { RunBrief } from '../../../../src/common/api/overview.ts';
import { EmptyState } from '../../components/empty-state.tsx';
import { Loaded } from '../../components/loaded.tsx';
import { RunTable } from './run-table.tsx';
import { RunsBar } from './runs-bar.tsx';
import { isFound, isOfEnd, type EndFilter } from './runs-search.ts';
import { useHeld } from './use-held.ts';
import { keyOfRun, useRecentRuns } from './use-recent-runs.ts';

/** Rows that are drawn at first, and with each wish for more. */
const ROWS = 100;
const NONE: readonly RunBrief[] = [];

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
  const { shown, newer, showNewer, around } = useHeld(found ?? NONE, `${state ?? ''} ${q ?? ''}`, keyOfRun);
  return (
    <>
      <RunsBar count={found && t(isCut ? 'countMore' : 'count', { count: found.length })} />
      <Loaded query={query}>
        {() => (
          <>
            {isCut && (
              <Text size="xs" c="dimmed" mb="xs">
                {t('recent.cut')}
              </Text>
            )}
            {shown.length === 0 ? (
              <EmptyState icon={IconHistory} explain={t(isNarrowed ? 'empty.search' : 'empty.recent')} />
            ) : (
              <div {...around}>
                {/* Over the list: it moves nothing. */}
                <div className="runs-newer" role="status">
                  {newer > 0 && (
                    <Button size="compact-xs" onClick={showNewer}>
                      {t('recent.newer', { count: newer })}
                    </Button>
                  )}
                </div>
                <RunTable runs={shown.slice(0, most)} isOver />
              </div>
            )}
          </>
        )}
      </Loaded>
      {shown.length > most && (
        <Button mt="sm" variant="default" onClick={() => setMost(most + ROWS)}>
          {t('more')}
        </Button>
      )}
    </>
  );
}
