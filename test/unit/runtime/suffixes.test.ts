import { expect, test } from 'vitest';
import { createSuffixes } from '../../../src/common/runtime/suffixes.ts';

test('endings are six hex digits, and differ as random ones do', () => {
  const next = createSuffixes();
  const drawn = Array.from({ length: 10_000 }, next);
  expect(drawn.every((suffix) => /^[0-9a-f]{6}$/.test(suffix))).toBe(true);
  // Of 10,000 out of 16.7 million about 3 pairs are alike; 30 are not by chance.
  expect(new Set(drawn).size).toBeGreaterThan(9_970);
  expect(createSuffixes()()).not.toBe(createSuffixes()());
});
