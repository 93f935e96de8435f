// The sheet of shortcuts: those of everywhere and those of this page; and the switch that takes them away.
import { Group, Kbd, Stack, Switch, Table, Text, Title } from '@mantine/core';
import { Fragment, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { Dialog } from '../../components/dialog.tsx';
import { COMMAND_KEY } from '../../lib/keys.ts';
import { shortcuts, singleKeys, switchSingleKeys, type Shortcut } from '../../lib/shortcuts.ts';
import { useStore } from '../../lib/store.ts';

const GROUPS = ['general', 'pages', 'here'] as const;

export interface ShortcutHelpProps {
  readonly opened: boolean;
  readonly onClose: () => void;
}

export function ShortcutHelp({ opened, onClose }: ShortcutHelpProps): ReactNode {
  const { t } = useTranslation('shell');
  const all = useStore(shortcuts.all);
  const isOn = useStore(singleKeys);
  return (
    <Dialog opened={opened} onClose={onClose} title={t('shortcuts.title')}>
      <Stack gap="md">
        {GROUPS.map((group) => {
          const own = all.filter((shortcut) => shortcut.group === group);
          return own.length === 0 ? null : <ShortcutGroup key={group} group={group} own={own} />;
        })}
        <Switch
          checked={isOn}
          onChange={(event) => switchSingleKeys(event.currentTarget.checked)}
          label={t('shortcuts.single')}
          description={t('shortcuts.singleHint')}
        />
      </Stack>
    </Dialog>
  );
}

interface ShortcutGroupProps {
  readonly group: (typeof GROUPS)[number];
  readonly own: readonly Shortcut[];
}

function ShortcutGroup({ group, own }: ShortcutGroupProps): ReactNode {
  const { t } = useTranslation('shell');
  return (
    <div>
      <Title order={3} mb={4}>
        {t(`shortcuts.${group}`)}
      </Title>
      <Table>
        <Table.Tbody>
          {group === 'general' && (
            <Table.Tr>
              <Table.Td>{t('shortcuts.palette')}</Table.Td>
              <Table.Td ta="right">
                <Kbd>{COMMAND_KEY}</Kbd> <Kbd>K</Kbd>
              </Table.Td>
            </Table.Tr>
          )}
          {own.map(({ keys, label }) => (
            <Table.Tr key={keys}>
              <Table.Td>{label}</Table.Td>
              <Table.Td ta="right">
                <Keys keys={keys} />
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </div>
  );
}

function Keys({ keys }: { readonly keys: string }): ReactNode {
  const { t } = useTranslation('shell');
  return (
    <Group gap={4} justify="flex-end" wrap="nowrap">
      {keys.split(' ').map((key, place) => (
        <Fragment key={`${place} ${key}`}>
          {place > 0 && (
            <Text span size="xs" c="dimmed">
              {t('shortcuts.next')}
            </Text>
          )}
          <Kbd>{key}</Kbd>
        </Fragment>
      ))}
    </Group>
  );
}
