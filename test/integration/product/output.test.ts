// What a run prints, from a real worker through a real master: all of it, to the byte, to everybody who reads.
import { createHash } from 'node:crypto';
import { get, type IncomingMessage } from 'node:http';
import { once } from 'node:events';
import { beforeEach, expect, test } from 'vitest';
import { createGate, type Gate } from '../../support/gate.ts';
import { waitFor } from '../../support/wait.ts';
import { useWorkers } from '../../support/workers.ts';
import { startTestMaster, type TestMaster } from '../master/harness.ts';

const cluster = useWorkers();
let master: TestMaster;
let url: string;
let gate: Gate;

beforeEach(async () => {
  master = await startTestMaster(cluster.shared);
  url = await master.app.listen({ host: '127.0.0.1', port: 0 });
  gate = createGate();
});

const MiB = 1024 * 1024;

async function runNow(name: string, command: string, more: object = {}): Promise<{ run: string }> {
  await cluster.jobs.create({
    name,
    schedule: '@manual',
    task: { kind: 'shell', command: `cd "$(mktemp -d)" && pwd && ${command}` },
    output: { limit: '64MiB' },
    ...more,
  });
  const { body } = await master.call('runJob', { params: { job: name } });
  return { run: body.run as string };
}

/** Opens a follow; the body is not read until somebody does. */
async function follow(job: string, run: string): Promise<IncomingMessage> {
  const asked = get(`${url}/api/v1/jobs/${job}/runs/${run}/output?follow=true`);
  const [answer] = (await once(asked, 'response')) as [IncomingMessage];
  expect(answer.statusCode).toBe(200);
  expect(answer.headers['etcron-output']).toBe('worker');
  return answer;
}

async function all(answer: IncomingMessage): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const part of answer) parts.push(part as Buffer);
  return Buffer.concat(parts);
}

const claimed = (job: string, run: string): Promise<unknown> =>
  waitFor(async () => (await cluster.jobs.active()).some((each) => each.job === job && each.id === run), {
    what: 'the run is claimed',
  });

const digest = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');

test('two followers get every byte from the start to the end, and one that reads nothing holds up neither them nor the task', async () => {
  await cluster.start(1);
  // Text, half a character, bytes that are none; then more than all buffers on the way hold.
  const { run } = await runNow(
    'job',
    `printf 'h\\303\\251llo \\303' && head -c ${8 * MiB} /dev/urandom > bytes && cat bytes && sleep 0.3 && printf '\\251 end \\342\\202' && sha256sum bytes >&2`,
  );
  await claimed('job', run);
  const readers = await Promise.all([follow('job', run), follow('job', run), follow('job', run)]);
  const [first, second] = await Promise.all([all(readers[0]), all(readers[1])]);
  const record = await waitFor(async () => (await cluster.jobs.runs('job'))[0], {
    what: 'the run has ended',
  });
  expect(record).toMatchObject({ state: 'succeeded', outputBytes: first.length });
  expect(digest(first)).toBe(digest(second));
  const start = first.indexOf('\n') + 1;
  expect(first.subarray(start, start + 8).toString('latin1')).toBe('hÃ©llo Ã');
  const random = first.subarray(start + 8, start + 8 + 8 * MiB);
  const rest = first.subarray(start + 8 + 8 * MiB);
  expect(rest.subarray(0, 8).toString('latin1')).toBe('© end â\x82');
  expect(rest.subarray(8).toString()).toContain(digest(random));
  // The one that read nothing until now is given all of it as well.
  expect(digest(await all(readers[2]))).toBe(digest(first));
});

test('a follower of a run that is armed waits for its start, and reads on over further attempts', async () => {
  await cluster.start(1);
  await cluster.jobs.create({
    name: 'job',
    schedule: '@manual',
    retry: { limit: 1, delay: '1s' },
    task: { kind: 'shell', command: 'echo attempt $ETCRON_ATTEMPT; exit 1' },
  });
  const { body } = await master.call('runJob', { params: { job: 'job' } });
  await claimed('job', body.run as string);
  expect((await all(await follow('job', body.run as string))).toString()).toBe(
    'attempt 1\n[etcron: attempt 2]\nattempt 2\n',
  );
});

test('once the worker is gone the tail is served, whole characters only, and says so', async () => {
  const [worker] = await cluster.start(1);
  const { run } = await runNow('job', `for i in $(seq 3000); do printf '€€'; done; printf '\\342'`);
  await waitFor(async () => (await cluster.jobs.runs('job'))[0], { what: 'the run has ended' });
  await worker!.stop();
  await waitFor(() => master.views.workers.size === 0, { what: 'the master knows it' });
  const { text, headers } = await master.call('getRunOutput', {
    params: { job: 'job', run },
    query: { follow: 'true' },
  });
  expect(headers['etcron-output']).toBe('tail');
  const [opening, tail, closing] = text.split('\n').filter((line) => line !== '');
  expect(opening).toMatch(/^\[etcron: this is the end of an output of \d+ bytes\]$/);
  expect(tail).toMatch(/^€+\ufffd$/);
  expect(Buffer.byteLength(tail!)).toBeGreaterThan(4_000);
  expect(Buffer.byteLength(tail!)).toBeLessThanOrEqual(4_096);
  expect(closing).toMatch(/^\[etcron: the worker is gone; .*\]$/);
});

test('a run that ends while etcd is away longer than the lease keeps its output, and its tail is recorded afterwards', async () => {
  await cluster.start(2, {
    handlers: { gate: async (context) => (await gate.handler(context), context.log('the end')) },
  });
  await cluster.jobs.create({ name: 'job', schedule: '@manual', task: { kind: 'handler', name: 'gate' } });
  const { body } = await master.call('runJob', { params: { job: 'job' } });
  const run = body.run as string;
  await waitFor(() => gate.inside('job') === 1, { what: 'the run is on' });
  const { server } = cluster.shared;
  server.pause();
  try {
    gate.open();
    await waitFor(() => gate.inside('job') === 0, { what: 'the run has ended' });
    // Beyond the lease of 5 s: whoever is first there when etcd is back settles it.
    await new Promise((resolve) => setTimeout(resolve, 7_000));
  } finally {
    server.resume();
  }
  const tail = await waitFor(
    async () => (await master.etcd.range({ key: master.keys.output('job', run) })).kvs[0]?.value,
    { what: 'the tail is recorded', timeout: 40_000 },
  );
  expect(tail).toBe('the end\n');
  const [record] = await cluster.jobs.runs('job');
  expect(['succeeded', 'lost']).toContain(record!.state);
  await waitFor(
    async () => (await master.call('getRunOutput', { params: { job: 'job', run } })).text.includes('the end'),
    {
      what: 'it is served',
    },
  );
});
