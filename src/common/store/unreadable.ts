// Values of etcd that cannot be read: written by hand, by something else, or by a version to come. They are passed
// over, told once, and counted until they are mended or gone. It never decides what passing over means.
import type { Logger } from 'pino';

/** More than anybody would look through; further ones are told and not counted. */
const MOST_KEPT = 10_000;

export interface Unreadable {
  /** Told in the log when it was not, or for another reason. `what` happens because of it. */
  note(key: string, reason: string, what: string): void;
  /** It was read, or is gone. */
  clear(key: string): void;
  readonly size: number;
  /** The first of them, in order. */
  some(count: number): string[];
}

export function createUnreadable(logger: Logger): Unreadable {
  const known = new Map<string, string>();
  return {
    note(key, reason, what) {
      if (known.get(key) === reason) return;
      logger.error({ key, reason }, what);
      if (known.size < MOST_KEPT || known.has(key)) known.set(key, reason);
    },
    clear(key) {
      if (known.size > 0) known.delete(key);
    },
    get size() {
      return known.size;
    },
    some: (count) => [...known.keys()].sort().slice(0, count),
  };
}
