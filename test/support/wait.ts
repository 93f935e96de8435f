// Waiting for something to become true, with words for when it does not.
import { setTimeout as delay } from 'node:timers/promises';

export interface WaitOptions {
  /** What is awaited: "worker w1 has claimed the job". Said when it does not come. */
  readonly what: string;
  /** In ms; 20,000 by default: generous, so that a loaded machine fails no test. */
  readonly timeout?: number;
  readonly interval?: number;
  /** Said along with the failure: what there was instead. */
  readonly seen?: () => unknown;
}

/** Resolves with the first value of `condition` that is neither false nor undefined nor null. */
export async function waitFor<T>(
  condition: () => T | Promise<T>,
  options: WaitOptions,
): Promise<Exclude<T, false | undefined | null>> {
  const { what, timeout = 20_000, interval = 20 } = options;
  const deadline = performance.now() + timeout;
  let last = performance.now();
  let longest = 0;
  for (let looks = 1; ; looks++) {
    const value = await condition();
    // What tells a machine that is busy from something that does not come.
    longest = Math.max(longest, performance.now() - last);
    last = performance.now();
    if (value !== false && value !== undefined && value !== null)
      return value as Exclude<T, false | undefined | null>;
    if (performance.now() >= deadline) {
      const seen = options.seen ? `; instead: ${JSON.stringify(options.seen())}` : '';
      const asked = `${looks} looks, at most ${Math.round(longest)} ms apart`;
      throw new Error(`waited ${timeout} ms in vain (${asked}): ${what}${seen}`);
    }
    await delay(interval);
  }
}

export { delay };
