// Who may use the API, and what it never tells.
import { beforeEach, describe, expect, it } from 'vitest';
import { secret } from '../../../src/common/runtime/secret.ts';
import { codecs } from '../../../src/common/store/keyspace.ts';
import { useEtcd } from '../../support/shared-etcd.ts';
import { waitFor } from '../../support/wait.ts';
import { job, startTestMaster, workerOf, type TestMaster } from './harness.ts';

const shared = useEtcd();

describe('without tokens', () => {
  let master: TestMaster;
  beforeEach(async () => {
    master = await startTestMaster(shared, {
      access: { tokens: [], allowedHosts: ['cron.example.org', 'ui.example.org:8080'] },
    });
  });

  it.each([
    'localhost',
    'localhost:8700',
    '127.0.0.1:8700',
    '[::1]:8700',
    '10.1.2.3',
    'cron.example.org',
    'CRON.example.org:80',
    'ui.example.org:8080',
  ])('answers under the name %s', async (host) => {
    expect((await master.call('listJobs', {}, { host })).status).toBe(200);
  });

  it.each(['evil.example', 'localhost.evil.example', 'cron.example.org.evil.example:80', 'ui.example.org:9'])(
    'refuses the name %s, which a stranger may have pointed here',
    async (host) => {
      expect(await master.refused('forbidden_host', 'listJobs', {}, { host })).toMatchObject({ status: 403 });
    },
  );

  it('refuses the pages of other sites, whatever their method', async () => {
    for (const origin of [
      'http://evil.example',
      'http://localhost:3000',
      'null',
      'https://cron.example.org.evil.example',
    ]) {
      await master.refused('forbidden_origin', 'createJob', { body: job('a') }, { origin });
      expect(await master.refused('forbidden_origin', 'listJobs', {}, { origin })).toMatchObject({
        status: 403,
      });
    }
    await master.refused(
      'forbidden_origin',
      'pauseJob',
      { params: { job: 'a' } },
      { 'sec-fetch-site': 'cross-site' },
    );
  });

  it('serves its own page and the sites that are allowed', async () => {
    const host = 'localhost:8700';
    expect((await master.call('listJobs', {}, { host, origin: 'http://localhost:8700' })).status).toBe(200);
    expect((await master.call('listJobs', {}, { host, origin: 'https://cron.example.org' })).status).toBe(
      200,
    );
  });

  it('takes JSON only, so that no form of another page can send anything', async () => {
    for (const type of [
      'text/plain',
      'application/x-www-form-urlencoded',
      'multipart/form-data; boundary=x',
    ]) {
      const { statusCode, body } = await master.app.inject({
        method: 'POST',
        url: '/api/v1/jobs',
        headers: { 'content-type': type },
        payload: JSON.stringify(job('a')),
      });
      expect(statusCode).toBe(415);
      expect(JSON.parse(body)).toMatchObject({ code: 'unsupported_media_type' });
    }
  });

  it('never allows other origins to read, and forbids framing, sniffing and inline scripts', async () => {
    for (const url of ['/', '/docs', '/api/v1/jobs', '/nothing']) {
      const { headers } = await master.app.inject({ url, headers: { origin: 'http://localhost' } });
      expect(headers['access-control-allow-origin']).toBeUndefined();
      expect(headers['x-content-type-options']).toBe('nosniff');
      expect(headers['x-frame-options']).toBe('DENY');
      const policy = String(headers['content-security-policy']);
      expect(policy).toContain("script-src 'self';");
      expect(policy).toContain("frame-ancestors 'none'");
    }
  });

  it('cannot be made to change a prototype', async () => {
    const { statusCode } = await master.app.inject({
      method: 'POST',
      url: '/api/v1/jobs',
      headers: { 'content-type': 'application/json' },
      payload: '{"name":"a","__proto__":{"admin":true}}',
    });
    expect(statusCode).toBe(400);
  });
});

describe('with tokens', () => {
  const TOKEN = 'correct-horse-battery-staple';
  let master: TestMaster;
  beforeEach(async () => {
    master = await startTestMaster(shared, {
      access: {
        allowedHosts: [],
        tokens: [
          { name: 'ci', token: secret(TOKEN) },
          { name: 'ops', token: secret('another-long-token') },
        ],
      },
    });
  });

  it('asks for one, before it looks at anything else', async () => {
    await master.refused('unauthorized', 'listJobs');
    await master.refused('unauthorized', 'createJob', { body: { nonsense: true } as never });
    for (const authorization of ['Bearer wrong', 'Bearer', `Basic ${TOKEN}`, TOKEN, `Bearer ${TOKEN}x`]) {
      const answer = await master.call('listJobs', {}, { authorization });
      expect(answer.status).toBe(401);
      expect(answer.headers['www-authenticate']).toContain('Bearer');
    }
    expect((await master.call('metrics')).status).toBe(401);
  });

  it('knows by the token who asks', async () => {
    const authorization = `Bearer ${TOKEN}`;
    await master.call('createJob', { body: job('a') }, { authorization });
    const { body } = await master.call('runJob', { params: { job: 'a' } }, { authorization });
    const { kvs } = await master.etcd.range({ key: master.keys.trigger('a', body.run) });
    expect(codecs.trigger.decode(kvs[0]!.value)).toMatchObject({ value: { by: 'ci' } });
  });

  it('answers probes, the page and the documentation without one', async () => {
    for (const url of ['/healthz', '/', '/docs', '/openapi.json', '/docs/start.js', '/icon.svg']) {
      expect((await master.app.inject({ url, headers: { host: 'pod.internal' } })).statusCode).toBe(200);
    }
  });
});

describe('secrets', () => {
  const VALUE = 'hunter2-hunter2-hunter2';
  const env = { PASSWORD: { secret: true as const, value: VALUE }, PLAIN: 'seen' };
  const task = { kind: 'shell' as const, command: 'true', env };

  it('are in no answer and in no log, and are kept when a definition comes back without them', async () => {
    const master = await startTestMaster(shared);
    const params = { job: 'a' };
    const answers = [
      await master.call('createJob', { body: job('a', { task }) }),
      await master.call('createJob', { body: job('a', { task }) }),
      await master.call('getJob', { params }),
      await master.call('listJobs'),
      await master.call('putJob', { params, body: job('a', { task, timezone: 'Mars/Olympus' }) }),
    ];
    const { definition } = answers[2]!.body;
    expect(definition.task.env).toEqual({ PASSWORD: { secret: true }, PLAIN: 'seen' });
    answers.push(
      await master.call('putJob', { params, body: { ...definition, description: 'sent back' } }),
      await master.call('pauseJob', { params }),
      await master.call('batchJobs', {
        body: { operations: [{ op: 'put', definition: { ...definition, description: 'again' } }] },
      }),
    );
    const { kvs } = await master.etcd.range({ key: master.keys.job('a') });
    expect(kvs[0]!.value).toContain(VALUE);
    await master.write(master.keys.job('b'), kvs[0]!.value.slice(0, -3));
    answers.push(
      await master.call('getJob', { params: { job: 'b' } }),
      await master.call('listJobs', { query: { state: 'broken' } }),
    );
    answers.push(await master.call('deleteJob', { params }));
    for (const { text } of answers) expect(text).not.toContain(VALUE);
    expect(master.log()).toContain('request');
    expect(master.log()).not.toContain(VALUE);
  });

  it('of headers are in no answer either, nor is what is wrong with them', async () => {
    const master = await startTestMaster(shared);
    const params = { job: 'a' };
    const request = (value: string) =>
      job('a', {
        task: {
          kind: 'http',
          url: 'https://example.org/',
          headers: { Authorization: { secret: true, value } },
        },
      });
    const answers = [
      await master.call('createJob', { body: request(VALUE) }),
      await master.call('getJob', { params }),
      await master.call('putJob', { params, body: request(`${VALUE}\n`) }),
      await master.call('putJob', {
        params,
        body: job('a', { task: { kind: 'http', url: `https://u:${VALUE}@example.org/` } }),
      }),
    ];
    expect(answers.map(({ status }) => status)).toEqual([201, 200, 400, 400]);
    const { definition } = answers[1]!.body;
    expect(definition.task.headers).toEqual({ Authorization: { secret: true } });
    answers.push(await master.call('putJob', { params, body: { ...definition, description: 'sent back' } }));
    const { kvs } = await master.etcd.range({ key: master.keys.job('a') });
    expect(kvs[0]!.value).toContain(VALUE);
    for (const { text } of answers) expect(text).not.toContain(VALUE);
    expect(master.log()).not.toContain(VALUE);
  });

  it('a secret without a value, and none stored, is refused by its path', async () => {
    const master = await startTestMaster(shared);
    const body = job('a', { task: { ...task, env: { PASSWORD: { secret: true } } } });
    const { errors } = await master.refused('invalid_input', 'createJob', { body });
    expect(errors!.map(({ path }) => path)).toEqual(['task.env.PASSWORD']);
  });

  it('the token of a worker stays here', async () => {
    const master = await startTestMaster(shared);
    const worker = workerOf();
    await master.write(master.keys.worker(worker.id), codecs.worker.encode(worker));
    await waitFor(() => master.views.workers.size === 1, { what: 'the view knows the worker' });
    const { text, body } = await master.call('listWorkers');
    expect(body.items).toHaveLength(1);
    expect(text + master.log()).not.toContain(worker.token);
  });
});
