// Who waits, and whose turn is next: a min-heap by the instant since when each waits, and among equals by who came
// first. Every act is O(log n) at most, for ten thousand may wait for one place. It knows no clock.

export interface WaitingLine<T> {
  readonly size: number;
  /** Who is in the line already keeps the place that it has. */
  join(item: T, since: number): void;
  leave(item: T): void;
  /** Takes out the one that has waited longest; undefined: nobody waits. */
  next(): T | undefined;
  /** Since when the first waits. */
  longest(): number | undefined;
}

interface Waiting<T> {
  readonly item: T;
  readonly since: number;
  readonly nth: number;
  /** Index in the heap. */
  place: number;
}

export function createWaitingLine<T>(): WaitingLine<T> {
  const heap: Waiting<T>[] = [];
  const places = new Map<T, Waiting<T>>();
  let joined = 0;

  const goesBefore = (a: Waiting<T>, b: Waiting<T>): boolean =>
    a.since === b.since ? a.nth < b.nth : a.since < b.since;

  const put = (each: Waiting<T>, place: number): void => {
    heap[place] = each;
    each.place = place;
  };

  const up = (each: Waiting<T>, from: number): void => {
    let place = from;
    while (place > 0) {
      const parent = (place - 1) >> 1;
      if (!goesBefore(each, heap[parent]!)) break;
      put(heap[parent]!, place);
      place = parent;
    }
    put(each, place);
  };

  const down = (each: Waiting<T>, from: number): void => {
    let place = from;
    for (;;) {
      let child = 2 * place + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && goesBefore(heap[child + 1]!, heap[child]!)) child++;
      if (!goesBefore(heap[child]!, each)) break;
      put(heap[child]!, place);
      place = child;
    }
    put(each, place);
  };

  const leave = (item: T): void => {
    const each = places.get(item);
    if (!each) return;
    places.delete(item);
    const last = heap.pop()!;
    if (last === each) return;
    up(last, each.place);
    down(last, last.place);
  };

  return {
    get size() {
      return heap.length;
    },
    join(item, since) {
      if (places.has(item)) return;
      const each = { item, since, nth: joined++, place: heap.length };
      places.set(item, each);
      up(each, heap.length);
    },
    leave,
    next() {
      const first = heap[0];
      if (first) leave(first.item);
      return first?.item;
    },
    longest: () => heap[0]?.since,
  };
}
