// etcd behind the Etcd port, on etcd3's protocol definitions and gRPC. etcd3's own policies (retries,
// circuit breakers, reconnecting watches, leases) are not used: each call is one attempt, told as it went.
import { createAuth } from './client-auth.ts';
import { createCalls } from './client-calls.ts';
import { channelCredentials, openEndpoints, type TlsSettings } from './client-endpoints.ts';
import { openKeepAlive } from './client-keepalive.ts';
import { readStatus } from './client-status.ts';
import { openWatch } from './client-watch.ts';
import { decodeRange, decodeTxn, encodeRange, encodeTxn, RANGE_PATH, TXN_PATH } from './client-wire.ts';
import { EtcdError, type Etcd, type Op, type Txn } from './etcd.ts';

export interface EtcdSettings extends TlsSettings {
  /** Such as `http://127.0.0.1:2379`; a bare `host:port` is taken as it is. At least one. */
  readonly endpoints: readonly string[];
  readonly user?: string;
  readonly password?: string;
  /** Deadline of each call, in ms; 5,000 by default. */
  readonly timeoutMs?: number;
  /** How long a call waits for a connection before it gives up without having been sent; 3,000 by default. */
  readonly connectTimeoutMs?: number;
}

const RANGE_WIRE = { path: RANGE_PATH, encode: encodeRange, decode: decodeRange };
const TXN_WIRE = { path: TXN_PATH, encode: encodeTxn, decode: decodeTxn };

const writes = (txn: Txn): boolean => [...txn.success, ...txn.failure].some(opWrites);
const opWrites = (op: Op): boolean => (op.type === 'txn' ? writes(op.txn) : op.type !== 'range');

/** Connects lazily, at the first call. Throws EtcdError (invalid) on settings that contradict each other. */
export function connectEtcd(settings: EtcdSettings): Etcd {
  if (settings.endpoints.length === 0) throw new EtcdError('invalid', 'at least one etcd endpoint is needed');
  const credentials = channelCredentials(settings.endpoints, settings);
  const endpoints = openEndpoints(settings.endpoints, credentials);
  const calls = createCalls(endpoints, createAuth(settings.user, settings.password), {
    timeoutMs: settings.timeoutMs ?? 5_000,
    connectTimeoutMs: settings.connectTimeoutMs ?? 3_000,
  });

  return {
    async range(request, options) {
      return calls.unaryOn(RANGE_WIRE, request, {
        timeoutMs: options?.timeoutMs,
        writes: false,
        needsLeader: request.serializable !== true,
      });
    },

    async txn(txn, options) {
      const call = { timeoutMs: options?.timeoutMs, writes: writes(txn) };
      return calls.unaryOn(TXN_WIRE, txn, call);
    },

    watch: (request, handlers) => openWatch(calls, request, handlers),

    async leaseGrant(ttlSeconds, options) {
      const call = { timeoutMs: options?.timeoutMs, writes: true };
      const answer = await calls.unary<{ ID: string; TTL: string }>(
        'Lease',
        'leaseGrant',
        { TTL: ttlSeconds },
        call,
      );
      return { leaseId: answer.ID, ttlSeconds: Number(answer.TTL) };
    },

    async leaseRevoke(leaseId, options) {
      try {
        await calls.unary(
          'Lease',
          'leaseRevoke',
          { ID: leaseId },
          { timeoutMs: options?.timeoutMs, writes: true },
        );
      } catch (error) {
        if (!(error instanceof EtcdError && error.kind === 'lease_not_found')) throw error;
      }
    },

    keepAlive: (leaseId, handlers) => openKeepAlive(calls, leaseId, handlers),

    async compact(revision, options) {
      await calls.unary(
        'KV',
        'compact',
        { revision, physical: true },
        { timeoutMs: options?.timeoutMs, writes: true },
      );
    },

    status: (options) => readStatus(calls, endpoints.all, credentials, options?.timeoutMs ?? calls.timeoutMs),

    close: () => calls.close(),
  };
}
