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

export interface OpenStream {
  readonly call: ClientDuplexStream<object, unknown>;
  readonly endpoint: Endpoint;
  readonly identity: Identity;
}

export interface Calls {
  unary<T>(service: ServiceName, method: string, request: object, options: UnaryOptions): Promise<T>;
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

  const send = <T>(call: {
    endpoint: Endpoint;
    service: ServiceName;
    method: string;
    request: object;
    metadata: Metadata;
    deadline: number;
  }): Promise<T> =>
    new Promise((resolve, reject) => {
      const unary = methodOf<UnaryMethod>(call.endpoint.service(call.service), call.method);
      const sent = unary(call.request, call.metadata, { deadline: call.deadline }, (error, answer) => {
        open.delete(sent);
        if (error) reject(error);
        else resolve(answer as T);
      });
      open.add(sent);
    });

  return {
    auth,
    timeoutMs: settings.timeoutMs,

    async unary<T>(service: ServiceName, method: string, request: object, options: UnaryOptions): Promise<T> {
      if (closed) throw closedError(false);
      const timeoutMs = options.timeoutMs ?? settings.timeoutMs;
      const deadline = Date.now() + timeoutMs;
      const connectMs = Math.min(timeoutMs, settings.connectTimeoutMs);
      const endpoint = options.endpoint ?? endpoints.ready() ?? (await endpoints.acquire(connectMs));
      for (let isFirst = true; ; isFirst = false) {
        const identity = auth.current() ?? (await auth.authenticate(endpoint, timeoutMs));
        const metadata = options.needsLeader === false ? identity.plain : identity.withLeader;
        try {
          return await send<T>({ endpoint, service, method, request, metadata, deadline });
        } catch (error) {
          if (closed) throw closedError(options.writes);
          if (isFirst && isGrpcFailure(error) && isExpiredToken(error.details) && auth.forget(identity))
            continue;
          const told = toEtcdError(error, endpoint.url, options.writes);
          if (told.kind === 'unavailable' || told.kind === 'deadline') endpoints.demote(endpoint);
          throw told;
        }
      }
    },

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
