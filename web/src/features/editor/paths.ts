// Paths of fields as they are written in messages (`schedule[1]`, `labels["a b"]`, `retry.delay`), and what lies at
// them in a plain value. Pure.

export type Step = string | number;

const STEP = /\[(\d+)\]|\["((?:[^"\\]|\\.)*)"\]|([^.[\]]+)/g;

export const stepsOf = (path: string): Step[] =>
  [...path.matchAll(STEP)].map(([, index, quoted, name]) => {
    if (index !== undefined) return Number(index);
    return quoted === undefined ? name! : (JSON.parse(`"${quoted}"`) as string);
  });

export function valueAt(value: unknown, path: string): unknown {
  let found = value;
  for (const step of stepsOf(path)) {
    if (typeof found !== 'object' || found === null) return undefined;
    found = Object.hasOwn(found, step) ? (found as Record<Step, unknown>)[step] : undefined;
  }
  return found;
}

/** It is the field at `path`, or lies in it. */
export const isWithin = (inner: string, path: string): boolean =>
  inner === path || inner.startsWith(`${path}.`) || inner.startsWith(`${path}[`);
