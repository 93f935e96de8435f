// What somebody has to know or do about a job: that nobody can run it, that it is paused, that runs wait.
import { Stack, Text } from '@mantine/core';
import { IconHourglass, IconPlayerPause, IconUserOff } from '@tabler/icons-react';
import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { JobDetail } from '../../../../src/common/api/jobs.ts';
import { LabelList } from '../../components/label-list.tsx';
import { Notice } from '../../components/notice.tsx';
import { TimeText } from '../../components/time-text.tsx';

/** Runs that wait are named up to this many. */
const MOST = 3;

export function JobNotes({ job }: { readonly job: JobDetail }): ReactNode {
  const { t } = useTranslation('job');
  const { unschedulable, waiting, definition } = job;
  const wanted = Object.fromEntries(
    Object.entries(unschedulable?.labels ?? {}).map(([key, value]) => [key, [value].flat().join(' | ')]),
  );
  return (
    <Stack gap="xs" mb="sm" className="job-notes">
      {unschedulable && (
        <Notice tone="missed" icon={IconUserOff} title={t('nobody.title')} role="alert">
          <Text size="sm">{unschedulable.reason}</Text>
          {Object.keys(wanted).length > 0 && <LabelList labels={wanted} most={8} />}
          <Text size="sm" mt={4}>
            {t('nobody.explain', { policy: t(`catchUp.${definition.catchUp.policy}`) })}{' '}
            <Link to="/workers">{t('nobody.workers')}</Link>
          </Text>
        </Notice>
      )}
      {definition.paused && (
        <Notice tone="paused" icon={IconPlayerPause} isSlim>
          {t('pausedSince')} <TimeText at={job.updatedAt} />
        </Notice>
      )}
      {waiting.length > 0 && (
        <Notice tone="waiting" icon={IconHourglass} isSlim>
          {t('waiting', { count: waiting.length })}
          {waiting.slice(0, MOST).map(({ id, reason }) => (
            <Text key={id} size="xs">
              <span className="page-mono">{id}</span> {reason}
            </Text>
          ))}
        </Notice>
      )}
    </Stack>
  );
}
