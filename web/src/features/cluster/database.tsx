// How full etcd's database is, against its quota: what is in use, and what is free in its file.
import { Group, Progress, Text, Tooltip } from '@mantine/core';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { ClusterView } from '../../../../src/common/api/cluster.ts';
import '../../components/outcome.css';
import './database.css';
import { toneColor, type Tone } from '../../components/tone.ts';
import { bytesText } from '../../lib/bytes-text.ts';

/** Beyond it history gives way (design, section 3), and it is told as a warning. */
const PRESSURE = 0.8;

export function Database({ cluster }: { readonly cluster: ClusterView }): ReactNode {
  const { t } = useTranslation('cluster');
  const { dbSize, dbSizeInUse, quotaBytes } = cluster;
  const share = (bytes: number): number => Math.min(100, (bytes / quotaBytes) * 100);
  const tone: Tone = dbSizeInUse > PRESSURE * quotaBytes ? 'missed' : 'running';
  const free = Math.max(0, dbSize - dbSizeInUse);
  const told = t('database.label', { used: bytesText(dbSizeInUse), quota: bytesText(quotaBytes) });
  return (
    <div>
      <Group justify="space-between" gap="xs" mb={6}>
        <Text size="sm" fw={600}>
          {t('database.title')}
        </Text>
        <Text size="sm" className="page-count">
          {told}
        </Text>
      </Group>
      <Progress.Root size={14}>
        <Progress.Section
          value={Math.max(0.5, share(dbSizeInUse))}
          color={toneColor(tone, 'solid')}
          aria-label={told}
        />
        <Tooltip label={t('database.hint')}>
          <Progress.Section
            value={share(free)}
            color={toneColor(tone, 'tint')}
            aria-label={`${t('database.free')}: ${bytesText(free)}`}
          />
        </Tooltip>
      </Progress.Root>
      <Group gap="lg" mt={6}>
        <Legend color={toneColor(tone, 'solid')}>
          {t('database.used')}: {bytesText(dbSizeInUse)}
        </Legend>
        <Legend color={toneColor(tone, 'tint')}>
          {t('database.free')}: {bytesText(free)}
        </Legend>
        <Text size="xs" c="dimmed">
          {t('database.quota')}: {bytesText(quotaBytes)}
        </Text>
      </Group>
    </div>
  );
}

interface LegendProps {
  readonly color: string;
  readonly children: ReactNode;
}

function Legend({ color, children }: LegendProps): ReactNode {
  return (
    <Group gap={6} wrap="nowrap">
      <span className="database-key" style={{ background: color }} aria-hidden />
      <Text size="xs" c="dimmed" className="page-count">
        {children}
      </Text>
    </Group>
  );
}
