// Requests written byte by byte to a socket, for what no client would send.
import { connect, type Socket } from 'node:net';
import type { RawAnswer } from './documented.ts';

export interface RawConnection {
  readonly socket: Socket;
  /** What came so far, as Latin-1. */
  readonly received: string;
  readonly isClosed: boolean;
  /** Resolves with all that came, when the other side has closed. */
  readonly closed: Promise<string>;
}

export function open(url: string): RawConnection {
  const { hostname, port } = new URL(url);
  const socket = connect({ host: hostname, port: Number(port) });
  let received = '';
  let isClosed = false;
  socket.on('data', (chunk) => (received += chunk.toString('latin1')));
  socket.on('error', () => undefined);
  const closed = new Promise<string>((resolve) =>
    socket.once('close', () => {
      isClosed = true;
      resolve(received);
    }),
  );
  return {
    socket,
    get received() {
      return received;
    },
    get isClosed() {
      return isClosed;
    },
    closed,
  };
}

/** The first answer in what came; undefined: there is none. */
export function firstAnswer(received: string): RawAnswer | undefined {
  const end = received.indexOf('\r\n\r\n');
  const [status, ...lines] = received.slice(0, Math.max(0, end)).split('\r\n');
  const code = /^HTTP\/1\.1 (\d{3}) /.exec(status ?? '')?.[1];
  if (code === undefined) return undefined;
  const headers = Object.fromEntries(
    lines.map((line) => {
      const colon = line.indexOf(':');
      return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
    }),
  );
  const length = Number(headers['content-length'] ?? Infinity);
  const body = Buffer.from(received.slice(end + 4, end + 4 + length), 'latin1').toString();
  return { statusCode: Number(code), headers, body };
}
