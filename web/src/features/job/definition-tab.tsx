// The definition: to be read by people, and as the YAML and JSON that the command line and the API take.
import { Box, Button, CopyButton, Group, Paper, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { JobDetail } from '../../../../src/common/api/jobs.ts';
import { Choice } from '../../components/choice.tsx';
import { KeyValue } from '../../components/key-value.tsx';
import { LabelList } from '../../components/label-list.tsx';
import { TimeText } from '../../components/time-text.tsx';

type Form = 'read' | 'yaml' | 'json';

export function DefinitionTab({ job }: { readonly job: JobDetail }): ReactNode {
  const { t } = useTranslation('job');
  const [form, setForm] = useState<Form>('read');
  return (
    <>
      <Box mb="sm">
        <Choice
          label={t('definition.form')}
          options={[
            ['read', t('definition.read')],
            ['yaml', 'YAML'],
            ['json', 'JSON'],
          ]}
          value={form}
          onChoose={setForm}
        />
      </Box>
      {form === 'read' ? <Readable job={job} /> : <Source job={job} form={form} />}
    </>
  );
}

function Readable({ job }: { readonly job: JobDetail }): ReactNode {
  const { t } = useTranslation('job');
  const { definition } = job;
  const { task, retry, catchUp, workers, history } = definition;
  const wanted = Object.fromEntries(
    Object.entries(workers.labels ?? {}).map(([key, value]) => [key, [value].flat().join(' | ')]),
  );
  return (
    <Paper p="sm">
      <Text size="xs" c="dimmed" mb={4}>
        {t(`task.${task.kind}`)}
      </Text>
      <pre className="job-command">{commandOf(job)}</pre>
      <KeyValue
        items={[
          [
            t('field.schedule'),
            <span key="schedule" className="page-mono">
              {[definition.schedule].flat().join('; ')}
            </span>,
          ],
          [t('field.timezone'), definition.timezone],
          [
            t('field.dst'),
            t('field.dstValue', {
              gap: t(`gap.${definition.dst.gap}`),
              repeat: t(`repeat.${definition.dst.repeat}`),
            }),
          ],
          [t('field.jitter'), definition.jitter],
          [t('field.startAt'), definition.startAt && <TimeText at={definition.startAt} />],
          [t('field.endAt'), definition.endAt && <TimeText at={definition.endAt} />],
          [t('field.timeout'), definition.timeout ?? t('field.noTimeout')],
          [t('field.killGrace'), definition.killGrace],
          [t('field.overlap'), t(`overlap.${definition.overlap}`)],
          [
            t('field.catchUp'),
            t('field.catchUpValue', { policy: t(`catchUp.${catchUp.policy}`), window: catchUp.window }),
          ],
          [
            t('field.retry'),
            retry.limit === 0
              ? t('field.noRetry')
              : t('field.retryValue', { count: retry.limit, delay: retry.delay, factor: retry.factor }),
          ],
          [t('field.onLostLease'), t(`lost.${definition.onLostLease}`)],
          [t('field.mode'), t(`mode.${workers.mode}`)],
          [t('field.workers'), workers.labels && <LabelList labels={wanted} most={10} />],
          [t('field.history'), t('field.historyValue', { count: history.keep, time: history.for })],
          [t('field.output'), definition.output.limit],
          [t('field.created'), <TimeText key="created" at={job.createdAt} />],
          [t('field.updated'), <TimeText key="updated" at={job.updatedAt} />],
        ]}
      />
    </Paper>
  );
}

function commandOf({ definition: { task } }: JobDetail): string {
  switch (task.kind) {
    case 'shell':
      return task.command;
    case 'exec':
      return task.argv.map((each) => (/^[\w./:=@%+,-]+$/.test(each) ? each : JSON.stringify(each))).join(' ');
    case 'http':
      return `${task.method} ${task.url}`;
    case 'handler':
      return task.payload === undefined ? task.name : `${task.name} ${JSON.stringify(task.payload)}`;
  }
}

function Source({ job, form }: { readonly job: JobDetail; readonly form: 'yaml' | 'json' }): ReactNode {
  const { t } = useTranslation('job');
  const yaml = useQuery({
    queryKey: ['yaml', job.revisions.mod, job.name],
    queryFn: async () => (await import('yaml')).stringify(job.definition, { lineWidth: 0 }),
    enabled: form === 'yaml',
    staleTime: Infinity,
  });
  const text = form === 'json' ? JSON.stringify(job.definition, undefined, 2) : (yaml.data ?? '');
  return (
    <Paper p="sm">
      <Group justify="flex-end">
        <CopyButton value={text}>
          {({ copied, copy }) => (
            <Button variant="default" size="compact-xs" onClick={copy}>
              {t(copied ? 'definition.copied' : 'definition.copy')}
            </Button>
          )}
        </CopyButton>
      </Group>
      {/* Long lines scroll; by keyboard, too. */}
      {/* oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex */}
      <pre className="job-source" tabIndex={0}>
        {text}
      </pre>
      <Text size="xs" c="dimmed">
        {t('definition.secrets')}
      </Text>
    </Paper>
  );
}
