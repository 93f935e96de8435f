// Random endings of ids, drawn from the system many at a time: one by one each takes 5 us.
import { randomBytes } from 'node:crypto';

const BYTES = 3;
const DRAWN_AT_ONCE = 1_000;

/** Answers six random hex digits at each call. */
export function createSuffixes(): () => string {
  let drawn = '';
  let at = 0;
  return () => {
    if (at === drawn.length) {
      drawn = randomBytes(BYTES * DRAWN_AT_ONCE).toString('hex');
      at = 0;
    }
    at += 2 * BYTES;
    return drawn.slice(at - 2 * BYTES, at);
  };
}
