// What workers make of what they find in etcd, and what they leave there.
import { Writable } from 'node:stream';
import { pino } from 'pino';
import { expect, test } from 'vitest';
import { makeRunId } from '../../../src/common/model/ids.ts';
import { instant } from '../../../src/common/model/time.ts';
import { codecs } from '../../../src/common/store/keyspace.ts';
import { createGate } from '../../support/gate.ts';
import { inState } from '../../support/outcomes.ts';
import { waitFor } from '../../support/wait.ts';
import { jobRecord, useWorkers } from '../../support/workers.ts';
import { put } from '../../support/writes.ts';

const cluster = useWorkers();

const task = { kind: 'handler', name: 'gate' } as const;

function keptLog() {
  const lines: Record<string, unknown>[] = [];
  const stream = new Writable({
    write(chunk: Buffer, _encoding, done) {
      lines.push(JSON.parse(chunk.toString()) as Record<string, unknown>);
      done();
    },
  });
  return { logger: pino({ level: 'debug' }, stream), lines };
}

test('a definition with a fault in what planning does not look at is told when it is due, and never runs', async () => {
  const { etcd } = cluster.shared;
  const gate = createGate();
  gate.open();
  const { logger, lines } = keptLog();
  const good = jobRecord({ name: 'kept', schedule: '* * * * * *', task });
  const history = { ...good.definition.history, keep: 0 };
  const value = JSON.stringify({ ...good, definition: { ...good.definition, history } });
  await put(etcd, cluster.keys.job('kept'), value);
  await cluster.start(1, { handlers: { gate: gate.handler }, logger });
  await waitFor(() => lines.some(({ job }) => job === 'kept'), { what: 'the fault is told' });
  expect(lines.filter(({ job }) => job === 'kept')).toMatchObject([
    { level: 50, reason: expect.stringContaining('history.keep') as string },
  ]);
  expect(gate.of('kept')).toEqual([]);

  await put(etcd, cluster.keys.job('kept'), codecs.job.encode(good));
  await waitFor(() => gate.of('kept').length >= 2, { what: 'the mended job runs' });
});

test('a value that is no definition is told once and passed over, and disturbs no other job', async () => {
  const { etcd } = cluster.shared;
  const gate = createGate();
  gate.open();
  const { logger, lines } = keptLog();
  const good = (name: string) => jobRecord({ name, schedule: '* * * * * *', task });
  const values: Record<string, string> = {
    'not-json': '{"definition":',
    'not-a-definition': '{}',
    'another-name': codecs.job.encode(good('other')),
    'unknown-zone': codecs.job.encode({
      ...good('unknown-zone'),
      definition: { ...good('unknown-zone').definition, timezone: 'Mars/Olympus' },
    }),
    'never-comes': codecs.job.encode({
      ...good('never-comes'),
      definition: { ...good('never-comes').definition, schedule: '0 0 31 2 *' },
    }),
  };
  for (const [job, value] of Object.entries(values)) await put(etcd, cluster.keys.job(job), value);
  await put(etcd, cluster.keys.trigger('good', 'nonsense'), 'nonsense');
  await put(etcd, cluster.keys.worker('broken-000000'), 'nonsense');
  await put(etcd, cluster.keys.cursor('bad-cursor'), 'tomorrow');
  await cluster.jobs.create({ name: 'good', schedule: '* * * * * *', task });
  await cluster.jobs.create(
    { name: 'bad-cursor', schedule: '* * * * * *', task, catchUp: { policy: 'all' } },
    { since: Date.now() - 3_600_000 },
  );
  const started = Date.now();
  await cluster.start(1, { handlers: { gate: gate.handler }, logger });
  await waitFor(() => gate.of('good').length >= 2 && gate.of('bad-cursor').length >= 2, {
    what: 'the good jobs run',
  });
  for (const job of Object.keys(values)) {
    const told = lines.filter((line) => line['job'] === job);
    expect(told).toMatchObject([{ level: 50, reason: expect.stringMatching(/\w+/) as string }]);
    expect(gate.of(job)).toEqual([]);
  }
  expect(lines.find(({ job }) => job === 'unknown-zone')!['reason']).toContain('timezone');
  // A cursor that nobody can read makes no old tick due.
  for (const { scheduledFor } of gate.of('bad-cursor')) expect(scheduledFor).toBeGreaterThan(started - 1_000);

  await put(etcd, cluster.keys.job('not-json'), codecs.job.encode(good('not-json')));
  await waitFor(() => gate.of('not-json').length > 0, { what: 'the repaired job runs' });
  await put(etcd, cluster.keys.job('good'), 'nonsense');
  const before = gate.of('good').length;
  const other = gate.of('not-json').length;
  await waitFor(() => gate.of('not-json').length >= other + 3, { what: 'the other goes on' });
  expect(gate.of('good').length).toBeLessThanOrEqual(before + 1);
});

test('history stays at what is to be kept, and a few', async () => {
  const { etcd } = cluster.shared;
  const gate = createGate();
  gate.open();
  await cluster.start(1, { handlers: { gate: gate.handler } });
  const handler = { kind: 'shell', command: 'echo done' } as const;
  await cluster.jobs.create({ name: 'job', schedule: '@manual', history: { keep: 7 }, task: handler });
  const runs = 60;
  const ids = Array.from({ length: runs }, (_, i) =>
    makeRunId(instant(Date.now()), i.toString(16).padStart(6, '0')),
  );
  const trigger = { cause: 'manual', attempt: 1, requestedAt: Date.now(), whenRunning: 'queue' } as const;
  let most = 0;
  for (const id of ids) await put(etcd, cluster.keys.trigger('job', id), codecs.trigger.encode(trigger));
  await waitFor(
    async () => {
      const { kvs } = await etcd.range({ ...cluster.keys.runsOf('job'), keysOnly: true });
      most = Math.max(most, kvs.length);
      return kvs.at(-1)?.key === cluster.keys.run('job', ids.at(-1)!);
    },
    { what: 'all have run', timeout: 40_000, interval: 5 },
  );
  // Looked at once in ten records, and acted on with the next.
  expect(most).toBeLessThanOrEqual(7 + 11);
  expect(most).toBeGreaterThanOrEqual(7);
  const left = await cluster.jobs.runs('job');
  expect(left.slice(-7).map(({ id }) => id)).toEqual(ids.slice(-7));
  expect(inState(left, 'succeeded')).toHaveLength(left.length);
  const outputs = await etcd.range({ ...cluster.keys.outputsOf('job'), keysOnly: true });
  expect(outputs.kvs.length).toBeLessThanOrEqual(5 + 11);
  expect(outputs.kvs.at(-1)!.key).toBe(cluster.keys.output('job', ids.at(-1)!));
  const rest = (await etcd.range({ ...cluster.keys.all, keysOnly: true })).kvs
    .map(({ key }) => key.slice(cluster.keys.prefix.length))
    .filter((key) => !/^(?:runs|output|workers|jobs)\//.test(key));
  expect(rest).toEqual([]);
});
