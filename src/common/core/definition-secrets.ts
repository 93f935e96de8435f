// Environment entries marked secret: shown without their value, sent back without it, kept all the same.
// A definition that leaves the process other than to etcd or to the task goes through redactSecrets first.
import type { Checked, FieldIssue } from '../model/issue.ts';
import type { JobDefinition, Task } from '../model/job.ts';

type Env = NonNullable<Extract<Task, { kind: 'shell' }>['env']>;
type EnvValue = Env[string];

const envOf = (definition: JobDefinition | undefined): Env =>
  definition === undefined || definition.task.kind === 'handler' ? {} : (definition.task.env ?? {});

const isSecret = (value: EnvValue): value is Exclude<EnvValue, string> => typeof value !== 'string';

function withEnv(definition: JobDefinition, env: Env): JobDefinition {
  return { ...definition, task: { ...definition.task, env } as Task };
}

/** The definition as it may be shown: secret entries without their value. */
export function redactSecrets(definition: JobDefinition): JobDefinition {
  const env = envOf(definition);
  if (!Object.values(env).some(isSecret)) return definition;
  return withEnv(
    definition,
    Object.fromEntries(
      Object.entries(env).map(([name, value]) => [name, isSecret(value) ? { secret: true as const } : value]),
    ),
  );
}

/** The definition as it is to be stored: a secret sent without its value keeps the one that `previous` has. */
export function keepSecrets(
  definition: JobDefinition,
  previous: JobDefinition | undefined,
): Checked<JobDefinition> {
  const env = envOf(definition);
  const stored = envOf(previous);
  const issues: FieldIssue[] = [];
  const kept: [string, EnvValue][] = [];
  let isChanged = false;
  for (const [name, value] of Object.entries(env)) {
    if (!isSecret(value) || value.value !== undefined) {
      kept.push([name, value]);
      continue;
    }
    const before = Object.hasOwn(stored, name) ? stored[name] : undefined;
    const secret = typeof before === 'string' ? before : before?.value;
    if (secret === undefined) {
      issues.push({
        path: `task.env.${name}`,
        message: 'a secret without a value, and none is stored to keep: send its value',
      });
    } else {
      isChanged = true;
      kept.push([name, { secret: true, value: secret }]);
    }
  }
  if (issues.length > 0) return { ok: false, issues };
  return { ok: true, value: isChanged ? withEnv(definition, Object.fromEntries(kept)) : definition };
}
