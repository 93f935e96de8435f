// Routes made from the contract: input is parsed by its schemas before a handler sees it, and only answers
// of the contract come back. No handler reads a raw request.
import type { Readable } from 'node:stream';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { z } from 'zod';
import { contract, type AnswerOf, type InputOf, type OperationId } from '../../common/api/contract.ts';
import { isText, type Operation } from '../../common/api/operation.ts';
import { invalidInput } from '../../common/api/problems.ts';
import { fieldIssues, wholeAnswer } from '../../common/core/definition-issues.ts';
import type { FieldIssue } from '../../common/model/issue.ts';
import type { Access } from './security.ts';

/** Who asks, and whether he still waits for the answer. */
export interface Caller {
  readonly name: string;
  /** Aborted when the connection closes before the answer is complete. */
  readonly signal: AbortSignal;
}

export type TextBody = string | Readable;
export type Handler<Id extends OperationId> = (
  input: InputOf<Id>,
  caller: Caller,
) => AnswerOf<Id, TextBody> | Promise<AnswerOf<Id, TextBody>>;

/** One for each operation of the contract: a missing one does not compile. */
export type Handlers = { readonly [Id in OperationId]: Handler<Id> };

interface LooseAnswer {
  readonly status: number;
  readonly body: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}
type LooseHandler = (input: InputOf<OperationId>, caller: Caller) => LooseAnswer | Promise<LooseAnswer>;

/**
 * What else is wrong with a body whose shape is: asked of no other, for then its handler tells it. So one answer
 * names all that is wrong.
 */
export type BodyCheck = (body: unknown) => readonly FieldIssue[];

export function registerOperations(
  app: FastifyInstance,
  handlers: Handlers,
  access: Access,
  {
    checks = {},
    beforeChange,
  }: {
    readonly checks?: Partial<Record<OperationId, BodyCheck>>;
    /** Waited for by each request that is well formed and asks for a change. */
    readonly beforeChange?: () => Promise<void>;
  } = {},
): void {
  const callers = new WeakMap<FastifyRequest, string>();
  for (const id of Object.keys(contract) as OperationId[]) {
    const op: Operation = contract[id];
    const handle = handlers[id] as LooseHandler;
    app.route({
      method: op.method,
      url: op.path.replace(/\{(\w+)\}/g, ':$1'),
      ...(op.bodyLimit === undefined ? {} : { bodyLimit: op.bodyLimit }),
      // Before the body is read: a stranger gets no memory of ours.
      onRequest: async (request) => {
        if (op.open) return;
        access.checkSource(request);
        callers.set(request, access.identify(request));
      },
      handler: async (request, reply) => {
        const name = callers.get(request) ?? 'anyone';
        const input = parseInput(op, checks[id], request);
        if (op.method !== 'GET') await beforeChange?.();
        const answer = await handle(input as InputOf<OperationId>, { name, signal: closing(request, reply) });
        return send(reply, op, answer);
      },
    });
  }
}

/** Some clients send an object with every POST: an empty one asks for nothing. */
const isEmpty = (body: unknown): boolean =>
  body === undefined ||
  body === null ||
  (typeof body === 'object' && !Array.isArray(body) && Object.keys(body).length === 0);

/** What is told of the whole needs a name. */
const ofBody = ({ path, message }: FieldIssue): FieldIssue => ({
  path,
  message: path === '' && /^(is missing|must be)\b/.test(message) ? `the body ${message}` : message,
});

/** All parts are checked, so that one answer names all that is wrong. */
function parseInput(op: Operation, check: BodyCheck | undefined, request: FastifyRequest): unknown {
  const issues: FieldIssue[] = [];
  const parse = (
    schema: z.ZodType | undefined,
    value: unknown,
    what?: 'query parameter' | 'body',
    others?: BodyCheck,
  ): unknown => {
    if (!schema) return undefined;
    const result = schema.safeParse(value);
    if (result.success) return result.data;
    const whole = others && wholeAnswer(value);
    if (whole) {
      issues.push(whole);
      return undefined;
    }
    const found = fieldIssues(result.error.issues, value, schema, what === 'body' ? 'field' : what);
    issues.push(...(what === 'body' ? found.map(ofBody) : found), ...(others?.(value) ?? []));
    return undefined;
  };
  const input = {
    params: parse(op.params, request.params),
    query: parse(op.query, request.query, 'query parameter'),
    headers: parse(op.headers, request.headers),
    body: parse(op.body, request.body ?? undefined, 'body', check),
  };
  const extra = op.query ? [] : Object.keys(request.query as object);
  issues.push(
    ...extra.map((name) => ({ path: name, message: 'unknown query parameter; this address takes none' })),
  );
  if (!op.body && !isEmpty(request.body)) issues.push({ path: '', message: 'no body is expected here' });
  if (issues.length > 0) throw invalidInput(issues);
  return input;
}

function closing(request: FastifyRequest, reply: FastifyReply): AbortSignal {
  const gone = new AbortController();
  reply.raw.once('close', () => {
    if (!reply.raw.writableFinished) gone.abort();
  });
  if (request.raw.destroyed && !request.raw.complete) gone.abort();
  return gone.signal;
}

function send(reply: FastifyReply, op: Operation, answer: LooseAnswer): FastifyReply {
  const spec = op.answers[answer.status]!;
  void reply.code(answer.status).header('cache-control', 'no-store');
  void reply.type(isText(spec) ? `${spec.text}; charset=utf-8` : 'application/json; charset=utf-8');
  if (answer.headers) void reply.headers(answer.headers);
  return reply.send(isText(spec) ? answer.body : JSON.stringify(answer.body));
}
