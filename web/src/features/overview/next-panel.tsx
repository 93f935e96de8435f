// What comes next, soonest first.
import { Group, Text } from '@mantine/core';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { Overview } from '../../../../src/common/api/overview.ts';
import { Countdown } from '../../components/countdown.tsx';
import { TimeText } from '../../components/time-text.tsx';
import { Nothing } from './failures-panel.tsx';
import { Panel } from './panel.tsx';
import { JobLink } from './places.tsx';

export function NextPanel({ next }: { readonly next: Overview['next'] }): ReactNode {
  const { t } = useTranslation('overview');
  return (
    <Panel title={t('next.title')}>
      {next.length === 0 ? (
        <Nothing>{t('next.none')}</Nothing>
      ) : (
        <ul className="overview-list">
          {next.map(({ job, tick }) => (
            <li key={`${job} ${tick}`}>
              <Group gap={8} wrap="nowrap" justify="space-between">
                <JobLink job={job} />
                <Text size="sm" className="page-count" style={{ whiteSpace: 'nowrap' }}>
                  <Countdown to={tick} />{' '}
                  <Text span size="xs" c="dimmed">
                    <TimeText at={tick} show="clock" />
                  </Text>
                </Text>
              </Group>
            </li>
          ))}
        </ul>
      )}
    </Panel>
  );
}
