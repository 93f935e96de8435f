// What stands where something could not be loaded: why, in words, and a way to try again.
import { Button, List } from '@mantine/core';
import { IconAlertTriangle } from '@tabler/icons-react';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { Notice } from './notice.tsx';
import { problemText } from './problem-text.ts';

export interface ErrorStateProps {
  readonly error: unknown;
  readonly onRetry?: (() => void) | undefined;
  readonly title?: string;
}

export function ErrorState({ error, onRetry, title }: ErrorStateProps): ReactNode {
  const { t } = useTranslation();
  const lines = problemText(error, t);
  return (
    <Notice tone="bad" icon={IconAlertTriangle} title={title ?? t('problem.title')} role="alert">
      {lines.length === 1 ? (
        lines[0]
      ) : (
        <List size="sm">
          {lines.map((line) => (
            <List.Item key={line}>{line}</List.Item>
          ))}
        </List>
      )}
      {onRetry && (
        <div>
          <Button mt="sm" variant="default" onClick={onRetry}>
            {t('action.retry')}
          </Button>
        </div>
      )}
    </Notice>
  );
}
