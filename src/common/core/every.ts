// The schedules that need no calendar: a fixed interval, one instant, never. Same contract as cron's.
import { durationMs } from '../model/duration.ts';
import { instant, type Instant, type Millis } from '../model/time.ts';
import type { Parsed } from './cron.ts';
import { FIRST_INSTANT, LAST_INSTANT } from './ticks.ts';

const SHORTEST: Millis = 1000;

/** Ticks at anchor + k * interval, for every whole k: the phase, not the beginning. */
export class EverySchedule {
  readonly interval: Millis;
  /** First tick at or after 1970. */
  readonly phase: number;
  readonly isManual = false;

  constructor(interval: Millis, anchor: Instant) {
    this.interval = interval;
    this.phase = ((anchor % interval) + interval) % interval;
  }

  /** The number of ticks from 1970 up to and including `at`. */
  #upTo(at: number): number {
    return Math.floor((Math.min(at, LAST_INSTANT) - this.phase) / this.interval) + 1;
  }

  nextAfter(at: Instant): Instant | undefined {
    const next = this.phase + Math.max(0, this.#upTo(at)) * this.interval;
    return next > LAST_INSTANT ? undefined : instant(next);
  }

  atOrBefore(at: Instant): Instant | undefined {
    const last = this.phase + (this.#upTo(at) - 1) * this.interval;
    return last < FIRST_INSTANT ? undefined : instant(last);
  }

  countBetween(after: Instant, until: Instant): number {
    return Math.max(0, this.#upTo(until) - Math.max(0, this.#upTo(after)));
  }
}

/** One tick. */
export class OnceSchedule {
  readonly tick: Instant;
  readonly isManual = false;

  constructor(tick: Instant) {
    this.tick = tick;
  }

  nextAfter(at: Instant): Instant | undefined {
    return at < this.tick ? this.tick : undefined;
  }

  atOrBefore(at: Instant): Instant | undefined {
    return at >= this.tick ? this.tick : undefined;
  }

  countBetween(after: Instant, until: Instant): number {
    return after < this.tick && this.tick <= until ? 1 : 0;
  }
}

/** No tick ever: the job runs when somebody asks for it. */
export const MANUAL = {
  isManual: true,
  nextAfter: (): undefined => undefined,
  atOrBefore: (): undefined => undefined,
  countBetween: (): number => 0,
} as const;

/** Milliseconds of the text after `@every`. */
export function parseInterval(text: string): Parsed<Millis> {
  if (text === '') return { ok: false, message: '@every needs an interval: write for example "@every 90s"' };
  const ms = durationMs(text);
  if (ms === undefined) {
    return {
      ok: false,
      message: `@every ${JSON.stringify(text)} is not a duration: write a number with a unit, such as "@every 90s" or "@every 1h30m"`,
    };
  }
  if (ms < SHORTEST)
    return { ok: false, message: `@every ${text} is too short: the shortest interval is 1s` };
  if (ms > LAST_INSTANT) return { ok: false, message: `@every ${text} is too long: it would never fire` };
  return { ok: true, value: ms };
}

const INSTANT = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:Z|[+-]\d{2}:\d{2})$/;

/** ISO 8601 with a zone; undefined when the text is none or names a day that no month has. */
export function parseInstant(text: string): Instant | undefined {
  if (!INSTANT.test(text)) return undefined;
  const at = Date.parse(text);
  if (Number.isNaN(at) || at < FIRST_INSTANT || at > LAST_INSTANT) return undefined;
  // Date.parse takes 2027-02-30 for 2 March.
  const [year, month, day] = text.slice(0, 10).split('-').map(Number) as [number, number, number];
  return new Date(Date.UTC(year, month - 1, day)).getUTCDate() === day ? instant(at) : undefined;
}

/** The instant of the text after `@at`. */
export function parseAt(text: string): Parsed<Instant> {
  const at = parseInstant(text);
  if (at !== undefined) return { ok: true, value: at };
  return {
    ok: false,
    message: `@at ${JSON.stringify(text)} is not an instant: write ISO 8601 with its zone, such as "@at 2026-12-24T18:00:00Z" or "@at 2026-12-24T19:00:00+01:00"`,
  };
}
