// Which ticks of a stretch nobody has told of yet, when there are other stretches of which somebody has. Arithmetic:
// it looks at stretches, never at single ticks.
import { instant, type Instant } from '../model/time.ts';
import type { TickSource } from './due.ts';

/** Ticks after `since`, up to and with `to`, are told of. */
export interface Told {
  readonly since: number;
  readonly to: number;
}

/** The first part of (after, until] with a tick in it that is not told of; what it answers is empty when there is none. */
export function firstGap(
  ticks: Pick<TickSource, 'nextAfter'>,
  after: Instant,
  until: Instant,
  told: readonly Told[],
): { readonly after: Instant; readonly until: Instant } {
  let at: number = after;
  for (const { since, to } of [...told].sort((a, b) => a.since - b.since)) {
    if (to <= at) continue;
    if (since >= until) break;
    const next = ticks.nextAfter(instant(at));
    if (next === undefined) break;
    if (next <= since) return { after: instant(at), until: instant(since) };
    at = to;
  }
  return { after: instant(at), until };
}
