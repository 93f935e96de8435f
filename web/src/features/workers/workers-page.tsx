// All workers that are alive: what they can take, what they run, whether they may be taken away.
import { Code, CopyButton, Button, Group, Paper, Table } from '@mantine/core';
import { IconServer2 } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { WorkerView } from '../../../../src/common/api/workers.ts';
import { EmptyState } from '../../components/empty-state.tsx';
import { Loaded } from '../../components/loaded.tsx';
import { PageHeader } from '../../components/page-header.tsx';
import '../../components/stacked-table.css';
import { read } from '../../lib/query.ts';
import { WorkerRow } from './worker-row.tsx';

const START = 'etcron worker --etcd http://etcd:2379';

export function WorkersPage(): ReactNode {
  const { t } = useTranslation('workers');
  const workers = useQuery(read('listWorkers'));
  const all = workers.data?.items;
  const summary = all && all.length > 0 ? t('summary', totals(all)) : undefined;
  return (
    <>
      <PageHeader title={t('title')} summary={summary} />
      <Loaded query={workers}>
        {({ items }) => (items.length === 0 ? <NoWorkers /> : <WorkerTable workers={items} />)}
      </Loaded>
    </>
  );
}

const totals = (all: readonly WorkerView[]) => ({
  count: all.length,
  running: all.reduce((sum, { running }) => sum + running, 0),
  slots: all.reduce((sum, { slots }) => sum + slots, 0),
});

interface WorkerTableProps {
  readonly workers: readonly WorkerView[];
}

function WorkerTable({ workers }: WorkerTableProps): ReactNode {
  const { t } = useTranslation('workers');
  const byName = workers.toSorted((a, b) => a.name.localeCompare(b.name) || a.id.localeCompare(b.id));
  const othersTakeWork = (id: string): boolean =>
    workers.some((worker) => worker.id !== id && (worker.state === 'ready' || worker.state === 'full'));
  return (
    <Paper>
      <Table className="stacked-table" highlightOnHover>
        <Table.Thead>
          <Table.Tr>
            {(['worker', 'state', 'slots', 'labels', 'can', 'clock', 'since', 'actions'] as const).map(
              (name) => (
                <Table.Th key={name}>{t(`column.${name}`)}</Table.Th>
              ),
            )}
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {byName.map((worker) => (
            <WorkerRow key={worker.id} worker={worker} isLast={!othersTakeWork(worker.id)} />
          ))}
        </Table.Tbody>
      </Table>
    </Paper>
  );
}

function NoWorkers(): ReactNode {
  const { t } = useTranslation('workers');
  return (
    <EmptyState icon={IconServer2} title={t('empty.title')} explain={t('empty.explain')}>
      <Group gap="xs">
        <Code>{START}</Code>
        <CopyButton value={START}>
          {({ copied, copy }) => (
            <Button variant="default" onClick={copy}>
              {copied ? t('empty.copied') : t('empty.copy')}
            </Button>
          )}
        </CopyButton>
      </Group>
    </EmptyState>
  );
}
