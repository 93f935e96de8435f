import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import type { KeyValue, WatchEvent } from '../../../src/common/store/etcd.ts';
import { createMirror, type Change } from '../../../src/common/store/follow-mirror.ts';

const kv = (key: string, modRevision: number): KeyValue => ({
  key,
  value: `${key}@${modRevision}`,
  createRevision: modRevision,
  modRevision,
  version: 1,
  lease: '0',
});

/** A store's history: at each revision one key is put or deleted. */
const history = fc.array(fc.record({ key: fc.constantFrom('a', 'b', 'c', 'd', 'e'), isPut: fc.boolean() }), {
  minLength: 1,
  maxLength: 40,
});
type Step = { key: string; isPut: boolean };

function stateAt(steps: readonly Step[], revision: number): Map<string, number> {
  const state = new Map<string, number>();
  steps.slice(0, revision).forEach(({ key, isPut }, i) => {
    if (isPut) state.set(key, i + 1);
    else state.delete(key);
  });
  return state;
}

const listAt = (steps: readonly Step[], revision: number): KeyValue[] =>
  [...stateAt(steps, revision)].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([key, mod]) => kv(key, mod));

const eventsOf = (steps: readonly Step[], from: number, to: number): WatchEvent[] =>
  steps
    .slice(from, to)
    .map(({ key, isPut }, i) => ({ type: isPut ? 'put' : 'delete', kv: kv(key, from + i + 1) }));

function consume(state: Map<string, number>, changes: readonly Change[]): void {
  for (const change of changes) {
    if (change.type === 'put') state.set(change.kv.key, change.kv.modRevision);
    else state.delete(change.key);
  }
}

test('lists and watches in any mixture lead a consumer to the state of the store', () => {
  fc.assert(
    fc.property(
      history,
      fc.array(fc.record({ to: fc.nat(40), relist: fc.boolean(), pages: fc.integer({ min: 1, max: 3 }) })),
      (steps, moves) => {
        const mirror = createMirror();
        const consumer = new Map<string, number>();
        const groundless: Change[] = [];
        let at = 0;
        for (const move of [{ to: 0, relist: true, pages: 1 }, ...moves]) {
          const to = Math.min(steps.length, at + move.to);
          const before = new Map(consumer);
          if (move.relist) {
            const listed = listAt(steps, to);
            mirror.beginList();
            for (let i = 0; i < listed.length; i += move.pages)
              consume(consumer, mirror.applyPage(listed.slice(i, i + move.pages)));
            const changes = mirror.endList(to);
            consume(consumer, changes);
            groundless.push(
              ...changes.filter((change) => !(change.type === 'delete' && before.has(change.key))),
            );
          } else consume(consumer, mirror.apply(eventsOf(steps, at, to), at));
          at = to;
          expect(consumer).toEqual(stateAt(steps, at));
          expect(mirror.size).toBe(consumer.size);
        }
        expect(groundless).toEqual([]);
      },
    ),
  );
});

test('a list tells nothing of what has not changed, and events told already are not told again', () => {
  const mirror = createMirror();
  mirror.beginList();
  expect(mirror.applyPage([kv('a', 1), kv('b', 2)])).toHaveLength(2);
  expect(mirror.endList(2)).toEqual([]);
  mirror.beginList();
  expect(mirror.applyPage([kv('a', 1), kv('b', 5)])).toEqual([{ type: 'put', kv: kv('b', 5) }]);
  expect(mirror.endList(5)).toEqual([]);
  expect(mirror.apply([{ type: 'put', kv: kv('b', 5) }], 5)).toEqual([]);
});

test('a list that breaks off half way and starts anew tells each change once', () => {
  const mirror = createMirror();
  mirror.beginList();
  mirror.applyPage([kv('a', 1), kv('b', 2), kv('c', 3)]);
  mirror.endList(3);
  mirror.beginList();
  expect(mirror.applyPage([kv('a', 4)])).toHaveLength(1);
  mirror.beginList();
  expect(mirror.applyPage([kv('a', 4), kv('c', 3)])).toEqual([]);
  expect(mirror.endList(6)).toEqual([{ type: 'delete', key: 'b', modRevision: 6 }]);
});

test('after distrust every key that is listed counts as changed, the same mod revision or not', () => {
  const mirror = createMirror();
  mirror.beginList();
  mirror.applyPage([kv('a', 1), kv('b', 2)]);
  mirror.endList(2);
  mirror.distrust();
  mirror.beginList();
  expect(mirror.applyPage([kv('a', 1)])).toEqual([{ type: 'put', kv: kv('a', 1) }]);
  expect(mirror.endList(1)).toEqual([{ type: 'delete', key: 'b', modRevision: 1 }]);
});
