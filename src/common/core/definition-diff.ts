// What differs between two definitions, field by field. Pure. Compares what is stored and tells what may be
// shown: of a secret only that it differs.
import type { JobDefinition } from '../model/job.ts';
import { pathText } from './definition-issues.ts';
import { sameValue } from './same-value.ts';

/** A definition as it is stored, and as it may be shown. */
export interface Shown {
  readonly stored: JobDefinition;
  readonly shown: JobDefinition;
}

export type Json = null | boolean | number | string | Json[] | { [name: string]: Json };

/** `before` is absent where the field was not set, `after` where it is not any more. */
export interface FieldChange {
  readonly path: string;
  readonly before?: Json;
  readonly after?: Json;
  /** A value that is not shown is among it. */
  readonly secret?: true;
}

/** A payload may be nested without end: what lies deeper is told as a whole. */
const MOST_LEVELS = 12;

/** Lists are told as a whole. `before` undefined: there was none. */
export function diffDefinitions(before: Shown | undefined, after: Shown): FieldChange[] {
  const changes: FieldChange[] = [];
  walk([], sideOf(before), sideOf(after), changes);
  return changes;
}

interface Side {
  readonly stored: Json | undefined;
  readonly shown: Json | undefined;
}

interface Fields {
  readonly stored: Record<string, Json>;
  readonly shown: Record<string, Json>;
}

/** A definition was read from JSON. */
const sideOf = (definition: Shown | undefined): Side =>
  (definition ?? { stored: {}, shown: {} }) as unknown as Side;

const isObject = (value: Json | undefined): value is Record<string, Json> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Nothing of it is kept back at this level: its fields can be told one by one. */
const isOpen = (side: Side | Fields): side is Fields =>
  isObject(side.stored) &&
  isObject(side.shown) &&
  Object.keys(side.stored).every((name) => Object.hasOwn(side.shown as object, name));

const fieldOf = (value: Record<string, Json>, name: string): Json | undefined =>
  Object.hasOwn(value, name) ? value[name] : undefined;

const at = ({ stored, shown }: Fields, name: string): Side => ({
  stored: fieldOf(stored, name),
  shown: fieldOf(shown, name),
});

function walk(path: readonly string[], before: Side, after: Side, changes: FieldChange[]): void {
  if (sameValue(before.stored, after.stored)) return;
  if (isOpen(before) && isOpen(after) && path.length < MOST_LEVELS) {
    for (const name of new Set([...Object.keys(after.stored), ...Object.keys(before.stored)]))
      walk([...path, name], at(before, name), at(after, name), changes);
    return;
  }
  const isSecret = [before, after].some(({ stored, shown }) => !sameValue(stored, shown));
  changes.push({
    path: pathText(path),
    ...(before.shown !== undefined && { before: before.shown }),
    ...(after.shown !== undefined && { after: after.shown }),
    ...(isSecret && { secret: true as const }),
  });
}
