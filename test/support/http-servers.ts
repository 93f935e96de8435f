// Servers that http tasks ask: what they were asked is kept, and each answers as its test says.
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach } from 'vitest';

export interface Asked {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

export interface HttpServer {
  /** `http://127.0.0.1:41234`. */
  readonly url: string;
  readonly port: number;
  /** In the order in which they came, each with its whole body. */
  readonly asked: readonly Asked[];
  /** Connections open now. */
  readonly connections: number;
}

export type Answer = (asked: Asked, response: ServerResponse) => void;

export interface HttpServers {
  start(answer: Answer): Promise<HttpServer>;
  startTls(certificate: Certificate, answer: Answer): Promise<HttpServer>;
}

/** Each server is gone after the test. Call at the top of a test file. */
export function useHttpServers(): HttpServers {
  const open: Server[] = [];
  afterEach(async () => {
    for (const server of open.splice(0)) {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    }
  });

  const listen = async (server: Server, scheme: string, answer: Answer): Promise<HttpServer> => {
    const asked: Asked[] = [];
    let connections = 0;
    server.on('request', (request: IncomingMessage, response: ServerResponse) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const { method = '', url = '', headers } = request;
        const one = { method, url, headers, body: Buffer.concat(chunks).toString('utf8') };
        asked.push(one);
        answer(one, response);
      });
    });
    server.on('connection', (socket) => {
      connections++;
      socket.on('close', () => connections--);
    });
    server.on('tlsClientError', () => undefined);
    open.push(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    return {
      url: `${scheme}://127.0.0.1:${port}`,
      port,
      asked,
      get connections() {
        return connections;
      },
    };
  };

  return {
    start: (answer) => listen(createServer(), 'http', answer),
    startTls: (certificate, answer) => listen(createTlsServer(certificate), 'https', answer),
  };
}

export interface Certificate {
  readonly cert: string;
  readonly key: string;
}

export const hasOpenssl = spawnSync('openssl', ['version']).status === 0;

/** Self-signed; `name` as in `IP:127.0.0.1` or `DNS:other.test`. */
export function selfSigned(name: string): Certificate {
  const dir = mkdtempSync(join(tmpdir(), 'etcron-cert-'));
  try {
    const [cert, key] = [join(dir, 'cert'), join(dir, 'key')];
    const made = `req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=test -addext subjectAltName=${name}`;
    execFileSync('openssl', [...made.split(' '), '-keyout', key, '-out', cert], { stdio: 'pipe' });
    return { cert: readFileSync(cert, 'utf8'), key: readFileSync(key, 'utf8') };
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}
