// What became of each of many jobs, when not all of them did as was asked: those that did not first, with the reason.
import { Badge, Group, ScrollArea, Stack, Table, Text } from '@mantine/core';
import { useState, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { BatchResult } from '../../../../src/common/api/batch.ts';
import { Dialog } from '../../components/dialog.tsx';

/** More are counted, not listed. */
const MOST = 500;

export interface BulkResultsProps {
  readonly results: readonly BatchResult[] | undefined;
  readonly onClose: () => void;
}

export function BulkResults({ results, onClose }: BulkResultsProps): ReactNode {
  const { t } = useTranslation('jobs');
  // What it shows stays while it closes.
  const [last, setLast] = useState<readonly BatchResult[]>([]);
  if (results && results !== last) setLast(results);
  const counts = new Map<BatchResult['outcome'], number>();
  for (const { outcome } of last) counts.set(outcome, (counts.get(outcome) ?? 0) + 1);
  const rank = ({ problem, hint }: BatchResult): number => (problem ? 0 : hint === undefined ? 2 : 1);
  const sorted = last.toSorted((a, b) => rank(a) - rank(b) || (a.name < b.name ? -1 : 1));
  return (
    <Dialog opened={results !== undefined} onClose={onClose} title={t('bulk.results')} size="xl">
      <Stack gap="sm">
        <Group gap="xs">
          {[...counts].map(([outcome, count]) => (
            <Badge
              key={outcome}
              variant="light"
              color={outcome === 'refused' ? 'red' : 'gray'}
              tt="none"
              c="inherit"
            >
              {count} {t(`bulk.outcome.${outcome}`)}
            </Badge>
          ))}
        </Group>
        <ScrollArea.Autosize mah="60vh" viewportProps={{ tabIndex: 0 }}>
          <Table>
            <Table.Tbody>
              {sorted.slice(0, MOST).map((result) => (
                <Table.Tr key={result.name}>
                  <Table.Td fw={500}>{result.name}</Table.Td>
                  <Table.Td>{t(`bulk.outcome.${result.outcome}`)}</Table.Td>
                  <Table.Td>
                    <Text size="xs">{result.problem?.detail ?? result.hint}</Text>
                  </Table.Td>
                </Table.Tr>
              ))}
            </Table.Tbody>
          </Table>
        </ScrollArea.Autosize>
        {sorted.length > MOST && <Text size="xs">{t('bulk.cut', { count: MOST })}</Text>}
      </Stack>
    </Dialog>
  );
}
