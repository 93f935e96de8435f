import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Agenda, leadFor, type AgendaItem, type LeadPolicy } from '../../../src/common/core/agenda.ts';
import { instant } from '../../../src/common/model/time.ts';

interface Item extends AgendaItem {
  readonly name: number;
}

const item = (name: number): Item => ({ name, due: instant(0), place: -1 });

const POLICY: LeadPolicy = { base: 100, perJob: 0.5, max: 2_000 };

/** What an agenda is, without being fast: a list that is searched. */
class Model {
  readonly due = new Map<Item, number>();

  first(): number | undefined {
    return this.due.size === 0 ? undefined : Math.min(...this.due.values());
  }

  countAround(at: number): number {
    const second = Math.floor(at / 1000);
    return [...this.due.values()].filter((due) => Math.floor(due / 1000) === second).length;
  }
}

type Step = { readonly kind: 'set' | 'remove' | 'take'; readonly which: number; readonly due: number };

const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.record({
    kind: fc.constantFrom('set' as const, 'set' as const, 'set' as const, 'remove' as const, 'take' as const),
    which: fc.nat({ max: 30 }),
    // Few seconds and few instants in them, so that ties and crowded seconds are usual.
    due: fc.nat({ max: 40 }).map((n) => n * 250),
  }),
  { maxLength: 200 },
);

describe('an agenda', () => {
  test('is at any time what a searched list would be', () => {
    fc.assert(
      fc.property(steps, (all) => {
        const items = Array.from({ length: 31 }, (_, name) => item(name));
        const agenda = new Agenda<Item>();
        const model = new Model();
        for (const { kind, which, due } of all) {
          const each = kind === 'take' ? agenda.first() : items[which]!;
          if (kind === 'set') {
            agenda.set(each!, instant(due));
            model.due.set(each!, due);
          } else if (each) {
            agenda.remove(each);
            model.due.delete(each);
          }
          expect(agenda.size).toBe(model.due.size);
          expect(agenda.first()?.due).toBe(model.first());
          expect(items.filter(({ place }) => place >= 0)).toHaveLength(model.due.size);
          for (const second of [0, 3_250, 9_999]) {
            expect(agenda.countAround(instant(second))).toBe(model.countAround(second));
          }
        }
      }),
    );
  });

  test('gives up its items in the order in which they are due, however they were moved and removed', () => {
    fc.assert(
      fc.property(steps, (all) => {
        const items = Array.from({ length: 31 }, (_, name) => item(name));
        const agenda = new Agenda<Item>();
        const left = new Map<Item, number>();
        // Full at first, so that what is removed leaves gaps deep inside.
        for (const [name, each] of items.entries()) {
          const due = (name * 7_919) % 10_000;
          agenda.set(each, instant(due));
          left.set(each, due);
        }
        for (const { kind, which, due } of all) {
          const each = items[which]!;
          if (kind === 'set') {
            agenda.set(each, instant(due));
            left.set(each, due);
          } else {
            agenda.remove(each);
            left.delete(each);
          }
        }
        const taken: number[] = [];
        for (let first = agenda.first(); first; first = agenda.first()) {
          taken.push(first.due);
          agenda.remove(first);
        }
        expect(taken).toEqual([...left.values()].sort((a, b) => a - b));
        expect(agenda.nextWake(POLICY)).toBeUndefined();
        for (let second = 0; second <= 10; second++) {
          expect(agenda.countAround(instant(second * 1_000))).toBe(0);
        }
      }),
      { numRuns: 500 },
    );
  });

  test('bears the removal of what is not on it', () => {
    const agenda = new Agenda<Item>();
    const on = item(1);
    agenda.set(on, instant(5));
    agenda.remove(item(2));
    agenda.remove(on);
    agenda.remove(on);
    expect(agenda.size).toBe(0);
    expect(agenda.countAround(instant(5))).toBe(0);
  });
});

describe('the lead', () => {
  test('grows with the jobs that are due in one second, up to its maximum', () => {
    expect([0, 1, 1_000, 1_000_000].map((count) => leadFor(count, POLICY))).toEqual([100, 100.5, 600, 2_000]);
  });

  const crowd = (agenda: Agenda<Item>, count: number, due: number): void => {
    for (let i = 0; i < count; i++) agenda.set(item(i), instant(due));
  };

  test('is that of the fullest of the coming seconds, so that a herd behind a single job is claimed in time', () => {
    const agenda = new Agenda<Item>();
    crowd(agenda, 1, 10_500);
    expect(agenda.leadAt(instant(10_000), POLICY)).toBe(100.5);
    crowd(agenda, 1_000, 12_000);
    expect(agenda.leadAt(instant(10_000), POLICY)).toBe(600);
    expect(agenda.leadAt(instant(9_000), POLICY)).toBe(100.5);
  });

  test('wakes in time for the first item', () => {
    const agenda = new Agenda<Item>();
    crowd(agenda, 1, 10_500);
    expect(agenda.nextWake(POLICY)).toBe(10_500 - 100.5);
  });

  test('wakes earlier for a herd in the second after the first item', () => {
    const agenda = new Agenda<Item>();
    crowd(agenda, 1, 10_900);
    crowd(agenda, 4_000, 11_000);
    expect(agenda.nextWake(POLICY)).toBe(11_000 - 2_000);
  });

  test('at the time it wakes, covers what it wakes for', () => {
    fc.assert(
      fc.property(fc.array(fc.nat({ max: 20_000 }), { minLength: 1, maxLength: 300 }), (dues) => {
        const agenda = new Agenda<Item>();
        for (const [name, due] of dues.entries()) agenda.set(item(name), instant(100_000 + due));
        const wake = agenda.nextWake(POLICY)!;
        const first = agenda.first()!.due;
        // Never too late for the first: its own second's lead before it, at the least.
        expect(wake).toBeLessThanOrEqual(first - leadFor(agenda.countAround(first), POLICY));
        // Never so early that it wakes in vain for longer than the longest lead.
        expect(wake).toBeGreaterThanOrEqual(first - POLICY.max);
      }),
    );
  });
});
