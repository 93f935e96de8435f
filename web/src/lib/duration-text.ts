// Lengths of time as an operator reads them: two units at most, the same width as they count down. Pure.

const UNITS = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1_000],
] as const;

/** `850ms`, `4.2s`, `42s`, `3m 05s`, `2h 10m`, `5d 3h`. */
export function durationText(ms: number): string {
  const length = Math.abs(ms);
  const sign = ms < 0 ? '-' : '';
  if (length < 1_000) return `${sign}${Math.round(length)}ms`;
  if (length < 9_950) return `${sign}${(length / 1_000).toFixed(1)}s`;
  return sign + countText(length);
}

/** The same without fractions: what counts by the second. `0s`, `59s`, `1m 00s`. */
export function countText(ms: number): string {
  const whole = Math.max(0, Math.round(ms / 1_000)) * 1_000;
  const at = UNITS.findIndex(([, size]) => whole >= size);
  if (at === -1) return '0s';
  const [unit, size] = UNITS[at]!;
  const next = UNITS[at + 1];
  const first = `${Math.floor(whole / size)}${unit}`;
  if (!next) return first;
  const rest = Math.floor((whole % size) / next[1]);
  return `${first} ${String(rest).padStart(at === 0 ? 1 : 2, '0')}${next[0]}`;
}
