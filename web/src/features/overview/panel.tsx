// A part of the overview: a heading, what can be chosen, and what it shows.
import { Group, Paper, Text, Title } from '@mantine/core';
import { useId, type ReactNode } from 'react';

export interface PanelProps {
  readonly title: string;
  /** In a quieter voice, beside the title. */
  readonly hint?: ReactNode;
  readonly actions?: ReactNode;
  readonly children: ReactNode;
}

export function Panel({ title, hint, actions, children }: PanelProps): ReactNode {
  const id = useId();
  return (
    <Paper component="section" p="sm" aria-labelledby={id} className="overview-panel">
      <Group justify="space-between" gap="xs" mb="xs">
        <Group gap="xs" align="baseline">
          <Title order={2} id={id}>
            {title}
          </Title>
          {hint !== undefined && (
            <Text span size="xs" c="dimmed" className="page-count">
              {hint}
            </Text>
          )}
        </Group>
        {actions}
      </Group>
      {children}
    </Paper>
  );
}
