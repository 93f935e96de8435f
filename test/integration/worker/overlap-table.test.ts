// What docs/overlap.md says of every combination, on workers and a real etcd: read from its table, row by row.
import { expect, test as alone } from 'vitest';
import type { JobDefinitionInput } from '../../../src/common/model/job.ts';
import type { RunRecord } from '../../../src/common/model/run.ts';
import { instant, toIso } from '../../../src/common/model/time.ts';
import { codecs } from '../../../src/common/store/keyspace.ts';
import { createGate, type Gate } from '../../support/gate.ts';
import { expectEachTickOnce, inState, ticksTold } from '../../support/outcomes.ts';
import { acceptedRows, type OverlapRow } from '../../support/overlap-table.ts';
import { waitFor } from '../../support/wait.ts';
import { useWorkers } from '../../support/workers.ts';
import { put } from '../../support/writes.ts';

/** They mostly wait: all at the same time, each on its own prefix. */
const test = alone.concurrent;

const cluster = useWorkers();
const rows = acceptedRows();
const nameOf = ({ overlap, policy }: OverlapRow): string => `${overlap}-${policy}`;

const SECOND = 1_000;
const MINUTE = 60_000;

const create = (row: OverlapRow, more: Partial<JobDefinitionInput> = {}, since?: number) =>
  cluster.jobs.create(
    {
      name: nameOf(row),
      schedule: '* * * * * *',
      overlap: row.overlap,
      history: { keep: 500 },
      task: { kind: 'handler', name: 'gate' },
      ...more,
      catchUp: { policy: row.policy, ...more.catchUp },
    },
    since === undefined ? undefined : { since },
  );

/** Fails when the table has words that this test has no check for. */
function check<A extends unknown[]>(
  checks: Readonly<Record<string, (...args: A) => void>>,
  words: string,
  ...args: A
): void {
  const found = checks[words];
  if (!found) throw new Error(`docs/overlap.md says "${words}", and no check knows what that means`);
  found(...args);
}

const range = (from: number, to: number): number[] =>
  Array.from({ length: Math.max(0, Math.round((to - from) / SECOND) + 1) }, (_, i) => from + i * SECOND);

/** `from` to `to`: the ticks that came while the first run was on, for certain. */
interface WhileOn {
  readonly gate: Gate;
  readonly job: string;
  readonly runs: readonly RunRecord[];
  readonly from: number;
  readonly to: number;
}

const ranAt = ({ gate, job }: WhileOn): number[] => gate.of(job).map(({ scheduledFor }) => scheduledFor);
const told = ({ runs }: WhileOn, state: 'skipped' | 'missed'): number[] =>
  ticksTold(inState(runs, state), SECOND);

const whileOn: Record<string, (seen: WhileOn) => void> = {
  'it is skipped'(seen) {
    expect(told(seen, 'skipped')).toEqual(expect.arrayContaining(range(seen.from, seen.to)));
    expect(told(seen, 'missed')).toEqual([]);
  },
  'the newest waits'(seen) {
    const [first, second] = seen.gate.of(seen.job);
    expect(second!.scheduledFor).toBeGreaterThanOrEqual(seen.to);
    expect(second!.startedAt).toBeGreaterThanOrEqual(first!.endedAt!);
    expect(told(seen, 'missed')).toEqual(expect.arrayContaining(range(seen.from, seen.to - SECOND)));
    expect(told(seen, 'skipped')).toEqual([]);
  },
  'all wait, in order'(seen) {
    const [first, second] = seen.gate.of(seen.job);
    const ran = ranAt(seen);
    expect(ran).toEqual(ran.toSorted((a, b) => a - b));
    expect(ran).toEqual(expect.arrayContaining(range(seen.from, seen.to)));
    expect(second!.startedAt).toBeGreaterThanOrEqual(first!.endedAt!);
    expect(inState(seen.runs, 'skipped', 'missed')).toEqual([]);
  },
  'the newest replaces it'(seen) {
    const killed = inState(seen.runs, 'killed');
    expect(killed.length).toBeGreaterThanOrEqual(2);
    for (const { reason } of killed) expect(reason).toContain('replace');
    expect(told(seen, 'skipped')).toEqual([]);
  },
  'it runs beside it'(seen) {
    expect(seen.gate.most(seen.job)).toBeGreaterThanOrEqual(range(seen.from, seen.to).length + 1);
    expect(ranAt(seen)).toEqual(expect.arrayContaining(range(seen.from, seen.to)));
    expect(inState(seen.runs, 'skipped', 'missed')).toEqual([]);
  },
};

test('a tick that comes while a run is on', async () => {
  const gate = createGate();
  await cluster.start(1, { slots: 500, handlers: { gate: gate.handler } });
  for (const row of rows) await create(row);
  await waitFor(() => rows.every((row) => gate.of(nameOf(row)).length > 0), { what: 'every job is on' });
  const latest = Math.max(...rows.map((row) => gate.of(nameOf(row))[0]!.scheduledFor));
  await waitFor(() => Date.now() > latest + 3_600, { what: 'three more ticks of each pass' });
  const until = Date.now();
  // Settled while it is on, not when it ends.
  await waitFor(async () => inState(await cluster.jobs.runs('forbid-latest'), 'skipped').length > 0, {
    what: 'ticks are skipped',
  });
  gate.open();
  const isPast = (row: OverlapRow): boolean =>
    gate.of(nameOf(row)).some(({ scheduledFor }) => scheduledFor > until);
  await waitFor(() => rows.every(isPast), { what: 'every job goes on' });
  await cluster.stopAll();
  for (const row of rows) {
    const job = nameOf(row);
    const runs = await cluster.jobs.runs(job);
    const from = gate.of(job)[0]!.scheduledFor + SECOND;
    const to = Math.floor((until - 500) / SECOND) * SECOND;
    expect(range(from, to).length).toBeGreaterThanOrEqual(3);
    check(whileOn, row.whileOn, { gate, job, runs, from, to });
    // Whatever else is said, only `allow` lets two runs be on.
    expect({ job, isAlone: gate.most(job) === 1 }).toEqual({ job, isAlone: row.overlap !== 'allow' });
    expectEachTickOnce(runs);
  }
});

test('a tick that waits is missed once it is older than the window', async () => {
  const gate = createGate();
  await cluster.start(1, { handlers: { gate: gate.handler } });
  await create(
    rows.find((row) => nameOf(row) === 'queue-all')!,
    { catchUp: { window: '2s' } },
  );
  await waitFor(() => gate.passages.length > 0, { what: 'the job is on' });
  const first = gate.passages[0]!.scheduledFor;
  await waitFor(() => Date.now() > first + 5_500, { what: 'five ticks pass' });
  gate.open();
  await waitFor(() => gate.passages.length >= 4, { what: 'it goes on' });
  await cluster.stopAll();
  const runs = await cluster.jobs.runs('queue-all');
  const missed = ticksTold(inState(runs, 'missed'), SECOND);
  expect(missed.slice(0, 2)).toEqual([first + SECOND, first + 2 * SECOND]);
  const second = gate.passages[1]!;
  expect(second.startedAt - second.scheduledFor).toBeLessThanOrEqual(2_500);
  expectEachTickOnce(runs);
});

/** Five ticks passed, the newest five minutes ago, ten minutes apart; the window holds the newest three. */
interface Nobody {
  readonly gate: Gate;
  readonly job: string;
  readonly runs: readonly RunRecord[];
  readonly tick: (before: number) => number;
  /** The most that were on at once before any was let end. */
  readonly atOnce: number;
}

const expectRan = ({ gate, job, runs, tick }: Nobody, before: readonly number[], missed: number): void => {
  expect(gate.of(job).map(({ scheduledFor }) => scheduledFor)).toEqual(before.map(tick));
  const record = inState(runs, 'missed');
  expect(record.map(({ ticks }) => ticks)).toEqual([{ count: missed, from: tick(4), to: tick(5 - missed) }]);
};

const nobody: Record<string, (seen: Nobody) => void> = {
  'the newest runs': (seen) => expectRan(seen, [0], 4),
  'none runs': (seen) => expectRan(seen, [], 5),
  'all run, in order'(seen) {
    expectRan(seen, [2, 1, 0], 2);
    expect(seen.atOnce).toBe(1);
  },
  'all run, at once'(seen) {
    expectRan(seen, [2, 1, 0], 2);
    expect(seen.atOnce).toBe(3);
  },
};

/** `before`: once the ticks have passed, and before a worker comes that may run them. */
async function expectCaughtUp(before: (gate: Gate) => Promise<void>): Promise<void> {
  const gate = createGate();
  const newest = Date.now() - 5 * MINUTE;
  const tick = (before: number): number => newest - before * 10 * MINUTE;
  for (const row of rows) {
    const timing = { schedule: '@every 10m', anchor: toIso(instant(newest)) };
    const window = row.policy === 'none' ? {} : { catchUp: { window: '26m' } };
    await create(row, { ...timing, ...window }, tick(20));
    await put(cluster.shared.etcd, cluster.keys.cursor(nameOf(row)), codecs.cursor.encode(tick(5)));
  }
  await before(gate);
  await cluster.start(1, { handlers: { gate: gate.handler } });
  const runs = (row: OverlapRow) => cluster.jobs.runs(nameOf(row));
  const firstOf = (row: OverlapRow) =>
    waitFor(async () => gate.of(nameOf(row)).length > 0 || (await runs(row)).length > 0, {
      what: `${nameOf(row)} is caught up`,
    });
  for (const row of rows) await firstOf(row);
  // Beside each other, where they may.
  await waitFor(() => rows.some((row) => gate.inside(nameOf(row)) === 3), { what: 'three runs at once' });
  const atOnce = new Map(rows.map((row) => [nameOf(row), gate.most(nameOf(row))]));
  expect(atOnce.get('forbid-all')).toBe(1);
  gate.open();
  const settled = async (row: OverlapRow): Promise<boolean> =>
    ticksTold(await runs(row), 10 * MINUTE).length === 5;
  for (const row of rows) await waitFor(() => settled(row), { what: `${nameOf(row)} has five outcomes` });
  for (const row of rows) {
    const job = nameOf(row);
    check(nobody, row.nobody, { gate, job, runs: await runs(row), tick, atOnce: atOnce.get(job)! });
    expectEachTickOnce(await runs(row), 10 * MINUTE);
  }
}

test('ticks that passed while nobody was alive', () =>
  expectCaughtUp(async (gate) => expect(gate.passages).toEqual([])));

test('ticks that passed while only workers were alive that may not run them', { timeout: 120_000 }, () =>
  expectCaughtUp(async (gate) => {
    await cluster.start(2, { handlers: {} });
    for (const row of rows) {
      const [missed] = await waitFor(
        async () => {
          const told = await cluster.jobs.runs(nameOf(row));
          return told.length > 0 ? told : undefined;
        },
        { what: `what of ${nameOf(row)} is past its window is told`, timeout: 60_000 },
      );
      const reason = 'no worker that has the handler "gate" was there to run it';
      expect(missed).toMatchObject({ state: 'missed', reason });
    }
    expect(gate.passages).toEqual([]);
  }),
);

/** `from` to `to`: the ticks that came while every slot was taken, long enough before one was free to be late. */
interface Full {
  readonly runs: readonly RunRecord[];
  readonly ran: readonly number[];
  readonly from: number;
  readonly to: number;
}

const missedOf = (runs: readonly RunRecord[]): number[] => ticksTold(inState(runs, 'missed'), SECOND);

const full: Record<string, (seen: Full) => void> = {
  'the newest runs'({ runs, ran, from, to }) {
    expect(missedOf(runs)).toEqual(expect.arrayContaining(range(from, to - SECOND)));
    expect(ran.filter((tick) => tick >= from && tick < to)).toEqual([]);
  },
  'none runs'({ runs, ran, from, to }) {
    expect(missedOf(runs)).toEqual(expect.arrayContaining(range(from, to - SECOND)));
    expect(ran.filter((tick) => tick >= from && tick < to)).toEqual([]);
  },
  'all run, as slots get free'({ runs, ran, from, to }) {
    expect(ran).toEqual(expect.arrayContaining(range(from, to)));
    expect(inState(runs, 'missed')).toEqual([]);
  },
};

test('ticks that come while all workers are full', async () => {
  const gate = createGate();
  gate.open();
  const blocker = createGate();
  await cluster.start(1, { slots: 1, handlers: { gate: gate.handler, blocker: blocker.handler } });
  const since = Date.now();
  await cluster.jobs.create(
    {
      name: 'blocker',
      schedule: `@at ${toIso(instant(since + SECOND))}`,
      task: { kind: 'handler', name: 'blocker' },
    },
    { since },
  );
  await waitFor(() => blocker.passages.length > 0, { what: 'the slot is taken' });
  for (const row of rows) await create(row);
  const from = Math.ceil((Date.now() + 1) / SECOND) * SECOND;
  await waitFor(() => Date.now() > from + 3_600, { what: 'four ticks of each pass' });
  expect(gate.passages).toEqual([]);
  const to = Math.floor(Date.now() / SECOND) * SECOND;
  blocker.open();
  const last = Date.now();
  const isPast = async (row: OverlapRow): Promise<boolean> =>
    Math.max(0, ...ticksTold(await cluster.jobs.runs(nameOf(row)), SECOND)) > last;
  for (const row of rows) await waitFor(() => isPast(row), { what: `${nameOf(row)} goes on` });
  await cluster.stopAll();
  for (const row of rows) {
    const job = nameOf(row);
    const runs = await cluster.jobs.runs(job);
    const ran = gate.of(job).map(({ scheduledFor }) => scheduledFor);
    check(full, row.full, { runs, ran, from, to });
    expectEachTickOnce(runs);
  }
});
