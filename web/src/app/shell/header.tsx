// The bar at the top: the name, the search, whether the page is live, how it looks.
import { ActionIcon, Burger, Group, Kbd, Text, Tooltip, UnstyledButton } from '@mantine/core';
import { IconKeyboard, IconSearch } from '@tabler/icons-react';
import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { addressOf } from '../../lib/base.ts';
import { COMMAND_KEY } from '../../lib/keys.ts';
import { ConnectionDot } from './connection.tsx';
import { LookMenu } from './look-menu.tsx';
import { paletteOpen } from './palette-open.ts';
import './header.css';

export interface HeaderProps {
  readonly isMenuOpen: boolean;
  readonly onMenu: () => void;
  readonly onHelp: () => void;
}

export function Header({ isMenuOpen, onMenu, onHelp }: HeaderProps): ReactNode {
  const { t } = useTranslation('shell');
  return (
    <Group h="100%" px="sm" gap="sm" wrap="nowrap" justify="space-between">
      <Group gap="xs" wrap="nowrap">
        <Burger
          opened={isMenuOpen}
          onClick={onMenu}
          hiddenFrom="sm"
          size="sm"
          aria-label={t('menu')}
          aria-expanded={isMenuOpen}
        />
        <Link to="/" className="header-brand">
          <img src={addressOf('icon.svg')} alt="" width={22} height={22} />
          <Text span fw={650}>
            etcron
          </Text>
        </Link>
      </Group>
      <UnstyledButton className="header-search" onClick={() => paletteOpen.set(true)} aria-haspopup="dialog">
        <IconSearch size={16} aria-hidden />
        <Text span size="sm" c="dimmed" visibleFrom="xs" truncate>
          {t('palette.open')}
        </Text>
        <Text span size="sm" c="dimmed" hiddenFrom="xs">
          {t('palette.short')}
        </Text>
        <Kbd size="xs" visibleFrom="sm" aria-hidden>
          {COMMAND_KEY} K
        </Kbd>
      </UnstyledButton>
      <Group gap={4} wrap="nowrap">
        <ConnectionDot />
        <Tooltip label={t('shortcuts.open')}>
          <ActionIcon aria-label={t('shortcuts.open')} onClick={onHelp} visibleFrom="sm" size="lg">
            <IconKeyboard size={18} aria-hidden />
          </ActionIcon>
        </Tooltip>
        <LookMenu />
      </Group>
    </Group>
  );
}
