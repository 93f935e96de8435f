// The network that faults are made of: what it holds back arrives, in order, and nothing of it is lost.
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { once } from 'node:events';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CLEAR, startLink, type Link } from '../../support/link.ts';
import { delay, waitFor } from '../../support/wait.ts';

let server: Server;
let link: Link;
let seen = { received: '', ended: 0 };
let sockets: Socket[] = [];

beforeEach(async () => {
  // The server of the test before may be told of an end late.
  const own = (seen = { received: '', ended: 0 });
  sockets = [];
  server = createServer((socket) => {
    socket.setEncoding('utf8').on('data', (text: string) => (own.received += text));
    socket.on('error', () => undefined);
    socket.on('close', () => own.ended++);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});

afterEach(async () => {
  for (const socket of sockets) socket.destroy();
  await link.stop();
  await new Promise((resolve) => server.close(resolve));
});

const open = async (options: Partial<Parameters<typeof startLink>[0]> = {}): Promise<void> => {
  const { port } = server.address() as AddressInfo;
  link = await startLink({ target: { host: '127.0.0.1', port }, ...options });
};

const client = async (): Promise<Socket> => {
  const socket = connect(link.port, '127.0.0.1');
  socket.on('error', () => undefined);
  socket.resume();
  sockets.push(socket);
  await once(socket, 'connect');
  return socket;
};

const until = (text: string): Promise<unknown> =>
  waitFor(() => seen.received === text, {
    what: `the server got ${text.length} bytes`,
    seen: () => seen.received.slice(-50),
  });

describe('a link', () => {
  it('holds everything back while it is cut, also the end, and lets it through when it is not', async () => {
    await open();
    const socket = await client();
    socket.write('a');
    await until('a');
    link.set(() => ({ ...CLEAR, isCut: true }));
    socket.end('b');
    await delay(100);
    expect(Object.values(seen)).toEqual(['a', 0]);
    link.set(() => CLEAR);
    await until('ab');
    await waitFor(() => seen.ended === 1, { what: 'the server is told of the end' });
  });

  it('keeps the order of bytes however slow, stalled and changing it is', async () => {
    let draws = 0;
    await open({ random: () => (draws++ % 7) / 7 });
    const socket = await client();
    let sent = '';
    for (let i = 0; i < 60; i++) {
      link.set(() => ({ ...CLEAR, delayMs: (i * 7) % 20, stallChance: 0.3, stallMs: 15 }));
      socket.write(`${i} `);
      sent += `${i} `;
      await delay(1);
    }
    await until(sent);
    expect(seen.received).toBe(sent);
  });

  it('is cut for one source, and not for another', async () => {
    await open({ sourceOf: (first) => first.toString().slice(0, 1) });
    link.set((source) => ({ ...CLEAR, isCut: source === 'x' }));
    const [cut, clear] = [await client(), await client()];
    cut.write('x1');
    await delay(50);
    clear.write('y1');
    await until('y1');
    link.set(() => CLEAR);
    await until('y1x1');
    expect(seen.ended).toBe(0);
  });

  it('ends connections when it is reset', async () => {
    await open();
    const socket = await client();
    socket.write('a');
    await until('a');
    link.reset();
    await once(socket, 'close');
    await waitFor(() => seen.ended === 1, { what: 'the server is told of the end' });
    expect(seen.received).toBe('a');
  });

  it('ends a connection whose piece is lost for good', async () => {
    await open();
    link.set(() => ({ ...CLEAR, resetChance: 1 }));
    const socket = await client();
    socket.write('a');
    await once(socket, 'close');
    expect(seen.received).toBe('');
  });
});
