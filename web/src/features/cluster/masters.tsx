// The masters that are registered, this one among them.
import { Group, Table, Text } from '@mantine/core';
import { IconBrush } from '@tabler/icons-react';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { ClusterView } from '../../../../src/common/api/cluster.ts';
import { ToneBadge } from '../../components/outcome-badge.tsx';
import { TimeText } from '../../components/time-text.tsx';
import { durationText } from '../../lib/duration-text.ts';
import { HeadedTable } from './headed-table.tsx';

const COLUMNS = ['name', 'address', 'clock', 'since'] as const;

export interface MastersProps {
  readonly masters: ClusterView['masters'];
  readonly housekeeper: string | null;
}

export function Masters({ masters, housekeeper }: MastersProps): ReactNode {
  const { t } = useTranslation('cluster');
  return (
    <HeadedTable heads={COLUMNS.map((column) => t(`master.${column}`))}>
      {masters.map((master) => (
        <Table.Tr key={master.id}>
          <Table.Td>
            <div>
              <Group gap="xs">
                <Text size="sm" fw={600} style={{ overflowWrap: 'anywhere' }}>
                  {master.id}
                </Text>
                {master.id === housekeeper && (
                  <ToneBadge tone="paused" icon={IconBrush} hint={t('master.housekeeperHint')}>
                    {t('master.housekeeper')}
                  </ToneBadge>
                )}
              </Group>
              <Text size="xs" c="dimmed">
                {t('master.host', { host: master.host, pid: master.pid })} · {master.version}
              </Text>
            </div>
          </Table.Td>
          <Table.Td data-label={t('master.address')} className="page-mono">
            {master.http}
          </Table.Td>
          <Table.Td data-label={t('master.clock')} className="page-count">
            {master.clockOffsetMs === null ? (
              <Text span inherit c="dimmed">
                {t('master.notMeasured')}
              </Text>
            ) : (
              `${master.clockOffsetMs > 0 ? '+' : ''}${durationText(master.clockOffsetMs)}`
            )}
          </Table.Td>
          <Table.Td data-label={t('master.since')}>
            <TimeText at={master.startedAt} />
          </Table.Td>
        </Table.Tr>
      ))}
    </HeadedTable>
  );
}
