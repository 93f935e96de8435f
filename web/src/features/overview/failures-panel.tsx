// What went wrong lately, one line a job: why, since when, whether it still does; a click leads to the run.
import { Group, Text, Tooltip } from '@mantine/core';
import { IconCircleCheck } from '@tabler/icons-react';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { Overview } from '../../../../src/common/api/overview.ts';
import { OutcomeBadge, ToneBadge } from '../../components/outcome-badge.tsx';
import { TimeText } from '../../components/time-text.tsx';
import { numberText } from './figures.ts';
import { Panel } from './panel.tsx';
import { RunLink } from './places.tsx';
import { useWhy } from '../../components/why.ts';

export function FailuresPanel({ failures }: { readonly failures: Overview['failures'] }): ReactNode {
  const { t } = useTranslation('overview');
  return (
    <Panel title={t('failures.title')} hint={t('failures.hint')}>
      {failures.length === 0 ? (
        <Nothing>{t('failures.none')}</Nothing>
      ) : (
        <ul className="overview-list">
          {failures.map((failure) => (
            <Failure key={failure.run.job} failure={failure} />
          ))}
        </ul>
      )}
    </Panel>
  );
}

export function Nothing({ children }: { readonly children: ReactNode }): ReactNode {
  return (
    <div className="overview-list overview-nothing">
      <Text size="sm" c="dimmed">
        {children}
      </Text>
    </div>
  );
}

function Failure({ failure }: { readonly failure: Overview['failures'][number] }): ReactNode {
  const { t } = useTranslation('overview');
  const { run, count, firstAt, failing } = failure;
  const why = useWhy()(run);
  return (
    <li>
      <Group gap={8} wrap="nowrap" justify="space-between">
        <RunLink job={run.job} run={run.id}>
          {run.job}
        </RunLink>
        <Group gap={6} wrap="nowrap">
          {count > 1 && (
            <Text span size="xs" c="dimmed" className="page-count">
              {t('failures.times', { text: numberText(count) })}
            </Text>
          )}
          {failing ? (
            <OutcomeBadge outcome={run.state} />
          ) : (
            <ToneBadge tone="good" icon={IconCircleCheck} hint={t('failures.recoveredHint')}>
              {t('failures.recovered')}
            </ToneBadge>
          )}
        </Group>
      </Group>
      <Group gap={8} wrap="nowrap" justify="space-between">
        <Tooltip label={why} disabled={why === undefined} multiline maw={480}>
          <Text size="xs" c="dimmed" truncate>
            {why ?? t('failures.noReason')}
          </Text>
        </Tooltip>
        <Text size="xs" c="dimmed" style={{ whiteSpace: 'nowrap' }}>
          <TimeText at={run.endedAt ?? firstAt} />
        </Text>
      </Group>
    </li>
  );
}
