// Requests and handlers from end to end: asked for at a master, run by real workers, shown by the master.
import { describe, expect, test } from 'vitest';
import type { RunView } from '../../../src/common/api/values.ts';
import { useHttpServers } from '../../support/http-servers.ts';
import { startTcpProxy } from '../../support/tcp-proxy.ts';
import { waitFor } from '../../support/wait.ts';
import { useWorkers } from '../../support/workers.ts';
import { startTestMaster, type TestMaster } from '../master/harness.ts';

const cluster = useWorkers();
const servers = useHttpServers();

const runNow = async (master: TestMaster, job: string): Promise<string> =>
  (await master.call('runJob', { params: { job } })).body.run;
const get = async (master: TestMaster, job: string, run: string): Promise<RunView | undefined> => {
  const answer = await master.call('getRun', { params: { job, run } });
  return answer.status === 200 ? answer.body : undefined;
};
const ended = (master: TestMaster, job: string, run: string): Promise<RunView> =>
  waitFor(
    async () => {
      const found = await get(master, job, run);
      return found?.endedAt === undefined ? undefined : found;
    },
    { what: `the end of ${run} is on record` },
  );
const manual = { schedule: '@manual' } as const;

describe('a request', () => {
  test('of a tick carries its secret, and the master shows status and answer, but not the secret', async () => {
    await cluster.start(2);
    const master = await startTestMaster(cluster.shared);
    const server = await servers.start((_, response) => response.end('all done'));
    const task = {
      kind: 'http' as const,
      method: 'POST' as const,
      url: `${server.url}/hook`,
      headers: { Authorization: { secret: true as const, value: 'Bearer hush-hush' } },
      body: { a: 1 },
    };
    await master.call('createJob', { body: { name: 'hook', schedule: '* * * * * *', task } });
    await waitFor(() => server.asked.length >= 2, { what: 'two ticks arrive' });
    const [first, second] = server.asked;
    expect(first!.headers).toMatchObject({ authorization: 'Bearer hush-hush', 'x-etcron-job': 'hook' });
    expect(second!.headers['idempotency-key']).not.toBe(first!.headers['idempotency-key']);
    const run = first!.headers['x-etcron-run-id'] as string;
    const record = await ended(master, 'hook', run);
    expect(record).toMatchObject({ state: 'succeeded', httpStatus: 200, attempts: [{ httpStatus: 200 }] });
    expect(record.scheduledFor).toBe(first!.headers['x-etcron-scheduled-for']);
    expect(String(record.fencingToken)).toBe(first!.headers['x-etcron-fencing-token']);
    const output = await master.call('getRunOutput', { params: { job: 'hook', run } });
    expect(output.text).toMatch(/^HTTP\/1\.1 200 OK\n[^]*\n\nall done$/);
    expect(output.headers['etcron-output']).toBe('worker');
    const shown = await master.call('getJob', { params: { job: 'hook' } });
    for (const text of [shown.text, output.text, JSON.stringify(record), master.log()])
      expect(text).not.toContain('hush-hush');
  });

  test('that fails is made again, as the same run', async () => {
    await cluster.start(1);
    const master = await startTestMaster(cluster.shared);
    let count = 0;
    const server = await servers.start((_, response) =>
      response.writeHead(++count < 3 ? 503 : 200).end(`answer ${count}`),
    );
    const task = { kind: 'http' as const, url: server.url };
    await master.call('createJob', {
      body: { name: 'hook', ...manual, task, retry: { limit: 3, delay: '20ms' } },
    });
    const record = await ended(master, 'hook', await runNow(master, 'hook'));
    expect(record).toMatchObject({ state: 'succeeded', httpStatus: 200, attempt: 3 });
    expect(record.attempts.map(({ httpStatus }) => httpStatus)).toEqual([503, 503, 200]);
    expect(record.attempts[0]!.error).toMatch(/^unexpected status 503/);
    expect(new Set(server.asked.map(({ headers }) => headers['idempotency-key'])).size).toBe(1);
    expect(server.asked.map(({ headers }) => headers['x-etcron-attempt'])).toEqual(['1', '2', '3']);
  });

  test('is given up when its run is killed, and not made again', async () => {
    await cluster.start(1);
    const master = await startTestMaster(cluster.shared);
    const server = await servers.start(() => undefined);
    const task = { kind: 'http' as const, url: server.url };
    await master.call('createJob', {
      body: { name: 'hook', ...manual, task, retry: { limit: 3, delay: '20ms' } },
    });
    const run = await runNow(master, 'hook');
    await waitFor(() => server.connections === 1 && server.asked.length === 1, { what: 'it is asked' });
    await master.call('killRun', { params: { job: 'hook', run }, body: { reason: 'enough' } });
    const record = await ended(master, 'hook', run);
    expect(record).toMatchObject({ state: 'killed', reason: expect.stringContaining('enough') });
    await waitFor(() => server.connections === 0, { what: 'the connection is closed' });
    expect(server.asked).toHaveLength(1);
  });

  test('is given up by a worker that is cut off from etcd', async () => {
    const proxy = await startTcpProxy(cluster.shared.server);
    cluster.shared.cleanup(() => proxy.stop());
    await cluster.start(1, { endpoint: proxy.address, ttlSeconds: 5 });
    const master = await startTestMaster(cluster.shared);
    const server = await servers.start(() => undefined);
    await master.call('createJob', {
      body: { name: 'hook', ...manual, task: { kind: 'http', url: server.url } },
    });
    const run = await runNow(master, 'hook');
    await waitFor(() => server.asked.length === 1, { what: 'it is asked' });
    proxy.refuse(true);
    proxy.cutNow();
    await waitFor(() => server.connections === 0, { what: 'the connection is closed' });
    // Still cut off: nobody has told it, it went by its own deadline.
    proxy.refuse(false);
    expect(await ended(master, 'hook', run)).toMatchObject({ state: 'lost' });
    expect(server.asked).toHaveLength(1);
  });
});

describe('the progress of a handler', () => {
  test('is shown while it runs: of the run, in lists, and as news', async () => {
    let further = (_to: number): void => {};
    let finish = (): void => {};
    await cluster.start(1, {
      handlers: {
        import: ({ progress }) =>
          new Promise<void>((resolve) => {
            further = progress;
            finish = resolve;
            progress(0.25);
          }),
      },
    });
    const master = await startTestMaster(cluster.shared);
    const url = await master.app.listen({ host: '127.0.0.1', port: 0 });
    const reader = new AbortController();
    const events = await fetch(`${url}/api/v1/events`, { signal: reader.signal });
    let news = '';
    const reading = (async () => {
      for await (const chunk of events.body!) news += Buffer.from(chunk as Uint8Array).toString();
    })().catch(() => undefined);
    await master.call('createJob', {
      body: { name: 'import', ...manual, task: { kind: 'handler', name: 'import' } },
    });
    const run = await runNow(master, 'import');
    const shown = (fraction: number) =>
      waitFor(async () => (await get(master, 'import', run))?.progress === fraction, {
        what: `${fraction} is shown`,
      });
    await shown(0.25);
    // However often it is told in between, the last of it counts.
    for (let step = 30; step <= 75; step++) further(step / 100);
    await shown(0.75);
    const lists = [
      await master.call('listRuns'),
      await master.call('listRunsOfJob', { params: { job: 'import' } }),
    ];
    for (const { body } of lists) expect(body.items).toMatchObject([{ id: run, progress: 0.75 }]);
    await waitFor(() => news.includes('"progress":0.25') && news.includes('"progress":0.75'), {
      what: 'both are news',
      seen: () => news,
    });
    expect(news).not.toContain('"progress":0.5');
    reader.abort();
    await reading;
    finish();
    expect(await ended(master, 'import', run)).toMatchObject({ state: 'succeeded', progress: 0.75 });
  });

  test('of a run too short to be shown is on its record', async () => {
    await cluster.start(1, { handlers: { quick: ({ progress }) => progress(1) } });
    const master = await startTestMaster(cluster.shared);
    await master.call('createJob', {
      body: { name: 'quick', ...manual, task: { kind: 'handler', name: 'quick' } },
    });
    const run = await runNow(master, 'quick');
    expect(await ended(master, 'quick', run)).toMatchObject({ state: 'succeeded', progress: 1 });
  });
});
