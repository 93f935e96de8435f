// The word of an outcome. i18next takes 30 us to find one; a list asks for hundreds at each change.
import i18next from 'i18next';
import { createKept } from '../lib/kept.ts';
import type { Outcome } from './tone.ts';

const words = createKept<string>();

/** In the language of the page as it is now: who shows it is drawn anew when that changes. */
export const outcomeWord = (outcome: Outcome): string =>
  words(`${i18next.language} ${outcome}`, () => i18next.t(`outcome.${outcome}`));
