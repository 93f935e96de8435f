// A TCP proxy that misbehaves on request: what networks do between us and etcd.
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

/** `up`: towards the target. `down`: back to the client. */
export type Direction = 'up' | 'down';

export interface TcpProxy {
  readonly host: string;
  readonly port: number;
  readonly address: string;
  /** Connections accepted so far. */
  readonly accepted: number;
  /** Bytes that passed, per direction. */
  passed(direction: Direction): number;
  /** Stops passing bytes on; they wait. Connections stay open: half-open, to whoever looks. */
  pause(direction: Direction): void;
  resume(direction: Direction): void;
  /** Cuts all connections after this many more bytes in that direction; the bytes up to there pass. */
  cutAfter(direction: Direction, bytes: number): void;
  cutNow(): void;
  /** Refuses new connections (accepts and closes them), until false. */
  refuse(refused: boolean): void;
  /** Delays every byte, in ms. */
  delay(ms: number): void;
  stop(): Promise<void>;
}

export async function startTcpProxy(target: { host: string; port: number }): Promise<TcpProxy> {
  const pairs = new Set<readonly [Socket, Socket]>();
  const passed: Record<Direction, number> = { up: 0, down: 0 };
  const paused: Record<Direction, boolean> = { up: false, down: false };
  const waiting: Record<Direction, (() => void)[]> = { up: [], down: [] };
  let cut: { direction: Direction; bytes: number } | undefined;
  let isRefusing = false;
  let delayMs = 0;
  let accepted = 0;

  const cutNow = (): void => {
    for (const pair of pairs) for (const socket of pair) socket.destroy();
  };

  const pass = (direction: Direction, chunk: Buffer, to: Socket): void => {
    if (to.destroyed) return;
    if (cut?.direction === direction) {
      if (chunk.length >= cut.bytes) {
        const rest = chunk.subarray(0, cut.bytes);
        cut = undefined;
        passed[direction] += rest.length;
        // end() flushes what is written; destroy() at once would drop it.
        to.end(rest, cutNow);
        return;
      }
      cut.bytes -= chunk.length;
    }
    passed[direction] += chunk.length;
    to.write(chunk);
  };

  const forward = (direction: Direction, from: Socket, to: Socket): void => {
    from.on('data', (chunk: Buffer) => {
      const go = (): void => {
        if (paused[direction]) waiting[direction].push(() => pass(direction, chunk, to));
        else pass(direction, chunk, to);
      };
      if (delayMs > 0) setTimeout(go, delayMs);
      else go();
    });
  };

  const server = createServer((client) => {
    accepted++;
    if (isRefusing) return client.destroy();
    client.setNoDelay(true);
    const upstream = connect(target.port, target.host).setNoDelay(true);
    const pair = [client, upstream] as const;
    pairs.add(pair);
    forward('up', client, upstream);
    forward('down', upstream, client);
    for (const socket of pair) {
      socket.on('error', () => undefined);
      socket.on('close', () => {
        pairs.delete(pair);
        for (const one of pair) one.destroy();
      });
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;

  return {
    host: '127.0.0.1',
    port,
    address: `http://127.0.0.1:${port}`,
    get accepted() {
      return accepted;
    },
    passed: (direction) => passed[direction],
    pause: (direction) => void (paused[direction] = true),
    resume(direction) {
      paused[direction] = false;
      for (const go of waiting[direction].splice(0)) go();
    },
    cutAfter: (direction, bytes) => void (cut = { direction, bytes }),
    cutNow,
    refuse: (refused) => void (isRefusing = refused),
    delay: (ms) => void (delayMs = ms),
    async stop() {
      const closed = new Promise((resolve) => server.close(resolve));
      cutNow();
      await closed;
    },
  };
}
