// Codes that a definition names one by one or as ranges: exit codes of processes, statuses of HTTP. Both ends
// of a range belong to it.
import { z } from 'zod';

export type Codes = readonly (number | string)[];

const RANGE = /^(?:\d{1,3}(?:-\d{1,3})?|\dxx)$/;

/** Of a range that has passed `codeOrRange`. */
export function boundsOf(text: string): readonly [from: number, to: number] {
  if (text.endsWith('xx')) return [Number(text[0]) * 100, Number(text[0]) * 100 + 99];
  const [from, to = from] = text.split('-').map(Number);
  return [from!, to!];
}

/** A code from `lowest` to `highest`, or a range of them such as "64-78" or "5xx". */
export const codeOrRange = (lowest: number, highest: number, example: string) => {
  const range = z.string().superRefine((text, ctx) => {
    const say = (message: string): void => ctx.addIssue({ code: 'custom', message });
    const [from, to] = RANGE.test(text) ? boundsOf(text) : [];
    if (from === undefined || to === undefined)
      say(`${JSON.stringify(text)} is no range: write a number, or a range such as "${example}"`);
    else if (from > to) say(`${JSON.stringify(text)} runs backwards: write "${to}-${from}"`);
    else if (from < lowest || to > highest)
      say(`${JSON.stringify(text)} is out of bounds: from ${lowest} to ${highest}`);
  });
  return z.union([z.int().min(lowest).max(highest), range.meta({ pattern: RANGE.source })]);
};

export const codeList = (lowest: number, highest: number, example: string) =>
  z
    .array(codeOrRange(lowest, highest, example))
    .min(1)
    .max(32)
    .meta({ examples: [[lowest + 1, example]] });

/** For lists that have passed `codeOrRange`. Parses ranges at each call: not for each start. */
export function includesCode(codes: Codes, code: number): boolean {
  return codes.some((each) => {
    if (typeof each === 'number') return each === code;
    const [from, to] = boundsOf(each);
    return from <= code && code <= to;
  });
}
