// Bodies as they are read: strict JSON in UTF-8, no deeper than anything we do with it can bear, and no prototype
// can be reached through it. What it answers is a value; whether it makes sense is for the schemas.
import type { FastifyInstance } from 'fastify';
import { invalidInput, ProblemError } from '../../common/api/problems.ts';
import { brokenJson } from './errors.ts';

/** Far more than any definition needs, and far less than what overflows a stack. */
const MOST_NESTED = 100;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPEN_LIST = 0x5b;
const OPEN_OBJECT = 0x7b;
const CLOSE_LIST = 0x5d;
const CLOSE_OBJECT = 0x7d;

/** How many lists and objects enclose each other at the deepest place of a JSON text. */
export function nestingOf(json: string): number {
  let depth = 0;
  let deepest = 0;
  for (let i = 0; i < json.length; i++) {
    const code = json.charCodeAt(i);
    if (code === QUOTE) {
      for (i++; i < json.length && json.charCodeAt(i) !== QUOTE; i++)
        if (json.charCodeAt(i) === BACKSLASH) i++;
    } else if (code === OPEN_LIST || code === OPEN_OBJECT) {
      if (++depth > deepest) deepest = depth;
    } else if (code === CLOSE_LIST || code === CLOSE_OBJECT) depth--;
  }
  return deepest;
}

/** Throws bad_json: bytes that are no UTF-8 would be stored as something else than was sent. */
function textOf(body: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(body);
  } catch (cause) {
    throw new ProblemError('bad_json', 'the body is not UTF-8', { cause });
  }
}

/** The one kind of body that is understood. */
export function takeJsonBodies(app: FastifyInstance): void {
  // `__proto__` and `constructor.prototype` are refused.
  const parse = app.getDefaultJsonParser('error', 'error');
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('application/json', { parseAs: 'buffer' }, (request, body: Buffer, done) => {
    // Many clients name the type with every request: what is missing is told where a body is needed.
    if (body.length === 0) return done(null, undefined);
    const text = textOf(body);
    if (nestingOf(text) > MOST_NESTED)
      throw invalidInput([
        { path: '', message: `is nested more than ${MOST_NESTED} lists and objects deep` },
      ]);
    void parse(request, text, (error, value) => done(error && brokenJson(text), value));
  });
}
