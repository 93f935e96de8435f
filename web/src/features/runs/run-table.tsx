// Runs of all jobs as a table.
import { Paper, Table } from '@mantine/core';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { RunBrief } from '../../../../src/common/api/overview.ts';
import type { RunView } from '../../../../src/common/api/values.ts';
import '../../components/stacked-table.css';
import { RUN_COLUMNS, RunRow } from './run-row.tsx';
import './runs.css';

const NUMBERS: ReadonlySet<string> = new Set(['duration', 'lag']);

export interface RunTableProps {
  readonly runs: readonly (RunView | RunBrief)[];
  /** They are over: when they ended is told, not when they began. */
  readonly isOver?: boolean;
}

export function RunTable({ runs, isOver = false }: RunTableProps): ReactNode {
  const { t } = useTranslation('runs');
  return (
    <Paper>
      <Table className="stacked-table" highlightOnHover>
        <Table.Thead>
          <Table.Tr>
            {RUN_COLUMNS.map((name) => (
              <Table.Th key={name} className={NUMBERS.has(name) ? 'run-number' : undefined}>
                {name === 'started' && isOver ? t('column.ended') : t(`column.${name}`)}
              </Table.Th>
            ))}
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {runs.map((run) => (
            <RunRow key={`${run.job}/${run.id}`} run={run} isOver={isOver} />
          ))}
        </Table.Tbody>
      </Table>
    </Paper>
  );
}
