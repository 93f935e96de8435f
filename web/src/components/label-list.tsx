// Labels of a job or a worker, as many as there is room for.
import { Text, Tooltip } from '@mantine/core';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import './label-list.css';

export interface LabelListProps {
  readonly labels: Readonly<Record<string, string>> | undefined;
  readonly most?: number;
}

export function LabelList({ labels = {}, most = 4 }: LabelListProps): ReactNode {
  const { t } = useTranslation();
  const all = Object.entries(labels).map(([key, value]) => (value === '' ? key : `${key}=${value}`));
  if (all.length === 0)
    return (
      <Text span size="xs" c="dimmed">
        {t('labels.none')}
      </Text>
    );
  const rest = all.slice(most);
  return (
    <div className="label-list">
      {all.slice(0, most).map((label) => (
        <span key={label} className="label-chip" title={label}>
          {label}
        </span>
      ))}
      {rest.length > 0 && (
        <Tooltip multiline label={rest.join(', ')}>
          <Text span size="xs" c="dimmed" tabIndex={0}>
            {t('labels.more', { count: rest.length })}
          </Text>
        </Tooltip>
      )}
    </div>
  );
}
