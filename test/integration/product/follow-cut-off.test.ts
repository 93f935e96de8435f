// Output that is followed while its worker is cut off from etcd: its registration goes, and it can still be reached.
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { startTcpProxy } from '../../support/tcp-proxy.ts';
import { waitFor } from '../../support/wait.ts';
import { useWorkers } from '../../support/workers.ts';
import { startTestMaster } from '../master/harness.ts';

const cluster = useWorkers();

test('a run that goes on without its claim is followed to its end, which says so', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'etcron-follow-'));
  cluster.shared.cleanup(() => rmSync(folder, { recursive: true, force: true }));
  const proxy = await startTcpProxy(cluster.shared.server);
  cluster.shared.cleanup(() => proxy.stop());
  const master = await startTestMaster(cluster.shared);
  const url = await master.app.listen({ host: '127.0.0.1', port: 0 });
  const [worker] = await cluster.start(1, { endpoint: proxy.address, drainTimeoutMs: 500 });
  const reconnect = (): void => (proxy.resume('up'), proxy.resume('down'));
  cluster.shared.cleanup(reconnect);
  await cluster.jobs.create({
    name: 'job',
    schedule: '@manual',
    onLostLease: 'continue',
    task: {
      kind: 'shell',
      command: `cd ${folder}; i=0; while [ ! -e end ]; do i=$((i+1)); echo line $i; touch started; sleep 0.2; done; echo the end`,
    },
  });
  const { body } = await master.call('runJob', { params: { job: 'job' } });
  const run = body.run as string;
  await waitFor(() => existsSync(join(folder, 'started')), { what: 'the run is on' });

  const answer = await fetch(`${url}/api/v1/jobs/job/runs/${run}/output?follow=true`);
  let text = '';
  const whole = (async () => {
    const decoder = new TextDecoder();
    for await (const part of answer.body!) text += decoder.decode(part as Uint8Array, { stream: true });
    return text;
  })();
  const id = worker!.workerId!;
  await waitFor(() => text.includes('line 1'), { what: 'it is followed' });
  proxy.pause('up');
  proxy.pause('down');
  await waitFor(() => !master.views.workers.get(id), { what: 'its registration goes', timeout: 40_000 });
  const lost = Date.now();
  const before = text;
  // Far beyond the patience with a worker that does not answer.
  await waitFor(() => Date.now() > lost + 8_000, { what: 'eight seconds pass' });
  writeFileSync(join(folder, 'end'), '');
  const [, lines, note] = /^((?:line \d+\n)+the end\n)\n(\[etcron: .*\])\n$/.exec(await whole) ?? [];
  expect(lines!.startsWith(before)).toBe(true);
  const numbers = [...lines!.matchAll(/line (\d+)/g)].map(([, number]) => Number(number));
  expect(numbers).toEqual(numbers.map((_, i) => i + 1));
  expect(lines!.length).toBeGreaterThan(before.length + 'the end\n'.length);
  expect(note).toContain('the worker lost its claim meanwhile, and the run went on');
  reconnect();
  const [record] = await waitFor(
    async () => {
      const runs = await cluster.jobs.runs('job');
      return runs[0]?.state === 'succeeded' ? runs : undefined;
    },
    { what: 'its end is on record', timeout: 40_000 },
  );
  expect(record).toMatchObject({ id: run, mayHaveOverlapped: true, outputBytes: lines!.length });
}, 120_000);
