// A list whose rows move: it stands still while somebody is in it, by pointer or by keyboard, so that what is clicked
// is what was meant. What came meanwhile is counted, and shown when it is asked for or when nobody is in it any more.
import { useState, type FocusEvent, type MouseEvent } from 'react';

export interface Held<T> {
  readonly shown: readonly T[];
  /** How many newer ones are not shown. */
  readonly newer: number;
  readonly showNewer: () => void;
  /** For what is around the list. */
  readonly around: {
    readonly onMouseEnter: () => void;
    readonly onMouseLeave: (event: MouseEvent) => void;
    readonly onFocus: () => void;
    readonly onBlur: (event: FocusEvent) => void;
  };
}

/** `all`: newest first. `list`: which one it is; another is shown as it is. */
export function useHeld<T>(all: readonly T[], list: string, keyOf: (item: T) => string): Held<T> {
  const [held, setHeld] = useState<{ readonly items: readonly T[]; readonly list: string }>();
  const isHeld = held?.list === list;
  const shown = isHeld ? held.items : all;
  const first = isHeld && held.items[0] ? keyOf(held.items[0]) : undefined;
  const hold = (): void => {
    if (!isHeld) setHeld({ items: all, list });
  };
  return {
    shown,
    newer:
      first === undefined
        ? 0
        : Math.max(
            0,
            all.findIndex((item) => keyOf(item) === first),
          ),
    showNewer: () => setHeld({ items: all, list }),
    around: {
      onMouseEnter: hold,
      // Asked of the page: what had the focus may have gone without a word.
      onMouseLeave: ({ currentTarget }) => {
        if (!currentTarget.contains(document.activeElement)) setHeld(undefined);
      },
      onFocus: hold,
      onBlur: ({ currentTarget, relatedTarget }) => {
        if (!currentTarget.contains(relatedTarget) && !currentTarget.matches(':hover')) setHeld(undefined);
      },
    },
  };
}
