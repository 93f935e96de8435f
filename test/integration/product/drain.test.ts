// A worker that drains: by a wish of the API or because it stops, seen from outside, taken back, and never for ever.
import { pino } from 'pino';
import { expect, test } from 'vitest';
import type { RunRecord } from '../../../src/common/model/run.ts';
import { kvsOf } from '../../../src/common/store/transactions/parts.ts';
import { createGate, type Gate } from '../../support/gate.ts';
import { heldClock } from '../../support/held-clock.ts';
import { waitFor } from '../../support/wait.ts';
import { useWorkers } from '../../support/workers.ts';
import { startTestMaster, type TestMaster } from '../master/harness.ts';

const cluster = useWorkers();

async function running(master: TestMaster, gate: Gate, names: readonly string[]): Promise<string[]> {
  const runs: string[] = [];
  for (const name of names) {
    await cluster.jobs.create({ name, schedule: '@manual', task: { kind: 'handler', name: 'gate' } });
    runs.push((await master.call('runJob', { params: { job: name } })).body.run as string);
  }
  await waitFor(() => names.every((name) => gate.inside(name) === 1), { what: 'all run' });
  return runs;
}

const view = async (master: TestMaster, worker: string) =>
  (await master.call('getWorker', { params: { worker } })).body;

test('a drain by request shows what it waits for, and is taken back', async () => {
  const master = await startTestMaster(cluster.shared);
  const gates = { a: createGate(), b: createGate() };
  const handler = (context: Parameters<Gate['handler']>[0]) =>
    gates[context.job === 'a' ? 'a' : 'b'].handler(context);
  const [worker] = await cluster.start(1, { handlers: { gate: handler } });
  const id = worker!.workerId!;
  const [a] = await running(master, gates.a, ['a']);
  const [b] = await running(master, gates.b, ['b']);
  expect(await view(master, id)).toMatchObject({ state: 'ready', drain: null });

  const url = await master.app.listen({ host: '127.0.0.1', port: 0 });
  const events = await fetch(`${url}/api/v1/events`);
  const asked = Date.now();
  const { body: told } = await master.call('drainWorker', { params: { worker: id.slice(0, -7) } });
  expect(told).toMatchObject({ id, state: 'draining' });
  expect(told.drain).toMatchObject({
    by: 'api',
    left: 2,
    runs: [
      { job: 'a', run: a },
      { job: 'b', run: b },
    ],
    killAt: null,
  });
  expect(Date.parse(told.drain.askedAt as string)).toBeGreaterThanOrEqual(asked);
  expect(Date.parse(told.drain.since as string)).toBeGreaterThanOrEqual(asked);
  expect((await master.call('listWorkers')).body.items[0].drain).toEqual(told.drain);
  expect(await (await fetch(`${worker!.url}/readyz`)).json()).toEqual({
    ok: true,
    reason: 'draining: 2 runs left',
  });

  gates.a.open();
  await waitFor(async () => (await view(master, id)).drain.left === 1, { what: 'one is left' });
  gates.b.open();
  await waitFor(async () => (await view(master, id)).drain.left === 0, { what: 'none is left' });
  expect(await view(master, id)).toMatchObject({ state: 'draining', drain: { runs: [] } });

  let news = '';
  const reader = events.body!.pipeThrough(new TextDecoderStream()).getReader();
  while (!news.includes('"left":0')) news += (await reader.read()).value ?? '';
  await reader.cancel();
  expect(news).toMatch(/event: worker\ndata: .*"state":"draining".*"left":2/);

  const queued = await master.call('runJob', { params: { job: 'a' } });
  const resumed = await master.call('resumeWorker', { params: { worker: id } });
  expect(resumed.body).toMatchObject({ drain: null });
  expect(resumed.body.state).not.toBe('draining');
  await waitFor(async () => (await cluster.jobs.runs('a')).some((run) => run.id === queued.body.run), {
    what: 'it works again',
  });
});

test('a worker that stops tells until when its runs may go on, and logs what it waits for', async () => {
  const master = await startTestMaster(cluster.shared);
  const gate = createGate();
  const lines: Record<string, unknown>[] = [];
  const logger = pino(
    { level: 'info' },
    { write: (line: string) => void lines.push(JSON.parse(line) as never) },
  );
  const [worker] = await cluster.start(1, {
    handlers: { gate: gate.handler },
    drainTimeoutMs: 60_000,
    logger,
  });
  const id = worker!.workerId!;
  const [run] = await running(master, gate, ['a']);
  const asked = Date.now();
  const stopped = worker!.stop();
  const seen = await waitFor(async () => ((await view(master, id)).drain ? view(master, id) : undefined), {
    what: 'it is seen to drain',
  });
  expect(seen.drain).toMatchObject({ by: null, askedAt: null, left: 1, runs: [{ job: 'a', run }] });
  const killAt = Date.parse(seen.drain.killAt as string);
  expect(killAt).toBeGreaterThanOrEqual(asked + 60_000);
  expect(killAt).toBeLessThan(asked + 90_000);
  const told = await waitFor(() => lines.find(({ msg }) => msg === 'draining: waits for runs to end'), {
    what: 'it says what it waits for',
  });
  expect(told).toMatchObject({ left: 1, runs: [`a/${run}`] });
  expect(told['killedInMs']).toBeLessThanOrEqual(60_000);
  gate.open();
  await stopped;
  await master.refused('worker_not_found', 'getWorker', { params: { worker: id } });
  expect(await cluster.jobs.runs('a')).toMatchObject([{ id: run, state: 'succeeded' }]);
});

test('a worker that stops while etcd is away and a claim cannot be given back ends all the same', async () => {
  const clock = heldClock();
  const gate = createGate();
  const lines: string[] = [];
  const logger = pino({ level: 'warn' }, { write: (line: string) => void lines.push(line) });
  const [worker] = await cluster.start(1, {
    handlers: { gate: gate.handler },
    clock,
    drainTimeoutMs: 100,
    logger,
  });
  const tick = Math.ceil(Date.now() / 1_000) * 1_000 + 1_000;
  clock.holdAt(tick - 50);
  await cluster.jobs.create(
    { name: 'job', schedule: '* * * * * *', task: { kind: 'handler', name: 'gate' } },
    { since: tick - 1 },
  );
  await waitFor(async () => (await cluster.jobs.active()).length === 1, { what: 'a run is armed' });
  const { server } = cluster.shared;
  server.pause();
  try {
    await worker!.stop();
  } finally {
    server.resume();
  }
  expect(lines.join('')).toContain('left to others to settle');
  // Nothing ran, and nothing is lost: whoever is alive finds the claim of a dead worker; or the tick due again,
  // when the stopped etcd still had the request to give it back.
  expect(gate.passages).toEqual([]);
  const { etcd } = cluster.shared;
  // In one request: etcd may come to it in between.
  const { responses } = await etcd.txn({
    compare: [],
    success: [
      { type: 'range', ...cluster.keys.actives },
      { type: 'range', key: cluster.keys.cursor('job') },
    ],
    failure: [],
  });
  const [active, cursor] = responses.map((response) => kvsOf(response).map(({ value }) => value));
  const claims = active!.map((text) => {
    const { scheduledFor, state } = JSON.parse(text) as RunRecord;
    return { scheduledFor, state };
  });
  expect([
    { claims: [{ scheduledFor: tick, state: 'armed' }], cursor: String(tick) },
    { claims: [], cursor: String(tick - 1) },
  ]).toContainEqual({ claims, cursor: cursor![0] });
});

test('a worker that stops while etcd is away and nothing runs any more says so, and records it all when etcd is back', async () => {
  const gate = createGate();
  const lines: Record<string, unknown>[] = [];
  const logger = pino(
    { level: 'info' },
    { write: (line: string) => void lines.push(JSON.parse(line) as never) },
  );
  const [worker] = await cluster.start(1, {
    handlers: { gate: gate.handler },
    drainTimeoutMs: 120_000,
    ttlSeconds: 120,
    logger,
  });
  const master = await startTestMaster(cluster.shared);
  await running(master, gate, ['a', 'b']);
  const { server } = cluster.shared;
  server.pause();
  let stopped: Promise<void> | undefined;
  try {
    gate.open();
    stopped = worker!.stop();
    const told = await waitFor(() => lines.find(({ msg }) => String(msg).startsWith('draining: waits')), {
      what: 'it says what it waits for',
      seen: () => lines,
      timeout: 40_000,
    });
    expect(told).toMatchObject({ msg: 'draining: waits to record 2 ends', left: 2 });
    expect(told['givesUpInMs']).toBeGreaterThan(0);
    expect(await (await fetch(`${worker!.url}/readyz`)).json()).toEqual({
      ok: true,
      reason: 'draining: waits to record 2 ends',
    });
  } finally {
    server.resume();
    await stopped;
  }
  for (const job of ['a', 'b']) expect(await cluster.jobs.runs(job)).toMatchObject([{ state: 'succeeded' }]);
});
