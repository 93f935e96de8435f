// Thousands of readers of events on one master: what happens reaches each of them, the master goes on answering,
// and whoever takes nothing is let go with all that waits for him.
import { expect, test } from 'vitest';
import { codecs, keyspace } from '../../src/common/store/keyspace.ts';
import { put } from '../../src/common/store/transactions/parts.ts';
import { job, runOf, startTestMaster, workerOf } from '../integration/master/harness.ts';
import { useEtcd } from '../support/shared-etcd.ts';
import { waitFor } from '../support/wait.ts';
import { startMasterProcess } from './master-process.ts';
import { open, type RawConnection } from './raw-http.ts';

const shared = useEtcd();
const MiB = 1024 ** 2;

const ASK = 'GET /api/v1/events HTTP/1.1\r\nHost: localhost\r\n\r\n';

async function readers(url: string, count: number): Promise<RawConnection[]> {
  const all: RawConnection[] = [];
  // Not all at once: the queue of connections that nobody has accepted yet is short.
  while (all.length < count) {
    const some = Array.from({ length: Math.min(200, count - all.length) }, () => open(url));
    all.push(...some);
    for (const { socket } of some) socket.write(ASK);
    await waitFor(() => some.every(({ received }) => received.includes('retry: 2000')), {
      what: 'the streams are open',
      timeout: 60_000,
      seen: () => some.find(({ received }) => !received.includes('retry'))?.received,
    });
  }
  return all;
}

test('two thousand readers get every event, one more is refused, and the master answers meanwhile', async () => {
  const { etcd, prefix, server } = shared;
  const keys = keyspace(prefix);
  const master = await startMasterProcess(server.endpoint, prefix);
  shared.cleanup(() => master.stop());
  const before = master.memory();
  const all = await readers(master.url, 2_000);
  const perStream = (master.memory() - before) / all.length;
  const refused = open(master.url);
  refused.socket.write(ASK);
  await waitFor(() => refused.received.includes('too_many_streams'), { what: 'one more is refused' });
  refused.socket.destroy();

  const ids = Array.from({ length: 50 }, (_, i) => `20261122T143000.000Z-${i.toString(16).padStart(6, '0')}`);
  for (const id of ids) {
    const active = keys.active('w-abc123', 'a', id);
    const run = codecs.run.encode({ ...runOf('a', id), state: 'running' });
    await etcd.txn({ compare: [], success: [put(active, run)], failure: [] });
    const ended = [
      { type: 'delete', key: active } as const,
      put(keys.run('a', id), codecs.run.encode(runOf('a', id))),
    ];
    await etcd.txn({ compare: [], success: ended, failure: [] });
  }
  const answered = await fetch(`${master.url}/api/v1/jobs`);
  expect(answered.status).toBe(200);
  const hasAll = ({ received }: RawConnection): boolean =>
    ids.every((id) => received.split(`"id":"${id}"`).length === 3);
  await waitFor(() => all.every(hasAll), {
    what: 'all have been told of start and end of each run',
    timeout: 60_000,
    interval: 200,
  });
  // Measured: 14 KB. A few times that, and thousands would be too many.
  expect(perStream).toBeLessThan(100 * 1024);

  for (const { socket } of all) socket.destroy();
  await waitFor(async () => (await readers(master.url, 1)).length === 1, {
    what: 'their places are free again',
  });
}, 120_000);

test('a reader that takes nothing is let go, and the others miss nothing', async () => {
  const { etcd, prefix, server } = shared;
  const keys = keyspace(prefix);
  const master = await startMasterProcess(server.endpoint, prefix);
  shared.cleanup(() => master.stop());
  const [good, ...stuck] = await readers(master.url, 51);
  for (const { socket } of stuck) socket.pause();
  const before = master.memory();
  const value = codecs.worker.encode(
    workerOf({
      draining: {
        since: 0,
        left: 500,
        runs: Array.from({ length: 500 }, (_, i) => ({
          job: `job-${i}`,
          run: '20261122T143000.000Z-7f3a9c',
        })),
      },
    }),
  );
  let told = 0;
  const isCut = async (): Promise<boolean> => {
    const text = await (await fetch(`${master.url}/metrics`)).text();
    return /^etcron_http_streams_open\{[^}]*\} 1$/m.test(text);
  };
  // The kernel takes some megabytes for each before we notice.
  while (!(await isCut()) && told < 3_000) {
    for (let i = 0; i < 20; i++, told++)
      await etcd.txn({ compare: [], success: [put(keys.worker('w-abc123'), value)], failure: [] });
  }
  expect(await isCut()).toBe(true);
  await waitFor(() => good!.received.split('event: worker').length - 1 === told, {
    what: 'the one that reads has all',
    timeout: 60_000,
    seen: () => [good!.received.split('event: worker').length - 1, told, good!.isClosed],
  });
  // Waiting once each, what fifty did not take would be ten times this.
  expect(master.memory() - before).toBeLessThan(150 * MiB);
}, 120_000);

test('nothing is put into words, nor read, while nobody listens', async () => {
  let reads = 0;
  const etcd: typeof shared.etcd = {
    ...shared.etcd,
    txn: (txn, options) => {
      if (txn.success.some((op) => op.type === 'range' && op.key.includes('/runs/'))) reads++;
      return shared.etcd.txn(txn, options);
    },
  };
  const master = await startTestMaster(shared, { etcd });
  await master.call('createJob', { body: job('a') });
  const id = '20261122T143000.000Z-7f3a9c';
  const end = async (): Promise<void> => {
    await master.write(master.keys.active('w', 'a', id), codecs.run.encode(runOf('a', id)));
    await waitFor(() => master.views.runs.size === 1, { what: 'the run is known' });
    await shared.etcd.txn({
      compare: [],
      success: [{ type: 'delete', key: master.keys.active('w', 'a', id) }],
      failure: [],
    });
    await waitFor(() => master.views.runs.size === 0, { what: 'the run has ended' });
  };
  await end();
  expect(reads).toBe(0);
  const url = await master.app.listen({ host: '127.0.0.1', port: 0 });
  const [one, two] = await readers(url, 2);
  await end();
  await waitFor(
    () => one!.received.includes('"type":"delete"') && two!.received.includes('"type":"delete"'),
    {
      what: 'both are told that it was given back',
    },
  );
  expect(reads).toBe(1);
  for (const each of [one!, two!]) each.socket.destroy();
});
