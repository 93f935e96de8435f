// Where no job is yet: what a job is, and the first one in one click. It does no harm: it prints a line.
import { Anchor, Button, Code, Group, Stack, Text } from '@mantine/core';
import { IconClockPlay } from '@tabler/icons-react';
import { useQueryClient } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { EmptyState } from '../../components/empty-state.tsx';
import { EXAMPLE, exampleJob } from '../../components/example-job.ts';
import { notifyDone } from '../../components/notify.ts';
import { addressOf } from '../../lib/base.ts';
import { useAction } from '../../lib/query.ts';

export function FirstJob({ hasWorkers }: { readonly hasWorkers: boolean }): ReactNode {
  const { t } = useTranslation('overview');
  const client = useQueryClient();
  const create = useAction('createJob', {
    onDone: () => {
      notifyDone(t('first.done'));
      void client.invalidateQueries();
    },
  });
  return (
    <EmptyState icon={IconClockPlay} title={t('first.title')} explain={t('first.explain')}>
      <Stack gap="sm" align="center" mt="xs">
        <Code block ta="left" maw="100%">
          {`${EXAMPLE.schedule}\n${EXAMPLE.task.command}`}
        </Code>
        <Group gap="sm" justify="center">
          <Button size="sm" loading={create.isPending} onClick={() => create.mutate({ body: exampleJob() })}>
            {t('first.create')}
          </Button>
          <Anchor size="sm" href={addressOf('docs')}>
            {t('first.api')}
          </Anchor>
        </Group>
        {!hasWorkers && (
          <Text size="sm">
            {t('first.noWorkers')} <Link to="/workers">{t('first.toWorkers')}</Link>
          </Text>
        )}
      </Stack>
    </EmptyState>
  );
}
