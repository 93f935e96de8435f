// The members of etcd.
import { Table, Text } from '@mantine/core';
import { IconCrown, IconPlugConnectedX, IconServer, IconUserPlus } from '@tabler/icons-react';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { ClusterView } from '../../../../src/common/api/cluster.ts';
import { ToneBadge } from '../../components/outcome-badge.tsx';
import { bytesText } from '../../lib/bytes-text.ts';
import { HeadedTable } from './headed-table.tsx';

type Member = ClusterView['members'][number];
const COLUMNS = ['name', 'role', 'endpoint', 'version', 'term', 'size'] as const;

export function Members({ members }: { readonly members: readonly Member[] }): ReactNode {
  const { t } = useTranslation('cluster');
  return (
    <HeadedTable heads={COLUMNS.map((column) => t(`member.${column}`))}>
      {members.map((member) => (
        <Table.Tr key={member.id}>
          <Table.Td>
            <Text size="sm" fw={600}>
              {member.name || member.id}
            </Text>
          </Table.Td>
          <Table.Td data-label={t('member.role')}>
            <Role member={member} />
          </Table.Td>
          <Table.Td data-label={t('member.endpoint')} className="page-mono">
            {member.endpoint}
          </Table.Td>
          {member.error === undefined ? (
            <>
              <Table.Td data-label={t('member.version')}>{member.version}</Table.Td>
              <Table.Td data-label={t('member.term')}>{member.raftTerm}</Table.Td>
              <Table.Td data-label={t('member.size')} className="page-count">
                {t('member.sizes', {
                  used: bytesText(member.dbSizeInUse),
                  file: bytesText(member.dbSize),
                })}
              </Table.Td>
            </>
          ) : (
            <Table.Td colSpan={3}>
              <Text size="xs" c="dimmed">
                {member.error}
              </Text>
            </Table.Td>
          )}
        </Table.Tr>
      ))}
    </HeadedTable>
  );
}

function Role({ member }: { readonly member: Member }): ReactNode {
  const { t } = useTranslation('cluster');
  if (member.error !== undefined)
    return (
      <ToneBadge tone="bad" icon={IconPlugConnectedX}>
        {t('member.away')}
      </ToneBadge>
    );
  if (member.isLeader)
    return (
      <ToneBadge tone="good" icon={IconCrown}>
        {t('member.leader')}
      </ToneBadge>
    );
  return (
    <ToneBadge tone="paused" icon={member.isLearner ? IconUserPlus : IconServer}>
      {t(member.isLearner ? 'member.learner' : 'member.follower')}
    </ToneBadge>
  );
}
