// Somebody else changed the job meanwhile: what they did and what I did, field by field, from where both began. What
// only one of us changed is kept; where both did, I choose. Nothing of theirs is lost unseen.
import { Alert, Button, Group, Radio, Stack, Table, Text } from '@mantine/core';
import { IconUsers } from '@tabler/icons-react';
import { useState, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { Dialog } from '../../components/dialog.tsx';
import '../../components/stacked-table.css';
import { ValueText } from './changes-table.tsx';
import type { Meeting } from './merge.ts';

export interface ConflictDialogProps {
  /** undefined: closed. */
  readonly meetings: readonly Meeting[] | undefined;
  readonly name: string;
  readonly onClose: () => void;
  /** Paths whose values are to be theirs. */
  readonly onMerge: (theirs: readonly string[]) => void;
  readonly onDiscard: () => void;
}

export function ConflictDialog(props: ConflictDialogProps): ReactNode {
  const { t } = useTranslation('editor');
  const { meetings, name, onClose } = props;
  return (
    <Dialog opened={meetings !== undefined} onClose={onClose} size="xl" title={t('conflict.title', { name })}>
      {meetings && <Conflict {...props} meetings={meetings} />}
    </Dialog>
  );
}

type Choice = 'mine' | 'theirs';

interface ConflictProps extends ConflictDialogProps {
  readonly meetings: readonly Meeting[];
}

function Conflict({ meetings, onMerge, onDiscard, onClose }: ConflictProps): ReactNode {
  const { t } = useTranslation('editor');
  const [choices, setChoices] = useState<Readonly<Record<string, Choice>>>({});
  const isOpen = meetings.some(({ isConflict, path }) => isConflict && choices[path] === undefined);
  const merge = (): void =>
    onMerge(
      meetings
        .filter(({ path, by, isConflict }) => (isConflict ? choices[path] === 'theirs' : by !== 'me'))
        .map(({ path }) => path),
    );
  return (
    <Stack gap="sm">
      <Alert color="orange" icon={<IconUsers aria-hidden />}>
        {t('conflict.explain')}
      </Alert>
      <Table className="stacked-table">
        <Table.Thead>
          <Table.Tr>
            {(['field', 'base', 'theirs', 'mine', 'result'] as const).map((name) => (
              <Table.Th key={name}>{t(`conflict.${name}`)}</Table.Th>
            ))}
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {meetings.map(({ path, base, theirs, mine, by, isConflict }) => (
            <Table.Tr key={path}>
              <Table.Td className="page-mono">{path}</Table.Td>
              <Table.Td data-label={t('conflict.base')}>
                <ValueText value={base} />
              </Table.Td>
              <Table.Td data-label={t('conflict.theirs')}>
                <ValueText value={theirs} />
              </Table.Td>
              <Table.Td data-label={t('conflict.mine')}>
                <ValueText value={mine} />
              </Table.Td>
              <Table.Td data-label={t('conflict.result')}>
                {isConflict ? (
                  <Radio.Group
                    aria-label={t('conflict.choose', { path })}
                    value={choices[path] ?? null}
                    onChange={(value) => setChoices({ ...choices, [path]: value })}
                  >
                    <Stack gap={4}>
                      <Radio size="xs" value="theirs" label={t('conflict.theirs')} />
                      <Radio size="xs" value="mine" label={t('conflict.mine')} />
                    </Stack>
                  </Radio.Group>
                ) : (
                  <Text size="sm">{t(`conflict.kept.${by}`)}</Text>
                )}
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
      <Group justify="flex-end" gap="xs">
        <Button variant="default" onClick={onClose}>
          {t('conflict.later')}
        </Button>
        <Button variant="default" onClick={onDiscard}>
          {t('conflict.discard')}
        </Button>
        <Button onClick={merge} disabled={isOpen}>
          {t('conflict.merge')}
        </Button>
      </Group>
    </Stack>
  );
}
