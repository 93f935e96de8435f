// The attempts of a run, one by one, and the one under way.
import { Paper, Table, Text, Title } from '@mantine/core';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { RunView } from '../../../../src/common/api/values.ts';
import { Countdown, DurationText } from '../../components/countdown.tsx';
import { OutcomeBadge } from '../../components/outcome-badge.tsx';
import '../../components/stacked-table.css';
import { TimeText } from '../../components/time-text.tsx';
import { currentLanguage } from '../../lib/i18n/language.ts';
import { reasonText } from '../../lib/i18n/reason-words.ts';
import { Ending } from './run-facts.tsx';

const COLUMNS = ['number', 'outcome', 'started', 'duration', 'result', 'error'] as const;

export function RunAttempts({ run }: { readonly run: RunView }): ReactNode {
  const { t } = useTranslation('runs');
  const isOn =
    run.endedAt === undefined && run.attempt > run.attempts.length && run.nextAttemptAt === undefined;
  return (
    <Paper component="section" aria-labelledby="run-attempts">
      <Title order={2} id="run-attempts" px="sm" pt="xs">
        {t('attempts')}
      </Title>
      <Table className="stacked-table">
        <Table.Thead>
          <Table.Tr>
            {COLUMNS.map((name) => (
              <Table.Th key={name}>{t(`attempt.${name}`)}</Table.Th>
            ))}
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {run.attempts.map((attempt) => (
            <Table.Tr key={attempt.number}>
              <Table.Td data-label={t('attempt.number')}>{attempt.number}</Table.Td>
              <Table.Td data-label={t('attempt.outcome')}>
                <OutcomeBadge outcome={attempt.outcome} />
              </Table.Td>
              <Table.Td data-label={t('attempt.started')}>
                <TimeText at={attempt.startedAt} show="clock" />
              </Table.Td>
              <Table.Td data-label={t('attempt.duration')}>
                <DurationText ms={Date.parse(attempt.endedAt) - Date.parse(attempt.startedAt)} />
              </Table.Td>
              <Table.Td data-label={t('attempt.result')}>
                <Ending run={attempt} />
              </Table.Td>
              <Table.Td data-label={t('attempt.error')}>
                <Text span inherit style={{ overflowWrap: 'anywhere' }}>
                  {/^exit code \d+$/.test(attempt.error ?? '')
                    ? ''
                    : reasonText(attempt.error ?? '', currentLanguage())}
                </Text>
              </Table.Td>
            </Table.Tr>
          ))}
          {isOn && (
            <Table.Tr>
              <Table.Td data-label={t('attempt.number')}>{run.attempt}</Table.Td>
              <Table.Td data-label={t('attempt.outcome')}>
                <OutcomeBadge outcome="running" />
              </Table.Td>
              <Table.Td colSpan={4} />
            </Table.Tr>
          )}
          {run.nextAttemptAt !== undefined && (
            <Table.Tr>
              <Table.Td data-label={t('attempt.number')}>{run.attempt + 1}</Table.Td>
              <Table.Td data-label={t('attempt.outcome')}>
                <OutcomeBadge outcome="waiting" />
              </Table.Td>
              <Table.Td data-label={t('attempt.started')}>
                <Countdown to={run.nextAttemptAt} />
              </Table.Td>
              <Table.Td colSpan={3} />
            </Table.Tr>
          )}
        </Table.Tbody>
      </Table>
    </Paper>
  );
}
