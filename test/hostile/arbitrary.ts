// Inputs made of the OpenAPI document: values that its schemas take, and the same with something wrong in it.
import fc from 'fast-check';
import { document, type JsonSchema } from './documented.ts';

/** What a field's schema does not tell: texts with a grammar of their own, good ones and others. */
const WORDS: Readonly<Record<string, readonly string[]>> = {
  schedule: [
    '* * * * *',
    '*/7 3 * * 1-5',
    '0 0 29 2 *',
    'H H(0-7) * * *',
    '30 2 * * 0#2',
    '0 0 L * ?',
    '@hourly',
    '@every 90s',
    '@every 1ms',
    '@every 400000d',
    '@at 2099-12-24T18:00:00Z',
    '@at 9999-12-31T23:59:59Z',
    '@manual',
    '61 * * * *',
    '*/0 * * * *',
    '1-0/2 * * * *',
    '0 0 31 2 *',
    '@every',
    '@at never',
    '0,'.repeat(500) + '0 * * * *',
  ],
  timezone: [
    'UTC',
    'Europe/Berlin',
    'Australia/Lord_Howe',
    'Mars/Olympus',
    '',
    'utc',
    '+01:00',
    'Etc/GMT+12',
  ],
  url: [
    'https://example.org/hook',
    'http://[::1]:1/',
    'ftp://x',
    'http://',
    'http://\u{1F600}/',
    'http://a b/',
  ],
  worker: ['w-abc123', 'w', 'nobody-000000'],
  against: ['current', '1', '2', '99'],
  version: ['1', '2', '3', '9007199254740993'],
  run: ['20261122T143000.000Z-7f3a9c', '20261122T143000.000Z-000000'],
  // Nobody is there to end a run: what may be waited for has to be short.
  wait: ['0s', '5ms', '20ms', '-1s', '10y', 'soon'],
  name: ['a', 'b', 'c', 'new-1', 'new-2', 'constructor', 'toString', 'hasOwnProperty'],
  job: ['a', 'b', 'c', 'all', 'new-1', 'new-2', 'constructor', 'broken', 'not-json'],
  cursor: ['am9iczphYg', 'cnVuczoyMDI2', 'dGlja3M6OTk5OTk5OTk5OTk5OTk5OQ', 'YWN0aXZlOng'],
  'If-Match': ['*', '"1"', '"0", "99999999999999999999"', 'W/"1"', '""'],
};

const DURATIONS = [
  '0s',
  '10ms',
  '90s',
  '1h30m',
  '1.5h',
  '365d',
  '99999999999d',
  '9007199254740993ms',
  '1m1m',
  '-1s',
  '5',
];
const INSTANTS = [
  '2026-01-01T00:00:00Z',
  '2030-06-01T12:00:00.123456789+05:30',
  '0000-01-01T00:00:00Z',
  '0001-01-01T00:00:00+23:59',
  '9999-12-31T23:59:59.999Z',
  '9999-12-31T23:59:59-23:59',
  '1969-12-31T23:59:59Z',
];

/** Texts that have broken somebody's program before. */
export const oddText: fc.Arbitrary<string> = fc.oneof(
  fc.constantFrom(
    '',
    ' ',
    '\0',
    'a\0b',
    '\ud800',
    'x\udfff\ud800',
    '\ufeff',
    '\u202e',
    'é',
    'e\u0301',
    '\u{1F468}\u200d\u{1F469}',
    '__proto__',
    'constructor',
    'prototype',
    'toString',
    'NaN',
    'Infinity',
    '-0',
    '1e999',
    '0x10',
    'null',
    'undefined',
    'true',
    '../../etc/passwd',
    '%00',
    '%',
    '/',
    '\r\nX: y',
    '${7*7}',
    "'; --",
  ),
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc
    .constantFrom('x', '9', 'é', '\ud83d', '(', '1m')
    .chain((part) => fc.integer({ min: 100, max: 20_000 }).map((times) => part.repeat(times))),
);

const oddNumber = fc.constantFrom(
  0,
  -0,
  -1,
  1,
  0.5,
  255,
  256,
  2 ** 31,
  -(2 ** 31),
  2 ** 53 - 1,
  2 ** 53,
  -(2 ** 53),
  1e21,
  1e308,
  5e-324,
);

const nested = (depth: number, kind: 'list' | 'object'): unknown => {
  let value: unknown = 1;
  for (let i = 0; i < depth; i++) value = kind === 'list' ? [value] : { a: value };
  return value;
};

/** Any JSON, and such as nobody sends. */
export const oddValue: fc.Arbitrary<unknown> = fc.oneof(
  oddText,
  oddNumber,
  fc.constantFrom(true, false, null, [], {}, [[]], [null], { '': '' }),
  fc.constantFrom({ constructor: { x: 1 } }, { toString: 'x' }, { length: 1e9 }, { toJSON: 1 }),
  fc
    .tuple(fc.constantFrom(10, 90, 110, 1_000), fc.constantFrom('list' as const, 'object' as const))
    .map(([depth, kind]) => nested(depth, kind)),
  fc.array(oddText, { maxLength: 30 }),
  fc
    .dictionary(oddText, fc.oneof(oddText, oddNumber), { maxKeys: 6 })
    .map((object) => Object.fromEntries(Object.entries(object))),
  fc.jsonValue(),
);

const follow = (schema: JsonSchema): JsonSchema => {
  const ref = schema['$ref'];
  return typeof ref === 'string' ? document.schemas[ref.split('/').at(-1)!]! : schema;
};

function texts(schema: JsonSchema, name: string): fc.Arbitrary<string> {
  const words = WORDS[name];
  if (words) return fc.constantFrom(...words);
  const told = typeof schema['description'] === 'string' ? schema['description'] : '';
  if (told.startsWith('Duration')) return fc.constantFrom(...DURATIONS);
  if (told.startsWith('Size')) return fc.constantFrom('10MiB', '0B', '1GiB', '2GiB', '1e3B');
  if (schema['format'] === 'date-time' || name === 'from' || name === 'to')
    return fc.constantFrom(...INSTANTS);
  if (typeof schema['pattern'] === 'string') return fc.stringMatching(new RegExp(schema['pattern']));
  const { minLength = 0, maxLength = 60 } = schema as { minLength?: number; maxLength?: number };
  return fc.string({ unit: 'grapheme', minLength, maxLength: Math.min(maxLength, minLength + 60) });
}

/** A value that the schema takes; `name`: of the field. */
export function valueOf(given: JsonSchema, name = '', depth = 0): fc.Arbitrary<unknown> {
  const schema = follow(given);
  if (name === 'definition') return namedDefinition;
  if ('const' in schema) return fc.constant(schema['const']);
  if (Array.isArray(schema['enum'])) return fc.constantFrom(...(schema['enum'] as unknown[]));
  const options = (schema['anyOf'] ?? schema['oneOf']) as JsonSchema[] | undefined;
  if (options) {
    const usable =
      depth > 4
        ? options.filter((option) => !('items' in option || 'additionalProperties' in option))
        : options;
    return fc.oneof(
      ...(usable.length > 0 ? usable : options).map((option) => valueOf(option, name, depth + 1)),
    );
  }
  switch (schema['type']) {
    case 'string':
      return texts(schema, name);
    case 'integer':
      return fc.integer({
        min: Math.max(-(2 ** 31), Number(schema['minimum'] ?? -5)),
        max: Math.min(2 ** 31, Number(schema['maximum'] ?? 1_000)),
      });
    case 'number':
      return fc.double({
        min: Number(schema['minimum'] ?? -10),
        max: Number(schema['maximum'] ?? 10),
        noNaN: true,
      });
    case 'boolean':
      return fc.boolean();
    case 'null':
      return fc.constant(null);
    case 'array': {
      const { minItems = 0, maxItems = 4 } = schema as { minItems?: number; maxItems?: number };
      return fc.array(valueOf(schema['items'] as JsonSchema, name, depth + 1), {
        minLength: minItems,
        maxLength: Math.max(minItems, Math.min(maxItems, 4)),
      });
    }
    case 'object':
      return objects(schema, depth);
    default:
      return fc.jsonValue();
  }
}

function objects(schema: JsonSchema, depth: number): fc.Arbitrary<unknown> {
  const properties = (schema['properties'] ?? {}) as Record<string, JsonSchema>;
  const required = (schema['required'] ?? []) as string[];
  const more = schema['additionalProperties'];
  const named = fc.record(
    Object.fromEntries(
      Object.entries(properties).map(([key, value]) => [key, valueOf(value, key, depth + 1)]),
    ),
    { requiredKeys: required },
  );
  if (typeof more !== 'object' || more === null) return named;
  const keys = (schema['propertyNames'] as JsonSchema | undefined)?.['pattern'];
  const key = typeof keys === 'string' ? fc.stringMatching(new RegExp(keys)) : fc.string({ maxLength: 10 });
  return fc
    .tuple(named, fc.dictionary(key, valueOf(more as JsonSchema, '', depth + 1), { maxKeys: 4 }))
    .map(([some, rest]) => ({ ...rest, ...(some as object) }));
}

type Path = (string | number)[];

function pathsOf(value: unknown, base: Path = []): Path[] {
  if (typeof value !== 'object' || value === null) return [base];
  const entries: [string | number, unknown][] = Array.isArray(value)
    ? [...value.entries()]
    : Object.entries(value);
  return [base, ...entries.flatMap(([key, inner]) => pathsOf(inner, [...base, key]))];
}

function withAt(value: unknown, path: Path, change: (old: unknown) => unknown): unknown {
  const [key, ...rest] = path;
  if (key === undefined) return change(value);
  if (Array.isArray(value)) return value.map((item, i) => (i === key ? withAt(item, rest, change) : item));
  return { ...(value as object), [key]: withAt((value as Record<string, unknown>)[key], rest, change) };
}

/** One thing changed somewhere: another value, one more field, a field less, one twice. */
export const mutated = (value: unknown): fc.Arbitrary<unknown> =>
  fc.constantFrom(...pathsOf(value).slice(0, 300)).chain((path) =>
    fc.oneof(
      { weight: 4, arbitrary: oddValue.map((odd) => withAt(value, path, () => odd)) },
      {
        weight: 2,
        arbitrary: fc
          .tuple(oddText, oddValue)
          .map(([key, odd]) =>
            withAt(value, path, (old) =>
              typeof old === 'object' && old !== null && !Array.isArray(old)
                ? { ...old, [key]: odd }
                : [old, odd],
            ),
          ),
      },
      fc.constant(
        withAt(value, path.slice(0, -1), (old) =>
          typeof old === 'object' && old !== null && !Array.isArray(old)
            ? Object.fromEntries(Object.entries(old).filter(([key]) => key !== path.at(-1)))
            : [],
        ),
      ),
    ),
  );

const isDefinition = (schema: JsonSchema): boolean => {
  const properties = follow(schema)['properties'];
  return typeof properties === 'object' && properties !== null && 'task' in properties;
};

/** Mostly what the schema takes, and the same with one to three things changed. */
export const inputOf = (schema: JsonSchema): fc.Arbitrary<unknown> => {
  const good = isDefinition(schema) ? namedDefinition : valueOf(schema);
  return fc.oneof(
    { weight: 3, arbitrary: good },
    { weight: 3, arbitrary: good.chain(mutated) },
    { weight: 2, arbitrary: good.chain(mutated).chain(mutated).chain(mutated) },
    { weight: 1, arbitrary: oddValue },
  );
};

const definitionSchema = document.schemas['JobDefinitionInput'] ?? document.schemas['JobDefinition']!;
const optional = Object.entries(definitionSchema['properties'] as Record<string, JsonSchema>).filter(
  ([name]) => !['name', 'schedule', 'task'].includes(name),
);

/** Mostly taken: what has to be there is good, a few other fields are as their schemas have them. */
export const goodDefinition: fc.Arbitrary<object> = fc
  .tuple(
    fc.constantFrom('@hourly', '*/5 * * * *', ['0 3 * * *', '@every 90s'], 'H H * * *', '@manual'),
    fc.constantFrom<object>(
      { kind: 'shell', command: 'echo é\u{1F600} "\u2028"' },
      {
        kind: 'exec',
        argv: ['true', '', '\ud800'],
        env: { A: '', constructor: 'x', B: { secret: true, value: 'y' } },
      },
      { kind: 'http', url: 'https://example.org/', method: 'POST', body: { a: [1.5, null, '\udfff'] } },
      { kind: 'handler', name: 'h', payload: { constructor: 1, toString: [], '': { length: -0 } } },
    ),
    fc
      .subarray(optional, { maxLength: 3 })
      .chain((some) =>
        fc.record(Object.fromEntries(some.map(([name, schema]) => [name, valueOf(schema, name)]))),
      ),
  )
  .map(([schedule, task, rest]) => ({ schedule, task, ...(rest as object) }));

const namedDefinition = fc
  .tuple(fc.constantFrom('a', 'b', 'new-1', 'new-2'), goodDefinition)
  .map(([name, rest]) => ({ name, ...rest }));
