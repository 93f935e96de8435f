// The time, for everything on the page that counts: one timer for all of it, at the full second, that rests while
// nothing counts or nobody looks.
import { useSyncExternalStore } from 'react';

const listeners = new Set<() => void>();
let now = Date.now();
let timer: ReturnType<typeof setTimeout> | undefined;

function tick(): void {
  now = Date.now();
  for (const listener of listeners) listener();
  arm();
}

function arm(): void {
  clearTimeout(timer);
  timer = undefined;
  if (listeners.size === 0 || document.hidden) return;
  // A little past the second, so that a countdown never shows the same one twice.
  timer = setTimeout(tick, 1_000 - (Date.now() % 1_000) + 5);
}

function listen(listener: () => void): () => void {
  if (listeners.size === 0) {
    now = Date.now();
    document.addEventListener('visibilitychange', tick);
  }
  listeners.add(listener);
  if (timer === undefined) arm();
  return () => {
    listeners.delete(listener);
    if (listeners.size > 0) return;
    document.removeEventListener('visibilitychange', tick);
    arm();
  };
}

/** What `read` makes of the time, each second; told anew only when that is another. */
export const useAsOf = (read: (now: number) => string): string =>
  useSyncExternalStore(listen, () => read(now));

/** Milliseconds since the epoch, told anew `everyMs` at most: a component that shows minutes asks for 60,000. */
export const useNow = (everyMs = 1_000): number =>
  useSyncExternalStore(listen, () => Math.floor(now / everyMs) * everyMs);
