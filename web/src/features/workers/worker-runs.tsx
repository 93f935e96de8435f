// What one worker runs now, and what it has claimed ahead. Asked for while it is shown.
import { Anchor, Group, Stack, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { RunView } from '../../../../src/common/api/values.ts';
import type { WorkerView } from '../../../../src/common/api/workers.ts';
import { Countdown, Elapsed } from '../../components/countdown.tsx';
import { Loaded } from '../../components/loaded.tsx';
import { OutcomeBadge } from '../../components/outcome-badge.tsx';
import { runPlace } from '../../components/run-address.ts';
import { read } from '../../lib/query.ts';

const MOST = 20;

export function WorkerRuns({ worker: { id, name } }: { readonly worker: WorkerView }): ReactNode {
  const { t } = useTranslation('workers');
  const runs = useQuery(read('listRuns', { query: { worker: id, limit: MOST } }));
  return (
    <Stack gap={4} pl={30} component="section" aria-label={t('runs.title', { worker: name })}>
      <Loaded query={runs} lines={1}>
        {({ items, nextCursor }) => (
          <>
            {items.length === 0 && (
              <Text size="sm" c="dimmed">
                {t('runs.none')}
              </Text>
            )}
            {items.map((run) => (
              <WorkerRun key={`${run.job}/${run.id}`} run={run} />
            ))}
            {nextCursor !== null && (
              <Anchor size="xs" renderRoot={(props) => <Link to="/runs" search={{ q: id }} {...props} />}>
                {t('runs.all')}
              </Anchor>
            )}
          </>
        )}
      </Loaded>
    </Stack>
  );
}

function WorkerRun({ run }: { readonly run: RunView }): ReactNode {
  const { t } = useTranslation('workers');
  return (
    <Group gap="sm">
      <OutcomeBadge outcome={run.state} />
      <Anchor size="sm" fw={500} renderRoot={(props) => <Link {...runPlace(run.job, run.id)} {...props} />}>
        {run.job}
      </Anchor>
      <Text size="xs" c="dimmed" className="page-mono">
        {run.id}
      </Text>
      <Text size="xs" c="dimmed">
        {run.startedAt === undefined ? (
          <>
            {t('runs.startsIn')} <Countdown to={run.scheduledFor} />
          </>
        ) : (
          <>
            {t('runs.since')} <Elapsed since={run.startedAt} />
          </>
        )}
      </Text>
    </Group>
  );
}
