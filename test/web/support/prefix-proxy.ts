// A reverse proxy as people put before a page: serves it below a prefix, which it takes off. Knows nothing of what
// it passes on.
import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface PrefixProxy {
  /** `http://127.0.0.1:12345/tools/cron/` */
  readonly url: string;
  stop(): Promise<void>;
}

/** `prefix` begins and ends with a slash. Whatever is not below it is answered with 404. */
export async function startPrefixProxy(target: string, prefix: string): Promise<PrefixProxy> {
  const { hostname, port } = new URL(target);
  const server = createServer((incoming, answer) => {
    const path = incoming.url ?? '/';
    if (!path.startsWith(prefix)) {
      answer.writeHead(404).end('outside of the prefix');
      return;
    }
    const passed = request(
      {
        hostname,
        port,
        method: incoming.method,
        path: `/${path.slice(prefix.length)}`,
        headers: incoming.headers,
      },
      (told) => {
        answer.writeHead(told.statusCode ?? 502, told.headers);
        told.pipe(answer);
      },
    );
    passed.once('error', () => answer.destroy());
    answer.once('close', () => passed.destroy());
    incoming.pipe(passed);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${address.port}${prefix}`,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
