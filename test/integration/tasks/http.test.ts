// Tasks of the kind http, against real servers: what is asked, what counts as success, what is kept.
import { execFileSync } from 'node:child_process';
import { createReadStream, mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { waitFor } from '../../support/wait.ts';
import { cutMark, lossMark } from '../../../src/worker/runner/spool.ts';
import { useHttpServers } from '../../support/http-servers.ts';
import { RUN, useHttpTasks } from './http-rig.ts';

const servers = useHttpServers();
const tasks = useHttpTasks();

describe('a request', () => {
  test('tells the server what its run is, and carries the headers of the job, secret ones too', async () => {
    const server = await servers.start((_, response) => response.end('fine'));
    const end = await tasks.run({
      url: `${server.url}/hook?a=1`,
      headers: {
        Authorization: { secret: true, value: 'Bearer hush' },
        'X-Team': 'data',
        'User-Agent': 'me',
      },
    }).ended;
    expect(end).toMatchObject({ outcome: 'succeeded', httpStatus: 200 });
    expect(end).not.toHaveProperty('error');
    expect(server.asked).toHaveLength(1);
    expect(server.asked[0]).toMatchObject({ method: 'GET', url: '/hook?a=1', body: '' });
    expect(server.asked[0]!.headers).toEqual({
      host: `127.0.0.1:${server.port}`,
      connection: 'close',
      accept: '*/*',
      authorization: 'Bearer hush',
      'x-team': 'data',
      'user-agent': 'me',
      'x-etcron-job': 'job',
      'x-etcron-run-id': RUN,
      'x-etcron-scheduled-for': '2026-11-22T14:30:00.000Z',
      'x-etcron-attempt': '1',
      'x-etcron-fencing-token': '42',
      'x-etcron-worker': 'w-000001',
      'idempotency-key': `job/${RUN}`,
    });
  });

  test.for([
    ['a JSON value', 'POST', { a: ['ä'] }, undefined, '{"a":["ä"]}', 'application/json'],
    ['null', 'PUT', null, undefined, 'null', 'application/json'],
    ['a text', 'PATCH', 'a=1&b=ä', undefined, 'a=1&b=ä', 'text/plain; charset=utf-8'],
    ['a text of a type', 'POST', 'a=1', 'application/x-www-form-urlencoded', 'a=1', undefined],
    ['a body to delete', 'DELETE', { a: 1 }, undefined, '{"a":1}', 'application/json'],
  ] as const)('with %s sends it with its type and length', async ([, method, body, type, sent, expected]) => {
    const server = await servers.start((_, response) => response.end());
    const headers = type === undefined ? {} : { 'CONTENT-TYPE': type };
    await tasks.run({ url: server.url, method, body: body as string, headers }).ended;
    const [asked] = server.asked;
    expect(asked).toMatchObject({ method, body: sent });
    expect(asked!.headers['content-type']).toBe(type ?? expected);
    expect(asked!.headers['content-length']).toBe(String(Buffer.byteLength(sent)));
    expect(asked!.headers).not.toHaveProperty('transfer-encoding');
  });

  test('of one of several shards says which', async () => {
    const server = await servers.start((_, response) => response.end());
    await tasks.run({ url: server.url }, { shard: { index: 1, total: 3 } }).ended;
    expect(server.asked[0]!.headers).toMatchObject({
      'x-etcron-shard-index': '1',
      'x-etcron-shard-total': '3',
    });
  });

  test('that posts nothing says so', async () => {
    const server = await servers.start((_, response) => response.end());
    await tasks.run({ url: server.url, method: 'POST' }).ended;
    expect(server.asked[0]!.headers).toMatchObject({ 'content-length': '0' });
  });

  test('of a run by hand carries its payload instead of the body; one without a body cannot', async () => {
    const server = await servers.start((_, response) => response.end());
    await tasks.run({ url: server.url, method: 'POST', body: 'defined' }, { payload: { by: 'hand' } }).ended;
    expect(server.asked[0]!.body).toBe('{"by":"hand"}');
    const end = await tasks.run({ url: server.url }, { payload: 1 }).ended;
    expect(end).toMatchObject({
      outcome: 'failed',
      error: 'the payload of this run cannot be sent: a GET request has no body',
    });
    expect(server.asked).toHaveLength(1);
  });
});

describe('an answer', () => {
  test('is the output: its head as it came, then its body', async () => {
    const server = await servers.start((_, response) => {
      response.sendDate = false;
      response.writeHead(201, 'Made So', { 'X-Mixed-Case': 'kept', 'Content-Length': '4' }).end('body');
    });
    const end = await tasks.run({ url: server.url }).ended;
    const text = 'HTTP/1.1 201 Made So\nX-Mixed-Case: kept\nContent-Length: 4\nConnection: close\n\nbody';
    expect(end).toMatchObject({
      tail: text,
      outputBytes: text.length,
      outputTruncated: false,
      httpStatus: 201,
    });
    expect(tasks.output().toString()).toBe(text);
  });

  test('of any bytes is kept as it is', async () => {
    const body = Buffer.from(Array.from({ length: 70_000 }, (_, n) => (n * 7) % 256));
    const server = await servers.start((_, response) => response.end(body));
    await tasks.run({ url: server.url }).ended;
    expect(tasks.output().subarray(-body.length).equals(body)).toBe(true);
  });

  test('larger than the limit is cut there, with a mark, and counted in full', async () => {
    const size = 20 * 1024 * 1024;
    const server = await servers.start((_, response) => response.end(Buffer.alloc(size, 'x')));
    const end = await tasks.run({ url: server.url }, { outputLimit: 100_000 }).ended;
    expect(end).toMatchObject({ outcome: 'succeeded', outputTruncated: true });
    expect(end.outputBytes).toBeGreaterThan(size);
    const kept = tasks.output();
    expect(kept.subarray(0, 100_000).toString()).toMatch(/^HTTP\/1\.1 200 OK\n[^]*x$/);
    expect(kept.subarray(100_000).toString()).toBe(cutMark(100_000) + lossMark(end.outputBytes - 100_000));
  });

  test('comes no faster than it can be kept', async () => {
    // A disk that takes nothing: a pipe that nobody reads.
    const spool = join(tasks.dir, `runs/job/${RUN}.log`);
    mkdirSync(dirname(spool), { recursive: true });
    execFileSync('mkfifo', [spool]);
    const chunk = Buffer.alloc(256 * 1024, 'x');
    const total = 256 * chunk.length;
    let sent = 0;
    let sentAt = 0;
    const server = await servers.start((_, response) => {
      const more = (): void => {
        sent += chunk.length;
        sentAt = Date.now();
        if (sent === total) response.end(chunk);
        else response.write(chunk, more);
      };
      more();
    });
    const task = tasks.run({ url: server.url }, { outputLimit: 2 * total });
    await waitFor(() => sent === total || (sent > 0 && Date.now() - sentAt > 1_000), {
      what: 'the server is held up, or done',
    });
    expect(sent).toBeLessThan(total / 2);
    let read = 0;
    const reading = createReadStream(spool).on('data', (part) => (read += part.length));
    const end = await task.ended;
    expect(end).toMatchObject({ outcome: 'succeeded', outputTruncated: false });
    await waitFor(() => read === end.outputBytes, { what: 'all of it has been kept' });
    expect(read).toBeGreaterThan(total);
    reading.destroy();
  });

  test('can be read while it comes', async () => {
    let finish = (): void => {};
    const server = await servers.start((_, response) => {
      response.write('first half');
      finish = () => response.end(', second half');
    });
    const task = tasks.run({ url: server.url });
    await waitFor(() => tasks.output().toString().endsWith('first half'), {
      what: 'the first half is there',
    });
    finish();
    expect((await task.ended).tail).toMatch(/\n\nfirst half, second half$/);
  });

  test('of a further attempt is appended, behind a line that says so', async () => {
    const server = await servers.start((_, response) => response.end('x'));
    for (const attempt of [1, 2]) await tasks.run({ url: server.url }, { attempt }).ended;
    expect(tasks.output().toString()).toMatch(
      /^HTTP\/1\.1 200 OK\n[^]*\nx\n\[etcron: attempt 2\]\nHTTP\/1\.1 200 OK\n[^]*\nx$/,
    );
  });

  test.for([
    [200, undefined, true],
    [299, undefined, true],
    [300, undefined, false],
    [404, undefined, false],
    [404, 404, true],
    [404, [200, '400-404'], true],
    [405, [200, '400-404'], false],
    [418, '4xx', true],
    [200, ['201-299'], false],
    [204, '204', true],
  ] as const)('of status %i is judged by expect %j', async ([status, expected, isGood]) => {
    const server = await servers.start((_, response) => response.writeHead(status).end());
    const expects = expected === undefined ? {} : { expect: structuredClone(expected) as number };
    const end = await tasks.run({ url: server.url, ...expects }).ended;
    expect(end).toMatchObject({ outcome: isGood ? 'succeeded' : 'failed', httpStatus: status });
  });

  test('of an unexpected status fails in words, and its body is kept', async () => {
    const server = await servers.start((_, response) => response.writeHead(503).end('come back later'));
    const end = await tasks.run({ url: server.url, expect: [200, '201-204'] }).ended;
    expect(end).toMatchObject({
      outcome: 'failed',
      httpStatus: 503,
      error: 'unexpected status 503 Service Unavailable (task.expect: 200, 201-204)',
    });
    expect(end.tail).toMatch(/come back later$/);
  });

  test('to HEAD has no body to wait for', async () => {
    const server = await servers.start((_, response) =>
      response.writeHead(200, { 'content-length': 9 }).end(),
    );
    expect(await tasks.run({ url: server.url, method: 'HEAD' }).ended).toMatchObject({
      outcome: 'succeeded',
    });
  });
});
