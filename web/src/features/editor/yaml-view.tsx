// The definition as YAML, with what is wrong marked where it stands. Loaded when it is first opened.
import { defaultKeymap, history, historyKeymap, indentWithTab } from '@codemirror/commands';
import { yaml } from '@codemirror/lang-yaml';
import { bracketMatching, indentOnInput, syntaxHighlighting } from '@codemirror/language';
import { lintGutter, setDiagnostics, type Diagnostic } from '@codemirror/lint';
import { EditorState } from '@codemirror/state';
import { EditorView, highlightActiveLine, keymap, lineNumbers } from '@codemirror/view';
import { classHighlighter } from '@lezer/highlight';
import { useEffect, useEffectEvent, useRef, type ReactNode } from 'react';
import type { FieldIssue } from '../../../../src/common/model/issue.ts';
import { styleNonce } from '../../lib/style-nonce.ts';
import { placeOf, type Draft } from './draft.ts';

export interface YamlViewProps {
  readonly draft: Draft;
  readonly issues: readonly FieldIssue[];
  readonly label: string;
  readonly onChange: (text: string) => void;
}

const look = EditorView.theme({
  '&.cm-focused': { outline: '2px solid var(--mantine-primary-color-filled)' },
  '.cm-scroller': { fontFamily: 'var(--mantine-font-family-monospace)', minHeight: '320px' },
  '.cm-content': { caretColor: 'var(--mantine-color-text)', color: 'var(--mantine-color-text)' },
  '.cm-cursor': { borderLeftColor: 'var(--mantine-color-text)' },
  '.cm-gutters': {
    background: 'transparent',
    color: 'var(--mantine-color-dimmed)',
    borderRight: '1px solid var(--page-rule)',
  },
  '.cm-activeLine': { background: 'var(--page-ground)' },
  '&.cm-focused .cm-selectionBackground, .cm-selectionBackground': {
    background: 'var(--mantine-primary-color-light)',
  },
  '.cm-tooltip': {
    background: 'var(--mantine-color-body)',
    color: 'var(--mantine-color-text)',
    border: '1px solid var(--mantine-color-default-border)',
  },
});

export function YamlView({ draft, issues, label, onChange }: YamlViewProps): ReactNode {
  const place = useRef<HTMLDivElement>(null);
  const view = useRef<EditorView>(null);
  const changed = useEffectEvent((text: string) => {
    if (text !== draft.text) onChange(text);
  });
  const first = useRef(draft.text);

  useEffect(() => {
    const made = new EditorView({
      parent: place.current!,
      state: EditorState.create({
        doc: first.current,
        extensions: [
          EditorView.cspNonce.of(styleNonce()),
          lineNumbers(),
          history(),
          yaml(),
          indentOnInput(),
          bracketMatching(),
          highlightActiveLine(),
          lintGutter(),
          syntaxHighlighting(classHighlighter),
          EditorView.lineWrapping,
          // Tab leaves the field after Escape: nobody is caught in it.
          keymap.of([...defaultKeymap, ...historyKeymap, indentWithTab]),
          EditorView.contentAttributes.of({ 'aria-label': label }),
          look,
          EditorView.updateListener.of((update) => {
            if (update.docChanged) changed(update.state.doc.toString());
          }),
        ],
      }),
    });
    view.current = made;
    return () => made.destroy();
  }, [label]);

  useEffect(() => {
    const now = view.current!;
    if (now.state.doc.toString() !== draft.text)
      now.dispatch({ changes: { from: 0, to: now.state.doc.length, insert: draft.text } });
    now.dispatch(setDiagnostics(now.state, diagnosticsOf(draft, issues)));
  }, [draft, issues]);

  return <div ref={place} className="editor-yaml" />;
}

function diagnosticsOf({ text, fault }: Draft, issues: readonly FieldIssue[]): Diagnostic[] {
  if (fault)
    return [
      {
        // Never empty: there would be nothing to see.
        from: Math.max(0, Math.min(fault.from, text.length - 1)),
        to: Math.min(Math.max(fault.from, fault.to), text.length),
        severity: 'error',
        message: fault.message,
      },
    ];
  return issues.map(({ path, message }) => {
    const [from, to] = placeOf(text, path);
    return {
      from: Math.min(from, text.length),
      to: Math.min(to, text.length),
      severity: 'error',
      message: path === '' ? message : `${path}: ${message}`,
    };
  });
}
