// The output of a run as lines: colours, pieces that end anywhere, very many of them.
import { describe, expect, it } from 'vitest';
import { piecesOf, plainOf, styleAfter } from '../../../web/src/features/runs/ansi.ts';
import { createWrapLayout, flatLayout } from '../../../web/src/features/runs/line-layout.ts';
import { createOutputLines, type OutputLines } from '../../../web/src/features/runs/output-lines.ts';
import { firstWhole } from '../../../web/src/features/runs/output-parts.ts';

const all = (lines: OutputLines): string[] => Array.from({ length: lines.count() }, (_, i) => lines.line(i));

function linesOf(text: string): OutputLines {
  const lines = createOutputLines();
  lines.append(text);
  return lines;
}

describe('colours', () => {
  it('are kept, and what moves a cursor, sets a title or links is left out', () => {
    const line =
      '\x1b[1;31mred\x1b[0m \x1b[2Kplain \x1b]8;;http://x\x07link\x1b]8;;\x07 \x1b[38;5;196mx\x1b[m';
    expect(plainOf(line)).toBe('red plain link x');
    const pieces = piecesOf(line, undefined);
    expect(pieces.map(({ text }) => text).join('')).toBe(plainOf(line));
    expect(pieces[0]).toEqual({ text: 'red', style: { bold: true, color: 'var(--ansi-1)' } });
    expect(pieces.at(-1)).toEqual({ text: 'x', style: { color: 'rgb(255, 0, 0)' } });
  });
  it('last until they are ended, over the end of a line', () => {
    const style = styleAfter('\x1b[32mgreen', undefined);
    expect(style).toEqual({ color: 'var(--ansi-2)' });
    expect(piecesOf('still', style)).toEqual([{ text: 'still', style }]);
    expect(styleAfter('\x1b[39m', style)).toBeUndefined();
  });
  it('understands all colours, in both notations, and is not led astray by others', () => {
    expect(styleAfter('\x1b[38;2;1;2;3m', undefined)).toEqual({ color: 'rgb(1, 2, 3)' });
    expect(styleAfter('\x1b[48;5;244m', undefined)).toEqual({ background: 'rgb(128, 128, 128)' });
    expect(styleAfter('\x1b[95m', undefined)).toEqual({ color: 'var(--ansi-13)' });
    expect(styleAfter('\x1b[999m', undefined)).toBeUndefined();
    expect(plainOf('cut off \x1b')).toBe('cut off ');
  });
  it('shows tabs in their places, and controls as signs', () => {
    expect(plainOf('a\tb')).toBe('a       b');
    expect(plainOf('a\x00b')).toBe('a␀b');
    expect(piecesOf('a\x1b[31m\tb', undefined).map(({ text }) => text)).toEqual(['a', '       b']);
  });
});

describe('lines', () => {
  it('come whole from pieces that end anywhere', () => {
    const lines = createOutputLines();
    for (const piece of ['one\ntw', 'o\r', '\nthree\r', '\n', 'fo']) lines.append(piece);
    expect(all(lines)).toEqual(['one', 'two', 'three', 'fo']);
    lines.append('ur\n');
    expect(all(lines)).toEqual(['one', 'two', 'three', 'four']);
  });
  it('show of what was written over the last', () => {
    const lines = createOutputLines();
    lines.append('10 %\r20 %\r');
    expect(all(lines)).toEqual(['20 %']);
    lines.append('30 %');
    expect(all(lines)).toEqual(['30 %']);
    lines.append('\ndone\n');
    expect(all(lines)).toEqual(['30 %', 'done']);
  });
  it('are broken when one is too long to draw', () => {
    const lines = createOutputLines();
    lines.append('x'.repeat(20_000));
    expect(all(lines).map((line) => line.length)).toEqual([8_192, 8_192, 3_616]);
    expect(all(lines).join('')).toHaveLength(20_000);
  });
  it('keep the newest of an endless output, and count the others', () => {
    const lines = createOutputLines(100, 10_000);
    for (let i = 0; i < 1_000; i++) lines.append(`line ${i}\n`);
    expect(lines.count()).toBeLessThanOrEqual(100);
    expect(lines.line(lines.count() - 1)).toBe('line 999');
    expect(lines.dropped() + lines.count()).toBe(1_000);
  });
  it('know the colour that each begins with, also when the first are gone', () => {
    const lines = createOutputLines(10, 10_000);
    lines.append('plain\n\x1b[31mred\n');
    for (let i = 0; i < 20; i++) lines.append(`${i}\n`);
    expect(lines.styleAt(lines.count() - 1)).toEqual({ color: 'var(--ansi-1)' });
  });
});

describe('a part of an output', () => {
  const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

  it('begins with its first whole line, or with its first whole character where no line ends near', () => {
    expect(firstWhole(bytes('half of one\nwhole\n'))).toBe('half of one\n'.length);
    expect(firstWhole(bytes('汉字').subarray(1))).toBe(2);
    expect(firstWhole(bytes('x'.repeat(100_000)))).toBe(0);
    expect(firstWhole(bytes(''))).toBe(0);
  });
  it('is put before what is there, and lines are numbered once the beginning is known', () => {
    const lines = createOutputLines();
    lines.append('three\n\x1b[31mfour\nfi');
    expect(lines.numberOf(0)).toBeUndefined();
    lines.prepend(linesOf('\x1b[32mtwo\n'));
    expect(lines.dropped()).toBe(-1);
    lines.prepend(linesOf('one\n'));
    lines.knowBeginning();
    lines.append('ve\n');
    expect(all(lines).map(plainOf)).toEqual(['one', 'two', 'three', 'four', 'five']);
    expect(all(lines).map((_, i) => lines.numberOf(i))).toEqual([1, 2, 3, 4, 5]);
    expect(lines.styleAt(4)).toEqual({ color: 'var(--ansi-1)' });
    expect(lines.dropped()).toBe(-2);
  });
  it('has no place before lines of which some were let go of', () => {
    const lines = createOutputLines(100, 10_000);
    lines.append('x\n');
    expect(lines.isFull()).toBe(false);
    for (let i = 0; i < 200; i++) lines.append(`${i}\n`);
    expect(lines.isFull()).toBe(true);
  });
});

describe('the place of a line', () => {
  it('is found both ways, wrapped, among many', () => {
    const lines = createOutputLines();
    for (let i = 0; i < 5_000; i++) lines.append(`${'x'.repeat(i % 25)}\n`);
    const layout = createWrapLayout(10);
    layout.update(lines);
    expect(layout.rows()).toBe(200 * (10 * 2 + 1 * 1 + 10 * 1 + 4 * 3));
    for (const line of [0, 1, 511, 512, 513, 2_600, 4_999]) {
      const row = layout.rowOf(line);
      expect(layout.lineAt(row)).toBe(line);
      expect(layout.lineAt(row - 1)).toBe(Math.max(0, line - 1));
    }
    lines.append('y'.repeat(35));
    const before = layout.rows();
    layout.update(lines);
    expect(layout.rows()).toBe(before + 4);
    lines.append('y'.repeat(10));
    layout.update(lines);
    expect(layout.rows()).toBe(before + 5);
  });
  it('is counted in columns: Chinese takes two', () => {
    const lines = createOutputLines();
    lines.append('汉字汉字汉字\n');
    const layout = createWrapLayout(10);
    layout.update(lines);
    expect(layout.rows()).toBe(2);
  });
  it('is its number where nothing is wrapped', () => {
    expect(flatLayout(0).lineAt(5)).toBe(0);
    expect(flatLayout(10).lineAt(12)).toBe(9);
  });
});
