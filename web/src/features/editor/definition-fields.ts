// The fields that a definition has, read off the schema itself: where they are, what they default to, what they may
// be. Knows nothing of how they are shown; test/web/unit/editor-fields compares it with what the form shows.
import { jobDefinition } from '../../../../src/common/model/job.ts';

export const TASK_KINDS = ['shell', 'exec', 'http', 'handler'] as const;
export type TaskKind = (typeof TASK_KINDS)[number];

/** The part of zod's schemas that is walked here. */
interface Def {
  readonly type: string;
  readonly innerType?: Schema;
  readonly shape?: Readonly<Record<string, Schema>>;
  readonly options?: readonly Schema[];
  readonly discriminator?: string;
  readonly values?: readonly unknown[];
  readonly entries?: Readonly<Record<string, string>>;
  readonly defaultValue?: unknown;
}
interface Schema {
  readonly def: unknown;
}

export interface SchemaField {
  /** `retry.delay`; of a task without its kind: `task.command`. */
  readonly path: string;
  /** Kinds of task that have it; undefined: it is none of the task's. */
  readonly kinds: readonly TaskKind[] | undefined;
  readonly default: unknown;
  /** Of a choice. */
  readonly options: readonly string[] | undefined;
}

interface Unwrapped {
  readonly def: Def;
  readonly default: unknown;
}

function unwrap(schema: Schema): Unwrapped {
  const def = schema.def as Def;
  if (def.innerType === undefined) return { def, default: undefined };
  const inner = unwrap(def.innerType);
  return def.type === 'default' ? { ...inner, default: def.defaultValue } : inner;
}

function fieldsOf(): SchemaField[] {
  const found = new Map<string, SchemaField>();
  const walk = (schema: Schema, path: string, kind: TaskKind | undefined): void => {
    const { def, default: standard } = unwrap(schema);
    if (def.type === 'object') {
      for (const [name, inner] of Object.entries(def.shape!))
        walk(inner, path === '' ? name : `${path}.${name}`, kind);
      return;
    }
    if (def.type === 'union' && def.discriminator !== undefined) {
      for (const option of def.options!) {
        const { shape = {} } = unwrap(option).def;
        walk(option, path, unwrap(shape[def.discriminator]!).def.values![0] as TaskKind);
      }
      return;
    }
    const kinds = kind && [...(found.get(path)?.kinds ?? []), kind];
    const options = def.type === 'enum' ? Object.values(def.entries!) : undefined;
    found.set(path, { path, kinds, default: standard, options });
  };
  walk(jobDefinition, '', undefined);
  return [...found.values()];
}

export const schemaFields: readonly SchemaField[] = fieldsOf();
const byPath = new Map(schemaFields.map((field) => [field.path, field]));

/** Throws when there is none: a mistake in the form. */
export function schemaField(path: string): SchemaField {
  const field = byPath.get(path);
  if (!field) throw new Error(`no field of the definition: ${path}`);
  return field;
}
