// A sentence with one blank, filled in. i18next takes 50 us for it; a list asks for hundreds at each change.
import i18next from 'i18next';
import { createKept } from '../kept.ts';

const BLANK = '\u0000';
const sentences = createKept<string>();

/** `key`: of the sentence. `make`: it, with what it is given in its blank. */
export const filled = (key: string, make: (blank: string) => string, text: string): string =>
  sentences(`${i18next.language} ${key}`, () => make(BLANK)).replace(BLANK, () => text);
