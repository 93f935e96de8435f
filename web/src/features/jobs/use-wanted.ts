// What is asked of the list: at once for the list itself, and a moment later in the address, which a browser does not
// let change with every keystroke.
import { useNavigate } from '@tanstack/react-router';
import { useCallback, useEffect, useLayoutEffect, useRef, useState } from 'react';
import type { JobsSearch } from './jobs-search.ts';

/** All fields may be taken away by undefined. */
export type WantedChange = { readonly [K in keyof JobsSearch]?: JobsSearch[K] | undefined };
export type Want = (change: WantedChange) => void;

const SETTLE_MS = 250;

export function useWanted(address: JobsSearch): { readonly wanted: JobsSearch; readonly want: Want } {
  const navigate = useNavigate();
  const [wanted, setWanted] = useState(address);
  const [seen, setSeen] = useState(address);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  useEffect(() => () => clearTimeout(timer.current), []);
  // Gone back, or a link to another view of the list: the address is right.
  if (!isSame(seen, address)) {
    setSeen(address);
    setWanted(address);
  }
  const latest = useRef(wanted);
  useLayoutEffect(() => {
    latest.current = wanted;
  }, [wanted]);
  // Always the same function: what is not changed is not drawn anew with every key.
  const want = useCallback(
    (change: WantedChange): void => {
      const next = withoutUndefined({ ...latest.current, ...change });
      latest.current = next;
      setWanted(next);
      clearTimeout(timer.current);
      timer.current = setTimeout(() => {
        // Before the router does, so that what is typed meanwhile is not taken back.
        setSeen(next);
        void navigate({ to: '/jobs', search: next, replace: true, resetScroll: false });
      }, SETTLE_MS);
    },
    [navigate],
  );
  return { wanted, want };
}

const withoutUndefined = (search: WantedChange): JobsSearch =>
  Object.fromEntries(Object.entries(search).filter(([, value]) => value !== undefined));

const isSame = (a: JobsSearch, b: JobsSearch): boolean =>
  (['q', 'state', 'label', 'sort', 'order'] as const).every((key) => a[key] === b[key]);
