// What this browser remembers for the user: choices, and a token when asked to. A browser that refuses to store
// (private windows, policies) is one that forgets, never an error.

export function readStored(key: string, where: 'local' | 'session' = 'local'): string | undefined {
  try {
    return storageOf(where).getItem(key) ?? undefined;
  } catch {
    return undefined;
  }
}

/** `undefined` forgets it. */
export function writeStored(
  key: string,
  value: string | undefined,
  where: 'local' | 'session' = 'local',
): void {
  try {
    if (value === undefined) storageOf(where).removeItem(key);
    else storageOf(where).setItem(key, value);
  } catch {
    // Forgotten with the tab.
  }
}

const storageOf = (where: 'local' | 'session'): Storage =>
  where === 'local' ? localStorage : sessionStorage;
