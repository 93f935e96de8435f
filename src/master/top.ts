// The first few of very many, in order, at the cost of a look at each: nothing sorts all of them.

export interface Top<T> {
  add(item: T): void;
  /** In order, `limit` at most. */
  list(): T[];
}

export function top<T>(limit: number, compare: (a: T, b: T) => number): Top<T> {
  const kept: T[] = [];
  let bound: T | undefined;
  return {
    add(item) {
      if (limit === 0 || (bound !== undefined && compare(item, bound) >= 0)) return;
      kept.push(item);
      if (kept.length < 4 * limit) return;
      kept.sort(compare).length = limit;
      bound = kept.at(-1);
    },
    list: () => kept.sort(compare).slice(0, limit),
  };
}
