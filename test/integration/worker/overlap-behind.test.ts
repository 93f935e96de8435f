// `overlap: forbid`, when ticks were overdue before the run began that then was on, be it of this worker or of
// another: what came during the run is skipped for its sake, and those from before it are caught up as ever.
import { expect, test as alone } from 'vitest';
import type { CatchUpPolicy, JobDefinitionInput } from '../../../src/common/model/job.ts';
import { makeRunId } from '../../../src/common/model/ids.ts';
import type { RunRecord } from '../../../src/common/model/run.ts';
import { instant } from '../../../src/common/model/time.ts';
import { codecs } from '../../../src/common/store/keyspace.ts';
import { createGate, type Gate } from '../../support/gate.ts';
import { expectEachTickOnce, inState, ticksTold } from '../../support/outcomes.ts';
import { waitFor } from '../../support/wait.ts';
import { useWorkers } from '../../support/workers.ts';
import { put } from '../../support/writes.ts';

/** They mostly wait: all at the same time, each on its own prefix. */
const test = alone.concurrent;

const cluster = useWorkers();

const SECOND = 1_000;
const POLICIES: readonly CatchUpPolicy[] = ['latest', 'none', 'all'];

const jobOf = (policy: CatchUpPolicy, more: Partial<JobDefinitionInput> = {}): JobDefinitionInput => ({
  name: policy,
  schedule: '* * * * * *',
  overlap: 'forbid',
  catchUp: { policy },
  history: { keep: 500 },
  task: { kind: 'handler', name: 'gate' },
  ...more,
});

/** The ticks in (after, until]. */
const ticks = (after: number, until: number, every = SECOND): number[] => {
  const first = (Math.floor(after / every) + 1) * every;
  return Array.from(
    { length: Math.max(0, Math.floor((until - first) / every) + 1) },
    (_, i) => first + i * every,
  );
};

interface Seen {
  readonly policy: CatchUpPolicy;
  readonly gate: Gate;
  readonly job: string;
  readonly runs: readonly RunRecord[];
  /** The first tick that nothing kept, and the life of the run that was in the way. */
  readonly from: number;
  readonly began: number;
  readonly ended: number;
  readonly holder: string;
  readonly every?: number;
}

/** What became of the ticks up to the end of that run, and what should have. */
function judged({ policy, gate, job, runs, from, began, ended, holder, every = SECOND }: Seen) {
  const before = ticks(from - 1, began, every);
  const during = ticks(began, ended, every);
  const newest = policy === 'latest' ? before.slice(-1) : [];
  const upToIts = (each: number): boolean => each <= ended;
  const caughtUp = runs.filter(({ cause }) => cause.kind === 'catch_up' && upToIts(cause.tick!));
  const reason = inState(runs, 'skipped').find((run) => run.ticks!.from === during[0])?.reason ?? '';
  return {
    told: {
      ran: gate
        .of(job)
        .flatMap(({ scheduledFor: tick }) => (tick % every === 0 && upToIts(tick) ? [tick] : [])),
      caughtUp: policy === 'all' ? undefined : caughtUp.length,
      missed: ticksTold(inState(runs, 'missed'), every),
      skipped: ticksTold(inState(runs, 'skipped'), every).filter(upToIts),
      isNamed: reason.startsWith(`overlap: forbid, and run ${holder} on `),
    },
    expected:
      policy === 'all'
        ? {
            ran: [...before, ...during],
            caughtUp: undefined,
            missed: [],
            skipped: [],
            isNamed: false,
          }
        : {
            ran: newest,
            caughtUp: newest.length,
            missed: before.filter((tick) => !newest.includes(tick)),
            skipped: during,
            isNamed: true,
          },
    counts: { before: before.length, during: during.length },
  };
}

test('a run by hand of this worker, under either mode', async () => {
  const gate = createGate();
  const blocker = createGate();
  const modes = ['one', 'all'] as const;
  const jobs = modes.flatMap((mode) =>
    POLICIES.map((policy) => ({ mode, policy, name: `${mode}-${policy}` })),
  );
  const [worker] = await cluster.start(1, {
    slots: jobs.length,
    handlers: { gate: gate.handler, blocker: blocker.handler },
  });
  const since = Date.now();
  const at = new Date(since + SECOND).toISOString();
  for (const { name } of jobs)
    await cluster.jobs.create(
      { name: `blocker-${name}`, schedule: `@at ${at}`, task: { kind: 'handler', name: 'blocker' } },
      { since },
    );
  await waitFor(() => blocker.passages.length === jobs.length, {
    what: 'every slot is taken',
    seen: () => blocker.passages,
  });
  for (const { name, policy, mode } of jobs)
    await cluster.jobs.create(jobOf(policy, { name, workers: { mode } }));
  const from = Math.ceil((Date.now() + 1) / SECOND) * SECOND;
  await waitFor(() => Date.now() > from + 3_300, { what: 'four ticks of each pass' });
  for (const { name, mode } of jobs) {
    const id = makeRunId(instant(Date.now()), 'aaaaaa');
    const trigger = {
      cause: 'manual',
      attempt: 1,
      requestedAt: Date.now(),
      whenRunning: 'queue',
      ...(mode === 'all' ? { worker: worker!.workerId! } : {}),
    } as const;
    await put(cluster.shared.etcd, cluster.keys.trigger(name, id), codecs.trigger.encode(trigger));
  }
  blocker.open();
  await waitFor(() => jobs.every(({ name }) => gate.inside(name) === 1), { what: 'the runs by hand are on' });
  const on = Date.now();
  await waitFor(() => Date.now() > on + 2_300, { what: 'two ticks pass' });
  // Nothing of it waits any more: told while it is on.
  for (const mode of modes)
    await waitFor(async () => inState(await cluster.jobs.runs(`${mode}-none`), 'skipped').length > 0, {
      what: 'ticks are skipped',
    });
  const until = Date.now();
  gate.open();
  const isPast = ({ name }: { name: string }): boolean =>
    gate.of(name).some(({ scheduledFor }) => scheduledFor > until + SECOND);
  await waitFor(() => jobs.every(isPast), { what: 'every job goes on' });
  await cluster.stopAll();
  for (const { name, policy } of jobs) {
    const runs = await cluster.jobs.runs(name);
    const manual = runs.find(({ cause }) => cause.kind === 'manual')!;
    const first = Math.min(...ticksTold(runs, SECOND));
    const { told, expected, counts } = judged({
      policy,
      gate,
      job: name,
      runs,
      from: first,
      began: manual.armedAt!,
      ended: manual.endedAt!,
      holder: manual.id,
    });
    expect({ name, ...told }).toEqual({ name, ...expected });
    expect(Math.min(counts.before - 3, counts.during - 2)).toBeGreaterThanOrEqual(0);
    expectEachTickOnce(runs);
  }
});

test('a run of another worker, which is looked for until it has ended', async () => {
  const every = 3 * SECOND;
  const gate = createGate();
  gate.open();
  const { etcd } = cluster.shared;
  const { leaseId } = await etcd.leaseGrant(60);
  await cluster.start(1, { handlers: { gate: gate.handler } });
  await waitFor(() => Date.now() % every > 100 && Date.now() % every < 600, {
    what: 'right after a tick',
    interval: 20,
  });
  const began = Date.now();
  const holder = makeRunId(instant(began), 'bbbbbb');
  const first = (Math.floor(began / every) - 2) * every;
  const lock = codecs.lock.encode({ runId: holder, worker: 'elsewhere-123456', startAt: began });
  for (const policy of POLICIES) {
    await put(etcd, cluster.keys.lock(policy), lock, leaseId);
    await cluster.jobs.create(jobOf(policy, { schedule: '*/3 * * * * *' }), { since: first - 1 });
  }
  await waitFor(() => Date.now() > Math.ceil(began / every) * every + 1_200, { what: 'a tick passes' });
  expect(gate.passages).toEqual([]);
  const ended = Date.now();
  const locks = POLICIES.map((policy) => ({ type: 'delete', key: cluster.keys.lock(policy) }) as const);
  await etcd.txn({ compare: [], success: locks, failure: [] });
  const isPast = (policy: CatchUpPolicy): boolean =>
    gate.of(policy).some(({ scheduledFor }) => scheduledFor > ended);
  await waitFor(() => POLICIES.every(isPast), { what: 'every job goes on' });
  await cluster.stopAll();
  for (const policy of POLICIES) {
    const runs = await cluster.jobs.runs(policy);
    const seen = { policy, gate, job: policy, runs, from: first, began, ended, holder, every };
    const { told, expected, counts } = judged(seen);
    expect({ policy, ...told }).toEqual({ policy, ...expected });
    expect(counts).toEqual({ before: 3, during: 1 });
    expectEachTickOnce(runs, every);
  }
});
