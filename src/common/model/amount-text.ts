// Durations and sizes told to people, as they would have written them. Apart from what reads them, for the runner
// is a small process and loads no schemas.
import type { Millis } from './time.ts';

const MS_UNITS = [
  ['w', 604_800_000],
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1_000],
] as const;
const BYTE_UNITS = [
  ['GiB', 1024 ** 3],
  ['MiB', 1024 ** 2],
  ['KiB', 1024],
] as const;

/** In the largest unit that needs no fraction: `1s`, `90s`, `150ms`. */
export function msText(ms: Millis): string {
  const [unit, size] = MS_UNITS.find(([, each]) => ms > 0 && ms % each === 0) ?? ['ms', 1];
  return `${ms / size}${unit}`;
}

/** `512 KiB`, `1000 B`. */
export function bytesText(bytes: number): string {
  const [unit, size] = BYTE_UNITS.find(([, each]) => bytes > 0 && bytes % each === 0) ?? ['B', 1];
  return `${bytes / size} ${unit}`;
}
