// A client of the master's API, made from the contract: paths, parameters and answers are typed by it. It tries
// again what can be asked again, and tells a master that can't be reached from one that refuses.
import { contract, pathOf, type Contract, type OperationId } from '../common/api/contract.ts';
import type { Request } from '../common/api/operation.ts';
import { problem, type Problem } from '../common/api/problems.ts';
import type { z } from 'zod';
import type { ClientConfig } from '../common/runtime/config.ts';

/** No answer, or none that a master gives. */
export class MasterUnreachable extends Error {
  override readonly name = 'MasterUnreachable';
}

/** The master's own refusal. */
export class MasterRefused extends Error {
  override readonly name = 'MasterRefused';
  readonly problem: Problem;

  constructor(told: Problem) {
    super(told.detail);
    this.problem = told;
  }
}

/** Operations that change nothing and answer JSON with status 200. */
type Reading = {
  [Id in OperationId]: Contract[Id] extends { method: 'GET'; answers: { 200: z.ZodType } } ? Id : never;
}[OperationId];
type BodyOf<Id extends Reading> = Contract[Id]['answers'][200] extends z.ZodType
  ? z.output<Contract[Id]['answers'][200]>
  : never;

export interface ApiClient {
  /** Throws MasterUnreachable, MasterRefused. */
  read<Id extends Reading>(
    id: Id,
    given?: Partial<Pick<Request<Contract[Id]>, 'params' | 'query'>>,
  ): Promise<BodyOf<Id>>;
}

export interface ApiClientOptions extends ClientConfig {
  readonly fetch?: typeof fetch;
  /** Waits between two tries, in ms. */
  readonly waits?: readonly number[];
}

const TIMEOUT_MS = 60_000;
/** etcd elects a new leader, or a master is restarted: that takes seconds. */
const WAITS_MS = [500, 2_000, 5_000];

/** Values as a query writes them: what is undefined is left out, a list repeats the name. */
function queryOf(given: object | undefined): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(given ?? {}))
    for (const each of [value].flat()) if (each !== undefined) query.append(name, String(each));
  return query.size === 0 ? '' : `?${query.toString()}`;
}

export function createApiClient(options: ApiClientOptions): ApiClient {
  const { url, token, waits = WAITS_MS } = options;
  const ask = options.fetch ?? fetch;

  const once = async (path: string): Promise<unknown> => {
    let answer: Response;
    try {
      answer = await ask(url + path, {
        headers: token === undefined ? {} : { authorization: `Bearer ${token.reveal()}` },
        signal: AbortSignal.timeout(TIMEOUT_MS),
        redirect: 'error',
      });
    } catch (error) {
      throw new MasterUnreachable(`${url} cannot be reached: ${whyOf(error)}`);
    }
    const body: unknown = await answer.json().catch(() => undefined);
    if (answer.ok && body !== undefined) return body;
    const told = problem.safeParse(body);
    if (told.success) throw new MasterRefused(told.data);
    throw new MasterUnreachable(`${url} answers ${answer.status}, and not as a master of etcron does`);
  };

  return {
    async read(id, given = {}) {
      const path =
        pathOf(id, given.params as Record<string, string> | undefined) +
        queryOf(given.query as object | undefined);
      for (let tries = 0; ; tries++) {
        try {
          const body = await once(path);
          const parsed = (contract[id].answers[200] as z.ZodType).safeParse(body);
          if (parsed.success) return parsed.data as never;
          throw new MasterUnreachable(
            `${url} answers as another version of etcron does: ${parsed.error.message}`,
          );
        } catch (error) {
          const wait = waits[tries];
          if (wait === undefined || !mayGoAway(error)) throw error;
          await new Promise((resolve) => setTimeout(resolve, wait));
        }
      }
    },
  };
}

const mayGoAway = (error: unknown): boolean =>
  error instanceof MasterUnreachable || (error instanceof MasterRefused && error.problem.status === 503);

/** fetch says "fetch failed", and its cause says why. */
function whyOf(error: unknown): string {
  const { cause, message } = error as Error;
  const inner = cause instanceof AggregateError ? (cause.errors[0] as Error) : (cause as Error | undefined);
  return inner?.message ?? message;
}
