// Holds answers against the checked-in OpenAPI document, by a validator that knows nothing of our schemas.
import { readFileSync } from 'node:fs';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import formats from 'ajv-formats';

export interface JsonSchema {
  readonly [keyword: string]: unknown;
}

export interface Parameter {
  readonly name: string;
  readonly in: 'path' | 'query' | 'header';
  readonly schema: JsonSchema;
}

export interface DocumentedOperation {
  readonly operationId: string;
  readonly method: string;
  readonly path: string;
  readonly parameters: readonly Parameter[];
  readonly body: JsonSchema | undefined;
  readonly responses: Readonly<
    Record<string, { readonly content: Record<string, { readonly schema: JsonSchema }> }>
  >;
}

export interface Document {
  readonly operations: readonly DocumentedOperation[];
  readonly schemas: Readonly<Record<string, JsonSchema>>;
}

interface RawOperation {
  readonly operationId: string;
  readonly parameters?: readonly Parameter[];
  readonly requestBody?: { readonly content: Record<string, { readonly schema: JsonSchema }> };
  readonly responses: DocumentedOperation['responses'];
}

const raw = JSON.parse(
  readFileSync(new URL('../../docs/openapi.json', import.meta.url), 'utf8'),
) as Readonly<{
  paths: Record<string, Record<string, RawOperation>>;
  components: { schemas: Record<string, JsonSchema> };
}>;

export const document: Document = {
  schemas: raw.components.schemas,
  operations: Object.entries(raw.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({
      operationId: operation.operationId,
      method: method.toUpperCase(),
      path,
      parameters: operation.parameters ?? [],
      body: operation.requestBody?.content['application/json']?.schema,
      responses: operation.responses,
    })),
  ),
};

export interface RawAnswer {
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly body: string;
}

/** An assertion inside a property: fast-check shrinks on what throws. */
export function must(holds: boolean, what: string): asserts holds {
  if (!holds) throw new Error(what);
}

const ajv = new Ajv2020({ strict: false, allErrors: true, validateSchema: false });
(formats as unknown as (ajv: Ajv2020) => void)(ajv);
ajv.addSchema({ $id: 'https://etcron.test/doc', components: raw.components });
const validators = new Map<JsonSchema, ValidateFunction>();

/** References of the document are to itself, wherever the schema is taken from. */
const absolute = (schema: JsonSchema): JsonSchema =>
  JSON.parse(
    JSON.stringify(schema).replaceAll('"#/components/', '"https://etcron.test/doc#/components/'),
  ) as JsonSchema;

function validate(schema: JsonSchema, value: unknown, what: string): void {
  let validator = validators.get(schema);
  if (!validator) validators.set(schema, (validator = ajv.compile(absolute(schema))));
  if (!validator(value)) {
    throw new Error(
      `${what} is not as documented: ${ajv.errorsText(validator.errors)}\n${JSON.stringify(value).slice(0, 2_000)}`,
    );
  }
}

const PROBLEM: JsonSchema = { $ref: '#/components/schemas/Problem' };

/** Whatever was asked: a problem in the documented shape, with its own status. */
export function checkProblem(answer: RawAnswer): { code: string; errors?: { path: string }[] } {
  const type = String(answer.headers['content-type']);
  must(type === 'application/problem+json', `status ${answer.statusCode} comes as ${type}: ${answer.body}`);
  const problem = JSON.parse(answer.body) as { status: number; code: string; errors?: { path: string }[] };
  validate(PROBLEM, problem, 'a problem');
  must(
    problem.status === answer.statusCode,
    `the problem of status ${answer.statusCode} says ${problem.status}`,
  );
  must(problem.code !== 'invalid_input' || problem.errors?.length !== 0, 'invalid input that names no field');
  return problem;
}

/** Fails unless the answer is one that the document has for this operation; the parsed body. */
export function checkAnswer(operation: DocumentedOperation, answer: RawAnswer): unknown {
  must(answer.statusCode < 500, answer.body);
  if (answer.statusCode >= 400) return checkProblem(answer);
  const response = operation.responses[String(answer.statusCode)];
  if (!response) throw new Error(`${operation.operationId}: status ${answer.statusCode} is not documented`);
  const [type, content] = Object.entries(response.content)[0]!;
  must(
    String(answer.headers['content-type']).startsWith(type),
    `${String(answer.headers['content-type'])} is not ${type}`,
  );
  if (type !== 'application/json') return answer.body;
  const body: unknown = JSON.parse(answer.body);
  validate(content.schema, body, `${operation.operationId} ${answer.statusCode}`);
  return body;
}
