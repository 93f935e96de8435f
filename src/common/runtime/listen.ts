// Addresses to listen on: `127.0.0.1:8700`, `[::1]:8700`, `localhost:0`.
import { BlockList, isIP } from 'node:net';

export interface ListenAddress {
  /** Without brackets, as node's listen() takes it. */
  readonly host: string;
  /** 0: any free port. */
  readonly port: number;
}

const SHAPE = /^(?:\[([0-9a-fA-F:.]+)\]|([A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?)):(\d{1,5})$/;

/** undefined when the text is no `host:port`. */
export function parseListen(text: string): ListenAddress | undefined {
  const match = SHAPE.exec(text);
  if (!match) return undefined;
  const [, v6, name, digits] = match;
  const port = Number(digits);
  if (port > 65_535 || (v6 !== undefined && isIP(v6) !== 6)) return undefined;
  return { host: v6 ?? name!, port };
}

/** `127.0.0.1:8700`, with brackets where IPv6 needs them. */
export const listenText = ({ host, port }: ListenAddress): string =>
  `${isIP(host) === 6 ? `[${host}]` : host}:${port}`;

/** Only this machine can reach it. A name other than localhost may mean anything, so it counts as no. */
export function isLoopback(host: string): boolean {
  if (host === 'localhost') return true;
  const family = isIP(host);
  if (family === 0) return false;
  const loopback = new BlockList();
  loopback.addSubnet('127.0.0.0', 8, 'ipv4');
  loopback.addAddress('::1', 'ipv6');
  return loopback.check(host, family === 6 ? 'ipv6' : 'ipv4');
}

/** Its message says all that there is to say. */
export class CannotListen extends Error {
  override readonly name = 'CannotListen';

  constructor(address: ListenAddress, cause: NodeJS.ErrnoException) {
    const text = listenText(address);
    const way =
      'stop what listens there, or choose another address, such as --listen 127.0.0.1:0 for any free port';
    super(
      `--listen: ${cause.code === 'EADDRINUSE' ? `${text} is taken: ${way}` : `${text}: ${cause.message}`}`,
      {
        cause,
      },
    );
  }
}

/** What `listen` answers. Throws CannotListen for the faults of an address. */
export async function listening<T>(address: ListenAddress, listen: () => Promise<T>): Promise<T> {
  try {
    return await listen();
  } catch (error) {
    const cause = error as NodeJS.ErrnoException;
    throw cause.syscall === 'listen' || cause.syscall === 'getaddrinfo'
      ? new CannotListen(address, cause)
      : error;
  }
}
