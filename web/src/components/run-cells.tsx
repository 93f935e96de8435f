// What tables of runs have in common, wherever they are: heads, how long one took, where it ran, why it ended so.
import { Progress, Table, Text } from '@mantine/core';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { RunBrief } from '../../../src/common/api/overview.ts';
import type { RunView } from '../../../src/common/api/values.ts';
import { DurationText, Elapsed } from './countdown.tsx';
import './stacked-table.css';
import { useWhy, type RunEnd } from './why.ts';
import { nameOfWorker } from './worker-name.ts';

export interface Column {
  readonly key: string;
  readonly name: string;
  /** Its figures end below each other. */
  readonly isNumber?: boolean;
}

/** For a `stacked-table`. */
export function ColumnHeads({ columns }: { readonly columns: readonly Column[] }): ReactNode {
  return (
    <Table.Thead>
      <Table.Tr>
        {columns.map(({ key, name, isNumber = false }) => (
          <Table.Th key={key} data-number={isNumber || undefined}>
            {name}
          </Table.Th>
        ))}
      </Table.Tr>
    </Table.Thead>
  );
}

export interface RunLengthProps {
  readonly run: Pick<RunBrief | RunView, 'startedAt' | 'endedAt' | 'durationMs' | 'progress'>;
}

/** How long it took; of one that is on how long by now, and how far it says that it is. */
export function RunLength({ run }: RunLengthProps): ReactNode {
  const { t } = useTranslation();
  const { startedAt, endedAt, durationMs, progress } = run;
  const isOn = endedAt === undefined && startedAt !== undefined;
  return (
    <>
      {isOn && durationMs === undefined ? <Elapsed since={startedAt} /> : <DurationText ms={durationMs} />}
      {isOn && progress !== undefined && (
        <Progress size={4} w={72} value={progress * 100} aria-label={t('progress')} />
      )}
    </>
  );
}

export function WorkerName({ id }: { readonly id: string | undefined }): ReactNode {
  if (id === undefined) return null;
  return (
    <Text span inherit className="page-count" title={id}>
      {nameOfWorker(id)}
    </Text>
  );
}

export interface RunWhyProps {
  readonly run: RunEnd;
  /** Before it. */
  readonly children?: ReactNode;
}

/** Two lines at most; all of it where one points. */
export function RunWhy({ run, children }: RunWhyProps): ReactNode {
  const why = useWhy()(run);
  if (why === undefined && !children) return null;
  return (
    <Text size="xs" c="dimmed" lineClamp={2} title={why} style={{ overflowWrap: 'anywhere' }}>
      {children}
      {why}
    </Text>
  );
}
