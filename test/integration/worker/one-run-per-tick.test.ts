import { expect, test as alone } from 'vitest';
import { waitFor } from '../../support/wait.ts';
import { useWorkers } from '../../support/workers.ts';

/** They mostly wait: all at the same time, each on its own prefix. */
const test = alone.concurrent;

const cluster = useWorkers();

test.each([1, 2, 5])('with %i workers a job of every second runs once for each tick', async (count) => {
  const { jobs } = cluster;
  let started = 0;
  const workers = await cluster.start(count, { handlers: { work: () => void started++ } });
  await jobs.create({
    name: 'each-second',
    schedule: '* * * * * *',
    task: { kind: 'handler', name: 'work' },
  });
  await waitFor(() => started >= 5, { what: 'five runs' });
  await Promise.all(workers.map((worker) => worker.stop()));
  const runs = await jobs.runs('each-second');
  expect(runs.map((run) => run.state)).toEqual(runs.map(() => 'succeeded'));
  const ticks = runs.map((run) => run.scheduledFor);
  expect(new Set(ticks).size).toBe(ticks.length);
  expect(runs).toHaveLength(started);
  for (const [index, tick] of ticks.entries()) expect(tick).toBe(ticks[0]! + 1_000 * index);
  expect(await jobs.active()).toEqual([]);
  expect(await jobs.locks()).toEqual([]);
});
