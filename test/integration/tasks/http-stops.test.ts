// How requests of http tasks are ended before their end: timeout, kill, fence.
import { createServer, type AddressInfo } from 'node:net';
import { describe, expect, test } from 'vitest';
import { monotonic } from '../../../src/common/model/time.ts';
import { useHttpServers, type HttpServer } from '../../support/http-servers.ts';
import { waitFor } from '../../support/wait.ts';
import { clock, useHttpTasks } from './http-rig.ts';

const servers = useHttpServers();
const tasks = useHttpTasks();

const silent = (): Promise<HttpServer> => servers.start(() => undefined);
/** A head, and then a byte now and then without end. */
const dripping = (): Promise<HttpServer> =>
  servers.start((_, response) => {
    const drip = setInterval(() => response.write('.'), 5);
    response.on('close', () => clearInterval(drip));
  });
const isAsked = (server: HttpServer) =>
  waitFor(() => server.asked.length > 0, { what: 'the server has the request' });
const isLetGo = (server: HttpServer) =>
  waitFor(() => server.connections === 0, { what: 'the connection is closed' });

describe('a timeout', () => {
  test('of the request ends one that is never answered', async () => {
    const server = await silent();
    const end = await tasks.run({ url: server.url, timeout: '150ms' }, { timeoutMs: 60_000 }).ended;
    expect(end).toMatchObject({
      outcome: 'timed_out',
      error: `task.timeout: the answer was not there after 150ms: 127.0.0.1:${server.port} had the request and had not answered`,
    });
    expect(end).not.toHaveProperty('httpStatus');
    await isLetGo(server);
  });

  test('of the job holds as well, whichever is shorter', async () => {
    const server = await silent();
    for (const more of [{}, { timeout: '1h' }]) {
      const end = await tasks.run({ url: server.url, ...more }, { timeoutMs: 150 }).ended;
      expect(end).toMatchObject({
        outcome: 'timed_out',
        error: expect.stringMatching(/^it ran longer than its timeout of 150ms: /),
      });
    }
    await isLetGo(server);
  });

  test('ends an answer that never ends, and what came is kept', async () => {
    const server = await dripping();
    const end = await tasks.run({ url: server.url, timeout: '500ms' }).ended;
    expect(end).toMatchObject({
      outcome: 'timed_out',
      httpStatus: 200,
      error: expect.stringMatching(/was still sending its answer$/),
    });
    expect(end.tail).toMatch(/^HTTP\/1\.1 200 OK\n[^]*\n\n\.+$/);
    await isLetGo(server);
  });

  test('covers all redirects together', async () => {
    const server = await servers.start((_, response) =>
      setTimeout(() => response.writeHead(302, { location: '/' }).end(), 100),
    );
    const end = await tasks.run({ url: server.url, redirects: 20, timeout: '350ms' }).ended;
    expect(end.outcome).toBe('timed_out');
    expect(server.asked.length).toBeLessThan(10);
  });

  test('ends a handshake that never ends', async () => {
    const mute = createServer((socket) => socket.on('error', () => undefined).resume());
    await new Promise<void>((resolve) => mute.listen(0, '127.0.0.1', resolve));
    const { port } = mute.address() as AddressInfo;
    const end = await tasks.run({ url: `https://127.0.0.1:${port}`, timeout: '150ms' }).ended;
    expect(end).toMatchObject({
      outcome: 'timed_out',
      error: expect.stringMatching(/no connection to .* had been made$/),
    });
    // Closes only when the task has let go of its connection.
    await new Promise((resolve) => mute.close(resolve));
  });
});

describe('a kill', () => {
  test.for(['kill', 'killNow'] as const)('by %s lets go at once', async (how) => {
    const server = await silent();
    const task = tasks.run({ url: server.url });
    await isAsked(server);
    task[how]();
    expect(await task.ended).toMatchObject({
      outcome: 'killed',
      error: expect.stringMatching(/^the request was given up: .* had the request and had not answered$/),
    });
    await isLetGo(server);
  });

  test('in the middle of an answer keeps what came', async () => {
    const server = await dripping();
    const task = tasks.run({ url: server.url });
    await waitFor(() => tasks.output().toString().endsWith('.'), { what: 'some of the answer' });
    task.kill();
    expect(await task.ended).toMatchObject({ outcome: 'killed', httpStatus: 200 });
    await isLetGo(server);
  });

  test('before the connection is there, and again, and after the end', async () => {
    const server = await silent();
    const task = tasks.run({ url: server.url });
    task.kill();
    task.kill();
    expect((await task.ended).outcome).toBe('killed');
    task.kill();
    task.killNow();
    expect(server.asked).toEqual([]);
    const done = tasks.run({ url: (await servers.start((_, response) => response.end())).url });
    await done.ended;
    done.kill();
    expect((await done.ended).outcome).toBe('succeeded');
  });
});

describe('the fence', () => {
  test('ends a request as lost, and after it none starts', async () => {
    const server = await silent();
    const port = tasks.port();
    const running = tasks.run({ url: server.url }, {}, port);
    await isAsked(server);
    port.setDeadline(monotonic(clock.monotonic() + 20));
    const end = await running.ended;
    expect(end).toMatchObject({
      outcome: 'lost',
      error: expect.stringMatching(/^the worker's claim on the run ended: .* had the request/),
    });
    await isLetGo(server);
    const late = await tasks.run({ url: server.url }, {}, port).ended;
    expect(late).toMatchObject({ outcome: 'lost', error: "its worker's claim ended before it started" });
    expect(server.asked).toHaveLength(1);
  });

  test('killAll ends all as lost, whatever one was being ended as', async () => {
    const server = await silent();
    const port = tasks.port();
    const running = [1, 2, 3].map(() => tasks.run({ url: server.url }, {}, port));
    await waitFor(() => server.asked.length === 3, { what: 'all are asked' });
    running[0]!.kill();
    await port.killAll();
    for (const task of running) expect((await task.ended).outcome).toBe('lost');
    await isLetGo(server);
  });
});
