// Why something failed, in the words of the page's language where it has some. The master's own words are English: on a
// page in another language they stand behind what the code means.
import type { TFunction } from 'i18next';
import i18next from 'i18next';
import type { ProblemCode } from '../../../src/common/api/problems.ts';
import { issueText } from '../lib/i18n/issue-words.ts';
import { currentLanguage } from '../lib/i18n/language.ts';
import { CallFailed, type FailureCode } from '../lib/problem.ts';

const OURS = [
  'unreachable',
  'unauthorized',
  'forbidden_host',
  'forbidden_origin',
  'etcd_unavailable',
  'etcd_no_space',
  'not_ready',
  'internal',
] as const satisfies readonly FailureCode[];
const isOurs = (code: string): code is (typeof OURS)[number] => (OURS as readonly string[]).includes(code);

/** A newer master may have codes that this page does not know. */
const isKnown = (code: string): code is ProblemCode => i18next.exists(`problem.code.${code}`);

/** What went wrong in a few words; undefined of what no master told. */
export function problemTitle(error: unknown, t: TFunction): string | undefined {
  if (!(error instanceof CallFailed)) return undefined;
  return isKnown(error.code) ? t(`problem.code.${error.code}`) : error.title;
}

/** One paragraph; a line for each field that is named. */
export function problemText(error: unknown, t: TFunction): readonly string[] {
  if (!(error instanceof CallFailed)) return [error instanceof Error ? error.message : String(error)];
  if (error.code === 'unreadable') return [t('problem.unreadable', { detail: error.message })];
  if (isOurs(error.code)) return [t(`problem.${error.code}`)];
  const details =
    error.fields.length === 0
      ? [error.message]
      : error.fields.map(({ path, message: english }) => {
          const message = issueText(english, currentLanguage());
          return path === '' ? message : t('problem.field', { path, message });
        });
  const meaning = currentLanguage() === 'en' ? undefined : problemTitle(error, t);
  return meaning === undefined ? details : [meaning, ...details];
}
