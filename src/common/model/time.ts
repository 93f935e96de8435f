// Time as values. Wall time and monotonic time are different types, so that one can't be taken for the
// other: ticks are wall time, leases and deadlines are monotonic.

declare const unit: unique symbol;

/** Wall-clock time: whole milliseconds since 1970-01-01T00:00:00Z. */
export type Instant = number & { readonly [unit]: 'instant' };

/** Milliseconds of CLOCK_MONOTONIC: only differences mean anything, equal in all processes of one host. */
export type Monotonic = number & { readonly [unit]: 'monotonic' };

/** A length of time in milliseconds. */
export type Millis = number;

export const instant = (ms: number): Instant => ms as Instant;
export const monotonic = (ms: number): Monotonic => ms as Monotonic;

/** What is stored of an instant lies in the years 1 to 9999: beyond them it has no text that the API knows. */
export const FIRST_STORED = -62_135_596_800_000;
export const LAST_STORED = 253_402_300_799_999;

/** Reads an ISO 8601 instant with its zone or `Z`; NaN when the text is none. */
export const instantFromIso = (iso: string): Instant => instant(Date.parse(iso));

/** `2026-11-22T14:30:00.000Z`. Throws RangeError beyond the years that Date can hold. */
export const toIso = (at: Instant): string => new Date(at).toISOString();
