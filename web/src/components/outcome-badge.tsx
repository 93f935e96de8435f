// An outcome as icon, word and colour; what it means, on hover.
import { Tooltip } from '@mantine/core';
import {
  IconAlertTriangle,
  IconBan,
  IconCheck,
  IconClock,
  IconClockOff,
  IconHelp,
  IconHourglass,
  IconLoader2,
  IconPlayerPause,
  IconPlayerSkipForward,
  IconTimelineEvent,
  IconX,
  type TablerIcon,
} from '@tabler/icons-react';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import './outcome.css';
import { toneOf, toneStyle, type Outcome, type Tone } from './tone.ts';

const ICONS: Readonly<Record<Outcome, TablerIcon>> = {
  succeeded: IconCheck,
  ran: IconCheck,
  active: IconCheck,
  failed: IconX,
  timed_out: IconClockOff,
  broken: IconAlertTriangle,
  twice: IconAlertTriangle,
  unexplained: IconAlertTriangle,
  running: IconLoader2,
  armed: IconTimelineEvent,
  waiting: IconHourglass,
  not_yet: IconClock,
  skipped: IconPlayerSkipForward,
  not_known: IconHelp,
  missed: IconClockOff,
  lost: IconHelp,
  killed: IconBan,
  paused: IconPlayerPause,
};

export interface ToneBadgeProps {
  readonly tone: Tone;
  readonly icon: TablerIcon;
  readonly children: ReactNode;
  readonly hint?: string;
  readonly turning?: boolean;
}

/** For states that are no outcome, such as those of a worker. */
export function ToneBadge({ tone, icon: Icon, children, hint, turning = false }: ToneBadgeProps): ReactNode {
  const badge = (
    <span className="outcome-badge" style={toneStyle(tone)}>
      <Icon size={13} stroke={2} aria-hidden className={turning ? 'outcome-turning' : undefined} />
      {children}
    </span>
  );
  return hint === undefined ? badge : <Tooltip label={hint}>{badge}</Tooltip>;
}

export function OutcomeBadge({ outcome }: { readonly outcome: Outcome }): ReactNode {
  const { t } = useTranslation();
  return (
    <ToneBadge
      tone={toneOf[outcome]}
      icon={ICONS[outcome]}
      hint={t(`outcomeHint.${outcome}`)}
      turning={outcome === 'running'}
    >
      {t(`outcome.${outcome}`)}
    </ToneBadge>
  );
}
