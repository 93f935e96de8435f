// Fields that differ, before and after.
import { Table, Text } from '@mantine/core';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import '../../components/stacked-table.css';
import type { Body } from '../../lib/api.ts';

type Change = Body<'diffVersion'>['changes'][number];

const isSecret = (value: unknown): boolean =>
  typeof value === 'object' && value !== null && (value as { readonly secret?: unknown }).secret === true;

/** Values of secrets are not shown, not even one's own. */
const shownValue = (value: unknown): string =>
  typeof value === 'string'
    ? value
    : JSON.stringify(value, (_, each: unknown) => (isSecret(each) ? '•••' : each), 1);

export function ValueText({ value }: { readonly value: unknown }): ReactNode {
  const { t } = useTranslation('editor');
  if (value === undefined)
    return (
      <Text span inherit c="dimmed">
        {t('changes.unset')}
      </Text>
    );
  return <span className="page-mono editor-values">{shownValue(value)}</span>;
}

export function ChangesTable({ changes }: { readonly changes: readonly Change[] }): ReactNode {
  const { t } = useTranslation('editor');
  return (
    <Table className="stacked-table">
      <Table.Thead>
        <Table.Tr>
          <Table.Th>{t('changes.field')}</Table.Th>
          <Table.Th>{t('changes.before')}</Table.Th>
          <Table.Th>{t('changes.after')}</Table.Th>
        </Table.Tr>
      </Table.Thead>
      <Table.Tbody>
        {changes.map(({ path, before, after, secret }) => (
          <Table.Tr key={path}>
            <Table.Td className="page-mono">{path}</Table.Td>
            <Table.Td data-label={t('changes.before')}>
              <ValueText value={before} />
            </Table.Td>
            <Table.Td data-label={t('changes.after')}>
              <ValueText value={after} />
              {secret && (
                <Text span size="xs" c="dimmed">
                  {' '}
                  {t('changes.secret')}
                </Text>
              )}
            </Table.Td>
          </Table.Tr>
        ))}
      </Table.Tbody>
    </Table>
  );
}
