// The lines of an output as they come: hundreds of thousands of them, kept as they were written and looked at only
// where they are shown. Bounded: of an endless output the newest part is kept. No page, no network.
import { plainOf, styleAfter, type AnsiStyle } from './ansi.ts';

/** A longer one is broken, so that no line is too much to draw. */
const LONGEST_LINE = 8_192;
/** Firefox draws nothing that is higher than some 17 million pixels, 18 a line. */
export const MOST_LINES = 900_000;
export const MOST_CHARS = 48 * 1024 * 1024;
/** What is let go of at once when it is too much: each time costs a look at all that is left. */
const LET_GO = 0.1;

export interface OutputLines {
  readonly count: () => number;
  /** As it was written, with its colours. */
  readonly line: (i: number) => string;
  readonly styleAt: (i: number) => AnsiStyle | undefined;
  /** How far the first line here is from the one that was first to come: let go of at the start, or (below 0) put before it. */
  readonly dropped: () => number;
  /** What number a line has in the whole output; undefined until its beginning has come. */
  readonly numberOf: (i: number) => number | undefined;
  /** The first line here, or one that was let go of before it, begins the output. */
  readonly knowBeginning: () => void;
  /** No more can be put before them. */
  readonly isFull: () => boolean;
  /** Characters of the longest line, about. */
  readonly widest: () => number;
  /** Text as it comes: a piece may end in the middle of a line. */
  readonly append: (text: string) => void;
  /** Whole lines that came before the first, as they were appended to others. */
  readonly prepend: (before: OutputLines) => void;
  readonly clear: () => void;
}

/** What a terminal shows of a line that went back to its start: the last of what was written over. */
function overwritten(line: string): string {
  if (!line.includes('\r')) return line;
  const end = line.endsWith('\r') ? line.length - 1 : line.length;
  const from = line.lastIndexOf('\r', end - 1);
  return line.slice(from + 1, end);
}

export function createOutputLines(mostLines = MOST_LINES, mostChars = MOST_CHARS): OutputLines {
  let lines: string[] = [];
  /** Style at the start of a line, of those that have one. */
  let styles = new Map<number, AnsiStyle>();
  let style: AnsiStyle | undefined;
  let open = '';
  let chars = 0;
  let dropped = 0;
  /** `dropped` of the line that begins the output. */
  let beginning: number | undefined;
  let hasLetGo = false;
  let widest = 0;

  const push = (whole: string): void => {
    const line = overwritten(whole);
    if (style) styles.set(lines.length, style);
    style = styleAfter(line, style);
    lines.push(line);
    chars += line.length;
    const width = line.length > widest ? plainOf(line).length : 0;
    if (width > widest) widest = width;
  };

  const letGo = (): void => {
    let gone = 0;
    let left = chars;
    const linesTo = lines.length > mostLines ? mostLines * (1 - LET_GO) : Infinity;
    const charsTo = chars > mostChars ? mostChars * (1 - LET_GO) : Infinity;
    while (gone < lines.length && (lines.length - gone > linesTo || left > charsTo))
      left -= lines[gone++]!.length;
    if (gone === 0) return;
    hasLetGo = true;
    lines = lines.slice(gone);
    styles = new Map([...styles].flatMap(([i, each]) => (i >= gone ? [[i - gone, each] as const] : [])));
    chars = left;
    dropped += gone;
  };

  return {
    count: () => lines.length + (open === '' ? 0 : 1),
    line: (i) => lines[i] ?? (i === lines.length ? overwritten(open) : ''),
    styleAt: (i) => (i === lines.length ? style : styles.get(i)),
    dropped: () => dropped,
    numberOf: (i) => (beginning === undefined ? undefined : dropped - beginning + i + 1),
    knowBeginning() {
      beginning ??= Math.min(0, dropped);
    },
    isFull: () => hasLetGo || lines.length > mostLines * (1 - LET_GO) || chars > mostChars * (1 - LET_GO),
    widest: () => Math.max(widest, open.length),
    append(text) {
      const parts = text.split('\n');
      parts[0] = open + parts[0]!;
      open = '';
      const rest = parts.pop()!;
      for (const part of parts) {
        let left = part;
        for (; left.length > LONGEST_LINE; left = left.slice(LONGEST_LINE)) push(left.slice(0, LONGEST_LINE));
        push(left);
      }
      let left = rest;
      for (; left.length > LONGEST_LINE; left = left.slice(LONGEST_LINE)) push(left.slice(0, LONGEST_LINE));
      // Its last return stays: what comes next may write over the line, or end it.
      const back = left.lastIndexOf('\r', left.length - 2);
      open = back === -1 ? left : left.slice(back + 1);
      if (lines.length > mostLines || chars > mostChars) letGo();
    },
    prepend(before) {
      const count = before.count();
      const earlier = Array.from({ length: count }, (_, i) => before.line(i));
      const shifted = [...styles].map(([i, each]) => [i + count, each] as const);
      const own = earlier.flatMap((_, i) => {
        const each = before.styleAt(i);
        return each ? [[i, each] as const] : [];
      });
      styles = new Map([...own, ...shifted]);
      lines = [...earlier, ...lines];
      for (const line of earlier) chars += line.length;
      widest = Math.max(widest, before.widest());
      dropped -= count;
    },
    clear() {
      beginning = undefined;
      hasLetGo = false;
      lines = [];
      styles = new Map();
      style = undefined;
      open = '';
      chars = 0;
      dropped = 0;
      widest = 0;
    },
  };
}
