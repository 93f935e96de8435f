// What runs now, the longest first: for how long, where, and a way to end it.
import { Button, Group, Progress, Text } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { Overview, RunBrief } from '../../../../src/common/api/overview.ts';
import { Confirm } from '../../components/confirm.tsx';
import { Elapsed } from '../../components/countdown.tsx';
import { notifyDone } from '../../components/notify.ts';
import { nameOfWorker } from '../../components/worker-name.ts';
import { useAction } from '../../lib/query.ts';
import { Nothing } from './failures-panel.tsx';
import { numberText } from './figures.ts';
import { Panel } from './panel.tsx';
import { RunLink } from './places.tsx';

export function RunningPanel({ runs }: { readonly runs: Overview['runs'] }): ReactNode {
  const { t } = useTranslation('overview');
  const { running, longest } = runs;
  return (
    <Panel
      title={t('running.title')}
      hint={
        running > longest.length
          ? t('running.longest', { shown: longest.length, all: numberText(running) })
          : undefined
      }
    >
      {longest.length === 0 ? (
        <Nothing>{t('running.none')}</Nothing>
      ) : (
        <ul className="overview-list">
          {longest.map((run) => (
            <Running key={`${run.job} ${run.id}`} run={run} />
          ))}
        </ul>
      )}
    </Panel>
  );
}

function Running({ run }: { readonly run: RunBrief }): ReactNode {
  const { t } = useTranslation('overview');
  const { job, id, worker, startedAt, progress } = run;
  const [isAsking, question] = useDisclosure(false);
  const kill = useAction('killRun', { onDone: () => notifyDone(t('running.killed', { job })) });
  return (
    <li>
      <Group gap={8} wrap="nowrap" justify="space-between">
        <div className="overview-two">
          <RunLink job={job} run={id}>
            {job}
          </RunLink>
          <Text size="xs" c="dimmed" truncate>
            {worker === undefined ? t('timeline.nobody') : t('running.on', { worker: nameOfWorker(worker) })}
          </Text>
        </div>
        <Group gap={10} wrap="nowrap">
          {progress !== undefined && (
            <Progress w={56} size={6} value={progress * 100} aria-label={t('running.progress', { job })} />
          )}
          {startedAt !== undefined && (
            <Text size="sm" className="page-count">
              <Elapsed since={startedAt} />
            </Text>
          )}
          <Button
            variant="default"
            size="compact-xs"
            loading={kill.isPending}
            aria-label={t('running.killLabel', { job })}
            onClick={question.open}
          >
            {t('running.kill')}
          </Button>
        </Group>
      </Group>
      <Confirm
        opened={isAsking}
        onClose={question.close}
        title={t('running.killTitle', { job })}
        verb={t('running.kill')}
        isDangerous
        onConfirm={() => kill.mutate({ params: { job, run: id } })}
      >
        {t('running.killExplain')}
      </Confirm>
    </li>
  );
}
