// The schedule of a definition in the words of the page's language.
import { NO_NAME } from '../../../../src/common/core/preview.ts';
import { currentLanguage } from '../../lib/i18n/language.ts';
import { scheduleText } from '../../lib/i18n/schedule-words.ts';
import { valueAt } from './paths.ts';

const isText = (each: unknown): each is string => typeof each === 'string';

/** Of a definition that may be wrong: what of its schedule is text. */
export function wordsOf(definition: unknown): string {
  const [schedule, name] = [valueAt(definition, 'schedule'), valueAt(definition, 'name')];
  return scheduleText(
    [schedule].flat().filter(isText),
    isText(name) && name !== '' ? name : NO_NAME,
    currentLanguage(),
  );
}
