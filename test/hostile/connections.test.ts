// Clients that are slow, too many, or speak no HTTP: each is answered or cut, and the others are served meanwhile.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { startTestMaster } from '../integration/master/harness.ts';
import { useEtcd } from '../support/shared-etcd.ts';
import { delay, waitFor } from '../support/wait.ts';
import { checkProblem, must } from './documented.ts';
import { firstAnswer, open, type RawConnection } from './raw-http.ts';
import { FACTOR, fuzz } from './runs.ts';

const shared = useEtcd();

async function listening(settings: Parameters<typeof startTestMaster>[1] = {}) {
  const master = await startTestMaster(shared, settings);
  const url = await master.app.listen({ host: '127.0.0.1', port: 0 });
  const opened: RawConnection[] = [];
  shared.cleanup(() => opened.forEach(({ socket }) => socket.destroy()));
  return {
    master,
    url,
    open: () => {
      const connection = open(url);
      opened.push(connection);
      return connection;
    },
    isWell: async () => {
      const answer = await fetch(`${url}/healthz`, { headers: { connection: 'close' } });
      expect(await answer.json()).toEqual({ status: 'ok' });
    },
  };
}

const GOOD = [
  'GET /api/v1/jobs?limit=1 HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n',
  'POST /api/v1/jobs HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 15\r\nConnection: close\r\n\r\n{"name":"abcd"}',
  'POST /api/v1/jobs HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\nf\r\n{"name":"abcd"}\r\n0\r\n\r\n',
];
const PIECES = [
  '\r\n',
  '\r\n\r\n',
  '\0',
  ' ',
  '%',
  '%zz',
  '%c0%ae',
  '//',
  '/../../..',
  'HTTP/2.0',
  'Content-Length: 5\r\n',
  'Content-Length: -1\r\n',
  'Transfer-Encoding: chunked\r\n',
  'Transfer-Encoding: gzip, chunked\r\n',
  'Expect: 100-continue\r\n',
  'Upgrade: websocket\r\nConnection: Upgrade\r\n',
  'Host: evil.example\r\n',
  'X: \x7f\xff\r\n',
  'ffffffffffffffff\r\n',
  '?a=%E0%A4%A&b',
  `X-Long: ${'x'.repeat(20_000)}\r\n`,
  `/${'y'.repeat(3_000)}`,
];

describe('bytes on a connection', () => {
  test(
    'that are nearly a request are answered with a problem or not at all, and never by a failure of ours',
    async () => {
      const { open: connect, isWell } = await listening({ requestTimeoutMs: 1_000 });
      const broken = fc
        .tuple(
          fc.constantFrom(...GOOD),
          fc.array(
            fc.tuple(
              fc.nat(400),
              fc.nat(6),
              fc.oneof(fc.constantFrom(...PIECES), fc.string({ unit: 'binary-ascii', maxLength: 3 })),
            ),
            { minLength: 1, maxLength: 3 },
          ),
        )
        .map(([text, edits]) =>
          edits.reduce((done, [at, gone, piece]) => {
            const place = at % (done.length + 1);
            return done.slice(0, place) + piece + done.slice(place + gone);
          }, text),
        );
      await expect(
        fc.assert(
          fc.asyncProperty(broken, async (text) => {
            const connection = connect();
            connection.socket.end(Buffer.from(text, 'latin1'));
            const answer = firstAnswer(await connection.closed);
            if (answer === undefined) return;
            must(answer.statusCode < 500, answer.body);
            if (answer.statusCode >= 400) checkProblem(answer);
          }),
          fuzz(300),
        ),
      ).resolves.toBeUndefined();
      await isWell();
    },
    60_000 * FACTOR,
  );

  test('of which the headers are too long, or that are no HTTP, get their problem', async () => {
    const { open: connect } = await listening();
    const cases = [
      [`GET / HTTP/1.1\r\nHost: localhost\r\nX: ${'x'.repeat(40_000)}\r\n\r\n`, 'headers_too_large'],
      ['\x16\x03\x01\x02\0\x01\0', 'bad_request'],
      ['GET / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n', 'bad_request'],
      [
        'POST /api/v1/jobs HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n',
        'bad_request',
      ],
    ] as const;
    for (const [text, code] of cases) {
      const connection = connect();
      connection.socket.write(text);
      const answer = firstAnswer(await connection.closed)!;
      expect(checkProblem(answer)).toMatchObject({ code });
    }
  });

  test('that stop in the middle of a body are given up, and nothing is created', async () => {
    const { open: connect, master, isWell } = await listening();
    const body = JSON.stringify({
      name: 'half',
      schedule: '@manual',
      task: { kind: 'shell', command: 'true' },
    });
    for (const length of [body.length, body.length + 10]) {
      const connection = connect();
      const head = `POST /api/v1/jobs HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: ${length}\r\n\r\n`;
      connection.socket.end(head + body.slice(0, length - 11));
      const answer = firstAnswer(await connection.closed);
      expect([undefined, 'bad_request']).toContain(answer && checkProblem(answer).code);
    }
    await isWell();
    await master.refused('job_not_found', 'getJob', { params: { job: 'half' } });
  });
});

describe('slow clients', () => {
  test('that send nothing, a header a moment, or a body a byte a moment, are cut after their time', async () => {
    const { open: connect, isWell } = await listening({ requestTimeoutMs: 400 });
    const silent = connect();
    const headers = connect();
    const body = connect();
    headers.socket.write('GET /healthz HTTP/1.1\r\nHost: localhost\r\n');
    body.socket.write(
      'POST /api/v1/jobs HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n{',
    );
    const dripping = setInterval(() => {
      if (!headers.isClosed) headers.socket.write('X-A: b\r\n');
      if (!body.isClosed) body.socket.write(' ');
    }, 50);
    try {
      await isWell();
      const cut = await Promise.all([silent.closed, headers.closed, body.closed]);
      for (const received of cut) {
        const answer = firstAnswer(received);
        expect([undefined, 'request_timeout']).toContain(answer && checkProblem(answer).code);
      }
      expect(firstAnswer(cut[1])).toBeDefined();
      await isWell();
    } finally {
      clearInterval(dripping);
    }
  });

  test('more than there may be are closed as they come, and those that are there go on', async () => {
    const { open: connect, master, isWell } = await listening({ mostConnections: 20 });
    const held = Array.from({ length: 20 }, connect);
    await waitFor(
      () => new Promise<boolean>((done) => master.app.server.getConnections((_, n) => done(n === 20))),
      { what: '20 connections are held' },
    );
    const late = Array.from({ length: 30 }, connect);
    await Promise.all(late.map(({ closed }) => closed));
    expect(held.filter(({ isClosed }) => isClosed)).toEqual([]);
    expect(master.log()).toContain('as many connections are open as there may be');
    held[0]!.socket.end('GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n');
    expect(firstAnswer(await held[0]!.closed)).toMatchObject({ statusCode: 200 });
    await isWell();
  });
});

describe('a body that does not end', () => {
  test('is refused at its limit, and no more of it is read', async () => {
    const { open: connect, isWell } = await listening();
    for (const [path, limit] of [
      ['/api/v1/jobs', 512 * 1024],
      ['/api/v1/batch', 32 * 1024 ** 2],
    ] as const) {
      const connection = connect();
      connection.socket.write(
        `POST ${path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n`,
      );
      const chunk = Buffer.concat([
        Buffer.from('10000\r\n'),
        Buffer.alloc(65_536, 0x20),
        Buffer.from('\r\n'),
      ]);
      let sent = 0;
      while (!connection.isClosed && firstAnswer(connection.received) === undefined && sent < 4 * limit) {
        if (!connection.socket.write(chunk))
          await Promise.race([
            new Promise((done) => connection.socket.once('drain', done)),
            connection.closed,
            delay(2_000),
          ]);
        sent += chunk.length;
      }
      // What is on its way is on its way; beyond that it is not taken.
      await Promise.race([connection.closed, delay(10_000)]);
      expect(connection.isClosed).toBe(true);
      const answer = firstAnswer(connection.received);
      expect([undefined, 'body_too_large']).toContain(answer && checkProblem(answer).code);
      await isWell();
    }
  });
});
