// The words of the page: both languages have all of them, and none is left of what is gone.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { catalogue as en } from '../../../web/src/locales/en/catalogue.ts';
import { catalogue as zh } from '../../../web/src/locales/zh/catalogue.ts';

const SOURCES = fileURLToPath(new URL('../../../web/src/', import.meta.url));
/** Forms of one and of several: a language has those that it needs. */
const FORM = /_(?:zero|one|other)$/;

function leavesOf(words: object, path = ''): Map<string, string> {
  const found = new Map<string, string>();
  for (const [key, value] of Object.entries(words)) {
    const at = path === '' ? key : `${path}.${key}`;
    if (typeof value === 'string') found.set(at, value);
    else for (const [inner, text] of leavesOf(value as object, at)) found.set(inner, text);
  }
  return found;
}

const baseKeys = (words: object): string[] =>
  [...new Set([...leavesOf(words).keys()].map((key) => key.replace(FORM, '')))].sort();
const slotsOf = (text: string): string[] =>
  [...new Set([...text.matchAll(/\{\{(\w+)\}\}/g)].map(([, name = '']) => name))].sort();

interface Use {
  readonly feature: string;
  readonly key: string;
  /** `state.${x}`: all that begins with `state.`. */
  readonly isPrefix: boolean;
}

/** Calls of t in a file, each with the features that the file names in useTranslation. */
function usesIn(text: string): Use[] {
  const features = [...text.matchAll(/useTranslation\(([^)]*)\)/g)].flatMap(([, given = '']) => {
    const named = [...given.matchAll(/'(\w+)'/g)].map(([, name = '']) => name);
    return named.length === 0 ? ['common'] : named;
  });
  const known = new Set(features.length === 0 ? ['common'] : [...features, 'common']);
  const uses: Use[] = [];
  for (const [, quoted, template] of text.matchAll(/\b(?:t|common)\(\s*(?:'([^']+)'|`([^`]+)`)/g))
    addUse(quoted, template);
  // A choice between two keys.
  for (const [, first, second] of text.matchAll(/\bt\(\s*\w+ \? '([^']+)' : '([^']+)'/g)) {
    addUse(first, undefined);
    addUse(second, undefined);
  }
  return uses;

  function addUse(quoted: string | undefined, template: string | undefined): void {
    const told = quoted ?? (template ?? '').replace(/\$\{.*$/s, '');
    const [feature, key] = told.includes(':') ? (told.split(':') as [string, string]) : [undefined, told];
    for (const each of feature === undefined ? known : [feature])
      uses.push({ feature: each, key, isPrefix: template?.includes('${') ?? false });
  }
}

const uses = readdirSync(SOURCES, { recursive: true, encoding: 'utf8' })
  .filter((file) => /\.tsx?$/.test(file) && !file.startsWith('locales'))
  .flatMap((file) => usesIn(readFileSync(join(SOURCES, file), 'utf8')));

describe.each(Object.keys(en) as (keyof typeof en)[])('the words of %s', (feature) => {
  it('are there in both languages', () => {
    expect(baseKeys(zh[feature])).toEqual(baseKeys(en[feature]));
  });

  it('have the same slots in both languages', () => {
    const english = leavesOf(en[feature]);
    for (const [key, text] of leavesOf(zh[feature]))
      expect(slotsOf(text), key).toEqual(slotsOf(english.get(key)!));
  });

  it('are all used', () => {
    const unused = baseKeys(en[feature]).filter(
      (key) =>
        !uses.some(
          (use) => use.feature === feature && (use.isPrefix ? key.startsWith(use.key) : key === use.key),
        ),
    );
    expect(unused).toEqual([]);
  });
});
