// One attempt of one call on one connected member: deadline, token, errors told apart. It must never send a
// request twice, but for one that etcd refused because of an expired token.
import type { Client, ClientDuplexStream, Metadata } from '@grpc/grpc-js';
import type { Auth, Identity } from './client-auth.ts';
import type { Endpoint, Endpoints, ServiceName } from './client-endpoints.ts';
import { isExpiredToken, isGrpcFailure, toEtcdError } from './client-errors.ts';
import { EtcdError } from './etcd.ts';

interface Cancellable {
  cancel(): void;
}

type UnaryMethod = (
  request: object,
  metadata: Metadata,
  options: { deadline: number },
  done: (error: Error | null, answer?: unknown) => void,
) => Cancellable;
type StreamMethod = (metadata: Metadata) => ClientDuplexStream<object, unknown>;

export interface UnaryOptions {
  readonly timeoutMs?: number | undefined;
  /** The request can change something: a lost answer leaves that open. */
  readonly writes: boolean;
  /** False: served by a member that sees no leader as well. */
  readonly needsLeader?: boolean;
  /** Ask this member and no other. */
  readonly endpoint?: Endpoint;
}

/** A message of our own making instead of etcd3's generated client. */
export interface Wire<Request, Answer> {
  readonly path: string;
  readonly encode: (request: Request) => Buffer;
  readonly decode: (bytes: Buffer) => Answer;
}

export interface OpenStream {
  readonly call: ClientDuplexStream<object, unknown>;
  readonly endpoint: Endpoint;
  readonly identity: Identity;
}

export interface Calls {
  unary<T>(service: ServiceName, method: string, request: object, options: UnaryOptions): Promise<T>;
  /** The same for a message with a wire of its own. */
  unaryOn<Request extends object, Answer>(
    wire: Wire<Request, Answer>,
    request: Request,
    options: UnaryOptions,
  ): Promise<Answer>;
  /** Rejects with EtcdError when no member is connected. The stream is cancelled by close(). */
  stream(service: ServiceName, method: string): Promise<OpenStream>;
  /** A stream ended with this error: told as EtcdError, its member no longer preferred. */
  streamError(error: unknown, endpoint: Endpoint): EtcdError;
  /** The member does not answer as it should: prefer another from now on. */
  demote(endpoint: Endpoint): void;
  readonly auth: Auth;
  readonly timeoutMs: number;
  close(): void;
}

export interface CallSettings {
  readonly timeoutMs: number;
  readonly connectTimeoutMs: number;
}

const methodOf = <M>(client: Client, name: string): M =>
  (client as unknown as Record<string, (...args: never[]) => unknown>)[name]!.bind(client) as M;

export function createCalls(endpoints: Endpoints, auth: Auth, settings: CallSettings): Calls {
  const open = new Set<Cancellable>();
  let closed = false;
  const closedError = (applied: boolean): EtcdError =>
    new EtcdError('closed', 'the etcd client is closed', { mayHaveApplied: applied });

  const send = <T>(unary: UnaryMethod, request: object, metadata: Metadata, deadline: number): Promise<T> =>
    new Promise((resolve, reject) => {
      const sent = unary(request, metadata, { deadline }, (error, answer) => {
        open.delete(sent);
        if (error) reject(error);
        else resolve(answer as T);
      });
      open.add(sent);
    });

  const unaryOf =
    <Request extends object, Answer>({ path, encode, decode }: Wire<Request, Answer>) =>
    (endpoint: Endpoint): UnaryMethod =>
    (request, metadata, options, done) =>
      endpoint
        .service('KV')
        .makeUnaryRequest<Request, Answer>(path, encode, decode, request as Request, metadata, options, done);

  const unary = async <T>(
    methodAt: (endpoint: Endpoint) => UnaryMethod,
    request: object,
    options: UnaryOptions,
  ): Promise<T> => {
    if (closed) throw closedError(false);
    const timeoutMs = options.timeoutMs ?? settings.timeoutMs;
    const deadline = Date.now() + timeoutMs;
    const connectMs = Math.min(timeoutMs, settings.connectTimeoutMs);
    const endpoint = options.endpoint ?? endpoints.ready() ?? (await endpoints.acquire(connectMs));
    for (let isFirst = true; ; isFirst = false) {
      const identity = auth.current() ?? (await auth.authenticate(endpoint, timeoutMs));
      const metadata = options.needsLeader === false ? identity.plain : identity.withLeader;
      try {
        return await send<T>(methodAt(endpoint), request, metadata, deadline);
      } catch (error) {
        if (closed) throw closedError(options.writes);
        if (isFirst && isGrpcFailure(error) && isExpiredToken(error.details) && auth.forget(identity))
          continue;
        const told = toEtcdError(error, endpoint.url, options.writes);
        if (told.kind === 'unavailable' || told.kind === 'deadline') endpoints.demote(endpoint);
        throw told;
      }
    }
  };

  return {
    auth,
    timeoutMs: settings.timeoutMs,

    unary: (service, method, request, options) =>
      unary((endpoint) => methodOf<UnaryMethod>(endpoint.service(service), method), request, options),

    unaryOn: (wire, request, options) => unary(unaryOf(wire), request, options),

    async stream(service, method) {
      if (closed) throw closedError(false);
      const endpoint = endpoints.ready() ?? (await endpoints.acquire(settings.connectTimeoutMs));
      const identity = auth.current() ?? (await auth.authenticate(endpoint, settings.timeoutMs));
      if (closed) throw closedError(false);
      const call = methodOf<StreamMethod>(endpoint.service(service), method)(identity.withLeader);
      open.add(call);
      call.once('close', () => open.delete(call));
      return { call, endpoint, identity };
    },

    streamError(error, endpoint) {
      if (closed) return closedError(false);
      endpoints.demote(endpoint);
      return toEtcdError(error, endpoint.url, false);
    },

    demote: (endpoint) => endpoints.demote(endpoint),

    close() {
      closed = true;
      for (const call of open) call.cancel();
      endpoints.close();
    },
  };
}
