// The head of every page: its name (also that of the tab), what goes with it, what can be done. Its heading takes
// the focus when the page is opened, so that a screen reader says where one is.
import { Box, Group, Text, Title } from '@mantine/core';
import { useEffect, type ReactNode } from 'react';

export interface PageHeaderProps {
  readonly title: string;
  /** Above the name: where the page belongs. */
  readonly trail?: ReactNode;
  /** Beside the name: a badge, labels. */
  readonly beside?: ReactNode;
  /** Below it, in a quieter voice. */
  readonly summary?: ReactNode;
  /** Buttons. */
  readonly actions?: ReactNode;
}

export function PageHeader({ title, trail, beside, summary, actions }: PageHeaderProps): ReactNode {
  useEffect(() => {
    document.title = `${title} · etcron`;
  }, [title]);
  return (
    <Group justify="space-between" align="flex-start" mb="md" gap="sm">
      <Box miw={0}>
        {trail}
        <Group gap="sm">
          <Title order={1} tabIndex={-1} id="page-heading" style={{ overflowWrap: 'anywhere' }}>
            {title}
          </Title>
          {beside}
        </Group>
        {summary !== undefined && (
          <Text size="sm" c="dimmed" component="div">
            {summary}
          </Text>
        )}
      </Box>
      {actions !== undefined && <Group gap="xs">{actions}</Group>}
    </Group>
  );
}
