// Cursors of paged lists. A cursor names the list it belongs to and the last entry that was given, so it
// stays good while entries come and go, and is refused anywhere else. Opaque to callers.
import { z } from 'zod';
import { invalidInput } from './problems.ts';

export const DEFAULT_LIMIT = 50;
export const MAX_LIMIT = 500;

export const paging = {
  limit: z.coerce
    .number()
    .int()
    .min(1)
    .max(MAX_LIMIT)
    .default(DEFAULT_LIMIT)
    .meta({ description: 'Entries a page' }),
  cursor: z.string().min(1).max(1024).optional().meta({ description: '`nextCursor` of the page before' }),
};

/** A page of a list: `nextCursor` is null on the last. */
export const pageOf = <T extends z.ZodType>(item: T) =>
  z.strictObject({ items: z.array(item), nextCursor: z.string().nullable() });

export type ListName = 'jobs' | 'runs' | 'active' | 'ticks' | 'waiting';

const toBase64Url = (text: string): string =>
  btoa(String.fromCharCode(...new TextEncoder().encode(text)))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replaceAll('=', '');

function fromBase64Url(text: string): string | undefined {
  if (!/^[A-Za-z0-9_-]+$/.test(text)) return undefined;
  try {
    const bytes = Uint8Array.from(atob(text.replaceAll('-', '+').replaceAll('_', '/')), (char) =>
      char.charCodeAt(0),
    );
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

export const encodeCursor = (list: ListName, last: string): string => toBase64Url(`${list}:${last}`);

/** The entry after which the next page starts. Throws invalid_input naming `cursor` when it is not one of this list. */
export function decodeCursor(list: ListName, cursor: string | undefined): string | undefined {
  if (cursor === undefined) return undefined;
  const text = fromBase64Url(cursor);
  const mark = `${list}:`;
  if (!text?.startsWith(mark) || text.length === mark.length) {
    throw invalidInput([
      { path: 'cursor', message: 'not a cursor of this list: give back nextCursor of the page before' },
    ]);
  }
  return text.slice(mark.length);
}
