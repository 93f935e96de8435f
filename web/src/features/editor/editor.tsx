// Writing a definition: a form and the same as YAML, what its schedule means, what is wrong with it; and saving it,
// after a look at what changes, without writing over what somebody else did meanwhile.
import { Alert, Button, Group, Kbd, Paper, SegmentedControl, Stack, Text } from '@mantine/core';
import { useMediaQuery } from '@mantine/hooks';
import { IconCopy, IconDeviceFloppy, IconTrash, IconUsers } from '@tabler/icons-react';
import { useNavigate } from '@tanstack/react-router';
import { lazy, Suspense, useEffect, useEffectEvent, useMemo, useRef, useState, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { FieldIssue } from '../../../../src/common/model/issue.ts';
import { LoadingLines } from '../../components/loaded.tsx';
import { notifyDone, notifyFailed } from '../../components/notify.ts';
import { PageHeader } from '../../components/page-header.tsx';
import { problemText } from '../../components/problem-text.ts';
import { Trail } from '../../components/trail.tsx';
import { call, type Body, type Given } from '../../lib/api.ts';
import { COMMAND_KEY } from '../../lib/keys.ts';
import { CallFailed } from '../../lib/problem.ts';
import { storedOf } from './check.ts';
import { ConflictDialog } from './conflict-dialog.tsx';
import { DefinitionForm } from './definition-form.tsx';
import { draftOf, withField, withoutDefaults, type Draft } from './draft.ts';
import './editor.css';
import { idOf } from './field-input.tsx';
import { formFields } from './form-fields.ts';
import { LeaveGuard } from './leave-guard.tsx';
import { meetings, type Meeting } from './merge.ts';
import { isWithin, valueAt } from './paths.ts';
import { Problems } from './problems.tsx';
import { ReviewDialog } from './review-dialog.tsx';
import { SchedulePreview } from './schedule-preview.tsx';
import { TemplateChoice } from './template-choice.tsx';
import { useDraft } from './use-draft.ts';

/** As a read of it answers, and as a write does. */
type Job = Body<'putJob'>['job'];

const YamlView = lazy(async () => ({ default: (await import('./yaml-view.tsx')).YamlView }));

export interface EditorProps {
  /** As it was when editing began; undefined: it is a new one. */
  readonly job: Job | undefined;
  /** As it is now, as far as the page was told. */
  readonly latest: Job | undefined;
  /** It was deleted meanwhile. */
  readonly isGone?: boolean;
  readonly initial: Draft;
  /** Of a new one that begins from nothing. */
  readonly hasTemplates: boolean;
}

const TICKS = 8;

function nameIn(value: unknown): string {
  const name = valueAt(value, 'name');
  return typeof name === 'string' ? name : '';
}

export function Editor({ job, latest, isGone = false, initial, hasTemplates }: EditorProps): ReactNode {
  const { t } = useTranslation('editor');
  const { t: common } = useTranslation();
  const navigate = useNavigate();
  const [base, setBase] = useState(job);
  const [pristine, setPristine] = useState(initial.text);
  const [view, setView] = useState<'form' | 'yaml'>('form');
  const [review, setReview] = useState<Body<'previewDefinition'>>();
  const [conflict, setConflict] = useState<{ readonly theirs: Job; readonly met: readonly Meeting[] }>();
  const [isBusy, setBusy] = useState(false);
  const [focusOn, setFocusOn] = useState<{ readonly path: string }>();
  const isNarrow = useMediaQuery('(max-width: 75em)') ?? false;
  const isLeaving = useRef(false);
  const stored = useMemo(() => base && storedOf(base.definition, base.anchor), [base]);
  const drafting = useDraft(initial, stored);
  const { draft, check, issues, shown } = drafting;
  const isNew = base === undefined;
  // What was a job and is none any more is all unsaved.
  const isDirty = draft.text !== pristine || (job !== undefined && isNew);
  const name = base?.name ?? nameIn(draft.value);
  const isBehind = base && latest && latest.revisions.mod > base.revisions.mod;

  useEffect(() => {
    if (!focusOn) return;
    const field = formFields.find(({ path }) => isWithin(focusOn.path, path) || isWithin(path, focusOn.path));
    const element = field && document.getElementById(idOf(field.path));
    element?.scrollIntoView({ block: 'center' });
    element?.focus();
  }, [focusOn]);

  const told = (error: unknown): void => notifyFailed(t('failed'), problemText(error, common).join('\n'));
  const refuse = (errors: readonly FieldIssue[]): void => {
    drafting.refuse(errors);
    setReview(undefined);
    if (errors[0]) setFocusOn({ path: errors[0].path });
  };

  const openConflict = async (): Promise<void> => {
    if (!base || !stored) return;
    const theirs = await call('getJob', { params: { job: base.name }, query: { ticks: 1, runs: 0 } });
    if (!check.ok) {
      drafting.showAll();
      notifyFailed(t('conflict.title', { name }), t('conflict.mendFirst'));
      return;
    }
    const met = meetings(
      stored.definition,
      storedOf(theirs.definition, theirs.anchor).definition,
      check.value.definition,
    );
    setReview(undefined);
    setConflict({ theirs, met });
  };

  const busily = async (act: () => Promise<void>): Promise<void> => {
    setBusy(true);
    try {
      await act();
    } catch (error) {
      told(error);
    } finally {
      setBusy(false);
    }
  };

  const look = (): void => {
    drafting.showAll();
    if (draft.fault) {
      setView('yaml');
      return;
    }
    if (!check.ok) {
      setFocusOn({ path: check.issues[0]!.path });
      return;
    }
    void busily(async () => {
      const preview = await call('previewDefinition', {
        body: {
          definition: draft.value as Record<string, unknown>,
          count: TICKS,
          ...(base && { job: base.name }),
        },
      });
      if (isNew && preview.stored) refuse([{ path: 'name', message: t('exists') }]);
      else if (!preview.ok) refuse(preview.errors);
      else if (base && preview.stored && preview.stored.modRevision !== base.revisions.mod)
        await openConflict();
      else setReview(preview);
    });
  };

  const save = (): void =>
    void busily(async () => {
      try {
        const body = draft.value as Given<'createJob'>['body'];
        const { job: saved, hint } = base
          ? await call('putJob', {
              params: { job: base.name },
              headers: { 'if-match': `"${base.revisions.mod}"` },
              body,
            })
          : await call('createJob', { body });
        isLeaving.current = true;
        setPristine(draft.text);
        notifyDone(t(isNew ? 'created' : 'saved', { name: saved.name }));
        if (hint !== undefined) notifyDone(hint);
        setBase(saved);
        // In its place: going back does not lead to the editor of what is saved.
        void navigate({ to: '/jobs/$job', params: { job: saved.name }, replace: true });
      } catch (error) {
        if (!(error instanceof CallFailed)) throw error;
        if (error.code === 'precondition_failed' || error.code === 'job_changed') await openConflict();
        else if (error.code === 'job_exists') refuse([{ path: 'name', message: t('exists') }]);
        else if (error.code === 'invalid_input') refuse(error.fields);
        else throw error;
      }
    });

  const merge = (paths: readonly string[]): void => {
    const { theirs } = conflict!;
    let merged = draft;
    for (const path of paths) merged = withField(merged, path, valueAt(theirs.definition, path));
    drafting.replace(merged);
    setBase(theirs);
    setConflict(undefined);
    notifyDone(t('conflict.merged'));
  };
  const discard = (): void => {
    const { theirs } = conflict!;
    const fresh = draftOf(withoutDefaults(theirs.definition));
    drafting.replace(fresh);
    setPristine(fresh.text);
    setBase(theirs);
    setConflict(undefined);
  };

  const onKey = useEffectEvent((event: KeyboardEvent) => {
    if (event.key.toLowerCase() !== 's' || !(event.ctrlKey || event.metaKey)) return;
    event.preventDefault();
    if (!review && !conflict && !isBusy && !(base && isGone)) look();
  });
  useEffect(() => {
    const listen = (event: KeyboardEvent): void => onKey(event);
    document.addEventListener('keydown', listen);
    return () => document.removeEventListener('keydown', listen);
  }, []);

  const preview = <SchedulePreview draft={draft.value} anchor={stored?.anchor} />;
  return (
    <>
      <PageHeader
        trail={<Trail job={base?.name} />}
        title={isNew ? t('titleNew') : t('title', { name })}
        summary={isDirty ? t('unsaved') : undefined}
        actions={
          <>
            {base && (
              <Button
                variant="default"
                leftSection={<IconCopy size={14} aria-hidden />}
                onClick={() => void navigate({ to: '/jobs/new', search: { from: base.name } })}
              >
                {t('duplicate')}
              </Button>
            )}
            <Button
              leftSection={<IconDeviceFloppy size={14} aria-hidden />}
              rightSection={
                <Kbd size="xs" visibleFrom="sm" aria-hidden>
                  {COMMAND_KEY} S
                </Kbd>
              }
              loading={isBusy && review === undefined}
              disabled={!isNew && (!isDirty || isGone)}
              onClick={look}
            >
              {t('look')}
            </Button>
          </>
        }
      />
      {base && isGone && (
        <Alert color="red" icon={<IconTrash aria-hidden />} mb="md" role="status">
          <Group gap="sm">
            <Text size="sm">{t('gone.told')}</Text>
            <Button variant="default" size="compact-xs" onClick={() => setBase(undefined)}>
              {t('gone.keep')}
            </Button>
          </Group>
        </Alert>
      )}
      {isBehind && !isGone && (
        <Alert color="orange" icon={<IconUsers aria-hidden />} mb="md" role="status">
          <Group gap="sm">
            <Text size="sm">{t('conflict.behind')}</Text>
            <Button variant="default" size="compact-xs" onClick={() => void busily(openConflict)}>
              {t('conflict.show')}
            </Button>
          </Group>
        </Alert>
      )}
      {hasTemplates && !isDirty && (
        <TemplateChoice
          current={valueAt(draft.value, 'task.kind')}
          onChoose={(value) => {
            const fresh = draftOf(value);
            drafting.replace(fresh);
            setPristine(fresh.text);
          }}
        />
      )}
      <div className="editor">
        <Stack gap="sm" miw={0}>
          <SegmentedControl
            size="xs"
            w={220}
            aria-label={t('view.label')}
            value={view}
            onChange={(value) => setView(value)}
            data={[
              { value: 'form', label: t('view.form') },
              { value: 'yaml', label: t('view.yaml') },
            ]}
          />
          {draft.fault && view === 'form' && (
            <Alert color="red" role="alert">
              {t('yamlFault', { message: draft.fault.message })}
            </Alert>
          )}
          {view === 'form' ? (
            <Paper p="md" component="form" onSubmit={(event) => event.preventDefault()}>
              <DefinitionForm
                draft={draft.value}
                issues={shown}
                isDisabled={draft.fault !== undefined}
                isNew={isNew}
                onChange={drafting.setField}
                onFault={drafting.setFault}
                preview={isNarrow ? preview : undefined}
              />
            </Paper>
          ) : (
            <Suspense fallback={<LoadingLines />}>
              <YamlView
                draft={draft}
                issues={issues}
                label={t('view.yamlLabel')}
                onChange={drafting.setText}
              />
            </Suspense>
          )}
        </Stack>
        <Stack gap="sm" className="editor-side">
          {(!isNarrow || view === 'yaml') && preview}
          <Problems
            issues={view === 'yaml' ? issues : shown}
            onGo={(path) => {
              setView('form');
              setFocusOn({ path });
            }}
          />
        </Stack>
      </div>
      <ReviewDialog
        preview={review}
        before={base?.definition}
        name={name}
        isNew={isNew}
        isBusy={isBusy}
        onClose={() => setReview(undefined)}
        onSave={save}
      />
      <ConflictDialog
        meetings={conflict?.met}
        name={name}
        onClose={() => setConflict(undefined)}
        onMerge={merge}
        onDiscard={discard}
      />
      <LeaveGuard isDirty={isDirty} isLeaving={isLeaving} />
    </>
  );
}
