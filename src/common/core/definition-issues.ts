// What zod says of a definition, in words for the person who wrote it: where, what is wrong, what would be
// right. Knows the schema's shape only to name the fields that exist.
import type { FieldIssue } from '../model/issue.ts';
import type { jobDefinition } from '../model/job.ts';

type ZodIssue = NonNullable<ReturnType<typeof jobDefinition.safeParse>['error']>['issues'][number];
type Path = readonly PropertyKey[];

/** The part of zod's schemas that is walked here. */
interface SchemaDef {
  readonly type: string;
  readonly innerType?: Schema;
  readonly shape?: Readonly<Record<string, Schema>>;
  readonly options?: readonly Schema[];
  readonly discriminator?: string;
  readonly valueType?: Schema;
  readonly element?: Schema;
  readonly values?: readonly unknown[];
}
export interface Schema {
  readonly def: unknown;
}

const defOf = (schema: Schema): SchemaDef => {
  const def = schema.def as SchemaDef;
  return def.innerType === undefined ? def : defOf(def.innerType);
};

/** `retry.delay`, `schedule[1]`, `labels["a b"]`. */
export function pathText(path: Path): string {
  return path.reduce<string>((text, key) => {
    if (typeof key === 'number') return `${text}[${key}]`;
    const name = String(key);
    if (!/^[\w-]+$/.test(name)) return `${text}[${JSON.stringify(name)}]`;
    return text === '' ? name : `${text}.${name}`;
  }, '');
}

function valueAt(input: unknown, path: Path): unknown {
  let value = input;
  for (const key of path)
    value =
      typeof value === 'object' && value !== null ? (value as Record<PropertyKey, unknown>)[key] : undefined;
  return value;
}

function optionFor(def: SchemaDef, input: unknown): SchemaDef | undefined {
  const options = (def.options ?? []).map(defOf);
  const { discriminator } = def;
  if (discriminator === undefined) return options.find((option) => option.shape !== undefined);
  const wanted = valueAt(input, [discriminator]);
  return options.find((option) => {
    const kind = option.shape?.[discriminator];
    return kind !== undefined && defOf(kind).values?.includes(wanted);
  });
}

/** Names of the fields that the object at `path` may have. */
function fieldsAt(schema: Schema, path: Path, input: unknown): readonly string[] {
  let def: SchemaDef | undefined = defOf(schema);
  let value = input;
  for (const key of [...path, undefined]) {
    if (def?.type === 'union') def = optionFor(def, value);
    if (key === undefined) break;
    const next: Schema | undefined = def?.shape?.[String(key)] ?? def?.valueType ?? def?.element;
    def = next && defOf(next);
    value = valueAt(value, [key]);
  }
  return Object.keys(def?.shape ?? {});
}

/** Letters to change, add, drop or swap with a neighbour to get from one to the other. */
function distance(a: string, b: string): number {
  const rows = [Array.from({ length: b.length + 1 }, (_, j) => j)];
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const change = rows[i - 1]![j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      let least = Math.min(change, rows[i - 1]![j]! + 1, row[j - 1]! + 1);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        least = Math.min(least, rows[i - 2]![j - 2]! + 1);
      row.push(least);
    }
    rows.push(row);
  }
  return rows[a.length]![b.length]!;
}

/** What other tools call our fields. Only those are suggested that exist where the word stands. */
const OTHERS_WORDS: Readonly<Record<string, readonly string[]>> = {
  cmd: ['command', 'argv'],
  script: ['command', 'argv'],
  run: ['command', 'argv'],
  exec: ['argv', 'command'],
  program: ['argv', 'shell'],
  args: ['argv', 'command'],
  arguments: ['argv', 'command'],
  environment: ['env'],
  vars: ['env'],
  dir: ['cwd'],
  directory: ['cwd'],
  workdir: ['cwd'],
  workingdir: ['cwd'],
  cron: ['schedule'],
  expression: ['schedule'],
  when: ['schedule'],
  tz: ['timezone'],
  zone: ['timezone'],
  desc: ['description'],
  tags: ['labels'],
  retries: ['retry', 'limit'],
  maxretries: ['retry', 'limit'],
  attempts: ['limit', 'retry'],
  backoff: ['delay', 'retry'],
  concurrency: ['overlap'],
  concurrencypolicy: ['overlap'],
  suspend: ['paused'],
  disabled: ['paused'],
  enabled: ['paused'],
  deadline: ['timeout'],
  uri: ['url'],
  endpoint: ['url'],
  data: ['body', 'payload'],
};

function meant(word: string, known: readonly string[]): string | undefined {
  const lower = word.toLowerCase();
  const others = Object.hasOwn(OTHERS_WORDS, lower) ? OTHERS_WORDS[lower]! : [];
  return others.find((name) => known.includes(name)) ?? nearest(word, known);
}

/** The known word that was probably meant. */
export function nearest(word: string, known: readonly string[]): string | undefined {
  if (word.length > 40) return undefined;
  const [best] = known
    .map((name) => ({ name, off: distance(word.toLowerCase(), name.toLowerCase()) }))
    .filter(({ name, off }) => off <= Math.max(1, Math.floor(Math.min(word.length, name.length) / 3)))
    .sort((a, b) => a.off - b.off);
  return best?.name;
}

const ARTICLES: Readonly<Record<string, string>> = {
  string: 'a text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'an object',
  record: 'an object',
};

const nameOfType = (type: string): string => ARTICLES[type] ?? type;

function typeOf(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'number' && !Number.isNaN(value)) return `the number ${value}`;
  return nameOfType(typeof value);
}

const mustBe = (wanted: string, value: unknown): string =>
  value === undefined ? `is missing: it must be ${wanted}` : `must be ${wanted}, not ${typeOf(value)}`;

function oneOf(values: readonly unknown[], value: unknown): string {
  const options = values.map((option) => JSON.stringify(option)).join(', ');
  const wanted = values.length === 1 ? options : `one of ${options}`;
  if (typeof value !== 'string') return mustBe(wanted, value);
  const near = nearest(value, values.map(String));
  return `${JSON.stringify(value)} is not known: it must be ${wanted}${near === undefined ? '' : `; did you mean ${JSON.stringify(near)}?`}`;
}

/** Texts of our schemas say all that is needed; only zod's own need words. */
const isZodsOwn = (message: string): boolean => /^(Too (small|big)|Invalid|Unrecognized)\b/.test(message);

function limit(issue: Extract<ZodIssue, { code: 'too_small' | 'too_big' }>): string {
  const [word, bound] = issue.code === 'too_small' ? ['at least', issue.minimum] : ['at most', issue.maximum];
  if (issue.origin === 'string') return `must have ${word} ${bound} character${bound === 1 ? '' : 's'}`;
  if (issue.origin === 'array') return `must have ${word} ${bound} entr${bound === 1 ? 'y' : 'ies'}`;
  return `must be ${word} ${bound}`;
}

/** Each alternative failed: tell of the one that was meant, judged by the kind of value given. */
function ofUnion(
  issue: Extract<ZodIssue, { code: 'invalid_union' }>,
  path: Path,
  input: unknown,
  schema: Schema,
  what: string,
): FieldIssue[] {
  const value = valueAt(input, path);
  if ('options' in issue && Array.isArray(issue.options))
    return [{ path: pathText(path), message: oneOf(issue.options, value) }];
  const wanted = issue.errors.find(
    (errors) => !errors.some((error) => error.code === 'invalid_type' && error.path.length === 0),
  );
  if (wanted !== undefined) return wanted.flatMap((inner) => toIssues(inner, path, input, schema, what));
  const types = issue.errors.flatMap((errors) =>
    errors.map((error) => ('expected' in error ? nameOfType(error.expected) : '')),
  );
  return [{ path: pathText(path), message: mustBe([...new Set(types)].filter(Boolean).join(' or '), value) }];
}

function toIssues(issue: ZodIssue, base: Path, input: unknown, schema: Schema, what: string): FieldIssue[] {
  const path = [...base, ...issue.path];
  const at = pathText(path);
  const say = (message: string): FieldIssue[] => [{ path: at, message }];
  if (!isZodsOwn(issue.message)) return say(issue.message);
  const value = valueAt(input, path);
  switch (issue.code) {
    case 'invalid_type':
      return say(mustBe(nameOfType(issue.expected), value));
    case 'invalid_value':
      return say(oneOf(issue.values, value));
    case 'too_small':
    case 'too_big':
      return say(limit(issue));
    case 'invalid_union':
      return ofUnion(issue, path, input, schema, what);
    case 'invalid_key':
      return say(issue.issues.map((inner) => inner.message).join('; '));
    case 'unrecognized_keys': {
      const known = fieldsAt(schema, path, input);
      const more = issue.keys.length - MOST_UNKNOWN;
      const rest = more > 0 ? say(`and ${more} more unknown ${what}s`) : [];
      const some = issue.keys.slice(0, MOST_UNKNOWN).map((key) => {
        const near = meant(key, known);
        const all =
          known.length === 0 ? `there are no ${what}s here` : `the ${what}s here are ${known.join(', ')}`;
        const hint = near === undefined ? all : `did you mean ${near}?`;
        return { path: pathText([...path, key]), message: `unknown ${what}; ${hint}` };
      });
      return [...some, ...rest];
    }
    case 'custom':
    case 'invalid_element':
    case 'invalid_format':
    case 'not_multiple_of':
      return say(issue.message);
  }
}

/** Words are looked up for each. */
const MOST_UNKNOWN = 50;

/** All that is wrong with `input`, in the order of the schema. `what`: what its keys are called. */
export const fieldIssues = (
  issues: readonly ZodIssue[],
  input: unknown,
  schema: Schema,
  what: 'field' | 'query parameter' = 'field',
): FieldIssue[] => issues.flatMap((issue) => toIssues(issue, [], input, schema, what));

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** A job as the API answers it, in place of its definition: all that is wrong with it is told by one word. */
export function wholeAnswer(input: unknown): FieldIssue | undefined {
  if (!isObject(input) || 'schedule' in input || 'task' in input) return undefined;
  const path = isObject(input['definition']) ? 'definition' : 'job.definition';
  const isAnswer = path === 'definition' || (isObject(input['job']) && isObject(input['job']['definition']));
  if (!isAnswer) return undefined;
  return { path, message: `this is a job as it is answered: send what stands under \`${path}\` alone` };
}
