// Why something failed, in the words of the page's language where it has some, else in the master's own.
import type { TFunction } from 'i18next';
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

/** One paragraph; a line for each field that is named. */
export function problemText(error: unknown, t: TFunction): readonly string[] {
  if (!(error instanceof CallFailed)) return [error instanceof Error ? error.message : String(error)];
  if (error.code === 'unreadable') return [t('problem.unreadable', { detail: error.message })];
  if (isOurs(error.code)) return [t(`problem.${error.code}`)];
  if (error.fields.length === 0) return [error.message];
  return error.fields.map(({ path, message }) =>
    path === '' ? message : t('problem.field', { path, message }),
  );
}
