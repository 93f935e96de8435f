// Where one can go.
import { AppShell, NavLink, ScrollArea } from '@mantine/core';
import { IconApi } from '@tabler/icons-react';
import { Link, useLocation } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { addressOf } from '../../lib/base.ts';
import { pages } from '../pages.ts';

export function Navigation({ onGo }: { readonly onGo: () => void }): ReactNode {
  const { t } = useTranslation('shell');
  const { pathname } = useLocation();
  return (
    <>
      <AppShell.Section grow component={ScrollArea}>
        {pages.map(({ to, key, icon: Icon }) => {
          const isHere = pathname === to || pathname.startsWith(`${to}/`);
          return (
            <NavLink
              key={to}
              active={isHere}
              aria-current={isHere ? 'page' : undefined}
              label={t(`nav.${key}`)}
              leftSection={<Icon size={18} stroke={1.7} aria-hidden />}
              onClick={onGo}
              renderRoot={(props) => <Link to={to} {...props} />}
            />
          );
        })}
      </AppShell.Section>
      <AppShell.Section>
        <NavLink
          href={addressOf('docs')}
          label={t('nav.api')}
          leftSection={<IconApi size={18} stroke={1.7} aria-hidden />}
        />
      </AppShell.Section>
    </>
  );
}
