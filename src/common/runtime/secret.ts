// A value that must never be read in a log: it prints, serialises and inspects as a placeholder, and is
// handed out by one call that is easy to search for.
import { inspect } from 'node:util';

export interface Secret {
  /** The value itself: for the one place that needs it, never for a message. */
  reveal(): string;
  toJSON(): string;
  toString(): string;
}

const PLACEHOLDER = '[secret]';

export function secret(value: string): Secret {
  const hidden = {
    reveal: () => value,
    toJSON: () => PLACEHOLDER,
    toString: () => PLACEHOLDER,
    [inspect.custom]: () => PLACEHOLDER,
  };
  return Object.freeze(hidden);
}
