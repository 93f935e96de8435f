// What all of it stands on: etcd, the masters, and what to worry about. Nobody tells when etcd changes, so it is
// asked every few seconds while the page is open.
import { Paper, Stack, Title } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { Loaded } from '../../components/loaded.tsx';
import { PageHeader } from '../../components/page-header.tsx';
import { read } from '../../lib/query.ts';
import { Database } from './database.tsx';
import { EtcdFacts } from './etcd-facts.tsx';
import { Masters } from './masters.tsx';
import { Members } from './members.tsx';
import { Warnings } from './warnings.tsx';

const ASK_EVERY_MS = 5_000;

export function ClusterPage(): ReactNode {
  const { t } = useTranslation('cluster');
  const query = useQuery({ ...read('getCluster'), refetchInterval: ASK_EVERY_MS });
  const { data } = query;
  return (
    <>
      <PageHeader
        title={t('title')}
        summary={
          data &&
          [
            t('jobs', { count: data.jobs }),
            t('workers', { count: data.workers }),
            t('runs', { count: data.runs }),
          ].join(' · ')
        }
      />
      <Loaded query={query}>
        {(cluster) => (
          <Stack gap="lg">
            <Warnings warnings={cluster.warnings} />
            <section aria-labelledby="cluster-etcd">
              <Title order={2} id="cluster-etcd" mb="xs">
                {t('etcd')}
              </Title>
              <Paper p="md" mb="xs">
                <Stack gap="md">
                  <EtcdFacts cluster={cluster} />
                  <Database cluster={cluster} />
                </Stack>
              </Paper>
              <Members members={cluster.members} />
            </section>
            <section aria-labelledby="cluster-masters">
              <Title order={2} id="cluster-masters" mb="xs">
                {t('masters')}
              </Title>
              <Masters masters={cluster.masters} housekeeper={cluster.housekeeper} />
            </section>
          </Stack>
        )}
      </Loaded>
    </>
  );
}
