// Values marked secret, of the environment and of headers: shown without their value, sent back without it,
// kept all the same. A definition that leaves the process other than to etcd or to the task goes through
// redactSecrets first.
import type { Checked, FieldIssue } from '../model/issue.ts';
import type { JobDefinition, Task } from '../model/job.ts';
import { pathText } from './definition-issues.ts';

type Value = string | { readonly secret: true; readonly value?: string | undefined };
type Values = Readonly<Record<string, Value>>;

/** The field of each kind of task whose values may be secret. */
const FIELD = { shell: 'env', exec: 'env', http: 'headers', handler: undefined } as const;

function valuesOf(task: Task | undefined): Values {
  switch (task?.kind) {
    case 'shell':
    case 'exec':
      return task.env ?? {};
    case 'http':
      return task.headers ?? {};
    case 'handler':
    case undefined:
      return {};
  }
}

const isSecret = (value: Value): value is Exclude<Value, string> => typeof value !== 'string';

function withValues(definition: JobDefinition, values: Values): JobDefinition {
  const field = FIELD[definition.task.kind];
  if (field === undefined) return definition;
  return { ...definition, task: { ...definition.task, [field]: values } };
}

/** The definition as it may be shown: secret values left out. */
export function redactSecrets(definition: JobDefinition): JobDefinition {
  const values = valuesOf(definition.task);
  if (!Object.values(values).some(isSecret)) return definition;
  return withValues(
    definition,
    Object.fromEntries(
      Object.entries(values).map(([name, value]) => [
        name,
        isSecret(value) ? { secret: true as const } : value,
      ]),
    ),
  );
}

/** Names of headers mean the same in any case. */
const known = (definition: JobDefinition, name: string): string => {
  const field = FIELD[definition.task.kind];
  return field === 'headers' ? `headers.${name.toLowerCase()}` : `env.${name}`;
};

/** The entries that are secret, as names that `markSecrets` knows. */
export const secretNames = (definition: JobDefinition): string[] =>
  Object.entries(valuesOf(definition.task)).flatMap(([name, value]) =>
    isSecret(value) ? [known(definition, name)] : [],
  );

/** The definition with the entries of these names made secret where it has them in plain. */
export function markSecrets(definition: JobDefinition, names: ReadonlySet<string>): JobDefinition {
  const entries = Object.entries(valuesOf(definition.task));
  const isPlain = ([name, value]: [string, Value]): boolean =>
    !isSecret(value) && names.has(known(definition, name));
  if (!entries.some(isPlain)) return definition;
  const marked = entries.map((entry): [string, Value] =>
    isPlain(entry) ? [entry[0], { secret: true, value: entry[1] as string }] : entry,
  );
  return withValues(definition, Object.fromEntries(marked));
}

/** The definition as it is to be stored: a secret sent without its value keeps the one that `previous` has. */
export function keepSecrets(
  definition: JobDefinition,
  previous: JobDefinition | undefined,
): Checked<JobDefinition> {
  const field = FIELD[definition.task.kind];
  if (field === undefined) return { ok: true, value: definition };
  // A variable's value is never sent as the header of that name, nor the other way round.
  const stored = previous && FIELD[previous.task.kind] === field ? valuesOf(previous.task) : {};
  const issues: FieldIssue[] = [];
  const kept: [string, Value][] = [];
  let isChanged = false;
  for (const [name, value] of Object.entries(valuesOf(definition.task))) {
    if (!isSecret(value) || value.value !== undefined) {
      kept.push([name, value]);
      continue;
    }
    const before = Object.hasOwn(stored, name) ? stored[name] : undefined;
    const secret = typeof before === 'string' ? before : before?.value;
    if (secret === undefined) {
      issues.push({
        path: pathText(['task', field, name]),
        message: 'a secret without a value, and none is stored to keep: send its value',
      });
    } else {
      isChanged = true;
      kept.push([name, { secret: true, value: secret }]);
    }
  }
  if (issues.length > 0) return { ok: false, issues };
  return { ok: true, value: isChanged ? withValues(definition, Object.fromEntries(kept)) : definition };
}
