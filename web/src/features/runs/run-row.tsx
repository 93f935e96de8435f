// One run in a list of runs of all jobs.
import { Anchor, Table } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import { memo, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { RunBrief } from '../../../../src/common/api/overview.ts';
import type { RunView } from '../../../../src/common/api/values.ts';
import { Countdown, DurationText } from '../../components/countdown.tsx';
import { OutcomeBadge } from '../../components/outcome-badge.tsx';
import { RunLength, RunWhy, WorkerName } from '../../components/run-cells.tsx';
import { TimeText } from '../../components/time-text.tsx';

export const RUN_COLUMNS = ['job', 'state', 'cause', 'started', 'duration', 'lag', 'worker', 'note'] as const;

export interface RunRowProps {
  readonly run: RunView | RunBrief;
  readonly isOver: boolean;
}

export const RunRow = memo(function RunRow({ run, isOver }: RunRowProps): ReactNode {
  const { t } = useTranslation('runs');
  const { t: common } = useTranslation();
  const { job, id, startedAt, endedAt } = run;
  const cause = typeof run.cause === 'string' ? run.cause : run.cause.kind;
  return (
    <Table.Tr>
      <Table.Td data-area="name" className="runs-job">
        <Anchor
          inherit
          style={{ overflowWrap: 'anywhere' }}
          renderRoot={(props) => <Link to="/jobs/$job/runs/$run" params={{ job, run: id }} {...props} />}
        >
          {job}
        </Anchor>
      </Table.Td>
      <Table.Td data-label={t('column.state')} data-area="state">
        <OutcomeBadge outcome={run.state} />
      </Table.Td>
      <Table.Td data-label={t('column.cause')} data-area="cause">
        {common(`cause.${cause}`)}
      </Table.Td>
      <Table.Td data-label={t(isOver ? 'column.ended' : 'column.started')} data-area="when">
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
      <Table.Td data-label={t('column.duration')} data-area="length" data-number>
        <RunLength run={run} />
      </Table.Td>
      <Table.Td data-label={t('column.lag')} data-area="lag" data-number>
        <DurationText ms={run.startLagMs} />
      </Table.Td>
      <Table.Td data-label={t('column.worker')} data-area="where">
        <WorkerName id={run.worker} />
      </Table.Td>
      <Table.Td data-label={t('column.note')} data-area="why">
        <RunWhy run={run} />
      </Table.Td>
    </Table.Tr>
  );
});
