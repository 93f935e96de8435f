// How long until an instant, or since one, by the second. All of them on a page share one timer.
import { Text } from '@mantine/core';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { countText, durationText } from '../lib/duration-text.ts';
import { useNow } from '../lib/now.ts';

/** `in 4m 05s`; `due` from then on. */
export function Countdown({ to }: { readonly to: string }): ReactNode {
  const { t } = useTranslation();
  const left = Date.parse(to) - useNow();
  return (
    <Text span inherit className="page-count">
      {left <= 0 ? t('time.due') : t('time.in', { text: countText(left) })}
    </Text>
  );
}

/** `4m 05s`, growing. */
export function Elapsed({ since }: { readonly since: string }): ReactNode {
  const now = useNow();
  return (
    <Text span inherit className="page-count">
      {countText(now - Date.parse(since))}
    </Text>
  );
}

/** A length of time that stands. Nothing when there is none. */
export function DurationText({ ms }: { readonly ms: number | undefined }): ReactNode {
  if (ms === undefined) return null;
  return (
    <Text span inherit className="page-count">
      {durationText(ms)}
    </Text>
  );
}
