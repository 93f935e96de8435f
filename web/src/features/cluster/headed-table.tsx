// A table of this page: a line of heads, and rows that stand below each other where it is narrow.
import { Paper, Table } from '@mantine/core';
import type { ReactNode } from 'react';
import '../../components/stacked-table.css';

export interface HeadedTableProps {
  readonly heads: readonly string[];
  /** Rows. */
  readonly children: ReactNode;
}

export function HeadedTable({ heads, children }: HeadedTableProps): ReactNode {
  return (
    <Paper>
      <Table className="stacked-table">
        <Table.Thead>
          <Table.Tr>
            {heads.map((head) => (
              <Table.Th key={head}>{head}</Table.Th>
            ))}
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>{children}</Table.Tbody>
      </Table>
    </Paper>
  );
}
