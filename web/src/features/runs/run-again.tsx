// Runs the job of a run again, now, as it is defined now, and goes to the new run. When one is on, asks whether to wait.
import { Button } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { IconRefresh } from '@tabler/icons-react';
import { useNavigate } from '@tanstack/react-router';
import { useEffect, useMemo, useRef, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { Confirm } from '../../components/confirm.tsx';
import { notifyDone, notifyFailed } from '../../components/notify.ts';
import { problemText } from '../../components/problem-text.ts';
import { usePaletteActions } from '../../lib/palette.ts';
import { CallFailed } from '../../lib/problem.ts';
import { useAction } from '../../lib/query.ts';

export function RunAgain({ job }: { readonly job: string }): ReactNode {
  const { t } = useTranslation('runs');
  const { t: common } = useTranslation();
  const navigate = useNavigate();
  const [isAsking, question] = useDisclosure(false);
  const again = useAction('runJob', {
    quiet: true,
    onDone: ({ run, ...told }) => {
      notifyDone('hint' in told && told.hint !== undefined ? told.hint : t('again.done'));
      void navigate({ to: '/jobs/$job/runs/$run', params: { job, run } });
    },
  });
  const ask = (queue: 'true' | 'false'): void =>
    again.mutate(
      { params: { job }, query: { queue } },
      {
        onError: (error) => {
          if (error instanceof CallFailed && error.code === 'job_running' && queue === 'false')
            question.open();
          else notifyFailed(t('again.failed'), problemText(error, common).join('\n'));
        },
      },
    );
  const act = useRef(ask);
  useEffect(() => {
    act.current = ask;
  });
  usePaletteActions(
    useMemo(
      () => [
        { id: 'run again', label: t('again.button'), icon: IconRefresh, act: () => act.current('false') },
      ],
      [t],
    ),
  );
  return (
    <>
      <Button
        variant="default"
        leftSection={<IconRefresh size={14} aria-hidden />}
        loading={again.isPending}
        onClick={() => ask('false')}
      >
        {t('again.button')}
      </Button>
      <Confirm
        opened={isAsking}
        onClose={question.close}
        title={t('again.runningTitle', { job })}
        verb={t('again.queue')}
        onConfirm={() => ask('true')}
      >
        {t('again.running')}
      </Confirm>
    </>
  );
}
