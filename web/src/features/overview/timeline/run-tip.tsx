// Which run a bar is: beside it, and in words for a screen reader.
import { Button, Group, Paper, Text } from '@mantine/core';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { OutcomeBadge } from '../../../components/outcome-badge.tsx';
import { durationText } from '../../../lib/duration-text.ts';
import { currentLanguage } from '../../../lib/i18n/language.ts';
import { clockText } from '../../../lib/i18n/time-text.ts';
import { useNow } from '../../../lib/now.ts';
import { useWhy } from '../../../components/why.ts';
import type { Bar } from './bars.ts';
import type { Chosen } from './view.ts';

const WIDTH_PX = 260;
const MOST_WHY = 120;

/** "backup, failed, began 10:04:00, took 4.2s, on alpha: exit code 1" */
export function useRunWords(): (bar: Bar) => string {
  const { t } = useTranslation('overview');
  const { t: common } = useTranslation();
  const whyOf = useWhy();
  const now = useNow();
  return (bar) => {
    const why = whyOf(bar.run);
    const told = {
      job: bar.run.job,
      outcome: common(`outcome.${bar.run.state}`),
      at: clockText(bar.start, now, currentLanguage()),
      took: durationText((bar.end ?? now) - bar.start),
    };
    return why === undefined ? t('timeline.run', told) : t('timeline.runWhy', { ...told, why });
  };
}

export interface RunTipProps {
  readonly chosen: Chosen;
  /** There is no hover to leave: the tip says how to go on. */
  readonly onOpen: (() => void) | undefined;
}

export function RunTip({ chosen: { bar, around, x, y }, onOpen }: RunTipProps): ReactNode {
  const { t } = useTranslation('overview');
  const now = useNow();
  const { run } = bar;
  const why = useWhy()(run);
  const side = { left: `clamp(0px, ${x - WIDTH_PX / 2}px, calc(100% - ${WIDTH_PX}px))`, top: y + 14 };
  return (
    <Paper
      className="timeline-tip"
      shadow="md"
      p="xs"
      w={WIDTH_PX}
      style={{ ...side, pointerEvents: onOpen ? 'auto' : 'none' }}
      aria-hidden={onOpen === undefined}
    >
      <Group gap={6} mb={4} justify="space-between" wrap="nowrap">
        <Text size="sm" fw={600} truncate>
          {run.job}
        </Text>
        <OutcomeBadge outcome={run.state} />
      </Group>
      <Text size="xs" c="dimmed" className="page-count">
        {clockText(bar.start, now, currentLanguage())}
        {!bar.isMark && ` · ${durationText((bar.end ?? now) - bar.start)}`}
        {run.startLagMs !== undefined && ` · ${t('timeline.late', { lag: durationText(run.startLagMs) })}`}
      </Text>
      {run.worker !== undefined && (
        <Text size="xs" c="dimmed" truncate>
          {run.worker}
        </Text>
      )}
      {around > 1 && (
        <Text size="xs" c="dimmed">
          {t('timeline.oneOf', { count: around })}
        </Text>
      )}
      {run.ticks !== undefined && run.ticks > 1 && (
        <Text size="xs" c="dimmed">
          {t('timeline.standsFor', { count: run.ticks })}
        </Text>
      )}
      {why !== undefined && (
        <Text size="xs" mt={2} style={{ overflowWrap: 'anywhere' }}>
          {why.length > MOST_WHY ? `${why.slice(0, MOST_WHY)}…` : why}
        </Text>
      )}
      {onOpen && (
        <Button size="compact-xs" mt={6} variant="default" onClick={onOpen}>
          {t('timeline.open')}
        </Button>
      )}
    </Paper>
  );
}
