// `overlap: replace`, when a tick was overdue before the run began that is on: that run is not killed for its sake.
import { expect, test as alone } from 'vitest';
import { makeRunId } from '../../../src/common/model/ids.ts';
import { instant, toIso } from '../../../src/common/model/time.ts';
import { codecs } from '../../../src/common/store/keyspace.ts';
import { createGate } from '../../support/gate.ts';
import { inState } from '../../support/outcomes.ts';
import { delay, waitFor } from '../../support/wait.ts';
import { useWorkers } from '../../support/workers.ts';
import { put } from '../../support/writes.ts';

/** They mostly wait: all at the same time, each on its own prefix. */
const test = alone.concurrent;

const cluster = useWorkers();

const SECOND = 1_000;
const task = { kind: 'handler', name: 'gate' } as const;
const once = (at: number): string => `@at ${toIso(instant(at))}`;

test('a run by hand goes on until the next tick, or to its end, and then the overdue tick runs', async () => {
  const blocker = createGate();
  const gates = { ends: createGate(), replaced: createGate() };
  const names = ['ends', 'replaced'] as const;
  await cluster.start(1, {
    slots: 2,
    handlers: {
      blocker: blocker.handler,
      gate: (context) => gates[context.job as (typeof names)[number]].handler(context),
    },
  });
  for (const name of names) {
    const job = `blocker-${name}`;
    await cluster.jobs.create({ name: job, schedule: '@manual', task: { kind: 'handler', name: 'blocker' } });
    await askFor(job);
  }
  await waitFor(() => blocker.passages.length === 2, { what: 'every slot is taken' });
  const overdue = Math.ceil(Date.now() / SECOND) * SECOND + 2 * SECOND;
  const next = overdue + 7 * SECOND;
  const schedules = { ends: [once(overdue)], replaced: [once(overdue), once(next)] };
  for (const name of names)
    await cluster.jobs.create({ name, schedule: schedules[name], overlap: 'replace', task });
  const manual = new Map<string, string>();
  for (const name of names) manual.set(name, await askFor(name));
  await waitFor(() => Date.now() > overdue + 500, { what: 'a tick of both passes' });
  blocker.open();
  await waitFor(() => names.every((name) => gates[name].inside(name) === 1), {
    what: 'the runs by hand are on',
  });
  for (const name of names) expect(gates[name].passages[0]!.runId).toBe(manual.get(name));
  await delay(1_500);
  expect(names.map((name) => gates[name].passages.length)).toEqual([1, 1]);
  expect(names.map((name) => gates[name].inside(name))).toEqual([1, 1]);
  gates.ends.open();
  await waitFor(() => gates.replaced.passages.length === 2, { what: 'the next tick replaces the run' });
  gates.replaced.open();
  await cluster.stopAll();
  const ends = await cluster.jobs.runs('ends');
  expect(ends.map(({ state, cause }) => [state, cause.kind, cause.tick])).toEqual(
    expect.arrayContaining([
      ['succeeded', 'manual', undefined],
      ['succeeded', 'catch_up', overdue],
    ]),
  );
  expect(ends).toHaveLength(2);
  const replaced = await cluster.jobs.runs('replaced');
  const killed = replaced.find(({ id }) => id === manual.get('replaced'))!;
  expect(killed).toMatchObject({ state: 'killed', killedBy: { by: 'overlap: replace' } });
  expect(killed.endedAt).toBeGreaterThanOrEqual(next);
  expect(inState(replaced, 'succeeded').map(({ cause }) => cause.tick)).toEqual([next]);
  expect(inState(replaced, 'missed').map(({ ticks, cause }) => ticks?.from ?? cause.tick)).toEqual([overdue]);
  expect(replaced).toHaveLength(3);
}, 60_000);

test('nor is the run of another worker, which has handed the job over', async () => {
  const blocker = createGate();
  const gate = createGate();
  const handlers = { blocker: blocker.handler, gate: gate.handler };
  const [first] = await cluster.start(1, { slots: 1, handlers, drainTimeoutMs: 60_000 });
  await cluster.jobs.create({
    name: 'blocker',
    schedule: '@manual',
    task: { kind: 'handler', name: 'blocker' },
  });
  await askFor('blocker');
  await waitFor(() => blocker.passages.length === 1, { what: 'the slot is taken' });
  const overdue = Math.ceil(Date.now() / SECOND) * SECOND + 2 * SECOND;
  const next = overdue + 12 * SECOND;
  await cluster.jobs.create({ name: 'job', schedule: [once(overdue), once(next)], overlap: 'replace', task });
  const manual = await askFor('job');
  await waitFor(() => Date.now() > overdue + 500, { what: 'a tick passes' });
  blocker.open();
  await waitFor(() => gate.inside('job') === 1, { what: 'the run by hand is on' });
  await cluster.start(1, { handlers });
  // Drains: what is on goes on, and the other worker takes the ticks.
  const stopped = first!.stop();
  await waitFor(() => gate.passages.length === 2, { what: 'the next tick replaces it', timeout: 40_000 });
  gate.open();
  await stopped;
  await cluster.stopAll();
  const runs = await cluster.jobs.runs('job');
  const killed = runs.find(({ id }) => id === manual)!;
  expect(killed).toMatchObject({ state: 'killed', killedBy: { by: 'overlap: replace' } });
  expect(killed.endedAt).toBeGreaterThanOrEqual(next);
  const [after] = inState(runs, 'succeeded');
  expect(after!.cause.tick).toBe(next);
  expect(after!.worker).not.toBe(killed.worker);
  expect(inState(runs, 'missed').map(({ ticks, cause }) => ticks?.from ?? cause.tick)).toEqual([overdue]);
  expect(runs).toHaveLength(3);
}, 90_000);

let asked = 0;

/** A run by hand that waits; its id. */
async function askFor(job: string): Promise<string> {
  const now = Date.now();
  const id = makeRunId(instant(now), (++asked).toString(16).padStart(6, '0'));
  const trigger = { cause: 'manual', attempt: 1, requestedAt: now, whenRunning: 'queue' } as const;
  await put(cluster.shared.etcd, cluster.keys.trigger(job, id), codecs.trigger.encode(trigger));
  return id;
}
