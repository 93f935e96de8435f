// The dialogs of the shell, each loaded when it is first wanted: most visits open none of them.
import { lazy, Suspense, useEffect, useState, type ReactNode } from 'react';
import { useStore } from '../../lib/store.ts';
import { tokenWanted } from '../../lib/token.ts';
import { paletteOpen } from './palette-open.ts';

const Palette = lazy(async () => ({ default: (await import('./palette.tsx')).Palette }));
const ShortcutHelp = lazy(async () => ({ default: (await import('./shortcut-help.tsx')).ShortcutHelp }));
const SignIn = lazy(async () => ({ default: (await import('./sign-in.tsx')).SignIn }));

export interface DialogsProps {
  readonly isHelpOpen: boolean;
  readonly onHelpClose: () => void;
}

export function Dialogs({ isHelpOpen, onHelpClose }: DialogsProps): ReactNode {
  const isPaletteWanted = useWanted(useStore(paletteOpen));
  const isHelpWanted = useWanted(isHelpOpen);
  const isSignInWanted = useWanted(useStore(tokenWanted));
  usePaletteKey();
  return (
    <Suspense>
      {isPaletteWanted && <Palette />}
      {isHelpWanted && <ShortcutHelp opened={isHelpOpen} onClose={onHelpClose} />}
      {isSignInWanted && <SignIn />}
    </Suspense>
  );
}

/** True from the first time on: what was opened once closes with its transition. */
function useWanted(isWanted: boolean): boolean {
  const [was, setWas] = useState(isWanted);
  if (isWanted && !was) setWas(true);
  return was || isWanted;
}

/** Ctrl-K, or the same with the Mac's key: also while somebody types, and also when single keys are off. */
function usePaletteKey(): void {
  useEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      if (
        event.key.toLowerCase() !== 'k' ||
        !(event.ctrlKey || event.metaKey) ||
        event.altKey ||
        event.shiftKey
      )
        return;
      event.preventDefault();
      paletteOpen.set(!paletteOpen.get());
    };
    document.addEventListener('keydown', onKey);
    return () => document.removeEventListener('keydown', onKey);
  }, []);
}
