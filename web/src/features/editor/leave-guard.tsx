// What is not saved is not lost by a step away: asks first, the page itself or, when the tab is closed, the browser.
import { Button, Group, Stack, Text } from '@mantine/core';
import { useBlocker } from '@tanstack/react-router';
import type { ReactNode, RefObject } from 'react';
import { useTranslation } from 'react-i18next';
import { Dialog } from '../../components/dialog.tsx';

export interface LeaveGuardProps {
  readonly isDirty: boolean;
  /** It was saved: nothing is asked. */
  readonly isLeaving: RefObject<boolean>;
}

export function LeaveGuard({ isDirty, isLeaving }: LeaveGuardProps): ReactNode {
  const { t } = useTranslation('editor');
  const isHeld = (): boolean => isDirty && !isLeaving.current;
  const { status, proceed, reset } = useBlocker({
    shouldBlockFn: isHeld,
    enableBeforeUnload: isHeld,
    withResolver: true,
  });
  return (
    <Dialog opened={status === 'blocked'} onClose={() => reset?.()} title={t('leave.title')}>
      <Stack gap="sm">
        <Text size="sm">{t('leave.explain')}</Text>
        <Group justify="flex-end" gap="xs">
          <Button variant="default" onClick={reset} data-autofocus>
            {t('leave.stay')}
          </Button>
          <Button color="red" onClick={proceed}>
            {t('leave.verb')}
          </Button>
        </Group>
      </Stack>
    </Dialog>
  );
}
