// The pages that the navigation, the palette and the shortcuts offer, in their order.
import {
  IconClipboardList,
  IconHierarchy3,
  IconLayoutDashboard,
  IconPlayerPlay,
  IconServer2,
  type TablerIcon,
} from '@tabler/icons-react';

export interface PageEntry {
  readonly to: '/' | '/jobs' | '/runs' | '/workers' | '/cluster';
  readonly key: 'overview' | 'jobs' | 'runs' | 'workers' | 'cluster';
  readonly icon: TablerIcon;
  /** Behind `g`. */
  readonly shortcut: string;
}

export const pages: readonly PageEntry[] = [
  { to: '/', key: 'overview', icon: IconLayoutDashboard, shortcut: 'o' },
  { to: '/jobs', key: 'jobs', icon: IconClipboardList, shortcut: 'j' },
  { to: '/runs', key: 'runs', icon: IconPlayerPlay, shortcut: 'r' },
  { to: '/workers', key: 'workers', icon: IconServer2, shortcut: 'w' },
  { to: '/cluster', key: 'cluster', icon: IconHierarchy3, shortcut: 'c' },
];
