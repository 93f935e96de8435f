// What gRPC and etcd say when a call fails, told as EtcdError. It must never claim that a request was not
// carried out unless etcd's code says so: an answer that reads like a refusal can come after the commit.
import { status as grpcStatus } from '@grpc/grpc-js';
import { EtcdError, type EtcdErrorKind } from './etcd.ts';

export interface GrpcFailure {
  readonly code: number;
  readonly details: string;
}

export const isGrpcFailure = (error: unknown): error is Error & GrpcFailure =>
  error instanceof Error && typeof (error as Partial<GrpcFailure>).code === 'number';

/** The token expired, or etcd restarted and forgot it, or permissions changed since it was made. */
export const isExpiredToken = (details: string): boolean =>
  details.includes('invalid auth token') || details.includes('revision of auth store is old');

/** etcd's own words that decide, before the code does. `applied`: it may have been carried out all the same. */
const SAYINGS: readonly (readonly [string, EtcdErrorKind, boolean])[] = [
  ['requested lease not found', 'lease_not_found', false],
  ['required revision has been compacted', 'compacted', false],
  // The quota is checked before the request is proposed and again after it has been applied.
  ['database space exceeded', 'no_space', true],
  ['etcdserver: too many requests', 'too_many_requests', false],
  ['etcdserver: no leader', 'unavailable', false],
  ['invalid auth token', 'auth', false],
  ['revision of auth store is old', 'auth', false],
  ['permission denied', 'auth', false],
  ['authentication failed', 'auth', false],
  ['user name is empty', 'auth', false],
  ['No connection established', 'unavailable', false],
  ['Request message serialization failure', 'invalid', false],
  ['Name resolution failed', 'unavailable', false],
];

const REFUSED: Partial<Record<number, EtcdErrorKind>> = {
  [grpcStatus.INVALID_ARGUMENT]: 'invalid',
  [grpcStatus.NOT_FOUND]: 'invalid',
  [grpcStatus.ALREADY_EXISTS]: 'invalid',
  [grpcStatus.OUT_OF_RANGE]: 'invalid',
  [grpcStatus.UNIMPLEMENTED]: 'invalid',
  [grpcStatus.FAILED_PRECONDITION]: 'invalid',
  // A message beyond the server's limit; etcd's own "too many requests" is told apart above.
  [grpcStatus.RESOURCE_EXHAUSTED]: 'invalid',
  [grpcStatus.UNAUTHENTICATED]: 'auth',
  [grpcStatus.PERMISSION_DENIED]: 'auth',
};

const IN_DOUBT: Partial<Record<number, EtcdErrorKind>> = { [grpcStatus.DEADLINE_EXCEEDED]: 'deadline' };

/** `No connection established. Last error: Error: connect ECONNREFUSED 127.0.0.1:2379. Resolution note: ` in short. */
const inShort = (details: string): string =>
  details
    .replace(/^No connection established\. Last error: (?:Error: )?/, 'no connection: ')
    .replace(/\.? Resolution note: ?$/, '');

/** `writes`: the request could change something. `endpoint` goes into the message. */
export function toEtcdError(error: unknown, endpoint: string, writes: boolean): EtcdError {
  if (error instanceof EtcdError) return error;
  if (!isGrpcFailure(error))
    return new EtcdError('invalid', String(error), { cause: error, mayHaveApplied: writes });
  const told = (kind: EtcdErrorKind, applied: boolean): EtcdError =>
    new EtcdError(kind, `${endpoint}: ${inShort(error.details || error.message)}`, {
      cause: error,
      mayHaveApplied: applied && writes,
    });
  for (const [saying, kind, applied] of SAYINGS)
    if (error.details.includes(saying)) return told(kind, applied);
  const refused = REFUSED[error.code];
  if (refused) return told(refused, false);
  return told(IN_DOUBT[error.code] ?? 'unavailable', true);
}
