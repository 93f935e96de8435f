// Ports for servers that are to be started, and started again on the same port. They are below those that the kernel
// gives to connections that go out (32768 and above, net.ipv4.ip_local_port_range): one of these may be taken at any
// moment by any connection on the machine, and a client that tries such a port while nobody listens may even get
// connected to itself.
import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';

const FIRST = 10_000;
const BEYOND = 32_000;
const TRIES = 100;

/**
 * `count` different ports of the loopback address, free a moment ago, drawn at random since others draw at the same
 * time. That another program takes one before its server does is possible, and told by that server.
 */
export async function freePorts(count: number): Promise<number[]> {
  const ports = new Set<number>();
  for (let tries = 0; ports.size < count; tries++) {
    if (tries > TRIES * count) throw new Error(`no ${count} free ports from ${FIRST} to ${BEYOND - 1}`);
    const port = randomInt(FIRST, BEYOND);
    if (await isFree(port)) ports.add(port);
  }
  return [...ports];
}

const isFree = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
