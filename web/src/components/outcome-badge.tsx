// An outcome as icon, word and colour; what it means, on hover.
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
import { Hint } from './hint.tsx';
import './outcome.css';
import { outcomeWord } from './outcome-word.ts';
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
  readonly hint?: ReactNode;
  readonly turning?: boolean;
}

/** For states that are no outcome, such as those of a worker. */
export function ToneBadge({ tone, icon: Icon, children, hint, turning = false }: ToneBadgeProps): ReactNode {
  return (
    <Hint label={hint}>
      {(pointed) => (
        <span className="outcome-badge" style={toneStyle(tone)} {...pointed}>
          <Icon size={13} stroke={2} aria-hidden className={turning ? 'outcome-turning' : undefined} />
          {children}
        </span>
      )}
    </Hint>
  );
}

export function OutcomeBadge({ outcome }: { readonly outcome: Outcome }): ReactNode {
  // Drawn anew with the language.
  useTranslation();
  return (
    <ToneBadge
      tone={toneOf[outcome]}
      icon={ICONS[outcome]}
      hint={<Meaning of={outcome} />}
      turning={outcome === 'running'}
    >
      {outcomeWord(outcome)}
    </ToneBadge>
  );
}

function Meaning({ of }: { readonly of: Outcome }): ReactNode {
  const { t } = useTranslation();
  return t(`outcomeHint.${of}`);
}
