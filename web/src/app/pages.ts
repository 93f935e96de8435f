// The pages that the navigation, the palette and the shortcuts offer, in their order.
import { IconHierarchy3, IconPlayerPlay, IconServer2, type TablerIcon } from '@tabler/icons-react';

export interface PageEntry {
  readonly to: '/runs' | '/workers' | '/cluster';
  readonly key: 'runs' | 'workers' | 'cluster';
  readonly icon: TablerIcon;
  /** Behind `g`. */
  readonly shortcut: string;
}

export const pages: readonly PageEntry[] = [
  { to: '/runs', key: 'runs', icon: IconPlayerPlay, shortcut: 'r' },
  { to: '/workers', key: 'workers', icon: IconServer2, shortcut: 'w' },
  { to: '/cluster', key: 'cluster', icon: IconHierarchy3, shortcut: 'c' },
];
