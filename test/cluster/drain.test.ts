// Signals to a worker process that has a run on.
import { expect, test } from 'vitest';
import { keyspace } from '../../src/common/store/keyspace.ts';
import { openJournal, beatFor } from '../support/journal.ts';
import { startWorkerProcess } from '../support/processes.ts';
import { useEtcd } from '../support/shared-etcd.ts';
import { delay, waitFor } from '../support/wait.ts';
import { jobsOf } from '../support/workers.ts';

const shared = useEtcd();

test('the first SIGTERM waits for the run and says so, the second ends at once, and the task with it', async () => {
  const jobs = jobsOf(shared.etcd, keyspace(shared.prefix));
  const journal = openJournal();
  shared.cleanup(() => journal.remove());
  const worker = await startWorkerProcess({
    endpoint: shared.server.endpoint,
    prefix: shared.prefix,
    name: 'w',
    env: { ETCRON_DRAIN_TIMEOUT: '1h' },
  });
  shared.cleanup(() => worker.stop());
  const since = Date.now();
  const at = new Date(since + 1_000).toISOString();
  const task = { kind: 'shell', command: journal.task(beatFor(10_000)) } as const;
  await jobs.create({ name: 'job', schedule: `@at ${at}`, task }, { since });
  await waitFor(() => journal.lines().length > 3, { what: 'the task runs' });
  worker.signal('SIGTERM');
  const told = await waitFor(() => worker.log.find(({ msg }) => msg === 'draining: waits for runs to end'), {
    what: 'it says what it waits for',
    seen: () => worker.log.slice(-5),
  });
  expect(told).toMatchObject({ left: 1, runs: [expect.stringMatching(/^job\//)] });
  const before = journal.lines().length;
  await waitFor(() => journal.lines().length > before + 3, { what: 'the task goes on' });

  worker.signal('SIGTERM');
  expect(await worker.exit).toBe(128 + 15);
  const { pid } = journal.lines()[0]!;
  await waitFor(
    () => {
      try {
        return !process.kill(pid, 0);
      } catch {
        return true;
      }
    },
    { what: 'the task is dead' },
  );
  const { length } = journal.lines();
  await delay(300);
  expect(journal.lines()).toHaveLength(length);
});
