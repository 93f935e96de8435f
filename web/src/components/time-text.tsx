// An instant as people say it ("3 minutes ago"), and exactly, here and in UTC, on hover. It stays true:
// it is told anew as time goes on.
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { currentLanguage } from '../lib/i18n/language.ts';
import { clockText, instantText, relativeText } from '../lib/i18n/time-text.ts';
import { useAsOf } from '../lib/now.ts';
import { Hint } from './hint.tsx';

export interface TimeTextProps {
  /** ISO 8601, as the API tells it. */
  readonly at: string;
  /** `clock`: the time of day instead, with the day when that is another. */
  readonly show?: 'relative' | 'clock';
}

export function TimeText({ at, show = 'relative' }: TimeTextProps): ReactNode {
  const ms = Date.parse(at);
  const textOf = show === 'clock' ? clockText : relativeText;
  const text = useAsOf((now) => textOf(ms, now, currentLanguage()));
  return (
    <Hint<HTMLTimeElement> label={<Exact ms={ms} />}>
      {(pointed) => (
        <time dateTime={at} className="page-count" {...pointed}>
          {text}
        </time>
      )}
    </Hint>
  );
}

function Exact({ ms }: { readonly ms: number }): ReactNode {
  const { t } = useTranslation();
  const language = currentLanguage();
  return (
    <>
      <div>{t('time.local', { text: instantText(ms, language) })}</div>
      <div>{t('time.utc', { text: instantText(ms, language, 'UTC') })}</div>
    </>
  );
}
