// How the page looks and speaks; and forgetting the token, where there is one.
import { ActionIcon, Menu, Tooltip, useMantineColorScheme } from '@mantine/core';
import { IconAdjustments, IconCheck, IconLogout } from '@tabler/icons-react';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { chooseLanguage, currentLanguage, LANGUAGES, type Language } from '../../lib/i18n/language.ts';
import { currentToken, forgetToken } from '../../lib/token.ts';
import { SCHEMES } from './schemes.ts';

const check = <IconCheck size={14} aria-hidden />;

export function LookMenu(): ReactNode {
  const { t } = useTranslation('shell');
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  const language = currentLanguage();
  const signOut = (): void => {
    forgetToken();
    location.reload();
  };
  return (
    <Menu position="bottom-end" width={200}>
      <Menu.Target>
        <Tooltip label={t('palette.look')}>
          <ActionIcon aria-label={t('palette.look')} size="lg">
            <IconAdjustments size={18} aria-hidden />
          </ActionIcon>
        </Tooltip>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>{t('scheme.label')}</Menu.Label>
        {SCHEMES.map(({ scheme, icon: Icon }) => (
          <Menu.Item
            key={scheme}
            leftSection={<Icon size={16} aria-hidden />}
            rightSection={colorScheme === scheme ? check : undefined}
            aria-current={colorScheme === scheme}
            onClick={() => setColorScheme(scheme)}
          >
            {t(`scheme.${scheme}`)}
          </Menu.Item>
        ))}
        <Menu.Label>{t('language.label')}</Menu.Label>
        {Object.entries(LANGUAGES).map(([tag, name]) => (
          <Menu.Item
            key={tag}
            lang={tag}
            rightSection={language === tag ? check : undefined}
            aria-current={language === tag}
            onClick={() => void chooseLanguage(tag as Language)}
          >
            {name}
          </Menu.Item>
        ))}
        {currentToken() !== undefined && (
          <>
            <Menu.Divider />
            <Menu.Item leftSection={<IconLogout size={16} aria-hidden />} onClick={signOut}>
              {t('signIn.signOut')}
            </Menu.Item>
          </>
        )}
      </Menu.Dropdown>
    </Menu>
  );
}
