// Durations and sizes as people write them: `90s`, `1h30m`, `10MiB`.
import { z } from 'zod';
import type { Millis } from './time.ts';

const UNIT_MS: Record<string, Millis> = {
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
};
const WHOLE = /^(?:\d+(?:\.\d+)?(?:ms|s|m|h|d|w))+$/;
const PART = /(\d+(?:\.\d+)?)(ms|s|m|h|d|w)/g;

const SIZE = /^(\d+(?:\.\d+)?)(B|KiB|MiB|GiB|kB|MB|GB)$/;
const UNIT_BYTES: Record<string, number> = {
  B: 1,
  KiB: 1024,
  MiB: 1024 ** 2,
  GiB: 1024 ** 3,
  kB: 1e3,
  MB: 1e6,
  GB: 1e9,
};

/** Definitions name the same few durations and sizes again and again, and each start asks for several. */
const KNOWN = new Map<string, Millis>();
const KNOWN_SIZES = new Map<string, number>();
const MOST_KNOWN = 1_000;

/** Milliseconds of `1h30m`, `90s`, `250ms`; undefined when the text is no duration. */
export function durationMs(text: string): Millis | undefined {
  const known = KNOWN.get(text);
  if (known !== undefined) return known;
  if (!WHOLE.test(text)) return undefined;
  let total = 0;
  for (const [, amount, unit] of text.matchAll(PART)) total += Number(amount) * UNIT_MS[unit!]!;
  const rounded = Math.round(total);
  if (!Number.isSafeInteger(rounded)) return undefined;
  if (KNOWN.size < MOST_KNOWN) KNOWN.set(text, rounded);
  return rounded;
}

/** Bytes of `10MiB`, `512KiB`, `4096B`; undefined when the text is no size. */
export function sizeBytes(text: string): number | undefined {
  const known = KNOWN_SIZES.get(text);
  if (known !== undefined) return known;
  const match = SIZE.exec(text);
  if (!match) return undefined;
  const bytes = Math.round(Number(match[1]) * UNIT_BYTES[match[2]!]!);
  if (!Number.isSafeInteger(bytes)) return undefined;
  if (KNOWN_SIZES.size < MOST_KNOWN) KNOWN_SIZES.set(text, bytes);
  return bytes;
}

export interface DurationBounds {
  readonly min?: string;
  readonly max?: string;
}

/** Of what is no text: a number, above all, lacks its unit. undefined: it is missing, which the reader of issues says. */
const notText =
  (what: string, unit: string) =>
  ({ input }: { readonly input?: unknown }): string | undefined => {
    if (input === undefined) return undefined;
    if (typeof input === 'number')
      return `the number ${input} has no unit: write ${what}, such as "${Math.abs(input)}${unit}"`;
    return `must be ${what}, such as "30${unit}"`;
  };

/** A duration kept as the text that was given; bounds are durations too. */
export function durationText(bounds: DurationBounds = {}): z.ZodType<string, string> {
  const min = bounds.min === undefined ? 0 : durationMs(bounds.min)!;
  const max = bounds.max === undefined ? Infinity : durationMs(bounds.max)!;
  return z
    .string({ error: notText('a duration as text', 's') })
    .superRefine((text, ctx) => {
      const ms = durationMs(text);
      if (ms === undefined) {
        ctx.addIssue({
          code: 'custom',
          message: `${JSON.stringify(text)} is not a duration: write a number with a unit, such as "90s", "10m" or "1h30m"`,
        });
      } else if (ms < min || ms > max) {
        const range = [bounds.min && `at least ${bounds.min}`, bounds.max && `at most ${bounds.max}`];
        ctx.addIssue({
          code: 'custom',
          message: `${text} is out of bounds: ${range.filter(Boolean).join(' and ')}`,
        });
      }
    })
    .meta({
      description: 'Duration: number and unit (ms, s, m, h, d, w), several may follow each other',
      examples: ['90s', '1h30m'],
    });
}

/** A size kept as the text that was given. */
export function sizeText(maxBytes: number): z.ZodType<string, string> {
  return z
    .string({ error: notText('a size as text', 'MiB') })
    .superRefine((text, ctx) => {
      const bytes = sizeBytes(text);
      if (bytes === undefined) {
        ctx.addIssue({
          code: 'custom',
          message: `${JSON.stringify(text)} is not a size: write a number with a unit, such as "512KiB" or "10MiB"`,
        });
      } else if (bytes > maxBytes) {
        ctx.addIssue({ code: 'custom', message: `${text} is too large: at most ${maxBytes} bytes` });
      }
    })
    .meta({ description: 'Size: number and unit (B, KiB, MiB, GiB, kB, MB, GB)', examples: ['10MiB'] });
}
