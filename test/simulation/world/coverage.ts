// Counts what really happened: each fault that struck, each path of the product that was taken. A fault that never
// bites proves nothing, and nobody would notice.
import type { Logger } from 'pino';

export type Counts = Map<string, number>;

export interface Coverage {
  readonly counts: Counts;
  readonly hit: (what: string) => void;
}

export function createCoverage(): Coverage {
  const counts: Counts = new Map();
  return { counts, hit: (what) => void counts.set(what, (counts.get(what) ?? 0) + 1) };
}

export function addCounts(into: Counts, more: Counts): void {
  for (const [what, count] of more) into.set(what, (into.get(what) ?? 0) + count);
}

/** What the product logs tells which way it took; what it says is counted, and told when `say` is given. */
export function countingLogger(name: string, { hit }: Coverage, say?: (line: string) => void): Logger {
  const at =
    (level: string) =>
    (about: unknown, message?: string): void => {
      const words = message ?? String(about);
      hit(`log: ${words}`);
      if (!say) return;
      const { err, ...rest } = (typeof about === 'object' && about !== null ? about : {}) as Record<
        string,
        unknown
      >;
      const why = err instanceof Error ? ` (${err.message})` : '';
      say(`${name} ${level}: ${words}${why} ${JSON.stringify(rest)}`);
    };
  const logger = {
    debug: at('debug'),
    info: at('info'),
    warn: at('warn'),
    error: at('error'),
  };
  return logger as unknown as Logger;
}
