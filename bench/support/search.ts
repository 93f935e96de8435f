// The highest rate that holds: doubled until it does not, the gap then halved until it is small. Asks, never measures.

export interface RateSearch {
  readonly from: number;
  /** Not tried above. */
  readonly most: number;
  /** Rates that are tried are multiples of it, so that a figure does not promise more than was searched. */
  readonly grain: number;
  /** What holds for a step may not hold for long: is asked of the rate found, and of less and less of it. */
  readonly endures: (rate: number) => Promise<boolean>;
  readonly holds: (rate: number) => Promise<boolean>;
}

/** The gap that is left between what holds and what does not. */
const CLOSE_ENOUGH = 1.1;
const LESS = 0.9;
const TRIES = 3;

/** 0: not even the first held, or none of those that held endured. */
export async function highestRate({ from, most, grain, holds, endures }: RateSearch): Promise<number> {
  let held = 0;
  let failed = Infinity;
  for (let rate = from; rate <= most; rate *= 2) {
    if (await holds(rate)) held = rate;
    else {
      failed = rate;
      break;
    }
  }
  while (held > 0 && failed < Infinity && failed / held > CLOSE_ENOUGH) {
    const between = Math.round((held + failed) / 2 / grain) * grain;
    if (between <= held || between >= failed) break;
    if (await holds(between)) held = between;
    else failed = between;
  }
  for (let tries = 0; held > 0 && tries < TRIES; tries++) {
    if (await endures(held)) return held;
    held = Math.floor((held * LESS) / grain) * grain;
  }
  return 0;
}
