// Long loops give way: who calls `breathe` now and then lets other work have its turn once he has had his.
import type { Clock } from '../common/core/clock.ts';
import type { Millis } from '../common/model/time.ts';

const SLICE: Millis = 8;
/** Asking for the time costs as much as what is done in between. */
const STEPS = 64;

export interface Slices {
  /** To be awaited where `isDue`. */
  breathe(): Promise<void>;
  /** Cheap: call it in each round of the loop. */
  isDue(): boolean;
}

export function slices(clock: Clock, steps = STEPS): Slices {
  let until = clock.monotonic() + SLICE;
  let step = 0;
  return {
    isDue() {
      if (++step < steps) return false;
      step = 0;
      return clock.monotonic() > until;
    },
    async breathe() {
      await new Promise<void>((resolve) => void clock.setTimer(0, resolve));
      until = clock.monotonic() + SLICE;
    },
  };
}
