// Which element shows which row. A job that stays in sight keeps its element, and with it the focus; one that comes
// takes the element of one that went: to change a row costs a third of making one. Pure but for what it remembers.

export interface RowSlots {
  /** A number for each of the names, none twice. The same for the same names. */
  readonly of: (names: readonly string[]) => readonly number[];
}

export function createRowSlots(): RowSlots {
  let taken: ReadonlyMap<string, number> = new Map();
  return {
    of(given) {
      const names = eachOnce(given);
      const next = new Map<string, number>();
      const kept = new Set<number>();
      for (const name of names) {
        const slot = taken.get(name);
        if (slot === undefined) continue;
        next.set(name, slot);
        kept.add(slot);
      }
      let free = 0;
      for (const name of names) {
        if (next.has(name)) continue;
        while (kept.has(free)) free++;
        next.set(name, free++);
      }
      taken = next;
      return names.map((name) => next.get(name)!);
    },
  };
}

/** A list that changes while it is loaded may show a job in two places. */
function eachOnce(names: readonly string[]): readonly string[] {
  const seen = new Map<string, number>();
  return names.map((name) => {
    const times = seen.get(name) ?? 0;
    seen.set(name, times + 1);
    return times === 0 ? name : `${name} ${times}`;
  });
}
