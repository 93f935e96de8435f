// The frame around every page: where one can go, whether what is shown is live, how it looks. On a phone the
// navigation folds away.
import { AppShell, Box } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { Outlet } from '@tanstack/react-router';
import { useRef, type MouseEvent, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { ConnectionBanner } from './connection.tsx';
import { Header } from './header.tsx';
import { Navigation } from './navigation.tsx';
import { Dialogs } from './dialogs.tsx';
import { useFocusOnNavigation } from './use-focus-on-navigation.ts';
import { usePageShortcuts } from './use-page-shortcuts.ts';

export function Shell(): ReactNode {
  const { t } = useTranslation('shell');
  const [isOpen, menu] = useDisclosure(false);
  const [isHelpOpen, help] = useDisclosure(false);
  const main = useRef<HTMLElement>(null);
  useFocusOnNavigation(main, menu.close);
  usePageShortcuts(help.open);

  // Not by its address: that would be one of the page's root (see lib/base).
  const skip = (event: MouseEvent): void => {
    event.preventDefault();
    main.current?.focus();
  };

  return (
    <>
      <a className="page-skip" href="#main" onClick={skip}>
        {t('skip')}
      </a>
      <AppShell
        header={{ height: 48 }}
        navbar={{ width: 196, breakpoint: 'sm', collapsed: { mobile: !isOpen } }}
        padding={{ base: 'sm', md: 'lg' }}
      >
        <AppShell.Header>
          <Header isMenuOpen={isOpen} onMenu={menu.toggle} onHelp={help.open} />
        </AppShell.Header>
        <AppShell.Navbar p="xs" aria-label={t('navigation')}>
          <Navigation onGo={menu.close} />
        </AppShell.Navbar>
        <AppShell.Main id="main" ref={main} tabIndex={-1} style={{ outline: 'none' }}>
          <ConnectionBanner />
          <Box maw={1680} mx="auto">
            <Outlet />
          </Box>
        </AppShell.Main>
      </AppShell>
      <Dialogs isHelpOpen={isHelpOpen} onHelpClose={help.close} />
    </>
  );
}
