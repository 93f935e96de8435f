// The only way to the master: calls named by the contract, which types what goes in and what comes out. Adds the
// token, and turns every failure into a CallFailed. Answers are not checked again: the page is the master's own.
import {
  contract,
  pathOf,
  type AnswerOf,
  type Contract,
  type OperationId,
} from '../../../src/common/api/contract.ts';
import type { Operation, Request } from '../../../src/common/api/operation.ts';
import { addressOf } from './base.ts';
import { CallFailed, isProblem } from './problem.ts';
import { currentToken, tokenWanted } from './token.ts';

type Parts<Id extends OperationId> = Request<Contract[Id]>;
/** Parts that no caller can leave out. */
type Needed<Id extends OperationId> = {
  [K in keyof Parts<Id>]: undefined extends Parts<Id>[K] ? never : object extends Parts<Id>[K] ? never : K;
}[keyof Parts<Id>];

/** What a call of the operation is given: `params`, `query`, `headers`, `body`, as far as it has them. */
export type Given<Id extends OperationId> = Pick<Parts<Id>, Needed<Id>> &
  Partial<Omit<Parts<Id>, Needed<Id>>>;
export type Body<Id extends OperationId> = AnswerOf<Id>['body'];

/** Nothing when the operation needs nothing. */
export type GivenArgs<Id extends OperationId> =
  Needed<Id> extends never ? [given?: Given<Id>] : [given: Given<Id>];

export interface Answered<Id extends OperationId> {
  readonly status: number;
  readonly body: Body<Id>;
  /** The revision of what was read, for `if-match`. */
  readonly etag: string | undefined;
}

interface Loose {
  readonly params?: Record<string, string>;
  readonly query?: object;
  readonly headers?: Record<string, string>;
  readonly body?: unknown;
}

/** The answer's body. Throws CallFailed; an AbortError when `signal` says so. */
export async function call<Id extends OperationId>(
  id: Id,
  given: Given<Id>,
  signal?: AbortSignal,
): Promise<Body<Id>> {
  return (await ask(id, given, signal)).body;
}

/** The same with the status and the ETag. */
export async function ask<Id extends OperationId>(
  id: Id,
  given: Given<Id>,
  signal?: AbortSignal,
): Promise<Answered<Id>> {
  const answer = await openStream(id, given, signal);
  const text = await answer.text();
  const isJson = /\bjson\b/.test(answer.headers.get('content-type') ?? '');
  const body = (isJson ? parsed(text) : text) as Body<Id>;
  return { status: answer.status, body, etag: answer.headers.get('etag') ?? undefined };
}

/** For what comes piece by piece: the output of a run, events. */
export async function openStream<Id extends OperationId>(
  id: Id,
  given: Given<Id>,
  signal?: AbortSignal,
): Promise<Response> {
  const operation: Operation = contract[id];
  const { params, query, headers, body } = given as Loose;
  const token = currentToken();
  const answer = await fetch(addressOf(pathOf(id, params)) + queryText(query), {
    method: operation.method,
    headers: {
      ...headers,
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    ...(signal && { signal }),
  }).catch((error: unknown) => {
    if (signal?.aborted) throw error;
    throw new CallFailed('unreachable', error instanceof Error ? error.message : String(error));
  });
  if (answer.ok) return answer;
  throw await whyNot(answer);
}

async function whyNot(answer: Response): Promise<CallFailed> {
  const told = parsed(await answer.text().catch(() => ''));
  if (!isProblem(told)) return new CallFailed('unreadable', `${answer.status} ${answer.statusText}`.trim());
  if (told.code === 'unauthorized') tokenWanted.set(true);
  return new CallFailed(told.code, told.detail, told);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

/** What is undefined is left out, a list repeats the name. */
export function queryText(query: object | undefined): string {
  const pairs = new URLSearchParams();
  for (const [name, value] of Object.entries(query ?? {}))
    for (const each of [value].flat()) if (each !== undefined) pairs.append(name, String(each));
  const text = pairs.toString();
  return text === '' ? '' : `?${text}`;
}
