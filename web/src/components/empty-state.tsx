// Where nothing is: says so, teaches what would be here, and offers the first step.
import { Paper, Stack, Text, Title } from '@mantine/core';
import type { TablerIcon } from '@tabler/icons-react';
import type { ReactNode } from 'react';

export interface EmptyStateProps {
  readonly icon: TablerIcon;
  /** Absent where the page's own heading says it. */
  readonly title?: string;
  readonly explain: string;
  /** A button, or a command to copy. */
  readonly children?: ReactNode;
}

export function EmptyState({ icon: Icon, title, explain, children }: EmptyStateProps): ReactNode {
  return (
    <Paper p="xl">
      <Stack align="center" gap="xs" maw={560} mx="auto" ta="center">
        <Icon size={36} stroke={1.4} aria-hidden />
        {title !== undefined && <Title order={2}>{title}</Title>}
        <Text size="sm" c="dimmed">
          {explain}
        </Text>
        {children}
      </Stack>
    </Paper>
  );
}
