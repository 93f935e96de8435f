// Workers whose wall clocks are off, or set while they run. The judge is the true clock of the test.
import { expect, test as alone } from 'vitest';
import type { JobDefinitionInput } from '../../../src/common/model/job.ts';
import { codecs } from '../../../src/common/store/keyspace.ts';
import { createGate, type Gate } from '../../support/gate.ts';
import { expectEachTickOnce, inState } from '../../support/outcomes.ts';
import { steppedClock } from '../../support/stepped-clock.ts';
import { waitFor } from '../../support/wait.ts';
import { useWorkers } from '../../support/workers.ts';

/** They mostly wait: all at the same time, each on its own prefix. */
const test = alone.concurrent;

const cluster = useWorkers();

const MINUTE = 60_000;
/** What the news of another's clock may take on its way makes ours seem ahead, never behind. */
const TREMOR = 100;

const openGate = (): Gate => {
  const gate = createGate();
  gate.open();
  return gate;
};

const createEverySecond = async (names: readonly string[], more: Partial<JobDefinitionInput> = {}) => {
  for (const name of names)
    await cluster.jobs.create({
      name,
      schedule: '* * * * * *',
      overlap: 'queue',
      catchUp: { policy: 'all' },
      history: { keep: 500 },
      ...more,
      task: { kind: 'handler', name: 'gate' },
    });
};

const stateOf = async (name: string): Promise<string | undefined> => {
  const { kvs } = await cluster.shared.etcd.range(cluster.keys.workers);
  for (const kv of kvs) {
    const decoded = codecs.worker.decode(kv.value);
    if (decoded.ok && decoded.value.name === name) return decoded.value.state;
  }
  return undefined;
};

const inStateNow = (name: string, state: string) =>
  waitFor(async () => (await stateOf(name)) === state, { what: `${name} is ${state}` });

/** How early the earliest of these started, by the true clock. */
const earliest = (gate: Gate, from = 0): number =>
  Math.max(...gate.passages.slice(from).map(({ scheduledFor, startedAt }) => scheduledFor - startedAt));

const ranOf = (gate: Gate, jobs: readonly string[], count: number) =>
  waitFor(() => jobs.every((job) => gate.of(job).length >= count), {
    what: `${count} runs of each job`,
    timeout: (count + 20) * 1_000,
    seen: () => jobs.map((job) => gate.of(job).length),
  });

const JOBS = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j'];

test('of three workers one that joins with a clock 5 s fast starts nothing early, not even alone', async () => {
  const gate = openGate();
  const handlers = { gate: gate.handler };
  const right = await cluster.start(2, { handlers });
  await createEverySecond(JOBS);
  await ranOf(gate, JOBS, 1);
  await cluster.start(1, { name: 'fast', clock: steppedClock(5_000), handlers });
  expect(await stateOf('fast')).toBe('clock_skew');
  await ranOf(gate, JOBS, 5);
  expect(earliest(gate)).toBeLessThanOrEqual(0);
  // Nobody else is left: it goes on by the time of those that were there.
  await Promise.all(right.map((worker) => worker.stop()));
  const before = gate.passages.length;
  await ranOf(gate, JOBS, Math.max(...JOBS.map((job) => gate.of(job).length)) + 3);
  expect(gate.passages.length).toBeGreaterThan(before);
  expect(earliest(gate)).toBeLessThanOrEqual(TREMOR);
  await cluster.stopAll();
  for (const job of JOBS) {
    const runs = await cluster.jobs.runs(job);
    expectEachTickOnce(runs);
    expect(inState(runs, 'missed', 'skipped', 'lost')).toEqual([]);
  }
});

test.each([
  ['forward', 10 * MINUTE],
  ['back', -10 * MINUTE],
])('a clock of three that is set %s by ten minutes, and put right, touches no tick', async (_, by) => {
  const gate = openGate();
  const handlers = { gate: gate.handler };
  const clock = steppedClock();
  await cluster.start(2, { handlers });
  await cluster.start(1, { name: 'set', clock, handlers });
  await createEverySecond(JOBS);
  await ranOf(gate, JOBS, 2);
  clock.step(by);
  await inStateNow('set', 'clock_skew');
  const count = gate.of('a').length;
  await ranOf(gate, JOBS, count + 3);
  clock.step(-by);
  await inStateNow('set', 'ready');
  await ranOf(gate, JOBS, count + 7);
  await cluster.stopAll();
  expect(earliest(gate)).toBeLessThanOrEqual(TREMOR);
  for (const job of JOBS) {
    const runs = await cluster.jobs.runs(job);
    expectEachTickOnce(runs);
    expect(inState(runs, 'missed', 'skipped', 'lost')).toEqual([]);
  }
});

test('a clock that is set right is believed when two others confirm it, and what passed is caught up', async () => {
  const gate = openGate();
  const handlers = { gate: gate.handler };
  const slow = steppedClock(-3 * MINUTE);
  // Alone and three minutes behind, it knows no better.
  await cluster.start(1, { name: 'slow', clock: slow, handlers });
  await createEverySecond(['job'], { catchUp: { policy: 'latest' } });
  await inStateNow('slow', 'ready');
  await cluster.start(2, { handlers });
  await inStateNow('slow', 'clock_skew');
  await ranOf(gate, ['job'], 3);
  slow.step(3 * MINUTE);
  await inStateNow('slow', 'ready');
  await ranOf(gate, ['job'], 6);
  await cluster.stopAll();
  expect(earliest(gate)).toBeLessThanOrEqual(TREMOR);
  expectEachTickOnce(await cluster.jobs.runs('job'));
});

test('a lone clock that jumps ten minutes ahead and back settles nothing that is still to come', async () => {
  const gate = openGate();
  const clock = steppedClock();
  await cluster.start(1, { clock, handlers: { gate: gate.handler } });
  await createEverySecond(JOBS);
  await ranOf(gate, JOBS, 2);
  clock.step(10 * MINUTE);
  // Long before it would be believed, as nobody speaks against it.
  await ranOf(gate, JOBS, 4);
  clock.step(-10 * MINUTE);
  await ranOf(gate, JOBS, 7);
  await cluster.stopAll();
  expect(earliest(gate)).toBeLessThanOrEqual(0);
  for (const job of JOBS) {
    const runs = await cluster.jobs.runs(job);
    expectEachTickOnce(runs);
    expect(inState(runs, 'missed', 'skipped', 'lost')).toEqual([]);
  }
});

test('a lone clock that stays ahead is believed after a while, and every tick between has its outcome', async () => {
  const gate = openGate();
  const clock = steppedClock();
  await cluster.start(1, { clock, handlers: { gate: gate.handler } });
  await createEverySecond(['job'], { catchUp: { policy: 'latest' } });
  await ranOf(gate, ['job'], 2);
  clock.step(10 * MINUTE);
  const caughtUp = () => gate.of('job').some(({ scheduledFor }) => scheduledFor > Date.now() + 9 * MINUTE);
  await waitFor(caughtUp, { what: 'the new time is believed', timeout: 40_000 });
  await cluster.stopAll();
  const runs = await cluster.jobs.runs('job');
  expectEachTickOnce(runs);
  const [missed, ...more] = inState(runs, 'missed');
  expect(more).toEqual([]);
  expect(missed!.ticks!.count).toBeGreaterThan(500);
});

test('a lone clock that is set back by three minutes waits, repeats nothing, and goes on when it is set right', async () => {
  const gate = openGate();
  const clock = steppedClock();
  await cluster.start(1, { clock, handlers: { gate: gate.handler } });
  await createEverySecond(JOBS);
  await ranOf(gate, JOBS, 2);
  clock.step(-3 * MINUTE);
  // Believed within a second; what was armed is given back.
  await waitFor(async () => (await cluster.jobs.active()).length === 0, { what: 'nothing is armed' });
  const before = gate.passages.length;
  await waitFor(() => Date.now() > gate.passages.at(-1)!.startedAt + 3_000, { what: 'three seconds pass' });
  expect(gate.passages).toHaveLength(before);
  clock.step(3 * MINUTE);
  await ranOf(gate, JOBS, Math.max(...JOBS.map((job) => gate.of(job).length)) + 5);
  await cluster.stopAll();
  expect(earliest(gate)).toBeLessThanOrEqual(0);
  for (const job of JOBS) {
    const runs = await cluster.jobs.runs(job);
    expectEachTickOnce(runs);
    expect(inState(runs, 'missed', 'skipped', 'lost')).toEqual([]);
  }
});
