// What the command palette offers besides pages and jobs: each page says what can be done on it.
import type { TablerIcon } from '@tabler/icons-react';
import { createRegistry, useRegistered } from './registry.ts';

export interface PaletteAction {
  /** Unlike any other. */
  readonly id: string;
  readonly label: string;
  readonly description?: string;
  readonly icon?: TablerIcon;
  /** Words that find it too. */
  readonly keywords?: readonly string[];
  readonly act: () => void;
}

export const paletteActions = createRegistry<PaletteAction>();

/** Offered while the component is there. Give it a useMemo. */
export const usePaletteActions = (actions: readonly PaletteAction[]): void =>
  useRegistered(paletteActions, actions);
