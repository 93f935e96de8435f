// An instant as people say it ("3 minutes ago"), and exactly, here and in UTC, on hover. It stays true:
// it is told anew as time goes on.
import { Text, Tooltip } from '@mantine/core';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { currentLanguage } from '../lib/i18n/language.ts';
import { clockText, instantText, relativeText } from '../lib/i18n/time-text.ts';
import { useNow } from '../lib/now.ts';

export interface TimeTextProps {
  /** ISO 8601, as the API tells it. */
  readonly at: string;
  /** `clock`: the time of day instead, with the day when that is another. */
  readonly show?: 'relative' | 'clock';
}

export function TimeText({ at, show = 'relative' }: TimeTextProps): ReactNode {
  const { t } = useTranslation();
  const language = currentLanguage();
  const now = useNow(show === 'clock' ? 60_000 : 1_000);
  const ms = Date.parse(at);
  const text = show === 'clock' ? clockText(ms, now, language) : relativeText(ms, now, language);
  return (
    <Tooltip
      multiline
      label={
        <>
          <div>{t('time.local', { text: instantText(ms, language) })}</div>
          <div>{t('time.utc', { text: instantText(ms, language, 'UTC') })}</div>
        </>
      }
    >
      <Text component="time" dateTime={at} inherit span className="page-count">
        {text}
      </Text>
    </Tooltip>
  );
}
