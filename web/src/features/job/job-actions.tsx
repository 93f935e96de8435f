// What can be done with a job: run it now, pause and resume it, end what runs, edit it, delete it. What ends or loses
// something asks first, and says what becomes of what runs.
import { ActionIcon, Button, Checkbox, Menu, Text } from '@mantine/core';
import {
  IconDotsVertical,
  IconPencil,
  IconPlayerPause,
  IconPlayerPlay,
  IconPlayerStop,
  IconPlayerTrackNext,
  IconTrash,
} from '@tabler/icons-react';
import { useQueryClient } from '@tanstack/react-query';
import { Link, useNavigate } from '@tanstack/react-router';
import { lazy, Suspense, useMemo, useState, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { JobDetail } from '../../../../src/common/api/jobs.ts';
import { Confirm } from '../../components/confirm.tsx';
import { ConfirmByName } from '../../components/confirm-by-name.tsx';
import { notifyDone } from '../../components/notify.ts';
import { assume, type Assumption } from '../../lib/assume.ts';
import { usePaletteActions } from '../../lib/palette.ts';
import { keyOf } from '../../lib/query-keys.ts';
import { useAction } from '../../lib/query.ts';
import { useShortcuts } from '../../lib/shortcuts.ts';

const RunDialog = lazy(async () => ({ default: (await import('./run-dialog.tsx')).RunDialog }));
type Question = 'run' | 'kill' | 'delete';

export function JobActions({ job }: { readonly job: JobDetail }): ReactNode {
  const { t } = useTranslation('job');
  const [asked, setAsked] = useState<Question>();
  const close = (): void => setAsked(undefined);
  const { paused } = job.definition;
  const client = useQueryClient();
  const given = { params: { job: job.name } };
  const assumePaused = (paused: boolean) => (): Assumption =>
    assume(client, 'getJob', (old, { params }) => {
      if (params.job !== job.name) return old;
      const state = old.running > 0 ? old.state : paused ? 'paused' : 'active';
      return { ...old, state, definition: { ...old.definition, paused } };
    });
  const pause = useAction('pauseJob', {
    ahead: assumePaused(true),
    onDone: () => notifyDone(t('pause.done', { job: job.name })),
  });
  const resume = useAction('resumeJob', {
    ahead: assumePaused(false),
    onDone: () => notifyDone(t('resume.done', { job: job.name })),
  });
  const kill = useAction('killJob', {
    onDone: ({ killed }) => {
      void client.invalidateQueries({ queryKey: keyOf('getJob', {}).slice(0, 1) });
      notifyDone(t('kill.done', { count: killed.length }));
    },
  });
  const { mutate: doPause } = pause;
  const { mutate: doResume } = resume;

  const palette = useMemo(() => {
    const params = { job: job.name };
    const toggle = paused
      ? {
          id: 'job resume',
          label: t('resume.button'),
          icon: IconPlayerTrackNext,
          act: () => doResume({ params }),
        }
      : { id: 'job pause', label: t('pause.button'), icon: IconPlayerPause, act: () => doPause({ params }) };
    return [
      { id: 'job run', label: t('run.button'), icon: IconPlayerPlay, act: () => setAsked('run') },
      toggle,
      { id: 'job kill', label: t('kill.button'), icon: IconPlayerStop, act: () => setAsked('kill') },
      { id: 'job delete', label: t('delete.button'), icon: IconTrash, act: () => setAsked('delete') },
    ];
  }, [t, job.name, paused, doPause, doResume]);
  usePaletteActions(palette);
  useShortcuts(
    useMemo(
      () => [{ keys: 'r', group: 'here' as const, label: t('run.button'), act: () => setAsked('run') }],
      [t],
    ),
  );

  return (
    <>
      <Button leftSection={<IconPlayerPlay size={16} aria-hidden />} onClick={() => setAsked('run')}>
        {t('run.button')}
      </Button>
      {paused ? (
        <Button
          variant="light"
          leftSection={<IconPlayerTrackNext size={16} aria-hidden />}
          loading={resume.isPending}
          onClick={() => resume.mutate(given)}
        >
          {t('resume.button')}
        </Button>
      ) : (
        <Button
          variant="default"
          leftSection={<IconPlayerPause size={16} aria-hidden />}
          loading={pause.isPending}
          onClick={() => pause.mutate(given)}
        >
          {t('pause.button')}
        </Button>
      )}
      <Button
        variant="default"
        leftSection={<IconPencil size={16} aria-hidden />}
        renderRoot={(props) => <Link to="/jobs/$job/edit" params={{ job: job.name }} {...props} />}
      >
        {t('edit')}
      </Button>
      <Menu position="bottom-end">
        <Menu.Target>
          <ActionIcon variant="default" size={30} aria-label={t('more')}>
            <IconDotsVertical size={16} aria-hidden />
          </ActionIcon>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Item
            leftSection={<IconPlayerStop size={16} aria-hidden />}
            disabled={job.running === 0 && job.waiting.length === 0}
            onClick={() => setAsked('kill')}
          >
            {t('kill.button')}
          </Menu.Item>
          <Menu.Item
            c="var(--outcome-bad-text)"
            leftSection={<IconTrash size={16} aria-hidden />}
            onClick={() => setAsked('delete')}
          >
            {t('delete.button')}
          </Menu.Item>
        </Menu.Dropdown>
      </Menu>
      {asked === 'run' && (
        <Suspense>
          <RunDialog job={job} onClose={close} />
        </Suspense>
      )}
      <Confirm
        opened={asked === 'kill'}
        onClose={close}
        title={t('kill.title', { job: job.name })}
        verb={t('kill.verb')}
        isDangerous
        onConfirm={() => kill.mutate(given)}
      >
        {t('kill.explain', { count: job.running, grace: job.definition.killGrace })}
      </Confirm>
      <DeleteJob name={job.name} running={job.running} opened={asked === 'delete'} onClose={close} />
    </>
  );
}

export interface DeleteJobProps {
  readonly name: string;
  /** Runs that hold a claim now. */
  readonly running: number;
  readonly opened: boolean;
  readonly onClose: () => void;
}

export function DeleteJob({ name, running, opened, onClose }: DeleteJobProps): ReactNode {
  const { t } = useTranslation('job');
  const [isKilled, setKilled] = useState(false);
  const navigate = useNavigate();
  const remove = useAction('deleteJob', {
    onDone: ({ running: left, killed }) => {
      const words: string[] = [t('delete.done', { job: name })];
      if (left.length > 0) words.push(t('delete.goesOn', { count: left.length }));
      if (killed.length > 0) words.push(t('kill.done', { count: killed.length }));
      notifyDone(words.join(' '));
      void navigate({ to: '/jobs' });
    },
  });
  return (
    <ConfirmByName
      opened={opened}
      onClose={onClose}
      title={t('delete.title', { job: name })}
      name={name}
      verb={t('delete.verb')}
      isBusy={remove.isPending}
      onConfirm={() => remove.mutate({ params: { job: name }, query: { kill: isKilled ? 'true' : 'false' } })}
    >
      {t('delete.explain')}
      {running > 0 && (
        <>
          <Text size="sm" mt="xs" fw={550}>
            {t('delete.running', { count: running })}
          </Text>
          <Checkbox
            mt="xs"
            checked={isKilled}
            onChange={(event) => setKilled(event.currentTarget.checked)}
            label={t('delete.kill')}
          />
        </>
      )}
    </ConfirmByName>
  );
}
