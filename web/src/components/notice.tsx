// Something that has to be read: a tone, an icon, a title and what there is to say. In the colours of outcomes, which
// pass contrast in both themes; Mantine's own do not all.
import { Alert } from '@mantine/core';
import type { TablerIcon } from '@tabler/icons-react';
import type { CSSProperties, ReactNode } from 'react';
import './outcome.css';
import { toneColor, type Tone } from './tone.ts';

export interface NoticeProps {
  readonly tone: Tone;
  readonly icon: TablerIcon;
  readonly title?: string;
  readonly children: ReactNode;
  /** `alert` is read out at once; `note` when one comes to it. */
  readonly role?: 'alert' | 'note';
  readonly isSlim?: boolean;
}

export function Notice({
  tone,
  icon: Icon,
  title,
  children,
  role = 'note',
  isSlim = false,
}: NoticeProps): ReactNode {
  const style = {
    '--alert-bg': toneColor(tone, 'tint'),
    '--alert-color': toneColor(tone, 'text'),
    borderInlineStart: `3px solid ${toneColor(tone, 'solid')}`,
  } as CSSProperties;
  return (
    <Alert
      role={role}
      style={style}
      icon={<Icon aria-hidden />}
      title={title}
      p={isSlim ? 'xs' : 'sm'}
      mb={isSlim ? 'sm' : 0}
    >
      {children}
    </Alert>
  );
}
