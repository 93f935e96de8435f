// Before a definition is saved: what it changes, and what becomes of its ticks, old and new side by side; as the master
// that will save it says.
import { Alert, Button, Group, Stack, Text, Title } from '@mantine/core';
import { IconAlertTriangle } from '@tabler/icons-react';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { Dialog } from '../../components/dialog.tsx';
import type { Body } from '../../lib/api.ts';
import { ChangesTable } from './changes-table.tsx';
import { wordsOf } from './schedule-words.ts';
import { TickList } from './tick-list.tsx';

type DefinitionPreview = Body<'previewDefinition'>;

export interface ReviewDialogProps {
  /** undefined: closed. */
  readonly preview: DefinitionPreview | undefined;
  /** What is stored now; undefined: it is a new one. */
  readonly before: unknown;
  readonly name: string;
  readonly isNew: boolean;
  readonly isBusy: boolean;
  readonly onClose: () => void;
  readonly onSave: () => void;
}

export function ReviewDialog(props: ReviewDialogProps): ReactNode {
  const { t } = useTranslation('editor');
  const { preview, name, isNew, onClose } = props;
  return (
    <Dialog
      opened={preview !== undefined}
      onClose={onClose}
      size="xl"
      title={t(isNew ? 'review.titleNew' : 'review.title', { name })}
    >
      {preview && <Review {...props} preview={preview} />}
    </Dialog>
  );
}

/** What is stored may be no definition. */
const isPausedNow = (stored: unknown): boolean =>
  typeof stored === 'object' && stored !== null && 'paused' in stored && stored.paused === true;

interface ReviewProps extends ReviewDialogProps {
  readonly preview: DefinitionPreview;
}

function Review({ preview, before, isNew, isBusy, onClose, onSave }: ReviewProps): ReactNode {
  const { t } = useTranslation('editor');
  const { stored, ticks, definition, hint } = preview;
  const isPaused = definition?.paused === true;
  const old = stored?.ticks ?? [];
  const isSame = stored !== null && ticks.map(({ at }) => at).join() === old.map(({ at }) => at).join();
  const isNewTick = ({ at }: { readonly at: number | string }): boolean =>
    !old.some((tick) => tick.at === at);
  return (
    <Stack gap="md">
      {!isNew && stored?.changes && (
        <section aria-label={t('review.changes')}>
          <Title order={3}>{t('review.changes')}</Title>
          {stored.changes.length === 0 ? (
            <Text size="sm">{t('review.nothing')}</Text>
          ) : (
            <ChangesTable changes={stored.changes} />
          )}
        </section>
      )}
      <section aria-label={t('review.ticks')}>
        <Title order={3} mb={4}>
          {t('review.ticks')}
        </Title>
        {isPaused && (
          <Text size="sm" c="dimmed">
            {t('review.paused')}
          </Text>
        )}
        {isSame ? (
          <>
            <Text size="sm">{t('review.sameTicks')}</Text>
            <TickList ticks={ticks} label={t('review.ticks')} />
          </>
        ) : (
          <div className="editor-sides">
            {stored !== null && (
              <div>
                <Text size="xs" fw={600} c="dimmed">
                  {t('review.old')}: {wordsOf(before)}
                </Text>
                <TickList
                  ticks={old}
                  label={t('review.old')}
                  none={isPausedNow(before) ? t('review.wasPaused') : undefined}
                />
              </div>
            )}
            <div>
              <Text size="xs" fw={600} c="dimmed">
                {t('review.fresh')}: {wordsOf(definition)}
              </Text>
              <TickList ticks={ticks} label={t('review.fresh')} {...(stored && { isNew: isNewTick })} />
            </div>
          </div>
        )}
      </section>
      {hint !== undefined && (
        <Alert color="orange" icon={<IconAlertTriangle aria-hidden />}>
          {hint}
        </Alert>
      )}
      <Group justify="flex-end" gap="xs">
        <Button variant="default" onClick={onClose}>
          {t('review.back')}
        </Button>
        <Button onClick={onSave} loading={isBusy} data-autofocus>
          {t(isNew ? 'review.create' : 'review.save')}
        </Button>
      </Group>
    </Stack>
  );
}
