// Where each of very many lines lies, in rows: one row a line, or as many as it takes to wrap it. Finds the line at a
// row and the row of a line without walking all of them. Pure.
import { plainOf } from './ansi.ts';
import type { OutputLines } from './output-lines.ts';

export interface LineLayout {
  readonly rows: () => number;
  readonly rowOf: (line: number) => number;
  readonly lineAt: (row: number) => number;
}

const BLOCK = 512;
/** Chinese, Japanese, Korean and most pictures take two columns. */
const WIDE = /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]/g;

export function columnsOf(text: string): number {
  // Most texts have none.
  // oxlint-disable-next-line no-control-regex -- all of ASCII
  if (/^[\x00-\xff]*$/.test(text)) return text.length;
  return text.length + (text.match(WIDE)?.length ?? 0);
}

export const rowsOf = (line: string, columns: number): number =>
  Math.max(1, Math.ceil(columnsOf(plainOf(line)) / columns));

/** One row a line. */
export const flatLayout = (count: number): LineLayout => ({
  rows: () => count,
  rowOf: (line) => line,
  lineAt: (row) => Math.min(Math.max(0, count - 1), Math.max(0, Math.floor(row))),
});

export interface WrapLayout extends LineLayout {
  /** Looks at what is new. The last line may have grown. */
  readonly update: (lines: OutputLines) => void;
}

export function createWrapLayout(columns: number): WrapLayout {
  let heights: number[] = [];
  /** Rows of each whole or begun block of lines. */
  let blocks: number[] = [];
  let total = 0;
  let dropped = 0;

  const add = (rows: number): void => {
    const block = Math.floor(heights.length / BLOCK);
    heights.push(rows);
    blocks[block] = (blocks[block] ?? 0) + rows;
    total += rows;
  };
  const removeLast = (): void => {
    const rows = heights.pop();
    if (rows === undefined) return;
    const block = Math.floor(heights.length / BLOCK);
    blocks[block]! -= rows;
    total -= rows;
  };

  return {
    rows: () => total,
    rowOf(line) {
      const block = Math.floor(line / BLOCK);
      let row = 0;
      for (let i = 0; i < block; i++) row += blocks[i] ?? 0;
      for (let i = block * BLOCK; i < line; i++) row += heights[i] ?? 0;
      return row;
    },
    lineAt(row) {
      let left = Math.max(0, row);
      let block = 0;
      while (block < blocks.length - 1 && left >= blocks[block]!) left -= blocks[block++]!;
      let line = block * BLOCK;
      while (line < heights.length - 1 && left >= heights[line]!) left -= heights[line++]!;
      return Math.min(line, Math.max(0, heights.length - 1));
    },
    update(lines) {
      if (lines.dropped() !== dropped || lines.count() < heights.length) {
        heights = [];
        blocks = [];
        total = 0;
        dropped = lines.dropped();
      }
      removeLast();
      for (let i = heights.length; i < lines.count(); i++) add(rowsOf(lines.line(i), columns));
    },
  };
}
