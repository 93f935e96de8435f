// Where a text that is no JSON goes wrong, for the person who wrote it: line, column, and what was expected there.
// Node's own message names a place only sometimes, and quotes the text, which may hold what is secret. Pure; asked
// only about what JSON.parse has refused.

const SPACE = ' \t\r\n';
const SCALAR = /^(?:true|false|null|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?)(?![\w.+-])/;
/** No number that means anything is longer. */
const LONGEST_SCALAR = 1_000;

/** What may follow a backslash; `u` has more behind it. */
const ESCAPED = /\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})/y;

/**
 * The end of the good part of the text in quotes that begins at `from`: behind its closing quote, or where it is
 * broken. Like all here not by one pattern: over millions of characters that overflows the stack of a regular
 * expression.
 */
function endOfText(json: string, from: number): { readonly at: number; readonly isWhole: boolean } {
  for (let at = from + 1; ;) {
    const code = json.charCodeAt(at);
    if (code === 0x22) return { at: at + 1, isWhole: true };
    if (code === 0x5c) {
      ESCAPED.lastIndex = at;
      if (!ESCAPED.test(json)) return { at, isWhole: false };
      at = ESCAPED.lastIndex;
    } else if (code >= 0x20) at++;
    else return { at, isWhole: false };
  }
}

interface Fault {
  readonly at: number;
  readonly expected: string;
}

/** What may come next, as the scanner goes. */
type Next = 'value' | 'value or end' | 'name' | 'name or end' | 'colon' | 'comma or end' | 'nothing';

const EXPECTED: Readonly<Record<Next, string>> = {
  value: 'a value',
  'value or end': 'a value or "]"',
  name: 'a name in double quotes',
  'name or end': 'a name in double quotes or "}"',
  colon: '":"',
  'comma or end': '',
  nothing: 'nothing more',
};

function faultOf(text: string): Fault | undefined {
  const open: ('{' | '[')[] = [];
  let at = 0;
  let next: Next = 'value';
  const takeScalar = (): boolean => {
    const found = SCALAR.exec(text.slice(at, at + LONGEST_SCALAR))?.[0];
    at += found?.length ?? 0;
    return found !== undefined;
  };
  const takeText = (): boolean => {
    if (text[at] !== '"') return false;
    const end = endOfText(text, at);
    if (end.isWhole) at = end.at;
    return end.isWhole;
  };
  const fault = (): Fault => {
    const end = open.at(-1) === '{' ? '"," or "}"' : '"," or "]"';
    if (text[at] !== '"' || !next.match(/value|name/)) return { at, expected: EXPECTED[next] || end };
    ({ at } = endOfText(text, at));
    const expected =
      text[at] === '\\'
        ? 'one of \\" \\\\ \\/ \\b \\f \\n \\r \\t \\uXXXX'
        : at < text.length
          ? '\\n in place of a line end or control character'
          : 'a closing double quote';
    return { at, expected };
  };
  const after = (): Next => (open.length === 0 ? 'nothing' : 'comma or end');
  for (;;) {
    while (at < text.length && SPACE.includes(text[at]!)) at++;
    const sign = text[at];
    if (next === 'nothing') return sign === undefined ? undefined : fault();
    const isEnd = next.endsWith('or end') && sign === (open.at(-1) === '{' ? '}' : ']');
    if (isEnd) {
      at++;
      open.pop();
      next = after();
    } else if (next.startsWith('value') && (sign === '{' || sign === '[')) {
      at++;
      open.push(sign);
      next = sign === '{' ? 'name or end' : 'value or end';
    } else if (next.startsWith('value') && (takeText() || takeScalar())) next = after();
    else if (next.startsWith('name') && takeText()) next = 'colon';
    else if (next === 'colon' && sign === ':') {
      at++;
      next = 'value';
    } else if (next === 'comma or end' && sign === ',') {
      at++;
      next = open.at(-1) === '{' ? 'name' : 'value';
    } else return fault();
  }
}

/** `line 3, column 7: expected "," or "}"`; undefined when nothing is wrong with it. */
export function jsonFault(text: string): string | undefined {
  const fault = faultOf(text);
  if (!fault) return undefined;
  const before = text.slice(0, fault.at).split('\n');
  const place = `line ${before.length}, column ${before.at(-1)!.length + 1}`;
  const what = fault.at >= text.length ? 'it ends here, and ' : '';
  return `${place}: ${what}${fault.expected} is expected`;
}
