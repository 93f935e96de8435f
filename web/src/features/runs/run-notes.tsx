// What has to be said of a run before anything else: why it did not run, why it ended, what it waits for, how far it is.
import { Alert, Group, Progress, Stack, Text } from '@mantine/core';
import { IconAlertTriangle, IconHourglass, IconInfoCircle } from '@tabler/icons-react';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { RunView } from '../../../../src/common/api/values.ts';
import { Countdown } from '../../components/countdown.tsx';
import { TimeText } from '../../components/time-text.tsx';
import { currentLanguage } from '../../lib/i18n/language.ts';
import { reasonText } from '../../lib/i18n/reason-words.ts';

const BAD: ReadonlySet<RunView['state']> = new Set(['failed', 'timed_out', 'lost', 'missed']);

export function RunNotes({ run }: { readonly run: RunView }): ReactNode {
  const { t } = useTranslation('runs');
  const { state, reason, error, killedBy, ticks, mayHaveOverlapped, nextAttemptAt, progress, endedAt } = run;
  const words = (text: string): string => reasonText(text, currentLanguage());
  const isBad = BAD.has(state);
  const isTold = reason !== undefined || error !== undefined || killedBy !== undefined;
  return (
    <>
      {isTold && (
        <Alert
          {...(isBad ? { color: 'red' } : { variant: 'default' })}
          icon={isBad ? <IconAlertTriangle aria-hidden /> : <IconInfoCircle aria-hidden />}
          title={t(`why.${state}`)}
        >
          <Stack gap={2}>
            {error !== undefined && (
              <Text size="sm" style={{ whiteSpace: 'pre-wrap', overflowWrap: 'anywhere' }}>
                {words(error)}
              </Text>
            )}
            {reason !== undefined && reason !== error && killedBy === undefined && (
              <Text size="sm">{words(reason)}</Text>
            )}
            {killedBy !== undefined && (
              <Text size="sm">
                {t('killedBy', { by: killedBy.by })} <TimeText at={killedBy.at} />
                {killedBy.reason !== undefined && `: ${killedBy.reason}`}
              </Text>
            )}
          </Stack>
        </Alert>
      )}
      {ticks !== undefined && ticks.count > 1 && (
        <Alert variant="default" icon={<IconInfoCircle aria-hidden />}>
          {t('ticks', { count: ticks.count })} <TimeText at={ticks.from} show="clock" /> –{' '}
          <TimeText at={ticks.to} show="clock" />
        </Alert>
      )}
      {mayHaveOverlapped && (
        <Alert color="orange" icon={<IconAlertTriangle aria-hidden />}>
          {t('mayHaveOverlapped')}
        </Alert>
      )}
      {nextAttemptAt !== undefined && (
        <Alert color="yellow" icon={<IconHourglass aria-hidden />}>
          {t('nextAttempt', { number: run.attempt + 1 })} <Countdown to={nextAttemptAt} />
        </Alert>
      )}
      {progress !== undefined && endedAt === undefined && (
        <Group gap="sm" wrap="nowrap">
          <Progress
            value={progress * 100}
            flex={1}
            size="lg"
            aria-label={t('progress')}
            transitionDuration={200}
          />
          <Text size="sm" className="page-count" w="4em" ta="right">
            {Math.round(progress * 100)} %
          </Text>
        </Group>
      )}
    </>
  );
}
