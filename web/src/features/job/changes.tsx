// What differs between two definitions, field by field: what it was and what it is. Values of secrets are not told.
import { Text } from '@mantine/core';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { Body } from '../../lib/api.ts';

export interface ChangesProps {
  readonly changes: Body<'diffVersion'>['changes'];
}

const shown = (value: unknown): string =>
  typeof value === 'string' ? value : (JSON.stringify(value, undefined, 2) ?? '');

export function Changes({ changes }: ChangesProps): ReactNode {
  const { t } = useTranslation('job');
  if (changes.length === 0)
    return (
      <Text size="sm" c="dimmed" mt="xs">
        {t('change.none')}
      </Text>
    );
  return (
    <dl className="job-changes">
      {changes.map(({ path, before, after, secret }) => (
        <div key={path}>
          <dt className="page-mono">{path}</dt>
          <dd>
            {before !== undefined && (
              <pre data-side="before">
                <span role="img" aria-label={t('change.before')}>
                  −
                </span>{' '}
                {shown(before)}
              </pre>
            )}
            {after !== undefined && (
              <pre data-side="after">
                <span role="img" aria-label={t('change.after')}>
                  +
                </span>{' '}
                {shown(after)}
              </pre>
            )}
            {secret && (
              <Text size="xs" c="dimmed">
                {t('change.secret')}
              </Text>
            )}
          </dd>
        </div>
      ))}
    </dl>
  );
}
