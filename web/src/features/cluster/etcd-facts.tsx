// etcd at a glance.
import { Group } from '@mantine/core';
import { IconAlertTriangle } from '@tabler/icons-react';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { ClusterView } from '../../../../src/common/api/cluster.ts';
import { KeyValue } from '../../components/key-value.tsx';
import { ToneBadge } from '../../components/outcome-badge.tsx';

export function EtcdFacts({ cluster }: { readonly cluster: ClusterView }): ReactNode {
  const { t } = useTranslation('cluster');
  const { leader, members, raftTerm, version, alarms } = cluster;
  const nameOf = (id: string): string => members.find((member) => member.id === id)?.name || id;
  const leads = members.find(({ isLeader }) => isLeader);
  return (
    <KeyValue
      items={[
        [t('fact.leader'), leads?.name || leader || t('fact.noLeader')],
        [t('fact.term'), String(raftTerm)],
        [t('fact.version'), version],
        [
          t('fact.alarms'),
          alarms.length === 0 ? (
            t('fact.noAlarms')
          ) : (
            <Group gap={4}>
              {alarms.map(({ memberId, kind }) => (
                <ToneBadge key={`${memberId} ${kind}`} tone="bad" icon={IconAlertTriangle}>
                  {t(`alarm.${kind}`)}: {nameOf(memberId)}
                </ToneBadge>
              ))}
            </Group>
          ),
        ],
      ]}
    />
  );
}
