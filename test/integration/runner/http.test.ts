// The worker's http server: health, readiness, metrics, and outputs for who knows the token.
import { mkdir, appendFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Registry, Counter } from 'prom-client';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { startWorkerHttp, type WorkerHttp } from '../../../src/worker/http.ts';
import { startOutputs, type Outputs } from '../../../src/worker/output.ts';
import { clock, silent, useFolder } from './rig.ts';

const folder = useFolder();
const RUN = '20261122T143000.000Z-7f3a9c';
const TOKEN = 'a-token-of-this-worker';
let outputs: Outputs;
let http: WorkerHttp;
let ready: { ok: boolean; reason?: string };

beforeEach(async () => {
  ready = { ok: true };
  outputs = startOutputs({ dataDir: folder.dir, clock, logger: silent });
  const metrics = new Registry();
  new Counter({ name: 'etcron_test_total', help: 'of this test', registers: [metrics] }).inc();
  http = await startWorkerHttp({
    token: TOKEN,
    logger: silent,
    clock,
    readiness: () => ready,
    metrics,
    outputs,
    maxStreams: 2,
    closeGrace: 50,
  });
  await mkdir(join(folder.dir, 'runs/job'), { recursive: true });
});

afterEach(async () => {
  await http.stop();
  await outputs.stop();
});

const write = (text: string | Uint8Array): Promise<void> =>
  appendFile(join(folder.dir, `runs/job/${RUN}.log`), text);
const get = (path: string, token: string | undefined = TOKEN): Promise<Response> =>
  fetch(`${http.url}${path}`, { headers: token === undefined ? {} : { authorization: `Bearer ${token}` } });
const output = (query = '', run = RUN): string => `/v1/runs/job/${run}/output${query}`;

test('listens on loopback, tells its health and its metrics', async () => {
  expect(http.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
  expect((await get('/healthz')).status).toBe(200);
  expect(await (await get('/metrics')).text()).toContain('etcron_test_total 1');
  expect((await get('/nothing')).status).toBe(404);
});

test('readiness fails with its reason', async () => {
  expect((await get('/readyz')).status).toBe(200);
  ready = { ok: false, reason: 'ticks are overdue' };
  const answer = await get('/readyz');
  expect(answer.status).toBe(503);
  expect(await answer.json()).toEqual({ ok: false, reason: 'ticks are overdue' });
});

test.for([undefined, '', 'wrong', `${TOKEN}x`])('an output needs the token: not %o', async (token) => {
  await write('secret');
  const answer = await fetch(`${http.url}${output()}`, {
    headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
  });
  expect(answer.status).toBe(401);
  expect(await answer.text()).not.toContain('secret');
});

test('an output is served as it was written', async () => {
  const bytes = new Uint8Array([0, 255, 10, 226, 130]);
  await write(bytes);
  const answer = await get(output());
  expect(answer.headers.get('content-type')).toBe('text/plain; charset=utf-8');
  expect(answer.headers.get('x-content-type-options')).toBe('nosniff');
  expect(new Uint8Array(await answer.arrayBuffer())).toEqual(bytes);
});

test.for([
  output('', '20261122T143000.000Z-000000'),
  '/v1/runs/job/nonsense/output',
  '/v1/runs/..%2f..%2fetc/x/output',
])('unknown: %s', async (path) => {
  expect((await get(path)).status).toBe(404);
});

test('a run that wrote nothing has an empty output, live and ended', async () => {
  const end = outputs.begin('job', RUN);
  expect(await (await get(output())).text()).toBe('');
  end();
  expect(await (await get(output('?follow=true'))).text()).toBe('');
});

test('a follower gets what is written until the end of the run; readers beyond the bound are refused', async () => {
  const end = outputs.begin('job', RUN);
  await write('one ');
  const followers = [await get(output('?follow=true')), await get(output('?follow=true'))];
  const refused = await get(output());
  expect(refused.status).toBe(503);
  expect(refused.headers.get('retry-after')).toBe('5');
  await write('two');
  end();
  expect(await Promise.all(followers.map((answer) => answer.text()))).toEqual(['one two', 'one two']);
  // Their places are free again.
  expect(await (await get(output())).text()).toBe('one two');
});

test('a stop waits for followers for its grace only', async () => {
  outputs.begin('job', RUN);
  await write('one');
  const answer = await get(output('?follow=true'));
  const text = answer.text().catch(() => 'cut');
  await http.stop();
  expect(await text).toBe('cut');
});

test('a part of an output is served byte for byte, and says where it begins and how long all of it is', async () => {
  await write('0123456789');
  const part = async (query: string): Promise<unknown[]> => {
    const answer = await get(output(query));
    const { headers } = answer;
    return [await answer.text(), headers.get('etcron-output-offset'), headers.get('etcron-output-size')];
  };
  expect(await part('')).toEqual(['0123456789', '0', '10']);
  expect(await part('?offset=4')).toEqual(['456789', '4', '10']);
  expect(await part('?offset=4&limit=3')).toEqual(['456', '4', '10']);
  expect(await part('?limit=3')).toEqual(['012', '0', '10']);
  expect(await part('?tail=3')).toEqual(['789', '7', '10']);
  expect(await part('?tail=30')).toEqual(['0123456789', '0', '10']);
  expect(await part('?offset=10')).toEqual(['', '10', '10']);
  expect(await part('?offset=11&limit=5')).toEqual(['', '11', '10']);
});

test('a part of an output that is longer than what is read at once is whole', async () => {
  const text = Array.from({ length: 40_000 }, (_, i) => `line ${i}\n`).join('');
  await write(text);
  expect(await (await get(output('?offset=70000&limit=200000'))).text()).toBe(text.slice(70_000, 270_000));
});

test('the tail of a run that is on is followed to its end', async () => {
  const end = outputs.begin('job', RUN);
  await write('0123456789');
  const answer = await get(output('?tail=4&follow=true'));
  expect(answer.headers.get('etcron-output-offset')).toBe('6');
  await write('abc');
  end();
  expect(await answer.text()).toBe('6789abc');
});
