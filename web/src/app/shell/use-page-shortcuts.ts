// The shortcuts that are there on every page: `g` and a letter for each page, `?` for what there is.
import { useNavigate } from '@tanstack/react-router';
import { useEffect, useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import { followShortcuts, useShortcuts, type Shortcut } from '../../lib/shortcuts.ts';
import { pages } from '../pages.ts';
import { paletteOpen } from './palette-open.ts';

export function usePageShortcuts(onHelp: () => void): void {
  const { t } = useTranslation('shell');
  const navigate = useNavigate();
  const own = useMemo(
    (): Shortcut[] => [
      { keys: '?', group: 'general', label: t('shortcuts.open'), act: onHelp },
      { keys: '/', group: 'general', label: t('shortcuts.palette'), act: () => paletteOpen.set(true) },
      { keys: 'n', group: 'general', label: t('newJob'), act: () => void navigate({ to: '/jobs/new' }) },
      ...pages.map(({ to, key, shortcut }): Shortcut => ({
        keys: `g ${shortcut}`,
        group: 'pages',
        label: t('shortcuts.goTo', { page: t(`nav.${key}`) }),
        act: () => void navigate({ to }),
      })),
    ],
    [t, navigate, onHelp],
  );
  useShortcuts(own);
  useEffect(followShortcuts, []);
}
