// What a run was given: the task as it was defined then, and its variables. Values of secrets are never sent here, so
// none can be shown; what was given by hand for this one run is kept by nobody.
import { Code, Paper, Table, Text, Title } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { RunView } from '../../../../src/common/api/values.ts';
import type { JobDefinitionInput } from '../../../../src/common/model/job.ts';
import { KeyValue } from '../../components/key-value.tsx';
import '../../components/stacked-table.css';
import { read } from '../../lib/query.ts';

type Task = JobDefinitionInput['task'];

export function RunEnvironment({ run }: { readonly run: RunView }): ReactNode {
  const { t } = useTranslation('runs');
  const { job, generation } = run;
  const version = useQuery(read('getVersion', { params: { job, version: String(generation) } }));
  const stored = useQuery(read('getJob', { params: { job }, query: { ticks: 1, runs: 0 } }));
  // A job that was deleted and made anew counts from 1 again.
  const isSameJob = stored.data?.revisions.create === run.jobCreated;
  const task = isSameJob ? version.data?.definition.task : undefined;
  const isSettled = (version.isSuccess && stored.isSuccess) || version.isError || stored.isError;
  return (
    <Paper component="section" aria-labelledby="run-environment" p="sm">
      <Title order={2} id="run-environment" mb="xs">
        {t('environment.title')}
      </Title>
      {task && <TaskFacts task={task} />}
      {!task && isSettled && (
        <Text size="sm" c="dimmed">
          {t('environment.unknown', { generation })}
        </Text>
      )}
      <Variables run={run} task={task} />
      {run.cause.kind === 'manual' && (
        <Text size="xs" c="dimmed" mt="xs">
          {t('environment.overrides')}
        </Text>
      )}
    </Paper>
  );
}

const pretty = (value: unknown): string =>
  typeof value === 'string' ? value : JSON.stringify(value, undefined, 2);

function Block({ children }: { readonly children: string }): ReactNode {
  return (
    <Code block style={{ whiteSpace: 'pre-wrap', overflowWrap: 'anywhere' }}>
      {children}
    </Code>
  );
}

function TaskFacts({ task }: { readonly task: Task }): ReactNode {
  const { t } = useTranslation('runs');
  switch (task.kind) {
    case 'shell':
    case 'exec':
      return (
        <>
          <Block>{task.kind === 'shell' ? task.command : JSON.stringify(task.argv)}</Block>
          <KeyValue
            items={[
              ['shell', task.kind === 'shell' ? task.shell : undefined],
              ['cwd', task.cwd],
              ['user', task.user],
            ]}
          />
        </>
      );
    case 'http':
      return (
        <>
          <Block>{`${task.method} ${task.url}`}</Block>
          {task.body !== undefined && <Block>{pretty(task.body)}</Block>}
        </>
      );
    case 'handler':
      return (
        <>
          <KeyValue items={[[t('environment.handler'), task.name]]} />
          {task.payload !== undefined && <Block>{pretty(task.payload)}</Block>}
        </>
      );
  }
}

type Origin = 'job' | 'etcron';

function Variables({ run, task }: { readonly run: RunView; readonly task: Task | undefined }): ReactNode {
  const { t } = useTranslation('runs');
  const isHttp = task?.kind === 'http';
  const given = task?.kind === 'http' ? task.headers : task && 'env' in task ? task.env : undefined;
  const rows: (readonly [name: string, value: string | undefined, origin: Origin])[] = [
    ...Object.entries(given ?? {}).map(
      ([name, value]) => [name, typeof value === 'string' ? value : undefined, 'job'] as const,
    ),
    ...(task?.kind === 'shell' || task?.kind === 'exec' ? ownVariables(run) : []),
  ];
  if (rows.length === 0) return null;
  return (
    <Table className="stacked-table" mt="xs">
      <Table.Thead>
        <Table.Tr>
          <Table.Th>{t(isHttp ? 'environment.header' : 'environment.variable')}</Table.Th>
          <Table.Th>{t('environment.value')}</Table.Th>
          <Table.Th>{t('environment.from')}</Table.Th>
        </Table.Tr>
      </Table.Thead>
      <Table.Tbody>
        {rows.map(([name, value, origin]) => (
          <Table.Tr key={`${origin} ${name}`}>
            <Table.Td className="page-mono">{name}</Table.Td>
            <Table.Td className="page-mono" style={{ overflowWrap: 'anywhere' }}>
              {value ?? (
                <Text span inherit c="dimmed">
                  •••••• ({t('environment.secret')})
                </Text>
              )}
            </Table.Td>
            <Table.Td c="dimmed">{t(`environment.origin.${origin}`)}</Table.Td>
          </Table.Tr>
        ))}
      </Table.Tbody>
    </Table>
  );
}

/** As docs/operations.md lists them. */
function ownVariables(run: RunView): (readonly [string, string, Origin])[] {
  if (run.worker === undefined || run.fencingToken === undefined) return [];
  const values: readonly (readonly [string, string | number | undefined])[] = [
    ['ETCRON_JOB', run.job],
    ['ETCRON_RUN_ID', run.id],
    ['ETCRON_SCHEDULED_FOR', run.scheduledFor],
    ['ETCRON_ATTEMPT', run.attempt],
    ['ETCRON_FENCING_TOKEN', run.fencingToken],
    ['ETCRON_WORKER', run.worker],
    ['ETCRON_SHARD_INDEX', run.shard?.index],
    ['ETCRON_SHARD_TOTAL', run.shard?.total],
  ];
  return values.flatMap(([name, value]) =>
    value === undefined ? [] : [[name, String(value), 'etcron'] as const],
  );
}
