// What is due when: a min-heap of items by their due instant, and how many are due in each second, from
// which the lead of arming follows. An item carries its own place, so moving and removing are O(log n).
import type { Instant, Millis } from '../model/time.ts';
import { instant } from '../model/time.ts';

export interface AgendaItem {
  /** When it is due; the agenda owns this and `place` while the item is on it. */
  due: Instant;
  /** Index in the heap; -1: not on the agenda. */
  place: number;
}

export interface LeadPolicy {
  /** For few jobs: short, since a worker that dies in it leaves runs that may not have started. */
  readonly base: Millis;
  /** Added for each job due in the same second. */
  readonly perJob: Millis;
  readonly max: Millis;
}

/** How far ahead of its tick a run is claimed when `count` jobs are due in the same second. */
export const leadFor = (count: number, policy: LeadPolicy): Millis =>
  Math.min(policy.max, policy.base + count * policy.perJob);

/** Seconds after the first due one that may need an earlier start than it: the longest lead, rounded up. */
const SECONDS_AHEAD = 2;

const secondOf = (at: Instant): number => Math.floor(at / 1000);

export class Agenda<T extends AgendaItem> {
  readonly #heap: T[] = [];
  readonly #perSecond = new Map<number, number>();

  get size(): number {
    return this.#heap.length;
  }

  first(): T | undefined {
    return this.#heap[0];
  }

  /** Puts the item on the agenda, or moves it. */
  set(item: T, due: Instant): void {
    if (item.place >= 0) {
      if (item.due === due) return;
      this.#count(item.due, -1);
      item.due = due;
      this.#count(due, 1);
      this.#up(item.place);
      this.#down(item.place);
      return;
    }
    item.due = due;
    this.#count(due, 1);
    item.place = this.#heap.length;
    this.#heap.push(item);
    this.#up(item.place);
  }

  remove(item: T): void {
    const { place } = item;
    if (place < 0) return;
    this.#count(item.due, -1);
    item.place = -1;
    const last = this.#heap.pop()!;
    if (last === item) return;
    this.#heap[place] = last;
    last.place = place;
    this.#up(place);
    this.#down(last.place);
  }

  /** Items due in that instant's second. */
  countAround(at: Instant): number {
    return this.#perSecond.get(secondOf(at)) ?? 0;
  }

  /** The lead now: that of the fullest of the coming seconds, so that a herd is claimed in time. */
  leadAt(now: Instant, policy: LeadPolicy): Millis {
    let most = 0;
    for (let s = 0; s <= SECONDS_AHEAD; s++) most = Math.max(most, this.countAround(instant(now + s * 1000)));
    return leadFor(most, policy);
  }

  /** When arming should begin next; undefined when nothing is on the agenda. */
  nextWake(policy: LeadPolicy): Instant | undefined {
    const first = this.first();
    if (!first) return undefined;
    let wake = first.due - leadFor(this.countAround(first.due), policy);
    const second = secondOf(first.due);
    for (let s = 1; s <= SECONDS_AHEAD; s++) {
      const count = this.#perSecond.get(second + s);
      if (count) wake = Math.min(wake, (second + s) * 1000 - leadFor(count, policy));
    }
    return instant(wake);
  }

  #count(at: Instant, change: 1 | -1): void {
    const second = secondOf(at);
    const count = (this.#perSecond.get(second) ?? 0) + change;
    if (count === 0) this.#perSecond.delete(second);
    else this.#perSecond.set(second, count);
  }

  #up(from: number): void {
    const heap = this.#heap;
    const item = heap[from]!;
    let place = from;
    while (place > 0) {
      const parent = (place - 1) >> 1;
      const above = heap[parent]!;
      if (above.due <= item.due) break;
      heap[place] = above;
      above.place = place;
      place = parent;
    }
    heap[place] = item;
    item.place = place;
  }

  #down(from: number): void {
    const heap = this.#heap;
    const item = heap[from]!;
    let place = from;
    for (;;) {
      let child = 2 * place + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && heap[child + 1]!.due < heap[child]!.due) child++;
      const below = heap[child]!;
      if (below.due >= item.due) break;
      heap[place] = below;
      below.place = place;
      place = child;
    }
    heap[place] = item;
    item.place = place;
  }
}
