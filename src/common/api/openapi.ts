// The contract as an OpenAPI 3.1 document. Derived only: whatever it says, the contract says.
import { z } from 'zod';
import { contract, type OperationId } from './contract.ts';
import { isText, TAGS, type AnswerSpec, type Operation } from './operation.ts';
import { PROBLEM_TYPE, problem, problemCatalogue, type ProblemCode } from './problems.ts';

type Json = Record<string, unknown>;
type Definitions = Map<string, Json>;

const DEFS = '#/$defs/';

/** Zod names an anonymous recursive schema `__schema0`; the one we have is "any JSON". */
const nameOf = (def: string): string => (def.startsWith('__schema') ? 'JsonValue' : def);

/**
 * Turns schemas into JSON schemas whose shared parts are components. A schema that reads differently as
 * input (defaults make fields optional) than as output is there twice, the input one as `<Name>Input`.
 */
function schemaWriter() {
  const components: Definitions = new Map();

  const write = (schema: z.ZodType, io: 'input' | 'output'): Json => {
    const {
      $schema: _,
      $defs = {},
      ...root
    } = z.toJSONSchema(schema, { io, unrepresentable: 'any' }) as Json & { $defs?: Json };
    const defs = new Map(Object.entries($defs as Record<string, Json>));
    const names = renamed(defs, io);
    for (const [def, value] of defs) {
      const name = names.get(def)!;
      const { id: _id, ...body } = relink(value, names) as Json;
      components.set(name, body);
    }
    return relink(root, names) as Json;
  };

  /** Names for the definitions of one schema: input ones that differ from the output's, or use such a one, get their own. */
  const renamed = (defs: Definitions, io: 'input' | 'output'): Map<string, string> => {
    const names = new Map([...defs.keys()].map((def) => [def, nameOf(def)]));
    if (io === 'output') return names;
    const differs = (def: string): boolean => {
      const there = components.get(names.get(def)!);
      if (!there) return false;
      const { id: _id, ...body } = relink(defs.get(def)!, names) as Json;
      return JSON.stringify(there) !== JSON.stringify(body);
    };
    for (let changed = true; changed;) {
      changed = false;
      for (const def of defs.keys()) {
        if (names.get(def)!.endsWith('Input') || !differs(def)) continue;
        names.set(def, `${nameOf(def)}Input`);
        changed = true;
      }
    }
    return names;
  };

  return { components, write };
}

/** The same with every reference to a definition made one to a component. */
function relink(value: unknown, names: ReadonlyMap<string, string>): unknown {
  if (Array.isArray(value)) return value.map((item) => relink(item, names));
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).map(([key, inner]) => {
    if (key === '$ref' && typeof inner === 'string' && inner.startsWith(DEFS)) {
      const def = inner.slice(DEFS.length);
      return [key, `#/components/schemas/${names.get(def) ?? nameOf(def)}`];
    }
    return [key, relink(inner, names)];
  });
  return Object.fromEntries(entries) as Json;
}

type Writer = ReturnType<typeof schemaWriter>;

function parameters(
  writer: Writer,
  where: 'path' | 'query' | 'header',
  object: z.ZodObject | undefined,
): Json[] {
  return Object.entries(object?.shape ?? {}).map(([name, schema]) => {
    const { description, ...written } = writer.write(schema as z.ZodType, 'input');
    const optional = (schema as z.ZodType).safeParse(undefined).success;
    return {
      name: where === 'header' ? name.replace(/(^|-)[a-z]/g, (letter) => letter.toUpperCase()) : name,
      in: where,
      required: where === 'path' || !optional,
      ...(description === undefined ? {} : { description }),
      schema: written,
    };
  });
}

function answer(writer: Writer, spec: AnswerSpec): Json {
  if (isText(spec))
    return { description: spec.description, content: { [spec.text]: { schema: { type: 'string' } } } };
  const { description, ...schema } = writer.write(spec, 'output');
  return { description: description ?? 'Done', content: { 'application/json': { schema } } };
}

/** What any operation under /api may answer. */
const COMMON: readonly ProblemCode[] = ['invalid_input', 'internal', 'etcd_unavailable'];

function problems(op: Operation): Json {
  // A master that has just started.
  const changing: readonly ProblemCode[] = op.method === 'GET' ? [] : ['not_ready'];
  const codes = [
    ...(op.open ? [] : (['unauthorized', ...COMMON] as const)),
    ...changing,
    ...(op.problems ?? []),
  ];
  const answers: Record<number, Json & { readonly description: string }> = {};
  for (const code of new Set(codes)) {
    const { status, title } = problemCatalogue[code];
    const told = `\`${code}\`: ${title}`;
    const before = answers[status]?.description;
    answers[status] = {
      description: before === undefined ? told : `${before}; ${told}`,
      content: { [PROBLEM_TYPE]: { schema: { $ref: '#/components/schemas/Problem' } } },
    };
  }
  return answers;
}

function describe(writer: Writer, id: OperationId, op: Operation): Json {
  const inputs = [
    ...parameters(writer, 'path', op.params),
    ...parameters(writer, 'query', op.query),
    ...parameters(writer, 'header', op.headers),
  ];
  const answers = Object.entries(op.answers).map(([status, spec]) => [status, answer(writer, spec)] as const);
  return {
    operationId: id,
    tags: [op.tag],
    summary: op.summary,
    ...(op.description === undefined ? {} : { description: op.description }),
    ...(inputs.length === 0 ? {} : { parameters: inputs }),
    ...(op.body && {
      requestBody: {
        required: !op.body.safeParse(undefined).success,
        content: { 'application/json': { schema: writer.write(op.body, 'input') } },
      },
    }),
    responses: { ...Object.fromEntries(answers), ...problems(op) },
    ...(op.open && { security: [] }),
  };
}

/** `version` is that of the program. */
export function openApiDocument(version: string): Json {
  const writer = schemaWriter();
  const operations = Object.entries(contract) as [OperationId, Operation][];
  // Answers first: the plain names of components are theirs.
  for (const [, op] of operations)
    for (const spec of Object.values(op.answers)) if (!isText(spec)) writer.write(spec, 'output');
  writer.write(z.strictObject({ problem }), 'output');
  const paths: Record<string, Json> = {};
  for (const [id, op] of operations)
    (paths[op.path] ??= {})[op.method.toLowerCase()] = describe(writer, id, op);
  return {
    openapi: '3.1.0',
    info: {
      title: 'etcron',
      version,
      description:
        'A distributed cron on etcd. Errors are problem+json (RFC 9457) with a stable `code`. Times are ISO 8601, UTC.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: '/' }],
    tags: TAGS.map((name) => ({ name })),
    security: [{ token: [] }, {}],
    paths,
    components: {
      securitySchemes: {
        token: {
          type: 'http',
          scheme: 'bearer',
          description: 'Needed when the master is configured with tokens',
        },
      },
      schemas: Object.fromEntries([...writer.components].sort(([a], [b]) => (a < b ? -1 : 1))),
    },
  };
}
