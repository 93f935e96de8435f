// What a worker does about new work, and how far it is with letting go of it.
import { Progress, Stack, Text } from '@mantine/core';
import {
  IconAlertTriangle,
  IconCheck,
  IconClockExclamation,
  IconLoader2,
  IconLogout2,
  IconStack2,
  type TablerIcon,
} from '@tabler/icons-react';
import { useState, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { WorkerView } from '../../../../src/common/api/workers.ts';
import { Countdown } from '../../components/countdown.tsx';
import { ToneBadge } from '../../components/outcome-badge.tsx';
import type { Tone } from '../../components/tone.ts';

type Shown = WorkerView['state'] | 'drained';
const LOOKS: Readonly<Record<Shown, readonly [Tone, TablerIcon]>> = {
  ready: ['good', IconCheck],
  full: ['missed', IconStack2],
  loading: ['running', IconLoader2],
  draining: ['waiting', IconLogout2],
  drained: ['paused', IconLogout2],
  clock_skew: ['bad', IconClockExclamation],
};

export function WorkerStateBadge({ worker }: { readonly worker: WorkerView }): ReactNode {
  const { t } = useTranslation('workers');
  const shown: Shown = worker.drain?.left === 0 ? 'drained' : worker.state;
  const [tone, icon] = LOOKS[shown] ?? ['skipped', IconAlertTriangle];
  return (
    <ToneBadge tone={tone} icon={icon} hint={t(`stateHint.${shown}`)} turning={shown === 'loading'}>
      {t(`state.${shown}`)}
    </ToneBadge>
  );
}

type Drain = NonNullable<WorkerView['drain']>;

export function DrainProgress({ drain }: { readonly drain: Drain }): ReactNode {
  const { t } = useTranslation('workers');
  const { left, by, killAt } = drain;
  // Nobody tells how many there were: the most that was seen here is the whole.
  const [most, setMost] = useState(left ?? 0);
  if (left !== null && left > most) setMost(left);
  const told = left === null ? t('drain.notHeard') : t('drain.left', { count: left });
  return (
    <Stack gap={2} mt={4}>
      <Text size="xs" c="dimmed">
        {by === null ? t('drain.shutsDown') : t('drain.asked', { by })} · {told}
      </Text>
      {left !== null && most > 0 && (
        <Progress size={4} value={((most - left) / most) * 100} aria-label={told} />
      )}
      {killAt !== null && left !== 0 && (
        <Text size="xs" c="dimmed">
          {t('drain.killAt')} <Countdown to={killAt} />
        </Text>
      )}
    </Stack>
  );
}
