// Every dialog of the page: a title, a way out, and what it is about. Not Mantine's plain Modal, whose head is a
// second banner to a screen reader.
import { Group, Modal, type ModalRootProps } from '@mantine/core';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';

export interface DialogProps {
  readonly opened: boolean;
  readonly onClose: () => void;
  readonly title: string;
  readonly size?: ModalRootProps['size'];
  /** It has to be answered: no way out but its own. */
  readonly mustAnswer?: boolean;
  readonly children: ReactNode;
}

export function Dialog({
  opened,
  onClose,
  title,
  size = 'md',
  mustAnswer = false,
  children,
}: DialogProps): ReactNode {
  const { t } = useTranslation();
  return (
    <Modal.Root
      opened={opened}
      onClose={onClose}
      size={size}
      centered
      closeOnEscape={!mustAnswer}
      closeOnClickOutside={!mustAnswer}
    >
      <Modal.Overlay />
      <Modal.Content>
        <Group justify="space-between" wrap="nowrap" px="md" pt="sm" pb="xs">
          <Modal.Title fw={600}>{title}</Modal.Title>
          {!mustAnswer && <Modal.CloseButton aria-label={t('action.close')} />}
        </Group>
        <Modal.Body>{children}</Modal.Body>
      </Modal.Content>
    </Modal.Root>
  );
}
