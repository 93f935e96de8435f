// One run: what became of it and why, what it prints, its attempts, what it was given; and what can be done about it.
import { Stack } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { RunView } from '../../../../src/common/api/values.ts';
import { Loaded } from '../../components/loaded.tsx';
import { OutcomeBadge } from '../../components/outcome-badge.tsx';
import { PageHeader } from '../../components/page-header.tsx';
import { TimeText } from '../../components/time-text.tsx';
import { Trail } from '../../components/trail.tsx';
import { read } from '../../lib/query.ts';
import { KillRun } from './kill-run.tsx';
import { RunAgain } from './run-again.tsx';
import { RunAttempts } from './run-attempts.tsx';
import { RunEnvironment } from './run-environment.tsx';
import { RunFacts } from './run-facts.tsx';
import { RunNotes } from './run-notes.tsx';
import { RunOutput } from './run-output.tsx';

const route = getRouteApi('/jobs/$job/runs/$run');
/** Nobody tells when the reason of one that waits changes, nor of each run where there are very many. */
const LOOK_MS = 4_000;

export function RunPage(): ReactNode {
  const params = route.useParams();
  const { t } = useTranslation('runs');
  const run = useQuery({
    ...read('getRun', { params }),
    refetchInterval: ({ state }) => (state.data && state.data.endedAt === undefined ? LOOK_MS : false),
  });
  const known = run.data;
  return (
    <>
      <PageHeader
        title={t('titleOfRun', { job: params.job })}
        trail={<Trail job={params.job} />}
        beside={known && <OutcomeBadge outcome={known.state} />}
        summary={
          <>
            {t('run')} <span className="page-mono">{params.run}</span>
            {known && (
              <>
                {' · '}
                <TimeText at={known.scheduledFor} />
              </>
            )}
          </>
        }
        actions={
          known && (
            <>
              {known.endedAt === undefined && <KillRun run={known} />}
              <RunAgain job={known.job} />
            </>
          )
        }
      />
      <Loaded query={run}>{(run) => <RunDetails key={`${run.job}/${run.id}`} run={run} />}</Loaded>
    </>
  );
}

/** Of one that never started there is nothing to read. */
const mayHaveOutput = (run: RunView): boolean =>
  run.startedAt !== undefined ||
  run.attempts.length > 0 ||
  (run.state === 'lost' && run.worker !== undefined);

function RunDetails({ run }: { readonly run: RunView }): ReactNode {
  return (
    <Stack gap="md">
      <RunNotes run={run} />
      <RunFacts run={run} />
      {run.attempts.length > (run.endedAt === undefined ? 0 : 1) && <RunAttempts run={run} />}
      {mayHaveOutput(run) && <RunOutput run={run} />}
      <RunEnvironment run={run} />
    </Stack>
  );
}
