// Somebody follows the output of a run, and the worker dies.
import { once } from 'node:events';
import { get, type IncomingMessage } from 'node:http';
import { expect, test } from 'vitest';
import { startWorkerProcess } from '../support/processes.ts';
import { useEtcd } from '../support/shared-etcd.ts';
import { waitFor } from '../support/wait.ts';
import { jobsOf } from '../support/workers.ts';
import { startTestMaster } from '../integration/master/harness.ts';

const shared = useEtcd();

test('a follow of a run whose worker is killed with -9 ends with what was printed and a word about it', async () => {
  const master = await startTestMaster(shared);
  const url = await master.app.listen({ host: '127.0.0.1', port: 0 });
  const jobs = jobsOf(shared.etcd, master.keys);
  const worker = await startWorkerProcess({
    endpoint: shared.server.endpoint,
    prefix: shared.prefix,
    name: 'w',
  });
  shared.cleanup(() => worker.stop());
  await jobs.create({
    name: 'job',
    schedule: '@manual',
    task: { kind: 'shell', command: 'echo begun; sleep 1000' },
  });
  const { body } = await master.call('runJob', { params: { job: 'job' } });
  const run = body.run as string;
  await waitFor(async () => (await jobs.active())[0]?.state === 'running', { what: 'the run is on' });
  const asked = get(`${url}/api/v1/jobs/job/runs/${run}/output?follow=true`);
  const [answer] = (await once(asked, 'response')) as [IncomingMessage];
  let text = '';
  answer.setEncoding('utf8').on('data', (part: string) => {
    text += part;
    if (text === 'begun\n') worker.signal('SIGKILL');
  });
  await once(answer, 'end');
  expect(text).toMatch(/^begun\n\n\[etcron: .*went away.*not all\]\n$/);
  expect(await worker.exit).toBe('SIGKILL');
});
