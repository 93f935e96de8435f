// A request that a worker has to settle, and that etcd does not hear of: nobody else comes to look at it.
import { expect, test } from 'vitest';
import { instant } from '../../src/common/model/time.ts';
import { requestRun, writeJob } from '../../src/common/store/transactions/jobs.ts';
import { jobRecord } from '../support/workers.ts';
import { startAlone } from './alone.ts';
import { EPOCH } from './world/world.ts';

test('a request to run on a worker that is gone is ended, also when etcd is out of reach just then', async () => {
  const { world, keys, model, worker, ledger, coverage } = startAlone();
  const job = 'everywhere';
  const task = { kind: 'shell' as const, command: JSON.stringify({ ms: 10, fails: 0, obeys: true }) };
  model.txn(
    writeJob(keys, jobRecord({ name: job, schedule: '@manual', workers: { mode: 'all' }, task }), 0).txn,
  );
  await world.runUntil(5_000);

  const runId = '20270115T080005.000Z-0000000000aa';
  const trigger = {
    cause: 'manual' as const,
    attempt: 1,
    requestedAt: instant(EPOCH + 5_000),
    whenRunning: 'queue' as const,
    worker: 'gone-0000aa',
  };
  worker.link.cut = { out: true, in: false };
  const jobRevision = model.range({ key: keys.job(job) }).kvs[0]!.modRevision;
  model.txn(requestRun(keys, { job, jobRevision, runs: [{ runId, trigger }], onlyWhenIdle: false }).txn);
  await world.runUntil(7_000);
  expect(ledger.triggers.size).toBe(1);
  worker.link.cut = { out: false, in: false };
  await world.runUntil(15_000);
  world.end();

  expect(coverage.counts.get('network: a request is lost')).toBeGreaterThan(0);
  expect(ledger.triggers.size).toBe(0);
  expect(ledger.records.get(`${job}/${runId}`)).toMatchObject({ state: 'skipped' });
});
