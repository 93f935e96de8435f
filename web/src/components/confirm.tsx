// Asks before something that others will notice. What cannot be taken back asks for more: see confirm-by-name.
import { Button, Group, Stack, Text } from '@mantine/core';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { Dialog } from './dialog.tsx';

export interface ConfirmProps {
  readonly opened: boolean;
  readonly onClose: () => void;
  readonly title: string;
  /** What will happen. */
  readonly children: ReactNode;
  /** On the button: what it does. */
  readonly verb: string;
  /** It stops or loses something. */
  readonly isDangerous?: boolean;
  readonly onConfirm: () => void;
}

/** Closes itself when confirmed. */
export function Confirm({
  opened,
  onClose,
  title,
  children,
  verb,
  isDangerous = false,
  onConfirm,
}: ConfirmProps): ReactNode {
  const { t } = useTranslation();
  const confirm = (): void => {
    onClose();
    onConfirm();
  };
  return (
    <Dialog opened={opened} onClose={onClose} title={title}>
      <Stack gap="sm">
        <Text size="sm" component="div">
          {children}
        </Text>
        <Group justify="flex-end" gap="xs">
          <Button variant="default" onClick={onClose}>
            {t('action.cancel')}
          </Button>
          <Button onClick={confirm} data-autofocus {...(isDangerous && { color: 'red.9' })}>
            {verb}
          </Button>
        </Group>
      </Stack>
    </Dialog>
  );
}
