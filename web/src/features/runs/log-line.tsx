// One line of an output: its colours, and what was searched for marked in it.
import { memo, type CSSProperties, type ReactNode } from 'react';
import { piecesOf, type AnsiStyle, type Piece } from './ansi.ts';

export interface LogLineProps {
  /** undefined: it is not known. */
  readonly number: number | undefined;
  readonly text: string;
  readonly style: AnsiStyle | undefined;
  /** In lower case; '' marks nothing. */
  readonly words: string;
  readonly isCurrent: boolean;
  /** Characters that the numbers take. */
  readonly digits: number;
}

export const LogLine = memo(function LogLine({
  number,
  text,
  style,
  words,
  isCurrent,
  digits,
}: LogLineProps): ReactNode {
  const pieces = piecesOf(text, style);
  return (
    <div className="log-line" data-current={isCurrent || undefined}>
      <span className="log-number" style={{ width: `calc(${digits}ch + 24px)` }} aria-hidden>
        {number}
      </span>
      <span className="log-text">{words === '' ? pieces.map(coloured) : marked(pieces, words)}</span>
    </div>
  );
});

const coloured = ({ text, style }: Piece, key: number): ReactNode =>
  style === undefined ? (
    text
  ) : (
    <span key={key} style={cssOf(style)}>
      {text}
    </span>
  );

function cssOf(style: AnsiStyle): CSSProperties {
  const { color = 'inherit', background = 'transparent', inverse } = style;
  const lines = [style.underline && 'underline', style.strike && 'line-through'].filter(Boolean).join(' ');
  return {
    ...(inverse
      ? {
          color: background === 'transparent' ? '#14181e' : background,
          background: color === 'inherit' ? '#d7dde5' : color,
        }
      : { color, background }),
    ...(style.bold && { fontWeight: 700 }),
    ...(style.dim && { opacity: 0.75 }),
    ...(style.italic && { fontStyle: 'italic' }),
    ...(lines !== '' && { textDecoration: lines }),
  };
}

/** A match may begin in one colour and end in another. */
function marked(pieces: readonly Piece[], words: string): ReactNode[] {
  const plain = pieces
    .map(({ text }) => text)
    .join('')
    .toLowerCase();
  const cuts: number[] = [];
  for (let at = plain.indexOf(words); at !== -1; at = plain.indexOf(words, at + words.length))
    cuts.push(at, at + words.length);
  const out: ReactNode[] = [];
  let from = 0;
  for (const { text, style } of pieces) {
    const to = from + text.length;
    const bounds = [from, ...cuts.filter((cut) => cut > from && cut < to), to];
    for (let i = 0; i + 1 < bounds.length; i++) {
      const [a, b] = [bounds[i]!, bounds[i + 1]!];
      const part = text.slice(a - from, b - from);
      const isMatch = cuts.findLastIndex((cut) => cut <= a) % 2 === 0;
      out.push(isMatch ? <mark key={a}>{part}</mark> : coloured({ text: part, style }, a));
    }
    from = to;
  }
  return out;
}
