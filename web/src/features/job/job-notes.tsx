// What somebody has to know or do about a job: that nobody can run it, that it is paused, that runs wait.
import { Stack, Text } from '@mantine/core';
import { IconHourglass, IconPlayerPause, IconUserOff, IconX } from '@tabler/icons-react';
import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { JobDetail } from '../../../../src/common/api/jobs.ts';
import { LabelList } from '../../components/label-list.tsx';
import { Notice } from '../../components/notice.tsx';
import { outcomeWord } from '../../components/outcome-word.ts';
import { runPlace } from '../../components/run-address.ts';
import { TimeText } from '../../components/time-text.tsx';
import { useWhy } from '../../components/why.ts';
import { currentLanguage } from '../../lib/i18n/language.ts';
import { reasonText } from '../../lib/i18n/reason-words.ts';

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
          <Text size="sm">{reasonText(unschedulable.reason, currentLanguage())}</Text>
          {Object.keys(wanted).length > 0 && <LabelList labels={wanted} most={8} />}
          <Text size="sm" mt={4}>
            {t('nobody.explain', { policy: t(`catchUp.${definition.catchUp.policy}`) })}{' '}
            <Link to="/workers">{t('nobody.workers')}</Link>
          </Text>
        </Notice>
      )}
      {job.failing && <LastFailure job={job} />}
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
              <span className="page-mono">{id}</span> {reason && reasonText(reason, currentLanguage())}
            </Text>
          ))}
        </Notice>
      )}
    </Stack>
  );
}

const WRONG: ReadonlySet<string> = new Set(['failed', 'timed_out', 'lost', 'missed']);

/** What went wrong, and the way to its output. */
function LastFailure({ job }: { readonly job: JobDetail }): ReactNode {
  const { t } = useTranslation('job');
  const whyOf = useWhy();
  const run = job.lastRuns.find(({ state }) => WRONG.has(state));
  if (!run) return null;
  return (
    <Notice tone="bad" icon={IconX} isSlim>
      <Link {...runPlace(job.name, run.id)} className="job-run-link">
        {t('lastFailure', { outcome: outcomeWord(run.state) })}
      </Link>{' '}
      <TimeText at={run.endedAt ?? run.scheduledFor} />
      <Text size="xs">{whyOf(run)}</Text>
    </Notice>
  );
}
