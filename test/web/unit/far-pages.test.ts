// Which pages of a long list are loaded where one looks.
import { expect, it } from 'vitest';
import { pagesToJumpTo } from '../../../web/src/features/jobs/far-pages.ts';

const list = { loaded: 100, total: 10_000 };

it('are none by their place where the list is read on one page after the other', () => {
  expect(pagesToJumpTo({ ...list, first: 0, last: 30 })).toEqual([]);
  expect(pagesToJumpTo({ ...list, first: 110, last: 149 })).toEqual([]);
});

it('are those looked at after a jump, and a little around them', () => {
  expect(pagesToJumpTo({ ...list, first: 5_025, last: 5_028 })).toEqual([100]);
  expect(pagesToJumpTo({ ...list, first: 5_005, last: 5_040 })).toEqual([99, 100, 101]);
});

it('are none that are loaded already, and none after the last', () => {
  expect(pagesToJumpTo({ ...list, first: 90, last: 160 })).toEqual([2, 3]);
  expect(pagesToJumpTo({ ...list, first: 9_970, last: 9_999 })).toEqual([199]);
});
