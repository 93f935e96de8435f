// Why a run ended as it did, in one line, in the language of the page as far as it is known there.
import { useTranslation } from 'react-i18next';
import type { RunBrief } from '../../../src/common/api/overview.ts';
import type { RunView } from '../../../src/common/api/values.ts';
import { currentLanguage } from '../lib/i18n/language.ts';
import { reasonText } from '../lib/i18n/reason-words.ts';

export type RunEnd = Pick<
  RunBrief | RunView,
  'state' | 'error' | 'reason' | 'signal' | 'httpStatus' | 'exitCode'
>;

/** Nothing when there is nothing to add to its state. */
export function useWhy(): (run: RunEnd) => string | undefined {
  const { t } = useTranslation();
  return ({ state, error, reason, signal, httpStatus, exitCode }) => {
    // What the master says of these in English the page says in its language.
    const isPlain = error === `exit code ${exitCode}` || error === `ended by signal ${signal}`;
    if (error !== undefined && !isPlain) return reasonText(error, currentLanguage());
    if (reason !== undefined) return reasonText(reason, currentLanguage());
    if (state === 'succeeded') return undefined;
    if (signal !== undefined) return t('why.signal', { signal });
    if (httpStatus !== undefined) return t('why.status', { status: httpStatus });
    if (exitCode !== undefined && exitCode !== 0) return t('why.exitCode', { code: exitCode });
    return undefined;
  };
}
