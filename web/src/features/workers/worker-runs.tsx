// What one worker runs now, and what it has claimed ahead.
import { Group, Stack, Text } from '@mantine/core';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { RunView } from '../../../../src/common/api/values.ts';
import type { WorkerView } from '../../../../src/common/api/workers.ts';
import { Countdown, Elapsed } from '../../components/countdown.tsx';
import { OutcomeBadge } from '../../components/outcome-badge.tsx';

const MOST = 20;

export interface WorkerRunsProps {
  readonly worker: WorkerView;
  readonly runs: readonly RunView[];
}

export function WorkerRuns({ worker, runs }: WorkerRunsProps): ReactNode {
  const { t } = useTranslation('workers');
  if (runs.length === 0)
    return (
      <Text size="sm" c="dimmed" pl={30}>
        {t('runs.none')}
      </Text>
    );
  return (
    <Stack gap={4} pl={30} component="section" aria-label={t('runs.title', { worker: worker.name })}>
      {runs.slice(0, MOST).map((run) => (
        <Group key={`${run.job}/${run.id}`} gap="sm">
          <OutcomeBadge outcome={run.state} />
          <Text size="sm" fw={500}>
            {run.job}
          </Text>
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
      ))}
      {runs.length > MOST && (
        <Text size="xs" c="dimmed">
          {t('runs.more', { count: MOST })}
        </Text>
      )}
    </Stack>
  );
}
