// Where a page broke: what happened, and a way on. The shell around it stands.
import { Button, Code, Spoiler, Stack, Text } from '@mantine/core';
import { IconBug } from '@tabler/icons-react';
import { useQueryClient } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { Notice } from '../components/notice.tsx';
import { PageHeader } from '../components/page-header.tsx';

export interface CrashProps {
  /** Whatever was thrown. */
  readonly error: unknown;
  readonly onReset: () => void;
}

export function Crash({ error, onReset }: CrashProps): ReactNode {
  const { t } = useTranslation('shell');
  const client = useQueryClient();
  const again = (): void => {
    // It may have broken over an answer that is remembered.
    client.removeQueries();
    onReset();
  };
  const message = error instanceof Error ? error.message : String(error);
  const stack = error instanceof Error ? error.stack : undefined;
  return (
    <>
      <PageHeader title={t('crash.title')} />
      <Notice tone="bad" icon={IconBug} role="alert">
        <Stack gap="sm" align="flex-start">
          <Text size="sm">{t('crash.explain', { message })}</Text>
          <Button variant="default" onClick={again}>
            {t('crash.reload')}
          </Button>
          {stack !== undefined && (
            <Spoiler maxHeight={0} showLabel={t('crash.details')} hideLabel={t('crash.details')}>
              <Code block>{stack}</Code>
            </Spoiler>
          )}
        </Stack>
      </Notice>
    </>
  );
}
