// Redirects of http tasks: what is followed, and what another origin gets to see.
import { describe, expect, test } from 'vitest';
import { useHttpServers, type Answer } from '../../support/http-servers.ts';
import { useHttpTasks } from './http-rig.ts';

const servers = useHttpServers();
const tasks = useHttpTasks();

const secret = { Authorization: { secret: true as const, value: 'Bearer hush' }, 'X-Team': 'data' };
/** `/` sends to `to`, everything else is fine. */
const sendingTo =
  (status: number, to: string): Answer =>
  ({ url }, response) =>
    url === '/' ? response.writeHead(status, { location: to }).end('moved') : response.end('there');

describe('a redirect', () => {
  test.for([301, 302, 303, 307, 308])('by %i of a GET is followed, with the headers', async (status) => {
    const server = await servers.start(sendingTo(status, '/there?x=1'));
    const end = await tasks.run({ url: `${server.url}/`, headers: secret }).ended;
    expect(end).toMatchObject({ outcome: 'succeeded', httpStatus: 200 });
    expect(server.asked.map(({ method, url }) => `${method} ${url}`)).toEqual(['GET /', 'GET /there?x=1']);
    expect(server.asked[1]!.headers).toMatchObject({ authorization: 'Bearer hush', 'x-team': 'data' });
    // The head of each answer is kept, the body of the last.
    expect(end.tail).toMatch(new RegExp(`^HTTP/1.1 ${status} [^]*\n\nHTTP/1.1 200 OK\n[^]*\n\nthere$`));
    expect(end.tail).not.toContain('moved');
  });

  test('to another origin takes nothing of the job along but what its run is', async () => {
    const other = await servers.start((_, response) => response.end());
    const server = await servers.start(sendingTo(302, `http://user:pass@127.0.0.1:${other.port}/`));
    await tasks.run({ url: `${server.url}/`, headers: secret }).ended;
    const { headers } = other.asked[0]!;
    expect(headers).not.toHaveProperty('authorization');
    expect(headers).not.toHaveProperty('x-team');
    expect(headers).toMatchObject({ 'x-etcron-job': 'job', 'idempotency-key': expect.any(String) });
  });

  test('back from another origin does not bring the headers back', async () => {
    const home = await servers.start(({ url }, response) =>
      url === '/' ? response.writeHead(302, { location: other.url }).end() : response.end(),
    );
    const other = await servers.start((_, response) =>
      response.writeHead(302, { location: `${home.url}/back` }).end(),
    );
    await tasks.run({ url: `${home.url}/`, headers: secret }).ended;
    expect(home.asked[0]!.headers).toHaveProperty('authorization');
    expect(home.asked[1]).toMatchObject({ url: '/back' });
    expect(home.asked[1]!.headers).not.toHaveProperty('authorization');
  });

  test('to another origin that then refuses is told as the likely reason', async () => {
    const other = await servers.start((_, response) => response.writeHead(401).end());
    const server = await servers.start(sendingTo(302, other.url));
    const end = await tasks.run({ url: `${server.url}/`, headers: secret }).ended;
    expect(end).toMatchObject({
      httpStatus: 401,
      error: expect.stringMatching(/^unexpected status 401 Unauthorized .*does not get the job's headers/),
    });
  });

  test.for([307, 308])('by %i repeats method and body at the same origin', async (status) => {
    const server = await servers.start(sendingTo(status, '/there'));
    await tasks.run({ url: `${server.url}/`, method: 'PUT', body: { a: 1 } }).ended;
    expect(server.asked[1]).toMatchObject({ method: 'PUT', url: '/there', body: '{"a":1}' });
    expect(server.asked[1]!.headers).toMatchObject({ 'content-type': 'application/json' });
  });

  test.for([307, 308])('by %i does not take a body to another origin', async (status) => {
    const other = await servers.start((_, response) => response.end());
    const server = await servers.start(sendingTo(status, `${other.url}/there?token=hush`));
    const end = await tasks.run({ url: `${server.url}/`, method: 'POST', body: 'x' }).ended;
    expect(end).toMatchObject({ outcome: 'failed', httpStatus: status });
    expect(end.error).toContain(`to another origin, ${other.url}/there, which does not get the job's body`);
    expect(other.asked).toEqual([]);
  });

  test('by 303 reads the result with GET, without the body and what describes it', async () => {
    const server = await servers.start(sendingTo(303, '/result'));
    const end = await tasks.run({ url: `${server.url}/`, method: 'POST', body: { a: 1 }, headers: secret })
      .ended;
    expect(end.outcome).toBe('succeeded');
    expect(server.asked[1]).toMatchObject({ method: 'GET', url: '/result', body: '' });
    expect(server.asked[1]!.headers).toMatchObject({ authorization: 'Bearer hush' });
    expect(server.asked[1]!.headers).not.toHaveProperty('content-type');
  });

  test.for([301, 302])('by %i never turns a POST into a GET', async (status) => {
    const server = await servers.start(sendingTo(status, '/new'));
    const end = await tasks.run({ url: `${server.url}/`, method: 'POST', body: 'x' }).ended;
    expect(end).toMatchObject({
      outcome: 'failed',
      httpStatus: status,
      error: `the answer to the POST redirects (${status}) to ${server.url}/new: followed, it would become a GET; write the new address as task.url`,
    });
    expect(server.asked).toHaveLength(1);
  });

  test('in a circle ends', async () => {
    const server = await servers.start(({ url }, response) =>
      response.writeHead(302, { location: url === '/a' ? '/b' : '/a' }).end(),
    );
    const end = await tasks.run({ url: `${server.url}/a`, redirects: 3 }).ended;
    expect(end).toMatchObject({
      outcome: 'failed',
      httpStatus: 302,
      error: 'task.redirects: redirected more than 3 times, perhaps in a circle',
    });
    expect(server.asked).toHaveLength(4);
  });

  test.for([
    ['none is to be followed', { redirects: 0 }, 'failed'],
    ['it is what is expected', { expect: [302] }, 'succeeded'],
    ['it is what is expected, and none is to be followed', { redirects: 0, expect: '3xx' }, 'succeeded'],
  ] as const)('is the answer when %s', async ([, more, outcome]) => {
    const server = await servers.start(sendingTo(302, '/there'));
    const end = await tasks.run({ url: `${server.url}/`, ...(more as { redirects: number }) }).ended;
    expect(end).toMatchObject({ outcome, httpStatus: 302, tail: expect.stringMatching(/moved$/) });
    expect(server.asked).toHaveLength(1);
  });

  test.for([
    ['to what is no url', 'http://[', /redirects \(302\) to what is no url/],
    ['to another scheme', 'ftp://127.0.0.1/', /redirects \(302\) to ftp:, which is not http/],
    ['to a file', 'file:///etc/passwd', /redirects \(302\) to file:, which is not http/],
  ] as const)('%s fails', async ([, location, error]) => {
    const server = await servers.start(sendingTo(302, location));
    const end = await tasks.run({ url: `${server.url}/` }).ended;
    expect(end).toMatchObject({ outcome: 'failed', error: expect.stringMatching(error) });
  });

  test('to nowhere is an unexpected status', async () => {
    const server = await servers.start((_, response) => response.writeHead(302).end());
    const end = await tasks.run({ url: server.url }).ended;
    expect(end.error).toBe('unexpected status 302 Found (task.expect: 200-299)');
  });
});
