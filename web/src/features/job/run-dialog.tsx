// Run now: as it is defined, or for once with other variables, another payload, on one worker. What was given is
// checked here as far as it is plain; the rest the master tells.
import { Button, Checkbox, Group, Select, Stack, Text, Textarea } from '@mantine/core';
import { IconLoader2 } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useState, type FormEvent, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { JobDetail } from '../../../../src/common/api/jobs.ts';
import { Dialog } from '../../components/dialog.tsx';
import { ErrorState } from '../../components/error-state.tsx';
import { Notice } from '../../components/notice.tsx';
import { notifyDone } from '../../components/notify.ts';
import type { Given } from '../../lib/api.ts';
import { read, useAction } from '../../lib/query.ts';
import { readEnv, readPayload } from './run-overrides.ts';

export interface RunDialogProps {
  readonly job: JobDetail;
  readonly onClose: () => void;
}

export function RunDialog({ job, onClose }: RunDialogProps): ReactNode {
  const { t } = useTranslation('job');
  const { task, workers, overlap } = job.definition;
  const [env, setEnv] = useState('');
  const [payload, setPayload] = useState('');
  const [worker, setWorker] = useState<string | null>(null);
  const [isQueued, setQueued] = useState(false);
  const takesEnv = task.kind === 'shell' || task.kind === 'exec';
  const isEverywhere = workers.mode === 'all';
  const registered = useQuery({ ...read('listWorkers'), enabled: isEverywhere }).data?.items ?? [];
  const run = useAction('runJob', {
    quiet: true,
    onDone: (told) => {
      const hint = 'hint' in told ? told.hint : undefined;
      notifyDone(hint === undefined ? t('run.done', { run: told.run }) : t('run.waits', { hint }));
      onClose();
    },
  });
  const readEnvironment = readEnv(env);
  const readBody = readPayload(payload);
  const wrong = readEnvironment.wrong !== undefined || readBody.isWrong;

  const submit = (event: FormEvent): void => {
    event.preventDefault();
    if (wrong) return;
    const body = {
      ...(readEnvironment.env && { env: readEnvironment.env }),
      ...('payload' in readBody && { payload: readBody.payload }),
    } as NonNullable<Given<'runJob'>['body']>;
    run.mutate({
      params: { job: job.name },
      query: { queue: isQueued ? 'true' : 'false', ...(worker !== null && { worker }) },
      ...(Object.keys(body).length > 0 && { body }),
    });
  };
  return (
    <Dialog opened onClose={onClose} title={t('run.title', { job: job.name })}>
      <form onSubmit={submit}>
        <Stack gap="sm">
          {job.running > 0 && overlap !== 'allow' && (
            <Notice tone="running" icon={IconLoader2} isSlim>
              {t('run.isRunning')}
            </Notice>
          )}
          {takesEnv ? (
            <Textarea
              label={t('run.env')}
              description={t('run.envHint')}
              placeholder="NAME=value"
              className="job-mono-input"
              autosize
              minRows={2}
              maxRows={8}
              spellCheck={false}
              value={env}
              onChange={(event) => setEnv(event.currentTarget.value)}
              error={
                readEnvironment.wrong === undefined
                  ? null
                  : t('run.envWrong', { line: readEnvironment.wrong })
              }
            />
          ) : (
            <Textarea
              label={t('run.payload')}
              description={t('run.payloadHint')}
              placeholder='{"day": "2026-11-23"}'
              className="job-mono-input"
              autosize
              minRows={3}
              maxRows={12}
              spellCheck={false}
              value={payload}
              onChange={(event) => setPayload(event.currentTarget.value)}
              error={readBody.isWrong ? t('run.payloadWrong') : null}
            />
          )}
          {isEverywhere && (
            <Select
              label={t('run.worker')}
              placeholder={t('run.allWorkers')}
              data={registered.map(({ id, name }) => ({ value: id, label: name }))}
              value={worker}
              onChange={setWorker}
              clearable
              clearButtonProps={{ 'aria-label': t('run.allWorkers') }}
            />
          )}
          <Checkbox
            label={t('run.queue')}
            description={t('run.queueHint')}
            checked={isQueued}
            onChange={(event) => setQueued(event.currentTarget.checked)}
          />
          {run.isError && <ErrorState error={run.error} title={t('run.failed')} />}
          <Group justify="space-between" gap="xs">
            <Text size="xs" c="dimmed">
              {job.definition.paused ? t('run.paused') : ''}
            </Text>
            <Group gap="xs">
              <Button variant="default" onClick={onClose}>
                {t('run.cancel')}
              </Button>
              <Button type="submit" loading={run.isPending} disabled={wrong} data-autofocus>
                {t('run.verb')}
              </Button>
            </Group>
          </Group>
        </Stack>
      </form>
    </Dialog>
  );
}
