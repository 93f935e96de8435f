// A job whose stored definition cannot be read: nothing runs it, nobody sees what it was. Says why, and the ways out:
// an earlier version, a new definition, or an end of it.
import { Button, Box, List, Text } from '@mantine/core';
import { IconAlertTriangle, IconPencil, IconTrash } from '@tabler/icons-react';
import { Link } from '@tanstack/react-router';
import { useState, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { OutcomeBadge } from '../../components/outcome-badge.tsx';
import { Notice } from '../../components/notice.tsx';
import { PageHeader } from '../../components/page-header.tsx';
import { DeleteJob } from './job-actions.tsx';
import { VersionsTab } from './versions-tab.tsx';

export interface BrokenJobProps {
  readonly name: string;
  readonly reason: string;
}

export function BrokenJob({ name, reason }: BrokenJobProps): ReactNode {
  const { t } = useTranslation('job');
  const [isAsking, setAsking] = useState(false);
  return (
    <>
      <PageHeader
        title={name}
        beside={<OutcomeBadge outcome="broken" />}
        actions={
          <>
            <Button
              variant="default"
              leftSection={<IconPencil size={16} aria-hidden />}
              renderRoot={(props) => <Link to="/jobs/$job/edit" params={{ job: name }} {...props} />}
            >
              {t('broken.edit')}
            </Button>
            <Button
              variant="default"
              c="var(--outcome-bad-text)"
              leftSection={<IconTrash size={16} aria-hidden />}
              onClick={() => setAsking(true)}
            >
              {t('delete.button')}
            </Button>
          </>
        }
      />
      <Box mb="md">
        <Notice tone="bad" icon={IconAlertTriangle} title={t('broken.title')} role="alert">
          <Text size="sm" className="page-mono" mb="xs">
            {reason}
          </Text>
          <Text size="sm">{t('broken.explain')}</Text>
          <List size="sm" mt={4}>
            <List.Item>{t('broken.restore')}</List.Item>
            <List.Item>{t('broken.replace')}</List.Item>
            <List.Item>{t('broken.remove')}</List.Item>
          </List>
        </Notice>
      </Box>
      <VersionsTab job={name} />
      <DeleteJob name={name} running={0} opened={isAsking} onClose={() => setAsking(false)} />
    </>
  );
}
