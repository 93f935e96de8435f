// The versions of the definition: who changed what and when, what exactly, and back to any of them. Works for a job
// that is broken, too: it is the way out of that.
import { Badge, Box, Button, Group, Paper, Stack, Text } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { IconRestore } from '@tabler/icons-react';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useState, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { VersionSummary } from '../../../../src/common/api/versions.ts';
import { Choice } from '../../components/choice.tsx';
import { Confirm } from '../../components/confirm.tsx';
import { Loaded } from '../../components/loaded.tsx';
import { notifyDone } from '../../components/notify.ts';
import { TimeText } from '../../components/time-text.tsx';
import { read, useAction } from '../../lib/query.ts';
import { Changes } from './changes.tsx';

export function VersionsTab({ job }: { readonly job: string }): ReactNode {
  const { t } = useTranslation('job');
  const versions = useQuery(read('listVersions', { params: { job } }));
  const [open, setOpen] = useState<number>();
  return (
    <Loaded query={versions}>
      {({ items }) => (
        <Stack gap="xs" component="ol" className="job-versions" aria-label={t('tab.versions')}>
          {items.map((version) => (
            <Paper key={version.generation} component="li" p="sm">
              <Version
                job={job}
                version={version}
                isOpen={open === version.generation}
                onToggle={() => setOpen(open === version.generation ? undefined : version.generation)}
              />
            </Paper>
          ))}
        </Stack>
      )}
    </Loaded>
  );
}

interface VersionProps {
  readonly job: string;
  readonly version: VersionSummary;
  readonly isOpen: boolean;
  readonly onToggle: () => void;
}

function Version({ job, version, isOpen, onToggle }: VersionProps): ReactNode {
  const { t } = useTranslation('job');
  const client = useQueryClient();
  const [isAsking, question] = useDisclosure(false);
  const { generation, current, at, by, change, from, changed, changes, error } = version;
  const restore = useAction('restoreVersion', {
    onDone: ({ job: now }) => {
      void client.invalidateQueries();
      notifyDone(t('version.restored', { from: generation, to: now.generation }));
    },
  });
  const more = (changes ?? 0) - (changed?.length ?? 0);
  return (
    <>
      <Group justify="space-between" gap="xs">
        <Group gap="xs">
          <Text size="sm" fw={600} className="page-count">
            {t('version.name', { count: generation })}
          </Text>
          {current && (
            <Badge variant="light" tt="none">
              {t('version.current')}
            </Badge>
          )}
          <Text size="sm">{change === null ? '' : t(`changed.${change}`, { from: from ?? 0 })}</Text>
          <Text size="xs" c="dimmed">
            {at !== null && <TimeText at={at} />} {by !== null && t('version.by', { by })}
          </Text>
        </Group>
        <Group gap="xs">
          {error === undefined && (
            <Button
              variant="default"
              size="compact-xs"
              aria-expanded={isOpen}
              aria-label={t('version.compareLabel', { count: generation })}
              onClick={onToggle}
            >
              {t('version.compare')}
            </Button>
          )}
          {!current && error === undefined && (
            <Button
              variant="default"
              size="compact-xs"
              leftSection={<IconRestore size={14} aria-hidden />}
              aria-label={t('version.restoreLabel', { count: generation })}
              loading={restore.isPending}
              onClick={question.open}
            >
              {t('version.restore')}
            </Button>
          )}
        </Group>
      </Group>
      <Text size="xs" c="dimmed" className="page-mono">
        {error ?? changed?.join(', ')}
        {more > 0 && ` ${t('version.more', { count: more })}`}
      </Text>
      {isOpen && <Diff job={job} version={version} />}
      <Confirm
        opened={isAsking}
        onClose={question.close}
        title={t('version.ask', { count: generation })}
        verb={t('version.restore')}
        onConfirm={() => restore.mutate({ params: { job, version: String(generation) } })}
      >
        {t('version.explain')}
        {isAsking && <DiffBody job={job} generation={generation} against="current" />}
      </Confirm>
    </>
  );
}

function Diff({ job, version }: { readonly job: string; readonly version: VersionSummary }): ReactNode {
  const { t } = useTranslation('job');
  const [against, setAgainst] = useState<'before' | 'current'>('before');
  return (
    <>
      {!version.current && (
        <Box mt="xs">
          <Choice
            label={t('version.against')}
            options={[
              ['before', t('version.before')],
              ['current', t('version.toCurrent')],
            ]}
            value={against}
            onChoose={setAgainst}
          />
        </Box>
      )}
      <DiffBody job={job} generation={version.generation} against={version.current ? 'before' : against} />
    </>
  );
}

interface DiffBodyProps {
  readonly job: string;
  readonly generation: number;
  readonly against: 'before' | 'current';
}

function DiffBody({ job, generation, against }: DiffBodyProps): ReactNode {
  const params = { job, version: String(generation) };
  const query = against === 'current' ? { against: 'current' as const } : {};
  const diff = useQuery({
    ...read('diffVersion', { params, query }),
    // Against another version that stands it never changes; against the current one it is asked for when opened.
    refetchOnMount: 'always',
  });
  return (
    <Loaded query={diff} lines={2}>
      {({ changes }) => <Changes changes={changes} />}
    </Loaded>
  );
}
