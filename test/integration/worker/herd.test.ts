// Many jobs due in the same second.
import { expect, test } from 'vitest';
import { toIso, instant } from '../../../src/common/model/time.ts';
import type { HandlerContext } from '../../../src/worker/tasks/handler.ts';
import { codecs } from '../../../src/common/store/keyspace.ts';
import { inState } from '../../support/outcomes.ts';
import { waitFor } from '../../support/wait.ts';
import { jobRecord, useWorkers } from '../../support/workers.ts';
import { putMany } from '../../support/writes.ts';

const cluster = useWorkers();

const JOBS = 1_500;

test('a herd is claimed together, ahead of its tick, and each job runs once', async () => {
  const { etcd } = cluster.shared;
  const starts: { job: string; early: number }[] = [];
  const note = ({ job, scheduledFor }: HandlerContext): void =>
    void starts.push({ job, early: scheduledFor.getTime() - Date.now() });
  const tick = Math.ceil(Date.now() / 1_000) * 1_000 + 5_000;
  const names = Array.from({ length: JOBS }, (_, i) => `job-${i}`);
  await putMany(
    etcd,
    names.map((name) => {
      const definition = {
        name,
        schedule: `@at ${toIso(instant(tick))}`,
        task: { kind: 'handler', name: 'note' },
      } as const;
      return [cluster.keys.job(name), codecs.job.encode(jobRecord(definition))] as const;
    }),
  );
  await cluster.start(2, { handlers: { note }, slots: JOBS });
  await waitFor(() => starts.length >= JOBS, { what: 'every job has run', seen: () => starts.length });
  await waitFor(async () => (await cluster.jobs.allRuns()).length >= JOBS, {
    what: 'every run is on record',
  });
  const runs = await cluster.jobs.allRuns();
  expect(inState(runs, 'succeeded')).toHaveLength(JOBS);
  expect(new Set(starts.map(({ job }) => job)).size).toBe(JOBS);
  expect(starts).toHaveLength(JOBS);
  expect(starts.filter(({ early }) => early > 0)).toEqual([]);
  const claimedAt = runs.map((run) => tick - run.armedAt!).sort((a, b) => a - b);
  console.info(
    `${JOBS} jobs claimed ${claimedAt.at(-1)} to ${claimedAt[0]} ms ahead, ` +
      `p99 of the start ${starts.map(({ early }) => -early).sort((a, b) => a - b)[Math.floor(JOBS * 0.99)]} ms after the tick`,
  );
});
