// All that is wrong with a draft, each with a way to its field.
import { Button, List, Paper, Title } from '@mantine/core';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { FieldIssue } from '../../../../src/common/model/issue.ts';

export interface ProblemsProps {
  readonly issues: readonly FieldIssue[];
  readonly onGo: (path: string) => void;
}

export function Problems({ issues, onGo }: ProblemsProps): ReactNode {
  const { t } = useTranslation('editor');
  return (
    <div role="status">
      {issues.length > 0 && (
        <Paper p="sm">
          <Title order={2} mb={4}>
            {t('problems', { count: issues.length })}
          </Title>
          <List size="sm" spacing={4}>
            {issues.map(({ path, message }) => (
              <List.Item key={`${path} ${message}`}>
                {path !== '' && (
                  <Button
                    variant="transparent"
                    size="compact-xs"
                    px={0}
                    className="page-mono"
                    onClick={() => onGo(path)}
                  >
                    {path}
                  </Button>
                )}{' '}
                {message}
              </List.Item>
            ))}
          </List>
        </Paper>
      )}
    </div>
  );
}
