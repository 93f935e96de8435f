// When the jobs of a measurement are due, and how peers are told: by cron expressions, which all of them know.

/** Six fields, in UTC. `periodS`: a divisor of a minute, or a minute. */
export function cronOf(periodS: number): string {
  if (60 % periodS !== 0) throw new Error(`no cron expression says every ${periodS} s`);
  if (periodS === 60) return '0 * * * * *';
  return periodS === 1 ? '* * * * * *' : `*/${periodS} * * * * *`;
}

/** As many ticks as asked for, the first of them at least `leadMs` after `now`. */
export function ticksFrom(now: number, leadMs: number, periodS: number, count: number): readonly number[] {
  const periodMs = periodS * 1_000;
  const first = Math.ceil((now + leadMs) / periodMs) * periodMs;
  return Array.from({ length: count }, (_, i) => first + i * periodMs);
}

/** The tick that a start belongs to where nobody says: right up to half a period off. */
export const nearestTick = (at: number, periodS: number): number =>
  Math.round(at / (periodS * 1_000)) * periodS * 1_000;
