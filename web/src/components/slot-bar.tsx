// How full something is: a bar with the numbers beside it.
import { Group, Progress, Text } from '@mantine/core';
import type { ReactNode } from 'react';

export interface SlotBarProps {
  readonly used: number;
  readonly of: number;
  /** For a screen reader. */
  readonly label: string;
  readonly children: ReactNode;
}

export function SlotBar({ used, of, label, children }: SlotBarProps): ReactNode {
  const percent = of === 0 ? 0 : Math.min(100, (used / of) * 100);
  const tone = percent >= 100 ? 'missed' : 'running';
  return (
    <Group gap={8} wrap="nowrap">
      <Progress.Root size={6} w={72} flex="none">
        <Progress.Section value={percent} color={`var(--outcome-${tone}-solid)`} aria-label={label} />
      </Progress.Root>
      <Text span inherit className="page-count">
        {children}
      </Text>
    </Group>
  );
}
