// The members this client may talk to, one connection each, and which of them is in use. It must never
// resend a request: it chooses a connected member before a request leaves, and that is all.
import {
  Client,
  connectivityState,
  credentials,
  type ChannelCredentials,
  type ChannelOptions,
} from '@grpc/grpc-js';
import { Host } from 'etcd3/lib/connection-pool.js';
import { EtcdError } from './etcd.ts';

export type ServiceName = 'KV' | 'Watch' | 'Lease' | 'Maintenance' | 'Cluster' | 'Auth';

export interface Endpoint {
  /** As configured, such as `http://127.0.0.1:2379`. */
  readonly url: string;
  /** etcd3's generated client; all services share the endpoint's one connection. */
  service(name: ServiceName): Client;
  isReady(): boolean;
  /** False when the connection failed, or is not there in time. */
  becomesReady(withinMs: number): Promise<boolean>;
  hasFailed(): boolean;
  close(): void;
}

export interface Endpoints {
  readonly all: readonly Endpoint[];
  /**
   * A connected member; when none can be reached, one whose call fails at once and says why. Rejects with
   * EtcdError (never sent) when connecting takes longer than `withinMs`.
   */
  acquire(withinMs: number): Promise<Endpoint>;
  /** The member in use when it is connected: spares acquire's turn of the event loop. */
  ready(): Endpoint | undefined;
  /** A request to it went wrong: prefer another. */
  demote(endpoint: Endpoint): void;
  close(): void;
}

const CHANNEL_OPTIONS: ChannelOptions = {
  'grpc.max_receive_message_length': -1,
  'grpc.max_send_message_length': -1,
  // etcd drops clients that ping more often than every 5 s; a silent connection ends within 7 s.
  'grpc.keepalive_time_ms': 5_000,
  'grpc.keepalive_timeout_ms': 2_000,
  'grpc.initial_reconnect_backoff_ms': 100,
  'grpc.min_reconnect_backoff_ms': 100,
  'grpc.max_reconnect_backoff_ms': 1_000,
  // Two clients in one process must not share a connection, or one's cut would be the other's.
  'grpc.use_local_subchannel_pool': 1,
  'grpc.enable_retries': 0,
  'grpc.enable_http_proxy': 0,
};

export function openEndpoint(url: string, channelCredentials: ChannelCredentials): Endpoint {
  const address = url.replace(/^https?:\/\//, '');
  const base = new Client(address, channelCredentials, CHANNEL_OPTIONS);
  const channel = base.getChannel();
  const host = new Host(address, channelCredentials, { ...CHANNEL_OPTIONS, channelOverride: channel });
  const services = new Map<ServiceName, Client>();
  const becomesReady = (deadline: number): Promise<boolean> =>
    new Promise((resolve) => {
      const look = (): void => {
        const state = channel.getConnectivityState(true);
        if (state === connectivityState.READY) resolve(true);
        else if (state === connectivityState.TRANSIENT_FAILURE || state === connectivityState.SHUTDOWN)
          resolve(false);
        else channel.watchConnectivityState(state, deadline, (late) => (late ? resolve(false) : look()));
      };
      look();
    });
  return {
    url,
    service(name) {
      let service = services.get(name);
      if (!service) services.set(name, (service = host.getServiceClient(name)));
      return service;
    },
    isReady: () => channel.getConnectivityState(true) === connectivityState.READY,
    // gRPC's deadlines are on the wall clock by its API; it turns them into a delay at once.
    becomesReady: (withinMs) => becomesReady(Date.now() + withinMs),
    hasFailed: () => channel.getConnectivityState(false) === connectivityState.TRANSIENT_FAILURE,
    close: () => base.close(),
  };
}

export function openEndpoints(urls: readonly string[], channelCredentials: ChannelCredentials): Endpoints {
  const all = urls.map((url) => openEndpoint(url, channelCredentials));
  // Many workers start with the same list: begin anywhere, so that members share the load.
  let current = Math.floor(Math.random() * all.length);
  let connecting: Promise<Endpoint | undefined> | undefined;
  let closed = false;

  const connectOne = async (withinMs: number): Promise<Endpoint | undefined> => {
    const share = Math.max(250, withinMs / all.length);
    const first = current;
    for (let i = 0; i < all.length; i++) {
      const index = (first + i) % all.length;
      if (await all[index]!.becomesReady(share)) {
        current = index;
        return all[index];
      }
      if (closed) return undefined;
    }
    return all.find((endpoint) => endpoint.hasFailed());
  };

  const ready = (): Endpoint | undefined => {
    const endpoint = all[current]!;
    return endpoint.isReady() ? endpoint : undefined;
  };

  return {
    all,
    ready,
    async acquire(withinMs) {
      const connected = ready();
      if (connected) return connected;
      connecting ??= connectOne(withinMs).finally(() => (connecting = undefined));
      const endpoint = await connecting;
      if (closed) throw new EtcdError('closed', 'the etcd client is closed', { mayHaveApplied: false });
      if (endpoint) return endpoint;
      const where = urls.join(', ');
      throw new EtcdError('unavailable', `no connection to etcd at ${where} within ${withinMs} ms`, {
        mayHaveApplied: false,
      });
    },
    demote(endpoint) {
      if (all[current] === endpoint) current = (current + 1) % all.length;
    },
    close() {
      closed = true;
      for (const endpoint of all) endpoint.close();
    },
  };
}

export interface TlsSettings {
  readonly ca?: Buffer | string;
  readonly cert?: Buffer | string;
  readonly key?: Buffer | string;
}

const bytes = (text: Buffer | string | undefined): Buffer | null =>
  text === undefined ? null : Buffer.from(text);

/** TLS when every endpoint is https or a CA or certificate is given. Throws EtcdError on a mix, or half a pair. */
export function channelCredentials(urls: readonly string[], tls: TlsSettings): ChannelCredentials {
  const secure = urls.filter((url) => url.startsWith('https://')).length;
  if (secure > 0 && secure < urls.length) {
    throw new EtcdError('invalid', 'etcd endpoints must be all https:// or all http://, not a mix');
  }
  if ((tls.cert === undefined) !== (tls.key === undefined)) {
    throw new EtcdError('invalid', 'a client certificate for etcd needs both its certificate and its key');
  }
  const plain = urls.some((url) => url.startsWith('http://'));
  const wantsTls = tls.ca !== undefined || tls.cert !== undefined;
  if (wantsTls && plain)
    throw new EtcdError('invalid', 'a CA or certificate for etcd is given, but an endpoint is http://');
  if (secure === 0 && !wantsTls) return credentials.createInsecure();
  return credentials.createSsl(bytes(tls.ca), bytes(tls.key), bytes(tls.cert));
}
