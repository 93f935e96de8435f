// What costs more to make than to keep: found again by its key. Bounded: when it is full, all of it goes.

export type Kept<T> = (key: string, make: () => T) => T;

export function createKept<T>(most = 2_000): Kept<T> {
  const known = new Map<string, T>();
  return (key, make) => {
    const there = known.get(key);
    if (there !== undefined) return there;
    if (known.size >= most) known.clear();
    const made = make();
    known.set(key, made);
    return made;
  };
}
