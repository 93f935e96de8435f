// A list with nothing in it: the first job in one click, or the way out of a search that finds nothing.
import { Button, Group } from '@mantine/core';
import { IconCalendarPlus, IconSearchOff } from '@tabler/icons-react';
import { Link, useNavigate } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { EmptyState } from '../../components/empty-state.tsx';
import { exampleJob } from '../../components/example-job.ts';
import { useAction } from '../../lib/query.ts';

export function NoJobs(): ReactNode {
  const { t } = useTranslation('jobs');
  const navigate = useNavigate();
  const create = useAction('createJob', {
    onDone: ({ job }) => void navigate({ to: '/jobs/$job', params: { job: job.name } }),
  });
  return (
    <EmptyState icon={IconCalendarPlus} title={t('empty.title')} explain={t('empty.explain')}>
      <Group gap="xs" mt="xs">
        <Button loading={create.isPending} onClick={() => create.mutate({ body: exampleJob() })}>
          {t('empty.create')}
        </Button>
        <Button variant="default" renderRoot={(props) => <Link to="/jobs/new" {...props} />}>
          {t('new')}
        </Button>
      </Group>
    </EmptyState>
  );
}

export function NothingFound({ onClear }: { readonly onClear: () => void }): ReactNode {
  const { t } = useTranslation('jobs');
  return (
    <EmptyState icon={IconSearchOff} title={t('nothing.title')} explain={t('nothing.explain')}>
      <Button variant="default" onClick={onClear}>
        {t('nothing.clear')}
      </Button>
    </EmptyState>
  );
}
