// The pages that the navigation, the palette and the shortcuts offer, in their order.
import { IconHierarchy3, IconServer2, type TablerIcon } from '@tabler/icons-react';

export interface PageEntry {
  readonly to: '/workers' | '/cluster';
  readonly key: 'workers' | 'cluster';
  readonly icon: TablerIcon;
  /** Behind `g`. */
  readonly shortcut: string;
}

export const pages: readonly PageEntry[] = [
  { to: '/workers', key: 'workers', icon: IconServer2, shortcut: 'w' },
  { to: '/cluster', key: 'cluster', icon: IconHierarchy3, shortcut: 'c' },
];
