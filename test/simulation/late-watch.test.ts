// A watch that is slower than the answers: what a worker has done itself it must not do again.
import { expect, test } from 'vitest';
import { instant } from '../../src/common/model/time.ts';
import { requestRun, writeJob } from '../../src/common/store/transactions/jobs.ts';
import { jobRecord } from '../support/workers.ts';
import { startAlone } from './alone.ts';
import { EPOCH } from './world/world.ts';

test('runs by hand that may overlap start once each, however late the watch tells that they are claimed', async () => {
  const { world, keys, judge, model, worker } = startAlone();
  const job = 'overlapping';
  const task = { kind: 'shell' as const, command: JSON.stringify({ ms: 90_000, fails: 0, obeys: true }) };
  model.txn(writeJob(keys, jobRecord({ name: job, schedule: '@manual', overlap: 'allow', task }), 0).txn);
  await world.runUntil(5_000);

  worker.link.delay = 1_000;
  const asked = Array.from(
    { length: 8 },
    (_, i) => `20270115T0800${String(10 + i)}.000Z-00000${i.toString(16).slice(-1)}`,
  );
  for (const runId of asked) {
    const trigger = {
      cause: 'manual' as const,
      attempt: 1,
      requestedAt: instant(EPOCH),
      whenRunning: 'queue' as const,
    };
    const jobRevision = model.range({ key: keys.job(job) }).kvs[0]!.modRevision;
    model.txn(requestRun(keys, { job, jobRevision, runs: [{ runId, trigger }], onlyWhenIdle: false }).txn);
    await world.runUntil(world.now + 300);
  }
  await world.runUntil(world.now + 40_000);
  world.end();

  expect(judge.violations).toEqual([]);
  expect([...judge.starts.values()].map(({ context }) => context.runId).toSorted()).toEqual(asked);
});
