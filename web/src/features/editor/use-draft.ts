// The draft of a definition and what is wrong with it: found here while it is typed, and what the master said of it
// when it was to be saved. Faults of fields that nobody has touched are told when saving is tried.
import { useMemo, useState } from 'react';
import type { FieldIssue } from '../../../../src/common/model/issue.ts';
import { instant } from '../../../../src/common/model/time.ts';
import { useNow } from '../../lib/now.ts';
import { checkDraft, type CheckResult, type Stored } from './check.ts';
import { withField, withText, type Draft } from './draft.ts';
import type { TaskKind } from './definition-fields.ts';
import { isWithin, valueAt } from './paths.ts';
import { templates } from './templates.ts';

export interface Drafting {
  readonly draft: Draft;
  readonly check: CheckResult;
  /** All that is wrong. */
  readonly issues: readonly FieldIssue[];
  /** Those to be shown in the form. */
  readonly shown: readonly FieldIssue[];
  readonly setField: (path: string, value: unknown) => void;
  readonly setText: (text: string) => void;
  readonly replace: (draft: Draft) => void;
  readonly showAll: () => void;
  /** What the master says of the draft as it is now. */
  readonly refuse: (issues: readonly FieldIssue[]) => void;
}

const CHECKED_EVERY_MS = 10_000;
/** What processes share whatever they are started by. */
const SHARED = ['env', 'cwd', 'user'] as const;

/** Another kind of task has other fields: those of its template, and what both have. */
function ofKind(value: unknown, kind: TaskKind): object {
  const { task } = templates[kind] as { readonly task: object };
  const isProcess = (each: unknown): boolean => each === 'shell' || each === 'exec';
  if (!isProcess(kind) || !isProcess(valueAt(value, 'task.kind'))) return task;
  const kept = SHARED.flatMap((name) => {
    const old = valueAt(value, `task.${name}`);
    return old === undefined ? [] : [[name, old] as const];
  });
  return { ...task, ...Object.fromEntries(kept) };
}

export function useDraft(initial: Draft, stored: Stored | undefined): Drafting {
  const now = useNow(CHECKED_EVERY_MS);
  const [draft, setDraft] = useState(initial);
  const [touched, setTouched] = useState<ReadonlySet<string>>(new Set());
  const [isAll, setAll] = useState(false);
  const [refused, setRefused] = useState<{ readonly text: string; readonly issues: readonly FieldIssue[] }>();

  const check = useMemo(() => checkDraft(draft.value, instant(now), stored), [draft.value, now, stored]);
  const issues = useMemo(() => {
    const own = check.ok ? [] : check.issues;
    if (refused?.text !== draft.text) return own;
    return [...own, ...refused.issues.filter(({ path }) => !own.some((issue) => issue.path === path))];
  }, [check, refused, draft.text]);
  const shown = isAll
    ? issues
    : issues.filter(({ path }) => [...touched].some((each) => isWithin(path, each) || isWithin(each, path)));

  return {
    draft,
    check,
    issues,
    shown,
    setField(path, value) {
      setTouched((old) => (old.has(path) ? old : new Set([...old, path])));
      setDraft((old) =>
        path === 'task.kind'
          ? withField(old, 'task', ofKind(old.value, value as TaskKind))
          : withField(old, path, value),
      );
    },
    setText: (text) => setDraft((old) => withText(old, text)),
    replace: setDraft,
    showAll: () => setAll(true),
    refuse: (told) => setRefused({ text: draft.text, issues: told }),
  };
}
