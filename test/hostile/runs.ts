// How much is tried: the same inputs at each `npm test`; more of them, and others each time, by the environment.
const { ETCRON_FUZZ_RUNS, ETCRON_FUZZ_SEED } = process.env;

/** A long form was asked for: timeouts have to bear it. */
export const FACTOR = ETCRON_FUZZ_RUNS === undefined ? 1 : Math.max(1, Number(ETCRON_FUZZ_RUNS) / 200);

/** `usual`: inputs in the short form, where a property's due is 200. */
export function fuzz(usual = 200): { numRuns: number; seed?: number } {
  const numRuns = Math.max(1, Math.round(usual * FACTOR));
  if (ETCRON_FUZZ_SEED !== undefined) return { numRuns, seed: Number(ETCRON_FUZZ_SEED) };
  // Without a seed fast-check takes one of its own, and tells it when it finds something.
  return ETCRON_FUZZ_RUNS === undefined ? { numRuns, seed: 20_261_123 } : { numRuns };
}
