// The draft of a definition and what is wrong with it: found here while it is typed, and what the master said of it
// when it was to be saved. Faults of fields that nobody has touched are told when saving is tried.
import { useMemo, useState } from 'react';
import type { FieldIssue } from '../../../../src/common/model/issue.ts';
import { instant } from '../../../../src/common/model/time.ts';
import { issueText } from '../../lib/i18n/issue-words.ts';
import { currentLanguage, type Language } from '../../lib/i18n/language.ts';
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
  /** What stands in the input of a field and cannot be passed on; undefined: it can be. */
  readonly setFault: (path: string, message: string | undefined) => void;
  readonly showAll: () => void;
  /** What the master says of the draft as it is now. */
  readonly refuse: (issues: readonly FieldIssue[]) => void;
}

const CHECKED_EVERY_MS = 10_000;
const NONE: readonly FieldIssue[] = [];

const inWords = (issues: readonly FieldIssue[], language: Language): FieldIssue[] =>
  issues.map(({ path, message }) => ({ path, message: issueText(message, language) }));

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

  const [faults, setFaults] = useState<readonly FieldIssue[]>(NONE);

  const language = currentLanguage();
  const checked = useMemo((): CheckResult => {
    const told = checkDraft(draft.value, instant(now), stored);
    return told.ok ? told : { ok: false, issues: inWords(told.issues, language) };
  }, [draft.value, now, stored, language]);
  const check = useMemo((): CheckResult => {
    if (faults.length === 0) return checked;
    return { ok: false, issues: [...faults, ...(checked.ok ? [] : checked.issues)] };
  }, [checked, faults]);
  const issues = useMemo(() => {
    const own = check.ok ? [] : check.issues;
    if (refused?.text !== draft.text) return own;
    return [...own, ...refused.issues.filter(({ path }) => !own.some((issue) => issue.path === path))];
  }, [check, refused, draft.text]);
  const shown = isAll
    ? issues
    : issues.filter(
        (issue) =>
          faults.includes(issue) ||
          [...touched].some((each) => isWithin(issue.path, each) || isWithin(each, issue.path)),
      );

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
    setFault: (path, message) =>
      setFaults((old) => {
        const others = old.filter((each) => each.path !== path);
        if (message === undefined) return others.length === old.length ? old : others;
        return [...others, { path, message }];
      }),
    showAll: () => setAll(true),
    refuse: (told) => setRefused({ text: draft.text, issues: inWords(told, language) }),
  };
}
