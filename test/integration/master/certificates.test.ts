// Authorities of a definition are looked at when it is written: one that is none would fail each run.
import { expect, test } from 'vitest';
import type { JobDefinitionInput } from '../../../src/common/model/job.ts';
import { jobRecord } from '../../support/workers.ts';
import { codecs } from '../../../src/common/store/keyspace.ts';
import { hasOpenssl, selfSigned } from '../../support/http-servers.ts';
import { useEtcd } from '../../support/shared-etcd.ts';
import { job, startTestMaster } from './harness.ts';

const shared = useEtcd();
const NONE = '-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n';

const trusting = (ca: string): JobDefinitionInput =>
  job('a', { task: { kind: 'http', url: 'https://example.org/', tls: { ca } } });

test('a text that only looks like a certificate is refused', async () => {
  const master = await startTestMaster(shared);
  const { errors } = await master.refused('invalid_input', 'createJob', { body: trusting(NONE) });
  expect(errors).toMatchObject([
    {
      path: 'task.tls.ca',
      message: expect.stringMatching(/^is none that can be read \(.+\): write/) as string,
    },
  ]);
});

test('stored by an older version, it may be written again, and not replaced by another', async () => {
  const master = await startTestMaster(shared);
  await master.write(master.keys.job('a'), codecs.job.encode(jobRecord(trusting(NONE))));
  const put = { params: { job: 'a' }, body: { ...trusting(NONE), description: 'new' } };
  expect((await master.call('putJob', put)).status).toBe(200);
  const other = NONE.replace('MIIB', 'MIIC');
  await master.refused('invalid_input', 'putJob', { params: { job: 'a' }, body: trusting(other) });
});

test.skipIf(!hasOpenssl)('certificates are taken, and of several the broken one is named', async () => {
  const master = await startTestMaster(shared);
  const [one, two] = [selfSigned('DNS:one.test').cert, selfSigned('DNS:two.test').cert];
  expect((await master.call('createJob', { body: trusting(one + two) })).status).toBe(201);
  const { errors } = await master.refused('invalid_input', 'putJob', {
    params: { job: 'a' },
    body: trusting(one + NONE + two),
  });
  expect(errors).toMatchObject([
    { path: 'task.tls.ca', message: expect.stringContaining('certificate 2 of 3 is none') as string },
  ]);
});
