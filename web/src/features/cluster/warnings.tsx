// What to worry about, each with what to do; or that there is nothing.
import { Anchor, Group, Stack, Text } from '@mantine/core';
import { IconAlertTriangle, IconCircleCheck } from '@tabler/icons-react';
import { Link, type LinkProps } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { Warning } from '../../../../src/common/api/cluster.ts';
import { Notice } from '../../components/notice.tsx';

/** Nothing runs, or data is at stake. */
const GRAVE: ReadonlySet<Warning['code']> = new Set<Warning['code']>([
  'alarm_no_space',
  'alarm_corrupt',
  'no_workers',
  'no_ready_workers',
]);

/** Where what it is about is seen, of those that have such a page. */
const PLACES: Partial<Readonly<Record<Warning['code'], LinkProps>>> = {
  no_workers: { to: '/workers' },
  no_ready_workers: { to: '/workers' },
  clock_offset: { to: '/workers' },
  long_waits: { to: '/workers' },
  broken_jobs: { to: '/jobs', search: { state: 'broken' } },
  unmatched_jobs: { to: '/jobs', search: { state: 'unschedulable' } },
};

export function Warnings({ warnings }: { readonly warnings: readonly Warning[] }): ReactNode {
  const { t } = useTranslation('cluster');
  if (warnings.length === 0)
    return (
      <Group gap="xs" c="var(--outcome-good-text)">
        <IconCircleCheck size={20} aria-hidden />
        <Text size="sm">{t('well')}</Text>
      </Group>
    );
  return (
    <Stack gap="xs" component="section" aria-label={t('warnings')}>
      {warnings.map(({ code, message }) => (
        <Notice
          key={`${code} ${message}`}
          tone={GRAVE.has(code) ? 'bad' : 'waiting'}
          icon={IconAlertTriangle}
          title={t(`warning.${code}.title`)}
        >
          <Text size="sm">{message}</Text>
          <Text size="sm" mt={4}>
            <Text span inherit fw={600}>
              {t('todo')}:
            </Text>{' '}
            {t(`warning.${code}.todo`)}{' '}
            {PLACES[code] && (
              <Anchor
                inherit
                underline="always"
                renderRoot={(props) => <Link {...PLACES[code]} {...props} />}
              >
                {t('show')}
              </Anchor>
            )}
          </Text>
        </Notice>
      ))}
    </Stack>
  );
}
