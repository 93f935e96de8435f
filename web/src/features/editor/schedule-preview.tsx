// What the schedule means, while it is typed: in words, and as the next ticks.
import { Paper, Stack, Text, Title } from '@mantine/core';
import { useMemo, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { instant, type Instant } from '../../../../src/common/model/time.ts';
import { currentLanguage } from '../../lib/i18n/language.ts';
import { remarkText } from '../../lib/i18n/remark-words.ts';
import { useNow } from '../../lib/now.ts';
import { explain } from './check.ts';
import { wordsOf } from './schedule-words.ts';
import { TickList } from './tick-list.tsx';

export interface SchedulePreviewProps {
  readonly draft: unknown;
  readonly anchor: Instant | undefined;
}

export function SchedulePreview({ draft, anchor }: SchedulePreviewProps): ReactNode {
  const { t } = useTranslation('editor');
  const now = useNow(1_000);
  const told = useMemo(() => explain(draft, instant(now), anchor), [draft, now, anchor]);
  return (
    <Paper p="sm" component="section" aria-labelledby="editor-preview">
      <Stack gap="xs">
        <Title order={2} id="editor-preview">
          {t('preview.title')}
        </Title>
        {told === undefined ? (
          <Text size="sm" c="dimmed">
            {t('preview.unclear')}
          </Text>
        ) : (
          <>
            <Text size="sm" fw={600}>
              {wordsOf(draft)}
            </Text>
            <TickList ticks={told.ticks} label={t('preview.ticks')} />
            {told.remark !== undefined && (
              <Text size="xs" c="dimmed">
                {remarkText(told.remark, currentLanguage())}
              </Text>
            )}
          </>
        )}
      </Stack>
    </Paper>
  );
}
