// The output of a run: from its worker, live, or the tail when the worker is gone.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { beforeEach, expect, it } from 'vitest';
import { codecs } from '../../../src/common/store/keyspace.ts';
import { useEtcd } from '../../support/shared-etcd.ts';
import { waitFor } from '../../support/wait.ts';
import { claim, job, runOf, startTestMaster, WORKER, workerOf, type TestMaster } from './harness.ts';

const shared = useEtcd();
const RUN = '20260101T000000.000Z-000001';
const params = { job: 'a', run: RUN };
let master: TestMaster;

beforeEach(async () => {
  master = await startTestMaster(shared, { mostStreams: 1 });
  await master.call('createJob', { body: job('a') });
  await master.write(master.keys.run('a', RUN), codecs.run.encode(runOf('a', RUN)));
});

async function startWorker(
  answer: (request: IncomingMessage, response: ServerResponse) => void,
  id = WORKER,
): Promise<void> {
  const server = createServer(answer);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  shared.cleanup(() => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  });
  const { port } = server.address() as AddressInfo;
  await master.write(
    master.keys.worker(id),
    codecs.worker.encode(workerOf({ id, http: `http://127.0.0.1:${port}` })),
  );
  await waitFor(() => master.views.workers.size === 1, { what: 'the view knows the worker' });
}

it('comes from the worker, asked with its token', async () => {
  const asked: unknown[] = [];
  await startWorker((request, response) => {
    asked.push([request.url, request.headers.authorization]);
    response.end('all of it\n');
  });
  const { text, headers } = await master.call('getRunOutput', { params, query: { follow: 'true' } });
  expect(text).toBe('all of it\n');
  expect(headers).toMatchObject({ 'etcron-output': 'worker', 'content-type': 'text/plain; charset=utf-8' });
  expect(asked).toEqual([[`/v1/runs/a/${RUN}/output?follow=true`, 'Bearer the-token-of-the-worker']]);
});

it('arrives while the run goes on, ends with the reader, and streams are bounded', async () => {
  let asked = 0;
  let closed = false;
  await startWorker((_, response) => {
    if (++asked > 1) return response.end('second\n');
    response.write('first\n');
    response.on('close', () => (closed = true));
  });
  const url = await master.app.listen({ host: '127.0.0.1', port: 0 });
  const gone = new AbortController();
  const answer = await fetch(`${url}/api/v1/jobs/a/runs/${RUN}/output?follow=true`, { signal: gone.signal });
  const { value } = await answer.body!.getReader().read();
  expect(new TextDecoder().decode(value)).toBe('first\n');
  await master.refused('too_many_streams', 'getRunOutput', { params });
  gone.abort();
  await waitFor(() => closed, { what: 'the worker is let go' });
  const next = await waitFor(
    async () => {
      const { status, text } = await master.call('getRunOutput', { params });
      return status === 200 && text;
    },
    { what: 'the place is free again' },
  );
  expect(next).toBe('second\n');
});

it('is the tail when the worker is gone, and says so', async () => {
  await master.write(master.keys.output('a', RUN), 'the end of it');
  const { text, headers } = await master.call('getRunOutput', { params });
  expect(headers['etcron-output']).toBe('tail');
  expect(text).toMatch(/^the end of it\n\[etcron: .*\]\n$/);
});

it('is the tail when the worker cannot be reached, has it no more, or sends us elsewhere', async () => {
  await master.write(master.keys.output('a', RUN), 'tail');
  await master.write(master.keys.worker(WORKER), codecs.worker.encode(workerOf()));
  await waitFor(() => master.views.workers.size === 1, { what: 'the view knows the worker' });
  expect((await master.call('getRunOutput', { params })).headers['etcron-output']).toBe('tail');
  const answers = [404, 302];
  let elsewhere = 0;
  await startWorker((request, response) => {
    if (request.url === '/elsewhere') elsewhere++;
    response.writeHead(answers.shift() ?? 200, { location: '/elsewhere' }).end('no');
  });
  await waitFor(() => master.views.workers.get(WORKER)?.record.http !== workerOf().http, {
    what: 'the new address',
  });
  for (let i = 0; i < 2; i++)
    expect((await master.call('getRunOutput', { params })).headers['etcron-output']).toBe('tail');
  expect(elsewhere).toBe(0);
});

it('ends with a word about it when the worker dies in the middle', async () => {
  await startWorker((_, response) => {
    response.write('half', () => response.destroy());
  });
  const { text } = await master.call('getRunOutput', { params, query: { follow: 'true' } });
  expect(text).toMatch(/^half\n\[etcron: .*went away.*\]\n$/);
});

it('is the tail when it is too old for the worker, and tells how much is not there', async () => {
  await master.write(
    master.keys.run('a', RUN),
    codecs.run.encode(runOf('a', RUN, { outputBytes: 98_304, outputTruncated: true })),
  );
  await master.write(master.keys.output('a', RUN), 'the end of it');
  await startWorker((_, response) => response.writeHead(404).end());
  const { text, headers } = await master.call('getRunOutput', { params });
  expect(headers['etcron-output']).toBe('tail');
  expect(text).toMatch(
    /^\[etcron: [^\]]*98304 bytes\]\nthe end of it\n\[etcron: the worker keeps it no more; [^\]]*\]\n$/,
  );
});

it('of a run that printed nothing is empty, also when its worker is gone', async () => {
  await master.write(master.keys.run('a', RUN), codecs.run.encode(runOf('a', RUN, { outputBytes: 0 })));
  expect(await master.call('getRunOutput', { params })).toMatchObject({ status: 200, text: '' });
});

it('comes from the successor of the worker, which has found its data directory', async () => {
  const asked: unknown[] = [];
  await startWorker((request, response) => {
    asked.push(request.headers.authorization);
    response.end('all of it\n');
  }, 'w-fedcba');
  const { text, headers } = await master.call('getRunOutput', { params });
  expect([text, headers['etcron-output']]).toEqual(['all of it\n', 'worker']);
  // A run that was on when its worker went has no end, so what is there is not all.
  await master.etcd.txn({
    compare: [],
    success: [{ type: 'delete', key: master.keys.run('a', RUN) }],
    failure: [],
  });
  await claim(master, 'a', RUN, Date.now(), 'running');
  const cut = await master.call('getRunOutput', { params, query: { follow: 'true' } });
  expect(cut.text).toMatch(/^all of it\n\n\[etcron: .*not all\]\n$/);
  expect(asked).toHaveLength(2);
});

it('ends with a word about it when the worker is cut off: its registration goes, and no connection breaks', async () => {
  await startWorker((_, response) => void response.write('half'));
  const url = await master.app.listen({ host: '127.0.0.1', port: 0 });
  const answer = await fetch(`${url}/api/v1/jobs/a/runs/${RUN}/output?follow=true`);
  await master.etcd.txn({
    compare: [],
    success: [{ type: 'delete', key: master.keys.worker(WORKER) }],
    failure: [],
  });
  expect(await answer.text()).toMatch(/^half\n\[etcron: .*went away.*\]\n$/);
});

it('is refused while the worker serves as many as it can', async () => {
  await startWorker((_, response) => response.writeHead(503).end());
  expect(await master.refused('too_many_streams', 'getRunOutput', { params })).toMatchObject({ status: 429 });
});

it('is 404 for a run that is not there, and for one whose output is gone', async () => {
  await master.refused('run_not_found', 'getRunOutput', {
    params: { ...params, run: '20260101T000000.000Z-0000ff' },
  });
  const gone = await master.refused('output_not_found', 'getRunOutput', { params });
  expect(gone.status).toBe(404);
});

it('tells on which worker it is, and when it will be served again, when there is not even a tail', async () => {
  const write = (rest: object) =>
    master.write(master.keys.run('a', RUN), codecs.run.encode(runOf('a', RUN, rest)));
  const detail = async () => (await master.refused('output_not_found', 'getRunOutput', { params })).detail;
  await write({ state: 'lost' });
  const lost = await detail();
  expect(lost).toContain(`it is in the data directory of worker ${WORKER}, which is gone`);
  expect(lost).toContain('when a worker of the name w is back with that directory');
  await write({ state: 'lost', startedAt: undefined });
  expect(await detail()).toContain(`worker ${WORKER}, which is gone`);
  await write({ state: 'killed', startedAt: undefined });
  expect(await detail()).toBe(`there is no output: ${RUN} never started`);
  await write({ state: 'lost' });
  await master.write(master.keys.worker(WORKER), codecs.worker.encode(workerOf()));
  await waitFor(() => master.views.workers.size === 1, { what: 'the view knows the worker' });
  expect(await detail()).toContain(`it is on worker ${WORKER}, which cannot be reached now`);
  await master.write(master.keys.output('a', RUN), 'tail');
  expect((await master.call('getRunOutput', { params })).text).toMatch(/^tail\n\[etcron: /);
});

it('comes in parts, with where they begin and how long all of it is', async () => {
  const asked: (string | undefined)[] = [];
  await startWorker((request, response) => {
    asked.push(request.url);
    response.writeHead(200, { 'etcron-output-offset': '4', 'etcron-output-size': '10' });
    response.end('456');
  });
  const query = { offset: 4, limit: 3 };
  const { text, headers } = await master.call('getRunOutput', { params, query });
  expect(text).toBe('456');
  expect(headers).toMatchObject({
    'etcron-output': 'worker',
    'etcron-output-offset': '4',
    'etcron-output-size': '10',
  });
  await master.call('getRunOutput', { params, query: { tail: 100, follow: 'true' } });
  expect(asked).toEqual([
    `/v1/runs/a/${RUN}/output?offset=4&limit=3`,
    `/v1/runs/a/${RUN}/output?follow=true&tail=100`,
  ]);
});

it('says nothing of where it begins when its worker does not tell', async () => {
  await startWorker((_, response) => {
    response.writeHead(200, { 'etcron-output-offset': 'x' });
    response.end('all');
  });
  const { text, headers } = await master.call('getRunOutput', { params, query: { tail: 1 } });
  expect([text, headers['etcron-output-offset']]).toEqual(['all', undefined]);
});

it('refuses parts that exclude each other', async () => {
  for (const [query, path] of [
    [{ tail: 1, offset: 0 }, 'tail'],
    [{ tail: 1, limit: 1 }, 'tail'],
    [{ limit: 1, follow: 'true' }, 'limit'],
    [{ offset: -1 }, 'offset'],
    [{ limit: 0 }, 'limit'],
  ] as const) {
    const { errors } = await master.refused('invalid_input', 'getRunOutput', { params, query });
    expect(errors).toMatchObject([{ path }]);
  }
});
