// A definition being written: its text as YAML is the truth, the form reads and changes fields of it, so that both are
// always the same and comments stay. Pure: each change gives a new draft.
import { isCollection, isMap, parseDocument, stringify, type Document } from 'yaml';
import { sameValue } from '../../../../src/common/core/same-value.ts';
import { schemaFields } from './definition-fields.ts';
import { stepsOf, valueAt } from './paths.ts';

export interface Draft {
  readonly text: string;
  /** What the text says; when it cannot be read, what it said last. */
  readonly value: unknown;
  /** Why the text cannot be read. */
  readonly fault: Fault | undefined;
}

export interface Fault {
  readonly message: string;
  readonly from: number;
  readonly to: number;
}

const OPTIONS = { lineWidth: 0 } as const;

export const draftOf = (value: unknown): Draft => ({
  text: stringify(value, OPTIONS),
  value,
  fault: undefined,
});

export function withText(old: Draft, text: string): Draft {
  const doc = parseDocument(text, { uniqueKeys: true });
  const [error] = doc.errors;
  if (error) {
    const [from, to] = error.pos;
    return { text, value: old.value, fault: { message: error.message.split('\n')[0]!, from, to } };
  }
  if (doc.contents !== null && !isMap(doc.contents))
    return {
      text,
      value: old.value,
      fault: { message: 'a definition is a mapping', from: 0, to: text.length },
    };
  return { text, value: (doc.toJS() as unknown) ?? {}, fault: undefined };
}

/** `undefined` takes the field away, and what is empty without it. */
export function withField(old: Draft, path: string, value: unknown): Draft {
  if (old.fault) return old;
  const doc = parseDocument(old.text);
  const steps = stepsOf(path);
  try {
    if (value === undefined) remove(doc, steps);
    // A plain value takes the place of one that was there, whose comment stays.
    else doc.setIn(steps, typeof value === 'object' ? doc.createNode(value) : value);
  } catch {
    // Something else stands where its parent should be: the form is not shown for it.
    return old;
  }
  return { text: doc.toString(OPTIONS), value: (doc.toJS() as unknown) ?? {}, fault: undefined };
}

function remove(doc: Document, steps: readonly (string | number)[]): void {
  if (!doc.hasIn(steps)) return;
  doc.deleteIn(steps);
  for (let to = steps.length - 1; to > 0; to--) {
    const parent = doc.getIn(steps.slice(0, to), true);
    if (!isCollection(parent) || parent.items.length > 0) return;
    doc.deleteIn(steps.slice(0, to));
  }
}

/** Where in the text a field is, or the nearest thing around it that is there. */
export function placeOf(text: string, path: string): readonly [from: number, to: number] {
  const doc = parseDocument(text);
  for (let steps = stepsOf(path); ; steps = steps.slice(0, -1)) {
    const node = steps.length === 0 ? doc.contents : doc.getIn(steps, true);
    const range = (node as { readonly range?: readonly [number, number, number] } | undefined)?.range;
    if (range) return steps.length === 0 ? [0, firstLine(text)] : [range[0], Math.max(range[0], range[1])];
    if (steps.length === 0) return [0, firstLine(text)];
  }
}

const firstLine = (text: string): number => Math.max(0, text.indexOf('\n'));

/** A definition as one would have written it: what has its default is left out. */
export function withoutDefaults(definition: object): object {
  let draft = draftOf(definition);
  const kind = valueAt(definition, 'task.kind');
  for (const { path, default: standard, kinds } of schemaFields) {
    if (standard === undefined || (kinds && !kinds.some((each) => each === kind))) continue;
    if (sameValue(valueAt(definition, path), standard)) draft = withField(draft, path, undefined);
  }
  return draft.value as object;
}
