// Sizes and counts as people read them, in the language of the page.
import { currentLanguage } from './i18n/language.ts';

const UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB'] as const;

/** `812 B`, `4.2 KiB`, `1.0 GiB`. */
export function bytesText(bytes: number): string {
  let amount = bytes;
  let unit = 0;
  for (; amount >= 1_000 && unit < UNITS.length - 1; unit++) amount /= 1_024;
  return `${unit === 0 ? amount : amount.toFixed(amount < 9.95 ? 1 : 0)} ${UNITS[unit]}`;
}

/** `12,345`. */
export const countText = (count: number): string => count.toLocaleString(currentLanguage());
