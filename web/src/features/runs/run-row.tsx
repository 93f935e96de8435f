// One run in a list of runs of all jobs.
import { Anchor, Progress, Table, Text } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import { memo, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { RunBrief } from '../../../../src/common/api/overview.ts';
import type { RunView } from '../../../../src/common/api/values.ts';
import { Countdown, DurationText, Elapsed } from '../../components/countdown.tsx';
import { OutcomeBadge } from '../../components/outcome-badge.tsx';
import { TimeText } from '../../components/time-text.tsx';

export const RUN_COLUMNS = ['job', 'state', 'cause', 'started', 'duration', 'lag', 'worker', 'note'] as const;

export interface RunRowProps {
  readonly run: RunView | RunBrief;
  readonly isOver: boolean;
}

export const RunRow = memo(function RunRow({ run, isOver }: RunRowProps): ReactNode {
  const { t } = useTranslation('runs');
  const { job, id, startedAt, endedAt, durationMs, progress } = run;
  const cause = typeof run.cause === 'string' ? run.cause : run.cause.kind;
  return (
    <Table.Tr>
      <Table.Td className="runs-job">
        <Anchor
          inherit
          style={{ overflowWrap: 'anywhere' }}
          renderRoot={(props) => <Link to="/jobs/$job/runs/$run" params={{ job, run: id }} {...props} />}
        >
          {job}
        </Anchor>
      </Table.Td>
      <Table.Td data-label={t('column.state')}>
        <OutcomeBadge outcome={run.state} />
      </Table.Td>
      <Table.Td data-label={t('column.cause')}>{t(`cause.${cause}`)}</Table.Td>
      <Table.Td data-label={t(isOver ? 'column.ended' : 'column.started')}>
        {isOver ? (
          <TimeText at={endedAt ?? run.scheduledFor} />
        ) : startedAt === undefined ? (
          run.state === 'armed' ? (
            <Countdown to={run.scheduledFor} />
          ) : (
            <TimeText at={run.scheduledFor} />
          )
        ) : (
          <TimeText at={startedAt} />
        )}
      </Table.Td>
      <Table.Td data-label={t('column.duration')} className="page-count run-number">
        {durationMs !== undefined && <DurationText ms={durationMs} />}
        {durationMs === undefined && startedAt !== undefined && endedAt === undefined && (
          <Elapsed since={startedAt} />
        )}
        {progress !== undefined && endedAt === undefined && (
          <Progress size={4} w={72} value={progress * 100} aria-label={t('progress')} />
        )}
      </Table.Td>
      <Table.Td data-label={t('column.lag')} className="page-count run-number">
        <DurationText ms={run.startLagMs} />
      </Table.Td>
      <Table.Td data-label={t('column.worker')} className="runs-worker">
        <Text span inherit className="page-mono" style={{ overflowWrap: 'anywhere' }}>
          {run.worker}
        </Text>
      </Table.Td>
      <Table.Td data-label={t('column.note')}>
        <Text span size="xs" c="dimmed" lineClamp={2} style={{ overflowWrap: 'anywhere' }}>
          {run.error ?? run.reason}
        </Text>
      </Table.Td>
    </Table.Tr>
  );
});
