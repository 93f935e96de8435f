import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createWaitingLine } from '../../../src/common/core/waiting-line.ts';

const all = <T>(line: { next(): T | undefined }): T[] => {
  const found: T[] = [];
  for (let item = line.next(); item !== undefined; item = line.next()) found.push(item);
  return found;
};

test('who has waited longest is next, and among equals who came first', () => {
  const line = createWaitingLine<string>();
  line.join('b', 5);
  line.join('a', 5);
  line.join('old', 3);
  line.join('c', 5);
  expect(line.longest()).toBe(3);
  expect(all(line)).toEqual(['old', 'b', 'a', 'c']);
  expect(line.longest()).toBeUndefined();
});

test('who joins again keeps the place, and who has left gets a new one', () => {
  const line = createWaitingLine<string>();
  line.join('a', 1);
  line.join('b', 2);
  line.join('a', 9);
  expect(line.size).toBe(2);
  line.leave('a');
  line.leave('nobody');
  line.join('a', 9);
  expect(all(line)).toEqual(['b', 'a']);
});

test('whoever joins and leaves, in any order, it is as sorted each time', () => {
  const act = fc.record({
    kind: fc.constantFrom('join' as const, 'join' as const, 'leave' as const, 'next' as const),
    item: fc.integer({ min: 0, max: 20 }),
    since: fc.integer({ min: 0, max: 8 }),
  });
  fc.assert(
    fc.property(fc.array(act, { maxLength: 150 }), (acts) => {
      const line = createWaitingLine<number>();
      let plain: { item: number; since: number }[] = [];
      const told: unknown[] = [];
      const expected: unknown[] = [];
      for (const { kind, item, since } of acts) {
        if (kind === 'join') {
          line.join(item, since);
          if (!plain.some((each) => each.item === item)) plain.push({ item, since });
        } else if (kind === 'leave') {
          line.leave(item);
          plain = plain.filter((each) => each.item !== item);
        } else {
          const first = plain.toSorted((a, b) => a.since - b.since)[0];
          told.push(line.longest(), line.next());
          expected.push(first?.since, first?.item);
          plain = plain.filter((each) => each !== first);
        }
        told.push(line.size);
        expected.push(plain.length);
      }
      expect(told).toEqual(expected);
      expect(all(line)).toEqual(plain.toSorted((a, b) => a.since - b.since).map(({ item }) => item));
    }),
  );
});
