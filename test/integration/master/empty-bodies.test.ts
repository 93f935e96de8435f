// Clients that name a content type with every request, and send nothing.
import { beforeEach, expect, test } from 'vitest';
import { useEtcd } from '../../support/shared-etcd.ts';
import { job, startTestMaster, type TestMaster } from './harness.ts';

const shared = useEtcd();
let master: TestMaster;

beforeEach(async () => {
  master = await startTestMaster(shared);
  await master.call('createJob', { body: job('a', { description: 'as it was' }) });
  await master.call('putJob', { params: { job: 'a' }, body: job('a') });
});

const send = (method: 'DELETE' | 'POST' | 'PUT', path: string) =>
  master.app.inject({
    method,
    url: `/api/v1/jobs/a${path}`,
    headers: { 'content-type': 'application/json', 'content-length': '0' },
  });

test.each([
  ['POST', '/pause', 200],
  ['POST', '/resume', 200],
  ['POST', '/versions/1/restore', 200],
  ['POST', '/run', 202],
  ['POST', '/kill', 202],
  ['DELETE', '', 200],
] as const)('%s …%s of nothing as JSON does what it does without the type', async (method, path, status) => {
  const answer = await send(method, path);
  expect([answer.statusCode, answer.statusCode === status ? '' : answer.body]).toEqual([status, '']);
});

test('where a body is needed, it is told to be missing', async () => {
  const answer = await send('PUT', '');
  expect(answer.statusCode).toBe(400);
  expect(answer.json()).toMatchObject({
    code: 'invalid_input',
    errors: [{ path: '', message: expect.stringContaining('is missing') as string }],
  });
});
