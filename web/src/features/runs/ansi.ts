// What programs write to a terminal, read for a page: colours are kept, everything that would move a cursor is left
// out. Pure. A line's colours may begin in a line before it, so that each line is read from the style it starts with.

export interface AnsiStyle {
  /** As css: `var(--ansi-1)`, `rgb(1, 2, 3)`. */
  readonly color?: string;
  readonly background?: string;
  readonly bold?: boolean;
  readonly dim?: boolean;
  readonly italic?: boolean;
  readonly underline?: boolean;
  readonly strike?: boolean;
  readonly inverse?: boolean;
}

export interface Piece {
  readonly text: string;
  /** undefined: as any other text. */
  readonly style: AnsiStyle | undefined;
}

const ESC = '\x1b';
/** Colours (CSI … m) are the first group; other CSI, OSC (links, titles) and short sequences are none. */
// oxlint-disable-next-line no-control-regex -- control characters are what it is about
const SEQUENCE = /\x1b(?:\[([\d;:]*)m|\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[ -/]*[0-~]|$)/g;
// oxlint-disable-next-line no-control-regex -- control characters are what it is about
const CONTROL = /[\x00-\x08\x0b-\x1a\x1c-\x1f\x7f]/g;
const TAB = 8;

/** Tabs as spaces, and what cannot be seen as a sign that can. */
function shown(text: string): string {
  const plain = text.replace(CONTROL, (char) =>
    char === '\x7f' ? '␡' : String.fromCodePoint(0x2400 + char.codePointAt(0)!),
  );
  if (!plain.includes('\t')) return plain;
  let out = '';
  for (const [i, part] of plain.split('\t').entries()) {
    if (i > 0) out += ' '.repeat(TAB - (out.length % TAB));
    out += part;
  }
  return out;
}

/** The line as it is read, searched and measured. */
export const plainOf = (line: string): string =>
  shown(line.includes(ESC) ? line.replace(SEQUENCE, '') : line);

/** The style that the next line starts with. Cheap where nothing is coloured. */
export function styleAfter(line: string, style: AnsiStyle | undefined): AnsiStyle | undefined {
  if (!line.includes(ESC)) return style;
  for (const [, codes] of line.matchAll(SEQUENCE)) if (codes !== undefined) style = applied(style, codes);
  return style;
}

/** The pieces of a line: their texts together are what `plainOf` says. */
export function piecesOf(line: string, style: AnsiStyle | undefined): Piece[] {
  if (!line.includes(ESC)) return [{ text: plainOf(line), style }];
  const bounds: { readonly from: number; readonly style: AnsiStyle | undefined }[] = [{ from: 0, style }];
  let bare = '';
  let last = 0;
  for (const match of line.matchAll(SEQUENCE)) {
    bare += line.slice(last, match.index);
    last = match.index + match[0].length;
    if (match[1] === undefined) continue;
    style = applied(style, match[1]);
    bounds.push({ from: bare.length, style });
  }
  bare += line.slice(last);
  // A tab is as wide as its place says: widened in the whole line, not in a piece.
  let text = '';
  const pieces: Piece[] = [];
  for (const [i, { style }] of bounds.entries()) {
    const until = shown(bare.slice(0, bounds[i + 1]?.from ?? bare.length));
    if (until.length > text.length) pieces.push({ text: until.slice(text.length), style });
    text = until;
  }
  return pieces;
}

function applied(style: AnsiStyle | undefined, codes: string): AnsiStyle | undefined {
  const list = codes.replaceAll(':', ';').split(';').map(Number);
  let now: AnsiStyle = style ?? {};
  for (let i = 0; i < list.length; i++) {
    const code = list[i]!;
    if (code === 38 || code === 48) {
      const [color, used] = extended(list, i + 1);
      i += used;
      if (color !== undefined) now = { ...now, [code === 38 ? 'color' : 'background']: color };
    } else now = simple(now, code);
  }
  return Object.keys(now).length === 0 ? undefined : now;
}

function simple(style: AnsiStyle, code: number): AnsiStyle {
  if (code === 0) return {};
  if (code >= 30 && code <= 37) return { ...style, color: `var(--ansi-${code - 30})` };
  if (code >= 90 && code <= 97) return { ...style, color: `var(--ansi-${code - 82})` };
  if (code >= 40 && code <= 47) return { ...style, background: `var(--ansi-${code - 40})` };
  if (code >= 100 && code <= 107) return { ...style, background: `var(--ansi-${code - 92})` };
  switch (code) {
    case 1:
      return { ...style, bold: true };
    case 2:
      return { ...style, dim: true };
    case 3:
      return { ...style, italic: true };
    case 4:
      return { ...style, underline: true };
    case 7:
      return { ...style, inverse: true };
    case 9:
      return { ...style, strike: true };
    case 22:
      return without(style, 'bold', 'dim');
    case 23:
      return without(style, 'italic');
    case 24:
      return without(style, 'underline');
    case 27:
      return without(style, 'inverse');
    case 29:
      return without(style, 'strike');
    case 39:
      return without(style, 'color');
    case 49:
      return without(style, 'background');
    default:
      return style;
  }
}

function without(style: AnsiStyle, ...names: (keyof AnsiStyle)[]): AnsiStyle {
  const rest = { ...style };
  for (const name of names) delete rest[name];
  return rest;
}

const LEVELS = [0, 95, 135, 175, 215, 255];

/** `5;n` of 256 colours, `2;r;g;b` of all; and how many numbers it took. */
function extended(list: readonly number[], at: number): readonly [color: string | undefined, used: number] {
  const byte = (n: number | undefined): number => Math.min(255, Math.max(0, n ?? 0));
  if (list[at] === 2) return [`rgb(${byte(list[at + 1])}, ${byte(list[at + 2])}, ${byte(list[at + 3])})`, 4];
  if (list[at] !== 5) return [undefined, 0];
  const n = byte(list[at + 1]);
  if (n < 16) return [`var(--ansi-${n})`, 2];
  if (n >= 232) {
    const grey = 8 + (n - 232) * 10;
    return [`rgb(${grey}, ${grey}, ${grey})`, 2];
  }
  const cube = n - 16;
  const [r, g, b] = [Math.floor(cube / 36), Math.floor(cube / 6) % 6, cube % 6].map(
    (level) => LEVELS[level]!,
  );
  return [`rgb(${r}, ${g}, ${b})`, 2];
}
