// Where a page broke: what happened, and a way on. The shell around it stands.
import { Alert, Button, Code, Spoiler, Stack, Text } from '@mantine/core';
import { IconBug } from '@tabler/icons-react';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';

export interface CrashProps {
  /** Whatever was thrown. */
  readonly error: unknown;
  readonly onReset: () => void;
}

export function Crash({ error, onReset }: CrashProps): ReactNode {
  const { t } = useTranslation('shell');
  const message = error instanceof Error ? error.message : String(error);
  const stack = error instanceof Error ? error.stack : undefined;
  return (
    <Alert color="red" icon={<IconBug aria-hidden />} title={t('crash.title')} role="alert">
      <Stack gap="sm" align="flex-start">
        <Text size="sm">{t('crash.explain', { message })}</Text>
        <Button variant="default" onClick={onReset}>
          {t('crash.reload')}
        </Button>
        {stack !== undefined && (
          <Spoiler maxHeight={0} showLabel={t('crash.details')} hideLabel={t('crash.details')}>
            <Code block>{stack}</Code>
          </Spoiler>
        )}
      </Stack>
    </Alert>
  );
}
