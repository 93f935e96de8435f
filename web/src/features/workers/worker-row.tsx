// One worker, and below it, when asked for, what it runs.
import { ActionIcon, Box, Group, Table, Text, Tooltip } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { IconChevronDown, IconChevronRight } from '@tabler/icons-react';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { WorkerView } from '../../../../src/common/api/workers.ts';
import { LabelList } from '../../components/label-list.tsx';
import { SlotBar } from '../../components/slot-bar.tsx';
import { TimeText } from '../../components/time-text.tsx';
import { durationText } from '../../lib/duration-text.ts';
import { DrainButton } from './drain-button.tsx';
import { WorkerRuns } from './worker-runs.tsx';
import { DrainProgress, WorkerStateBadge } from './worker-state.tsx';

const COLUMNS = 8;
/** Above it a worker warns (docs/operations.md). */
const CLOCK_WARNS_MS = 500;

export interface WorkerRowProps {
  readonly worker: WorkerView;
  /** No other takes work. */
  readonly isLast: boolean;
}

export function WorkerRow({ worker, isLast }: WorkerRowProps): ReactNode {
  const { t } = useTranslation('workers');
  const [isOpen, { toggle }] = useDisclosure(false);
  const toggleLabel = t(isOpen ? 'runs.hide' : 'runs.show', { worker: worker.name });
  const slots = { running: worker.running, slots: worker.slots, worker: worker.name };
  return (
    <>
      <Table.Tr>
        <Table.Td>
          <Group gap={6} wrap="nowrap">
            <ActionIcon aria-label={toggleLabel} aria-expanded={isOpen} onClick={toggle} size="sm">
              {isOpen ? (
                <IconChevronDown size={16} aria-hidden />
              ) : (
                <IconChevronRight size={16} aria-hidden />
              )}
            </ActionIcon>
            <Box miw={0}>
              <Text size="sm" fw={600}>
                {worker.name}
              </Text>
              <Text size="xs" c="dimmed" style={{ overflowWrap: 'anywhere' }}>
                {t('host', { host: worker.host, pid: worker.pid })} · {worker.version}
              </Text>
            </Box>
          </Group>
        </Table.Td>
        <Table.Td data-label={t('column.state')}>
          <Box>
            <WorkerStateBadge worker={worker} />
            {worker.drain && <DrainProgress drain={worker.drain} />}
          </Box>
        </Table.Td>
        <Table.Td data-label={t('column.slots')}>
          <Box>
            <SlotBar used={worker.running} of={worker.slots} label={t('slotsLabel', slots)}>
              {t('slots', slots)}
            </SlotBar>
            {worker.waiting && (
              <Text size="xs" c="dimmed">
                {t('waiting', { count: worker.waiting.jobs })}
              </Text>
            )}
          </Box>
        </Table.Td>
        <Table.Td data-label={t('column.labels')}>
          <LabelList labels={worker.labels} />
        </Table.Td>
        <Table.Td data-label={t('column.can')}>
          <CanRun can={worker.can} />
        </Table.Td>
        <Table.Td data-label={t('column.clock')}>
          <ClockOffset ms={worker.clockOffsetMs} />
        </Table.Td>
        <Table.Td data-label={t('column.since')}>
          <TimeText at={worker.startedAt} />
        </Table.Td>
        <Table.Td data-label={t('column.actions')}>
          <DrainButton worker={worker} isLast={isLast} />
        </Table.Td>
      </Table.Tr>
      {isOpen && (
        <Table.Tr>
          <Table.Td colSpan={COLUMNS}>
            <WorkerRuns worker={worker} />
          </Table.Td>
        </Table.Tr>
      )}
    </>
  );
}

function CanRun({ can }: { readonly can: WorkerView['can'] }): ReactNode {
  const { t } = useTranslation('workers');
  if (!can)
    return (
      <Tooltip label={t('can.allHint')}>
        <span>{t('can.all')}</span>
      </Tooltip>
    );
  const { processes, handlers } = can;
  const parts = [
    ...(processes ? [t('can.processes')] : []),
    ...(handlers.length > 0 ? [t('can.handlers', { count: handlers.length })] : []),
  ];
  if (parts.length === 0) return t('can.requests');
  return (
    <Tooltip label={handlers.join(', ')} disabled={handlers.length === 0} multiline maw={400}>
      <span>{parts.join(', ')}</span>
    </Tooltip>
  );
}

function ClockOffset({ ms }: { readonly ms: number | null }): ReactNode {
  const { t } = useTranslation('workers');
  if (ms === null)
    return (
      <Text span inherit c="dimmed">
        {t('clock.unknown')}
      </Text>
    );
  const offset = `${ms > 0 ? '+' : ''}${durationText(ms)}`;
  const isOff = Math.abs(ms) > CLOCK_WARNS_MS;
  return (
    <Tooltip label={t('clock.hint')}>
      <Text span inherit className="page-count" {...(isOff && { fw: 600, c: 'var(--outcome-missed-text)' })}>
        {isOff ? t('clock.off', { offset }) : offset}
      </Text>
    </Tooltip>
  );
}
