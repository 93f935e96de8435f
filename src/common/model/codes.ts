// Codes that a definition names one by one or as ranges: exit codes of processes, statuses of HTTP. Both ends
// of a range belong to it.
import { z } from 'zod';

export type Codes = readonly (number | string)[];

const RANGE = /^(\d{1,3})-(\d{1,3})$/;

/** Codes from `lowest` to `highest`, and ranges of them such as "64-78". */
export const codeList = (lowest: number, highest: number, example: string) => {
  const range = z.string().superRefine((text, ctx) => {
    const [, from, to] = (RANGE.exec(text) ?? []).map(Number);
    const say = (message: string): void => ctx.addIssue({ code: 'custom', message });
    if (from === undefined || to === undefined)
      say(`${JSON.stringify(text)} is no range: write a number, or a range such as "${example}"`);
    else if (from > to) say(`${JSON.stringify(text)} runs backwards: write "${to}-${from}"`);
    else if (from < lowest || to > highest)
      say(`${JSON.stringify(text)} is out of bounds: from ${lowest} to ${highest}`);
  });
  return z
    .array(z.union([z.int().min(lowest).max(highest), range]))
    .min(1)
    .max(32)
    .meta({ examples: [[lowest + 1, example]] });
};

/** For lists that have passed `codeList`. Parses ranges at each call: not for each start. */
export function includesCode(codes: Codes, code: number): boolean {
  return codes.some((each) => {
    if (typeof each === 'number') return each === code;
    const [from = Infinity, to = -Infinity] = each.split('-').map(Number);
    return from <= code && code <= to;
  });
}
