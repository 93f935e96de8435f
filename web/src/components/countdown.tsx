// How long until an instant, or since one, by the second. All of them on a page share one timer.
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { countText, durationText } from '../lib/duration-text.ts';
import { filled } from '../lib/i18n/filled.ts';
import { useAsOf } from '../lib/now.ts';

/** `in 4m 05s`; `due` from then on. */
export function Countdown({ to }: { readonly to: string }): ReactNode {
  const { t } = useTranslation();
  const at = Date.parse(to);
  const left = useAsOf((now) => (at <= now ? '' : countText(at - now)));
  return (
    <span className="page-count">
      {left === '' ? t('time.due') : filled('time.in', (text) => t('time.in', { text }), left)}
    </span>
  );
}

/** `4m 05s`, growing. */
export function Elapsed({ since }: { readonly since: string }): ReactNode {
  const at = Date.parse(since);
  return <span className="page-count">{useAsOf((now) => countText(now - at))}</span>;
}

/** A length of time that stands. Nothing when there is none. */
export function DurationText({ ms }: { readonly ms: number | undefined }): ReactNode {
  return ms === undefined ? null : <span className="page-count">{durationText(ms)}</span>;
}
