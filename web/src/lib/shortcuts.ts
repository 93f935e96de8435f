// Shortcuts of single keys and of two in a row ("g j"). Silent while somebody types or a dialog is open, and all of
// them can be switched off: speech input and other tools press keys too (WCAG 2.1.4).
import { createRegistry, useRegistered } from './registry.ts';
import { readStored, writeStored } from './stored.ts';
import { createStore } from './store.ts';

export interface Shortcut {
  /** One key (`?`, `r`) or two (`g j`), as `KeyboardEvent.key` names them. */
  readonly keys: string;
  readonly label: string;
  readonly group: 'general' | 'pages' | 'here';
  readonly act: () => void;
}

export const shortcuts = createRegistry<Shortcut>();

/** There while the component is. Give it a useMemo. */
export const useShortcuts = (own: readonly Shortcut[]): void => useRegistered(shortcuts, own);

const KEY = 'etcron-single-keys';
/** Whether they are on. */
export const singleKeys = createStore(readStored(KEY) !== 'off');

export function switchSingleKeys(on: boolean): void {
  singleKeys.set(on);
  writeStored(KEY, on ? undefined : 'off');
}

/** For the second key of two. */
const PATIENCE_MS = 1_500;

const isTyping = (target: EventTarget | null): boolean =>
  target instanceof HTMLElement &&
  (target.isContentEditable || /^(?:INPUT|TEXTAREA|SELECT)$/.test(target.tagName));

/** Listens for all of them; returns what ends it. */
export function followShortcuts(): () => void {
  let first: { readonly key: string; readonly at: number } | undefined;

  const onKey = (event: KeyboardEvent): void => {
    if (!singleKeys.get() || event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
    if (isTyping(event.target) || document.querySelector('[role="dialog"]') !== null) return;
    const before = first !== undefined && event.timeStamp - first.at < PATIENCE_MS ? first.key : undefined;
    first = { key: event.key, at: event.timeStamp };
    const wanted = before === undefined ? [event.key] : [`${before} ${event.key}`, event.key];
    // The one registered last: a page may have its own meaning of a key.
    const found = shortcuts.all.get().findLast(({ keys }) => wanted.includes(keys));
    if (!found) return;
    first = undefined;
    event.preventDefault();
    found.act();
  };

  document.addEventListener('keydown', onKey);
  return () => document.removeEventListener('keydown', onKey);
}
