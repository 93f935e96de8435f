// What an operator sees first: what runs, what failed, what comes; then how it goes over time.
import { Stack } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { lazy, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { Overview } from '../../../../src/common/api/overview.ts';
import { Loaded } from '../../components/loaded.tsx';
import { PageHeader } from '../../components/page-header.tsx';
import { read } from '../../lib/query.ts';
import { FailuresPanel } from './failures-panel.tsx';
import { FirstJob } from './first-job.tsx';
import { NextPanel } from './next-panel.tsx';
import './overview.css';
import { RunningPanel } from './running-panel.tsx';
import { Tiles } from './tiles.tsx';
import { WhenSeen } from './when-seen.tsx';

const TimelinePanel = lazy(async () => ({
  default: (await import('./timeline/timeline-panel.tsx')).TimelinePanel,
}));
const ActivityPanel = lazy(async () => ({
  default: (await import('./activity/activity-panel.tsx')).ActivityPanel,
}));
const ForecastPanel = lazy(async () => ({
  default: (await import('./forecast/forecast-panel.tsx')).ForecastPanel,
}));

/** News makes it old too, once a second at most. */
const RENEW_MS = 5_000;

export function OverviewPage(): ReactNode {
  const { t } = useTranslation('overview');
  const overview = useQuery({
    ...read('getOverview', { query: { failures: 20, next: 20 } }),
    refetchInterval: RENEW_MS,
  });
  return (
    <>
      <PageHeader title={t('title')} />
      <Loaded query={overview} lines={10}>
        {(shown) =>
          shown.jobs.total === 0 ? (
            <FirstJob hasWorkers={shown.workers.total > 0} />
          ) : (
            <Everything overview={shown} />
          )
        }
      </Loaded>
    </>
  );
}

function Everything({ overview }: { readonly overview: Overview }): ReactNode {
  return (
    <Stack gap="sm">
      <Tiles overview={overview} />
      <div className="overview-three">
        <FailuresPanel failures={overview.failures} />
        <RunningPanel runs={overview.runs} />
        <NextPanel next={overview.next} />
      </div>
      <WhenSeen height={420}>
        <TimelinePanel />
      </WhenSeen>
      <WhenSeen height={250}>
        <ActivityPanel />
      </WhenSeen>
      <WhenSeen height={360}>
        <ForecastPanel slots={overview.workers.slots} />
      </WhenSeen>
    </Stack>
  );
}
