// Finds the lines that hold a text, among hundreds of thousands, a piece at a time so that the page stays smooth.
import { useEffect, useState } from 'react';
import { plainOf } from './ansi.ts';
import type { OutputLines } from './output-lines.ts';

export interface Found {
  /** Lines that hold it, in order. */
  readonly lines: readonly number[];
  readonly isDone: boolean;
}

const NONE: readonly number[] = [];
const NOTHING: Found = { lines: NONE, isDone: true };
/** Between two times that the page may draw. */
const PIECE = 10_000;

export const holds = (line: string, words: string): boolean => plainOf(line).toLowerCase().includes(words);

/** `version` changes when there are more lines: only what is new is looked at. */
export function useLineSearch(lines: OutputLines, version: number, query: string): Found {
  const words = query.toLowerCase();
  const [scan, setScan] = useState({ words: '', version: 0, dropped: 0, upTo: 0, found: NONE });
  const isSame = scan.words === words && scan.dropped === lines.dropped() && scan.upTo <= lines.count();
  // The last line may have grown since.
  const upTo = isSame ? Math.max(0, scan.upTo - 1) : 0;
  const isDone = words === '' || (isSame && scan.version === version && scan.upTo >= lines.count());

  useEffect(() => {
    if (words === '' || isDone) return undefined;
    const timer = setTimeout(() => {
      const found = isSame ? scan.found.filter((line) => line < upTo) : [];
      const end = Math.min(lines.count(), upTo + PIECE);
      for (let i = upTo; i < end; i++) if (holds(lines.line(i), words)) found.push(i);
      setScan({ words, version, dropped: lines.dropped(), upTo: end, found });
    });
    return () => clearTimeout(timer);
  }, [words, version, scan, isDone, isSame, upTo, lines]);

  if (words === '') return NOTHING;
  return { lines: isSame ? scan.found : NONE, isDone };
}
