// Drain and resume, also from the palette. Drain asks first, and says what it will do to what runs.
import { Button, Text } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { useQueryClient } from '@tanstack/react-query';
import { IconPlayerPlay, IconPlayerStop } from '@tabler/icons-react';
import { useMemo, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { WorkerView } from '../../../../src/common/api/workers.ts';
import { Confirm } from '../../components/confirm.tsx';
import { notifyDone } from '../../components/notify.ts';
import { assume, type Assumption } from '../../lib/assume.ts';
import { usePaletteActions, type PaletteAction } from '../../lib/palette.ts';
import { read, useAction } from '../../lib/query.ts';

/** Nobody has heard of it yet. */
const justAsked = (by: string): NonNullable<WorkerView['drain']> => ({
  by,
  askedAt: new Date().toISOString(),
  since: null,
  left: null,
  runs: [],
  killAt: null,
});

export interface DrainButtonProps {
  readonly worker: WorkerView;
  readonly isLast: boolean;
}

export function DrainButton({ worker, isLast }: DrainButtonProps): ReactNode {
  const { t } = useTranslation('workers');
  const client = useQueryClient();
  const { id, name } = worker;
  /** The answer is the worker as it is then. */
  const show = (told: WorkerView, words: string): void => {
    client.setQueryData(
      read('listWorkers').queryKey,
      (old) => old && { items: old.items.map((each) => (each.id === told.id ? told : each)) },
    );
    notifyDone(words);
  };
  const guess = (change: Partial<WorkerView>): Assumption =>
    assume(client, 'listWorkers', ({ items }) => ({
      items: items.map((each) => (each.id === id ? { ...each, ...change } : each)),
    }));
  const drain = useAction('drainWorker', {
    ahead: () => guess({ state: 'draining', drain: justAsked(t('drain.you')) }),
    onDone: (told) => show(told, t('drain.done', { worker: name })),
  });
  const resume = useAction('resumeWorker', {
    ahead: () => guess({ state: 'ready', drain: null }),
    onDone: (told) => show(told, t('resume.done', { worker: name })),
  });
  const [isAsking, question] = useDisclosure(false);
  const { mutate: resumeNow } = resume;
  const { open: askToDrain } = question;
  const isDraining = worker.drain !== null;
  // One that shuts down by itself can't be called back.
  const canResume = isDraining && worker.drain?.askedAt !== null;
  const actions = useMemo((): PaletteAction[] => {
    if (!isDraining)
      return [
        {
          id: `drain ${id}`,
          label: t('drain.label', { worker: name }),
          icon: IconPlayerStop,
          act: askToDrain,
        },
      ];
    if (!canResume) return [];
    const act = (): void => resumeNow({ params: { worker: id } });
    return [{ id: `resume ${id}`, label: t('resume.label', { worker: name }), icon: IconPlayerPlay, act }];
  }, [t, id, name, isDraining, canResume, askToDrain, resumeNow]);
  usePaletteActions(actions);

  if (isDraining) {
    if (!canResume) return null;
    return (
      <Button
        variant="light"
        size="compact-xs"
        loading={resume.isPending}
        aria-label={t('resume.label', { worker: name })}
        onClick={() => resumeNow({ params: { worker: id } })}
      >
        {t('resume.button')}
      </Button>
    );
  }
  return (
    <>
      <Button
        variant="default"
        size="compact-xs"
        loading={drain.isPending}
        aria-label={t('drain.label', { worker: name })}
        onClick={askToDrain}
      >
        {t('drain.button')}
      </Button>
      <Confirm
        opened={isAsking}
        onClose={question.close}
        title={t('drain.confirmTitle', { worker: name })}
        verb={t('drain.button')}
        onConfirm={() => drain.mutate({ params: { worker: id } })}
      >
        {t('drain.explain', { count: worker.running })}
        {isLast && (
          <Text size="sm" fw={600} mt="xs">
            {t('drain.last')}
          </Text>
        )}
      </Confirm>
    </>
  );
}
