// What can be done with the selected jobs. Below the list, over it: nothing moves when it comes.
import { Button, CloseButton, Group, Paper, Text } from '@mantine/core';
import { IconPlayerPause, IconPlayerPlay, IconPlayerTrackNext, IconTrash } from '@tabler/icons-react';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { BatchResult } from '../../../../src/common/api/batch.ts';
import { Confirm } from '../../components/confirm.tsx';
import { ConfirmByName } from '../../components/confirm-by-name.tsx';
import { notifyDone } from '../../components/notify.ts';
import { call } from '../../lib/api.ts';
import { assumePaused } from './assume-paused.ts';
import { BulkResults } from './bulk-results.tsx';
import type { Selection } from './use-selection.ts';

export type BulkOp = 'run' | 'pause' | 'resume' | 'delete';
const BUTTONS = [
  ['run', IconPlayerPlay],
  ['pause', IconPlayerPause],
  ['resume', IconPlayerTrackNext],
  ['delete', IconTrash],
] as const;
/** Named in a question. */
const NAMED = 8;
/** As many as one request takes. */
const AT_ONCE = 5_000;

export function BulkBar({ selection }: { readonly selection: Selection }): ReactNode {
  const { t } = useTranslation('jobs');
  const [asked, setAsked] = useState<BulkOp>();
  const [told, setTold] = useState<readonly BatchResult[]>();
  const names = [...selection.names].sort();
  const count = names.length;
  const close = (): void => setAsked(undefined);
  const client = useQueryClient();
  const act = useMutation({
    mutationFn: async (op: BulkOp) => {
      const results: BatchResult[] = [];
      for (let i = 0; i < count; i += AT_ONCE) {
        const operations = names.slice(i, i + AT_ONCE).map((name) => ({ op, name }));
        results.push(...(await call('batchJobs', { body: { operations } })).results);
      }
      return results;
    },
    onMutate: (op) => {
      close();
      if (op !== 'pause' && op !== 'resume') return undefined;
      return assumePaused(client, selection.names, op === 'pause');
    },
    onSuccess: (results, op) => {
      const refused = results.filter(({ outcome }) => outcome === 'refused');
      // What did not work stays selected, to be tried again.
      selection.replace(refused.map(({ name }) => name));
      const hinted = results.some(({ hint }) => hint !== undefined);
      if (refused.length > 0 || hinted) setTold(results);
      else notifyDone(t(`bulk.done.${op}`, { count: results.length }));
    },
    onSettled: (_results, _error, _op, assumption) => {
      close();
      assumption?.end();
    },
  });
  const begin = (op: BulkOp): void => {
    const isHarmless = count === 1 && op !== 'delete';
    if (isHarmless) act.mutate(op);
    else setAsked(op);
  };
  return (
    <>
      {count > 0 && (
        <Paper className="jobs-bulk" role="region" aria-label={t('bulk.title')} shadow="md" withBorder>
          <Group gap="xs">
            <Text size="sm" fw={600} className="page-count" role="status">
              {t('bulk.selected', { count })}
            </Text>
            {BUTTONS.map(([op, Icon]) => (
              <Button
                key={op}
                variant="default"
                size="compact-sm"
                {...(op === 'delete' && { c: 'var(--outcome-bad-text)' })}
                leftSection={<Icon size={15} aria-hidden />}
                loading={act.isPending && act.variables === op}
                disabled={act.isPending}
                onClick={() => begin(op)}
              >
                {t(`bulk.${op}`)}
              </Button>
            ))}
            <CloseButton aria-label={t('selectNone')} onClick={() => selection.replace([])} />
          </Group>
        </Paper>
      )}
      {asked === 'delete' ? (
        <ConfirmByName
          opened
          onClose={close}
          title={t('bulk.ask.delete', { count })}
          name={count === 1 ? names[0]! : String(count)}
          verb={t('bulk.delete')}
          isBusy={act.isPending}
          onConfirm={() => act.mutate('delete')}
        >
          <Explained op="delete" names={names} />
        </ConfirmByName>
      ) : (
        asked !== undefined && (
          <Confirm
            opened
            onClose={close}
            title={t(`bulk.ask.${asked}`, { count })}
            verb={t(`bulk.${asked}`)}
            onConfirm={() => act.mutate(asked)}
          >
            <Explained op={asked} names={names} />
          </Confirm>
        )
      )}
      <BulkResults results={told} onClose={() => setTold(undefined)} />
    </>
  );
}

function Explained({ op, names }: { readonly op: BulkOp; readonly names: readonly string[] }): ReactNode {
  const { t } = useTranslation('jobs');
  const shown = names.slice(0, NAMED).join(', ');
  const more = names.length - NAMED;
  return (
    <>
      {t(`bulk.explain.${op}`)}
      <Text size="xs" c="dimmed" mt="xs" style={{ overflowWrap: 'anywhere' }}>
        {more > 0 ? t('bulk.andMore', { names: shown, count: more }) : shown}
      </Text>
    </>
  );
}
