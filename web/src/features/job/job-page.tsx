// One job: what it is and when it ticks, how it went, what became of every tick, who changed it; and all that can be
// done with it. What is wrong with it comes first.
import { Button, Tabs, Text } from '@mantine/core';
import { IconMapOff, IconX } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { getRouteApi, Link, useNavigate } from '@tanstack/react-router';
import { lazy, Suspense, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { JobDetail } from '../../../../src/common/api/jobs.ts';
import { EmptyState } from '../../components/empty-state.tsx';
import { LabelList } from '../../components/label-list.tsx';
import { Loaded, LoadingLines } from '../../components/loaded.tsx';
import { OutcomeBadge, ToneBadge } from '../../components/outcome-badge.tsx';
import { PageHeader } from '../../components/page-header.tsx';
import { CallFailed } from '../../lib/problem.ts';
import { read } from '../../lib/query.ts';
import { BrokenJob } from './broken-job.tsx';
import { JobActions } from './job-actions.tsx';
import { JobNotes } from './job-notes.tsx';
import { JOB_TABS, type JobTab } from './job-search.ts';
import './job.css';
import { NextTicks } from './next-ticks.tsx';
import { RunHistory } from './run-history.tsx';
import { VersionsTab } from './versions-tab.tsx';

const DefinitionTab = lazy(async () => ({ default: (await import('./definition-tab.tsx')).DefinitionTab }));

const TicksTab = lazy(async () => ({ default: (await import('./ticks-tab.tsx')).TicksTab }));

/** Among them is the one that failed last, mostly: the newest may be on. */
const LAST_RUNS = 5;

const route = getRouteApi('/jobs/$job');

export function JobPage(): ReactNode {
  const { job: name } = route.useParams();
  const { t } = useTranslation('job');
  const job = useQuery(read('getJob', { params: { job: name }, query: { ticks: 1, runs: LAST_RUNS } }));
  const code = job.error instanceof CallFailed ? job.error.code : undefined;
  if (code === 'job_not_found')
    return (
      <>
        <PageHeader title={name} />
        <EmptyState icon={IconMapOff} title={t('none.title')} explain={t('none.explain')}>
          <Button renderRoot={(props) => <Link to="/jobs" {...props} />}>{t('none.all')}</Button>
        </EmptyState>
      </>
    );
  if (code === 'job_broken') return <BrokenJob name={name} reason={job.error?.message ?? ''} />;
  return (
    <>
      {!job.data && <PageHeader title={name} />}
      <Loaded query={job}>
        {/* As the master answers it: with every default. */}
        {(data) => <Whole job={data as JobDetail} />}
      </Loaded>
    </>
  );
}

function Whole({ job }: { readonly job: JobDetail }): ReactNode {
  const { t } = useTranslation('job');
  const { tab = 'runs' } = route.useSearch();
  const navigate = useNavigate();
  const { name, definition } = job;
  const open = (next: string | null): void => {
    const search = next === 'runs' || next === null ? {} : { tab: next as JobTab };
    void navigate({ to: '/jobs/$job', params: { job: name }, search, replace: true, resetScroll: false });
  };
  return (
    <>
      <PageHeader
        title={name}
        beside={
          <>
            {job.failing && (
              <ToneBadge tone="bad" icon={IconX}>
                {t('failing')}
              </ToneBadge>
            )}
            {/* That its ticks fire is no comfort then. */}
            {!(job.failing && job.state === 'active') && <OutcomeBadge outcome={job.state} />}
            {job.state === 'running' && definition.paused && <OutcomeBadge outcome="paused" />}
            {definition.labels && <LabelList labels={definition.labels} most={6} />}
          </>
        }
        summary={definition.description}
        actions={<JobActions job={job} />}
      />
      <JobNotes job={job} />
      <div className="job-columns">
        <Tabs value={tab} onChange={open} keepMounted={false} className="job-main">
          <Tabs.List mb="sm">
            {JOB_TABS.map((each) => (
              <Tabs.Tab key={each} value={each}>
                {t(`tab.${each}`)}
              </Tabs.Tab>
            ))}
          </Tabs.List>
          <Suspense fallback={<LoadingLines />}>
            <Tabs.Panel value="runs">
              <RunHistory job={name} />
            </Tabs.Panel>
            <Tabs.Panel value="ticks">
              <TicksTab job={name} zone={definition.timezone} />
            </Tabs.Panel>
            <Tabs.Panel value="versions">
              <VersionsTab job={name} />
            </Tabs.Panel>
            <Tabs.Panel value="definition">
              <DefinitionTab job={job} />
            </Tabs.Panel>
          </Suspense>
        </Tabs>
        <aside className="job-side" aria-label={t('next.title')}>
          <NextTicks job={job} />
        </aside>
      </div>
      <Text size="xs" c="dimmed" mt="md">
        {t('generation', { count: job.generation })}
      </Text>
    </>
  );
}
