// What a failed request of an http task says: of names, connections, TLS, and answers that break off.
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import { readBody, sendRequest } from '../../../src/worker/tasks/http-request.ts';
import { explainHttpError } from '../../../src/worker/tasks/http-words.ts';
import { hasOpenssl, selfSigned, useHttpServers, type Certificate } from '../../support/http-servers.ts';
import { freePorts } from '../../../src/cli/free-ports.ts';
import { useHttpTasks } from './http-rig.ts';

const servers = useHttpServers();
const tasks = useHttpTasks();

const raw: Server[] = [];
afterEach(async () => {
  for (const server of raw.splice(0)) await new Promise((resolve) => server.close(resolve));
});

/** Speaks bytes, not http. Called when something has been received. */
async function startRaw(onAsked: (socket: Socket) => void): Promise<number> {
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.once('data', () => onAsked(socket));
  });
  raw.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

describe('a request fails in words', () => {
  test('of a host that nobody knows', async () => {
    const end = await tasks.run({ url: 'http://no-such-host.invalid/' }).ended;
    expect(end).toMatchObject({ outcome: 'failed', outputBytes: 0 });
    expect(end.error).toMatch(/^task\.url: .*DNS/);
    expect(end.error).toContain('"no-such-host.invalid"');
  });

  test('of a port where nobody listens', async () => {
    const [port] = await freePorts(1);
    const end = await tasks.run({ url: `http://127.0.0.1:${port}/?token=hush` }).ended;
    expect(end.error).toBe(`127.0.0.1:${port} refused the connection: nothing listens there`);
  });

  test('of a name of which every address refuses', async () => {
    const [port] = await freePorts(1);
    const end = await tasks.run({ url: `http://localhost:${port}/` }).ended;
    expect(end.error).toBe(`localhost:${port} refused the connection: nothing listens there`);
  });

  test.for([
    ['closed', (socket: Socket) => socket.destroy()],
    ['reset', (socket: Socket) => socket.resetAndDestroy()],
  ] as const)('of a connection that is %s before the answer', async ([, close]) => {
    const port = await startRaw(close);
    const end = await tasks.run({ url: `http://127.0.0.1:${port}` }).ended;
    expect(end).toMatchObject({
      outcome: 'failed',
      error: `127.0.0.1:${port} closed the connection before it answered`,
    });
    expect(end).not.toHaveProperty('httpStatus');
  });

  test.for([
    ['closed', (socket: Socket) => socket.destroy()],
    ['reset', (socket: Socket) => socket.resetAndDestroy()],
  ] as const)('of a connection that is %s in the middle of the body', async ([, close]) => {
    const server = await servers.start((_, response) => {
      response.writeHead(200, { 'content-length': 1000 });
      response.write('only this', () => setTimeout(() => close(response.socket!), 50));
    });
    const end = await tasks.run({ url: server.url }).ended;
    expect(end).toMatchObject({
      outcome: 'failed',
      httpStatus: 200,
      error: `127.0.0.1:${server.port} closed the connection in the middle of its answer`,
      tail: expect.stringMatching(/only this$/),
    });
  });

  test('of an answer that breaks before anybody reads it', async () => {
    const server = await servers.start((_, response) => {
      response.writeHead(200, { 'content-length': 1000 });
      response.write('x', () => setTimeout(() => response.socket!.resetAndDestroy(), 20));
    });
    const answer = await sendRequest(
      { method: 'GET', url: new URL(server.url), headers: {}, body: undefined },
      { verify: true, context: undefined },
      new AbortController().signal,
      () => undefined,
    );
    await new Promise((resolve) => answer.once('close', resolve));
    await expect(readBody(answer, () => undefined)).rejects.toThrow(/aborted|closed/);
  });

  test('of a server that speaks something else', async () => {
    const port = await startRaw((socket) => socket.end('220 smtp.example.org ESMTP\r\n'));
    const end = await tasks.run({ url: `http://127.0.0.1:${port}` }).ended;
    expect(end.error).toMatch(/^what 127\.0\.0\.1:\d+ answered is no http \(HPE_/);
  });

  test('of an answer with headers without end', async () => {
    const server = await servers.start((_, response) =>
      response.writeHead(200, { 'x-long': 'x'.repeat(100_000) }).end(),
    );
    const end = await tasks.run({ url: server.url }).ended;
    expect(end).toMatchObject({ outcome: 'failed', error: expect.stringMatching(/HPE_HEADER_OVERFLOW/) });
  });

  test('of a server that speaks no TLS', async () => {
    const server = await servers.start((_, response) => response.end());
    const end = await tasks.run({ url: server.url.replace('http', 'https') }).ended;
    expect(end.error).toBe(
      `127.0.0.1:${server.port} does not speak TLS as this worker does: is it http, not https?`,
    );
  });

  test.for([
    ['CERT_HAS_EXPIRED', /is not trusted: its certificate has expired$/],
    ['CERT_NOT_YET_VALID', /not valid yet/],
    ['UNABLE_TO_GET_ISSUER_CERT_LOCALLY', /task\.tls\.ca/],
    ['EHOSTUNREACH', /^example\.org:443 cannot be reached from this worker/],
    ['ETIMEDOUT', /^example\.org:443 does not answer$/],
    ['EMFILE', /no more connections/],
    ['ERR_SSL_WRONG_VERSION_NUMBER', /does not speak TLS/],
    ['EANYTHING', /^the request to example\.org:443 failed: in Node's words$/],
  ] as const)('for %s', ([code, words]) => {
    const cause = Object.assign(new Error("in Node's words"), { code });
    const told = explainHttpError(cause, new URL('https://example.org/path?token=hush'), 'connecting');
    expect(told).toMatch(words);
    expect(told).not.toContain('hush');
  });
});

describe.skipIf(!hasOpenssl)('TLS', () => {
  let here: Certificate;
  let elsewhere: Certificate;
  beforeAll(() => {
    here = selfSigned('IP:127.0.0.1');
    elsewhere = selfSigned('DNS:other.test');
  });
  const start = (certificate: Certificate) =>
    servers.startTls(certificate, (_, response) => response.end('safe'));

  test('to a server that nobody vouches for is refused before anything is sent', async () => {
    const server = await start(here);
    const end = await tasks.run({ url: server.url, headers: { Authorization: 'hush' } }).ended;
    expect(end).toMatchObject({ outcome: 'failed', outputBytes: 0 });
    expect(end.error).toBe(
      `127.0.0.1:${server.port} is not trusted: its certificate is self-signed: trust it by task.tls.ca (PEM), or take any certificate by task.tls.verify: false`,
    );
    expect(server.asked).toEqual([]);
  });

  test('is taken with its authority, or unverified, and of that task alone', async () => {
    const server = await start(here);
    for (const tls of [{ ca: here.cert }, { verify: false }]) {
      const end = await tasks.run({ url: server.url, tls }).ended;
      expect(end).toMatchObject({ outcome: 'succeeded', tail: expect.stringMatching(/safe$/) });
    }
    expect((await tasks.run({ url: server.url }).ended).outcome).toBe('failed');
    expect((await tasks.run({ url: server.url, tls: { ca: elsewhere.cert } }).ended).error).toMatch(
      /is not trusted: its certificate is self-signed/,
    );
  });

  test('to a server of another name is refused', async () => {
    const server = await start(elsewhere);
    const end = await tasks.run({ url: server.url, tls: { ca: elsewhere.cert } }).ended;
    expect(end.error).toMatch(/is not trusted: its certificate is for another name$/);
    expect(server.asked).toEqual([]);
  });

  test('holds after a redirect', async () => {
    const safe = await start(here);
    const server = await servers.start((_, response) =>
      response.writeHead(302, { location: safe.url }).end(),
    );
    expect((await tasks.run({ url: server.url }).ended).error).toMatch(/is not trusted/);
    const end = await tasks.run({ url: server.url, tls: { ca: here.cert } }).ended;
    expect(end.outcome).toBe('succeeded');
  });

  test('with an authority that is none fails by its field', async () => {
    const server = await start(here);
    const ca = '-----BEGIN CERTIFICATE-----\nbm9uZQ==\n-----END CERTIFICATE-----\n';
    const end = await tasks.run({ url: server.url, tls: { ca } }).ended;
    expect(end).toMatchObject({
      outcome: 'failed',
      error: expect.stringMatching(/^task\.tls\.ca: holds no certificates that can be read/),
    });
  });
});
