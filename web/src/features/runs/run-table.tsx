// Runs of all jobs as a table.
import { Paper, Table } from '@mantine/core';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { RunBrief } from '../../../../src/common/api/overview.ts';
import type { RunView } from '../../../../src/common/api/values.ts';
import { ColumnHeads } from '../../components/run-cells.tsx';
import { RUN_COLUMNS, RunRow } from './run-row.tsx';
import './runs.css';

export interface RunTableProps {
  readonly runs: readonly (RunView | RunBrief)[];
  /** They are over: when they ended is told, not when they began. */
  readonly isOver?: boolean;
}

export function RunTable({ runs, isOver = false }: RunTableProps): ReactNode {
  const { t } = useTranslation('runs');
  return (
    <Paper>
      <Table className="stacked-table run-cards" highlightOnHover>
        <ColumnHeads
          columns={RUN_COLUMNS.map((key) => ({
            key,
            name: t(`column.${key === 'started' && isOver ? 'ended' : key}`),
            isNumber: key === 'duration' || key === 'lag',
          }))}
        />
        <Table.Tbody>
          {runs.map((run) => (
            <RunRow key={`${run.job}/${run.id}`} run={run} isOver={isOver} />
          ))}
        </Table.Tbody>
      </Table>
    </Paper>
  );
}
