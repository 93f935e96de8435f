// Ends a run, with the reason for the record.
import { Button, Group, Stack, Text, TextInput } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { IconBan } from '@tabler/icons-react';
import { useMemo, useState, type FormEvent, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { RunView } from '../../../../src/common/api/values.ts';
import { Dialog } from '../../components/dialog.tsx';
import { notifyDone } from '../../components/notify.ts';
import { usePaletteActions } from '../../lib/palette.ts';
import { useAction } from '../../lib/query.ts';

const LONGEST = 500;

export function KillRun({ run }: { readonly run: RunView }): ReactNode {
  const { t } = useTranslation('runs');
  const [isOpen, dialog] = useDisclosure(false);
  const { open } = dialog;
  const kill = useAction('killRun', {
    onDone: () => {
      dialog.close();
      notifyDone(t('kill.done'));
    },
  });
  usePaletteActions(
    useMemo(
      () => [{ id: 'kill run', label: t('kill.title', { job: run.job }), icon: IconBan, act: open }],
      [t, run.job, open],
    ),
  );
  return (
    <>
      <Button variant="default" leftSection={<IconBan size={14} aria-hidden />} onClick={open}>
        {t('kill.button')}
      </Button>
      <Dialog opened={isOpen} onClose={dialog.close} title={t('kill.title', { job: run.job })}>
        <KillForm
          isBusy={kill.isPending}
          onCancel={dialog.close}
          onKill={(reason) =>
            kill.mutate({
              params: { job: run.job, run: run.id },
              body: reason === '' ? {} : { reason },
            })
          }
        />
      </Dialog>
    </>
  );
}

interface KillFormProps {
  readonly isBusy: boolean;
  readonly onCancel: () => void;
  readonly onKill: (reason: string) => void;
}

function KillForm({ isBusy, onCancel, onKill }: KillFormProps): ReactNode {
  const { t } = useTranslation(['runs', 'common']);
  const [reason, setReason] = useState('');
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    if (!isBusy) onKill(reason.trim());
  };
  return (
    <form onSubmit={submit}>
      <Stack gap="sm">
        <Text size="sm">{t('kill.explain')}</Text>
        <TextInput
          label={t('kill.reason')}
          description={t('kill.reasonHint')}
          value={reason}
          maxLength={LONGEST}
          onChange={(event) => setReason(event.currentTarget.value)}
          data-autofocus
        />
        <Group justify="flex-end" gap="xs">
          <Button variant="default" onClick={onCancel}>
            {t('common:action.cancel')}
          </Button>
          <Button type="submit" color="red" loading={isBusy}>
            {t('kill.button')}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
