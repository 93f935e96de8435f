// What goes wrong outside: requests that cannot be read, etcd away, etcd full.
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { connectEtcd } from '../../../src/common/store/client.ts';
import { EtcdError, type Etcd } from '../../../src/common/store/etcd.ts';
import { useEtcd } from '../../support/shared-etcd.ts';
import { waitFor } from '../../support/wait.ts';
import { job, startTestMaster, type TestMaster } from './harness.ts';

const shared = useEtcd();

describe('requests that cannot be read', () => {
  let master: TestMaster;
  beforeEach(async () => {
    master = await startTestMaster(shared);
  });
  const ask = async (method: 'GET' | 'POST' | 'PUT' | 'DELETE' | 'PATCH', url: string, payload?: string) => {
    const answer = await master.app.inject({
      method,
      url,
      ...(payload === undefined ? {} : { payload, headers: { 'content-type': 'application/json' } }),
    });
    expect(answer.headers['content-type']).toBe('application/problem+json');
    return answer.json<{ status: number; code: string; detail: string }>();
  };

  it('tells an unknown address from a known one with another method', async () => {
    expect(await ask('GET', '/api/v1/nothing')).toMatchObject({ status: 404, code: 'route_not_found' });
    expect(await ask('PATCH', '/api/v1/jobs/a')).toMatchObject({ status: 405, code: 'method_not_allowed' });
    const { headers } = await master.app.inject({ method: 'DELETE', url: '/api/v1/jobs' });
    expect(headers['allow']).toBe('GET, POST');
  });

  it('tells broken JSON, an empty body, and one that is not expected', async () => {
    expect(await ask('POST', '/api/v1/jobs', '{"name": ')).toMatchObject({ status: 400, code: 'bad_json' });
    expect((await ask('POST', '/api/v1/jobs', '{"name": "a",\n "task": secret}')).detail).toBe(
      'the body cannot be read as JSON: line 2, column 10: a value is expected',
    );
    const poison = await ask('POST', '/api/v1/jobs', '{"__proto__": {}}');
    expect(poison).toMatchObject({ code: 'bad_json', detail: expect.stringContaining('__proto__') });
    expect(await ask('POST', '/api/v1/jobs', '')).toMatchObject({ status: 400, code: 'invalid_input' });
    expect(await ask('POST', '/api/v1/jobs')).toMatchObject({ status: 400, code: 'invalid_input' });
    expect(await ask('POST', '/api/v1/jobs/a/pause', '{"x":1}')).toMatchObject({
      status: 400,
      code: 'invalid_input',
    });
  });

  it('says of a body that is missing, a list, or a job as it was answered, what to send', async () => {
    expect((await ask('POST', '/api/v1/jobs')).detail).toBe('the body is missing: it must be an object');
    expect((await ask('POST', '/api/v1/jobs', '[]')).detail).toBe('the body must be an object, not a list');
    expect((await ask('PUT', '/api/v1/jobs/a', '"x"')).detail).toBe('the body must be an object, not a text');
    const { body: created } = await master.call('createJob', { body: job('a') });
    const { body: read } = await master.call('getJob', { params: { job: 'a' } });
    const errors = async (method: 'POST' | 'PUT', url: string, body: object) =>
      (await ask(method, url, JSON.stringify(body))) as { errors?: object };
    for (const [body, path] of [
      [read, 'definition'],
      [created, 'job.definition'],
    ] as const)
      expect(await errors('PUT', '/api/v1/jobs/a', body)).toMatchObject({
        status: 400,
        errors: [
          { path, message: `this is a job as it is answered: send what stands under \`${path}\` alone` },
        ],
      });
    const operations = [{ op: 'put' as const, definition: read }];
    const { body: batch } = await master.call('batchJobs', { body: { operations } });
    expect(batch.results[0].problem.errors).toMatchObject([{ path: 'definition' }]);
  });

  it('refuses a body that is too large', async () => {
    const body = JSON.stringify(job('a', { description: 'x'.repeat(600_000) }));
    expect(await ask('POST', '/api/v1/jobs', body)).toMatchObject({
      status: 413,
      code: 'body_too_large',
      detail: 'the body is larger than the 512 KiB that this address takes',
    });
    const large = job('a', { task: { kind: 'shell', command: 'x'.repeat(70_000) } });
    const { detail } = await master.refused('invalid_input', 'createJob', { body: large });
    expect(detail).toContain('65536');
  });

  it('refuses an address that cannot be decoded, and parts that are too long', async () => {
    expect(await ask('GET', '/api/v1/jobs/%E0%A4%A')).toMatchObject({ status: 400, code: 'bad_request' });
    expect((await ask('GET', `/api/v1/jobs/${'x'.repeat(300)}`)).status).toBeGreaterThanOrEqual(400);
    await master.refused('invalid_input', 'getJob', { params: { job: 'no spaces' } });
  });

  it('names an unknown parameter of any route', async () => {
    const { detail } = (await master.app.inject({ url: '/api/v1/workers?verbose=1' })).json<{
      detail: string;
    }>();
    expect(detail).toBe('verbose: unknown query parameter; this address takes none');
    const listed = (await master.app.inject({ url: '/api/v1/runs?stat=running' })).json<{ detail: string }>();
    expect(listed.detail).toBe('stat: unknown query parameter; did you mean state?');
  });
});

describe('with etcd stopped', () => {
  it('answers 503 with Retry-After, stays alive, is not ready, and recovers by itself', async () => {
    const etcd = connectEtcd({
      endpoints: [shared.server.endpoint],
      timeoutMs: 1_000,
      connectTimeoutMs: 1_000,
    });
    shared.cleanup(() => etcd.close());
    const master = await startTestMaster(shared, { etcd });
    await master.call('createJob', { body: job('a') });
    await waitFor(async () => (await master.call('readyz')).status === 200, { what: 'ready' });
    await shared.server.stop();
    try {
      const put = await master.call('putJob', { params: { job: 'a' }, body: job('a', { description: 'x' }) });
      expect(put).toMatchObject({ status: 503, body: { code: 'etcd_unavailable' } });
      expect(put.headers['retry-after']).toBeDefined();
      await master.refused('etcd_unavailable', 'getJob', { params: { job: 'a' } });
      await waitFor(async () => (await master.call('listJobs')).status === 503, {
        what: 'lists are refused too',
      });
      await master.refused('not_ready', 'readyz');
      expect((await master.call('healthz')).status).toBe(200);
    } finally {
      await shared.server.start();
    }
    await waitFor(async () => (await master.call('listJobs')).status === 200, { what: 'lists are back' });
    await waitFor(async () => (await master.call('readyz')).status === 200, { what: 'ready again' });
    expect(
      (await master.call('putJob', { params: { job: 'a' }, body: job('a', { description: 'x' }) })).status,
    ).toBe(200);
  });
});

describe('with an etcd that refuses', () => {
  const failing = (error: unknown): Etcd => ({
    ...shared.etcd,
    txn: vi.fn<Etcd['txn']>().mockRejectedValue(error),
  });
  const create = async (error: unknown) => {
    const master = await startTestMaster(shared, { etcd: failing(error) });
    return { master, answer: await master.call('createJob', { body: job('a') }) };
  };

  it('calls the quota alarm what it is', async () => {
    const { answer } = await create(new EtcdError('no_space', 'etcdserver: mvcc: database space exceeded'));
    expect(answer).toMatchObject({
      status: 507,
      body: { code: 'etcd_no_space', detail: expect.stringContaining('NOSPACE') },
    });
  });

  it('says when a write may have been carried out', async () => {
    const { answer } = await create(new EtcdError('deadline', 'no answer', { mayHaveApplied: true }));
    expect(answer).toMatchObject({
      status: 503,
      body: { detail: expect.stringContaining('may have been carried out') },
    });
    const sure = await create(new EtcdError('unavailable', 'no connection', { mayHaveApplied: false }));
    expect(sure.answer.body.detail).not.toContain('may have been carried out');
  });

  it('tells nothing of an error that nobody foresaw, but logs it', async () => {
    const { answer, master } = await create(new TypeError('x.y is not a function at secret place'));
    expect(answer).toMatchObject({ status: 500, body: { code: 'internal' } });
    expect(answer.text).not.toContain('secret place');
    expect(master.log()).toContain('secret place');
  });
});
