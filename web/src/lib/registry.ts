// What is there while some component is: shortcuts, actions of the palette. In the order of registration.
import { useEffect } from 'react';
import { createStore, type Store } from './store.ts';

export interface Registry<T> {
  readonly all: Store<readonly T[]>;
  /** Returns what takes them away again. */
  add(items: readonly T[]): () => void;
}

export function createRegistry<T>(): Registry<T> {
  const all = createStore<readonly T[]>([]);
  return {
    all,
    add(items) {
      all.set([...all.get(), ...items]);
      return () => all.set(all.get().filter((item) => !items.includes(item)));
    },
  };
}

/** There while the component is. Give it a value that is made once for what it depends on (useMemo). */
export function useRegistered<T>(registry: Registry<T>, items: readonly T[]): void {
  useEffect(() => registry.add(items), [registry, items]);
}
