// One way to a server, as a network would be: slow, lossy, or gone, for each client by itself. Bytes keep
// their order whatever happens; what a partition holds back, also the end of a connection, arrives when it
// heals, as TCP would send it again. It must never lose or reorder bytes of a connection that lives.
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

export interface Conditions {
  /** Nothing passes, either way; connections stay open. */
  readonly isCut: boolean;
  /** Each byte takes this long, ms. */
  readonly delayMs: number;
  /** What a lost packet looks like over TCP: with this probability a piece waits for `stallMs`. */
  readonly stallChance: number;
  readonly stallMs: number;
  /** With this probability a piece ends its connection instead. */
  readonly resetChance: number;
}

export const CLEAR: Conditions = { isCut: false, delayMs: 0, stallChance: 0, stallMs: 0, resetChance: 0 };

export interface LinkOptions {
  readonly target: { readonly host: string; readonly port: number };
  /** Whose connection it is, by the first bytes that it sends; `''` for all by default. */
  readonly sourceOf?: (first: Buffer) => string;
  readonly random?: () => number;
}

export interface Link {
  readonly url: string;
  readonly port: number;
  /** How the network is for connections of that source from now on. */
  set(conditionsOf: (source: string) => Conditions): void;
  /** Ends all connections that are open. */
  reset(): void;
  stop(): Promise<void>;
}

/** Held for one connection and direction before its sender is not read any more. */
const MOST_HELD = 4 * 1024 * 1024;

interface Piece {
  /** undefined: the end. */
  readonly bytes: Buffer | undefined;
  readonly dueAt: number;
}

export async function startLink(options: LinkOptions): Promise<Link> {
  const { target, sourceOf = () => '', random = Math.random } = options;
  const connections = new Set<{ wake(): void; destroy(): void }>();
  let conditionsOf: (source: string) => Conditions = () => CLEAR;

  const server = createServer((client) => {
    client.setNoDelay(true);
    let source: string | undefined;
    let upstream: Socket | undefined;
    const pipes: { wake(): void; connected(to: Socket): void }[] = [];

    const destroy = (): void => {
      connections.delete(self);
      client.destroy();
      upstream?.destroy();
    };
    const self = { wake: () => pipes.forEach((pipe) => pipe.wake()), destroy };
    connections.add(self);

    const pipe = (from: Socket, to: Socket | undefined) => {
      const queue: Piece[] = [];
      let held = 0;
      let timer: NodeJS.Timeout | undefined;

      const pump = (): void => {
        timer = undefined;
        const receiver = to;
        if (!receiver) return;
        for (let next = queue[0]; next; next = queue[0]) {
          if (conditionsOf(source ?? '').isCut) return;
          const wait = next.dueAt - performance.now();
          if (wait > 0) {
            timer = setTimeout(pump, wait);
            return;
          }
          queue.shift();
          if (next.bytes === undefined) return destroy();
          held -= next.bytes.length;
          if (!receiver.destroyed) receiver.write(next.bytes);
        }
        if (held < MOST_HELD) from.resume();
      };
      const push = (bytes: Buffer | undefined): void => {
        const { delayMs, stallChance, stallMs, resetChance } = conditionsOf(source ?? '');
        if (bytes && random() < resetChance) return destroy();
        const stall = bytes && random() < stallChance ? stallMs : 0;
        const dueAt = Math.max(performance.now() + delayMs + stall, queue.at(-1)?.dueAt ?? 0);
        queue.push({ bytes, dueAt });
        if (bytes) held += bytes.length;
        if (held >= MOST_HELD) from.pause();
        if (timer === undefined) pump();
      };
      from.on('data', (bytes: Buffer) => {
        source ??= sourceOf(bytes);
        push(bytes);
      });
      from.on('error', () => undefined);
      from.on('close', () => push(undefined));
      pipes.push({
        wake: () => {
          clearTimeout(timer);
          pump();
        },
        connected: (socket) => {
          to = socket;
          pump();
        },
      });
    };

    pipe(client, undefined);
    const toServer = pipes[0]!;
    const server = connect(target.port, target.host).setNoDelay(true);
    upstream = server;
    pipe(server, client);
    server.once('connect', () => toServer.connected(server));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const reset = (): void => {
    for (const connection of connections) connection.destroy();
  };

  return {
    url: `http://127.0.0.1:${port}`,
    port,
    set(conditions) {
      conditionsOf = conditions;
      for (const connection of connections) connection.wake();
    },
    reset,
    async stop() {
      const closed = new Promise((resolve) => server.close(resolve));
      reset();
      await closed;
    },
  };
}
