import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { jsonFault } from '../../../src/master/http/json-fault.ts';

describe('what is wrong with a body', () => {
  it.each([
    ['{"name": ', 'line 1, column 10: it ends here, and a value is expected'],
    ['{"a": 1,}', 'line 1, column 9: a name in double quotes is expected'],
    ['{\n  "a": 1\n  "b": 2\n}', 'line 3, column 3: "," or "}" is expected'],
    ['[1, 2', 'line 1, column 6: it ends here, and "," or "]" is expected'],
    ['[1, 2,]', 'line 1, column 7: a value is expected'],
    ["{'a': 1}", 'line 1, column 2: a name in double quotes or "}" is expected'],
    ['{"a" 1}', 'line 1, column 6: ":" is expected'],
    ['{"a": tru}', 'line 1, column 7: a value is expected'],
    ['{"a": 01}', 'line 1, column 7: a value is expected'],
    ['{"a": "b\nc"}', 'line 1, column 9: \\n in place of a line end or control character is expected'],
    ['{"a": "\\d"}', 'line 1, column 8: one of \\" \\\\ \\/ \\b \\f \\n \\r \\t \\uXXXX is expected'],
    ['{"a": "b', 'line 1, column 9: it ends here, and a closing double quote is expected'],
    ['{} {}', 'line 1, column 4: nothing more is expected'],
    ['name: x', 'line 1, column 1: a value is expected'],
  ])('of %j is told with its place', (body, told) => {
    expect(jsonFault(body)).toBe(told);
  });

  it('is nothing, of whatever is JSON, and something, of whatever is not', () => {
    const isJson = (text: string): boolean => {
      try {
        JSON.parse(text);
        return true;
      } catch {
        return false;
      }
    };
    fc.assert(fc.property(fc.json(), (text) => jsonFault(text) === undefined));
    fc.assert(
      fc.property(
        fc.json(),
        fc.nat(),
        fc.constantFrom('', ',', '"', '}', '\\', '1', ' ', '\n'),
        (text, at, put) => {
          const place = at % (text.length + 1);
          const broken = text.slice(0, place) + put + text.slice(place + 1);
          expect(jsonFault(broken) === undefined).toBe(isJson(broken));
        },
      ),
      { numRuns: 2_000 },
    );
  });

  it('is found however deep it lies', () => {
    expect(jsonFault('['.repeat(200_000))).toMatch(/^line 1, column 200001: it ends here/);
  });
});
