// The configured etcd as the store's client takes it: the one place where its secrets are uncovered.
import type { EtcdSettings } from '../store/client.ts';
import type { EtcdConfig } from './config.ts';

export function etcdSettings({ endpoints, auth, tls, timeout }: EtcdConfig): EtcdSettings {
  return {
    endpoints,
    timeoutMs: timeout,
    ...(auth ? { user: auth.user, password: auth.password.reveal() } : {}),
    ...(tls?.ca === undefined ? {} : { ca: tls.ca }),
    ...(tls?.client ? { cert: tls.client.cert, key: tls.client.key.reveal() } : {}),
  };
}
