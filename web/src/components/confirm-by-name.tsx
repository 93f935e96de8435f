// For what cannot be taken back: nothing happens until the name has been typed. A dialog that its page opens.
import { Button, Group, Stack, Text, TextInput } from '@mantine/core';
import { useState, type FormEvent, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { Dialog } from './dialog.tsx';

export interface ConfirmByNameProps {
  readonly opened: boolean;
  readonly onClose: () => void;
  readonly title: string;
  /** To be typed, exactly. */
  readonly name: string;
  /** What will happen. */
  readonly children: ReactNode;
  /** On the button: what it does. */
  readonly verb: string;
  readonly isBusy?: boolean;
  readonly onConfirm: () => void;
}

export function ConfirmByName(props: ConfirmByNameProps): ReactNode {
  const { opened, onClose, title } = props;
  return (
    <Dialog opened={opened} onClose={onClose} title={title}>
      <NameForm {...props} />
    </Dialog>
  );
}

/** Begins anew each time the dialog is opened. */
function NameForm({
  name,
  children,
  verb,
  isBusy = false,
  onClose,
  onConfirm,
}: ConfirmByNameProps): ReactNode {
  const { t } = useTranslation();
  const [typed, setTyped] = useState('');
  const isRight = typed === name;
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    if (isRight && !isBusy) onConfirm();
  };
  return (
    <form onSubmit={submit}>
      <Stack gap="sm">
        <Text size="sm" component="div">
          {children}
        </Text>
        <TextInput
          label={t('confirm.typeName', { name })}
          value={typed}
          onChange={(event) => setTyped(event.currentTarget.value)}
          autoComplete="off"
          spellCheck={false}
          data-autofocus
        />
        <Group justify="flex-end" gap="xs">
          <Button variant="default" onClick={onClose}>
            {t('action.cancel')}
          </Button>
          <Button type="submit" color="red" disabled={!isRight} loading={isBusy}>
            {verb}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
