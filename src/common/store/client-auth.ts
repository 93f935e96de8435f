// The token that says who we are: made once, shared by all calls, made again when etcd no longer knows it.
// It must never make two tokens where one serves: each costs etcd a tenth of a second of hashing.
import { Metadata, type Client } from '@grpc/grpc-js';
import type { Endpoint } from './client-endpoints.ts';
import { isGrpcFailure, toEtcdError } from './client-errors.ts';

/** What goes along with a call. `withLeader` has etcd refuse at once when its member sees no leader. */
export interface Identity {
  readonly plain: Metadata;
  readonly withLeader: Metadata;
}

export interface Auth {
  /** Known identity; undefined: ask for one. */
  current(): Identity | undefined;
  /** Rejects with EtcdError: nothing was sent but the request for a token. */
  authenticate(endpoint: Endpoint, timeoutMs: number): Promise<Identity>;
  /** etcd refused it. True when another try with a new one makes sense. */
  forget(identity: Identity): boolean;
}

interface AuthClient extends Client {
  authenticate(
    request: { name: string; password: string },
    options: { deadline: number },
    done: (error: Error | null, answer?: { token: string }) => void,
  ): unknown;
}

function identity(token?: string): Identity {
  const plain = new Metadata();
  if (token !== undefined) plain.set('token', token);
  const withLeader = plain.clone();
  withLeader.set('hasleader', 'true');
  return { plain, withLeader };
}

export function createAuth(user: string | undefined, password: string | undefined): Auth {
  const anonymous = identity();
  if (user === undefined) {
    return { current: () => anonymous, authenticate: () => Promise.resolve(anonymous), forget: () => false };
  }
  let known: Identity | undefined;
  let asking: Promise<Identity> | undefined;

  const ask = (endpoint: Endpoint, timeoutMs: number): Promise<Identity> =>
    new Promise((resolve, reject) => {
      const client = endpoint.service('Auth') as AuthClient;
      const request = { name: user, password: password ?? '' };
      client.authenticate(request, { deadline: Date.now() + timeoutMs }, (error, answer) => {
        if (!error) resolve((known = identity(answer!.token)));
        // A user is configured and etcd wants none: as its own clients do, go on without.
        else if (isGrpcFailure(error) && error.details.includes('authentication is not enabled'))
          resolve((known = anonymous));
        else reject(toEtcdError(error, endpoint.url, false));
      });
    });

  return {
    current: () => known,
    authenticate(endpoint, timeoutMs) {
      if (known) return Promise.resolve(known);
      asking ??= ask(endpoint, timeoutMs).finally(() => (asking = undefined));
      return asking;
    },
    forget(refused) {
      if (known === refused) known = undefined;
      return true;
    },
  };
}
