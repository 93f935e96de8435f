// Workers and runners that are killed, frozen, told to leave. The journal of the tasks is the judge: a task is
// dead before the next run of its job starts, and each tick starts once at most.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'vitest';
import { codecs } from '../../src/common/store/keyspace.ts';
import { beatFor, judgeTicks, overlapsIn, type Journal, type JournalLine } from '../support/journal.ts';
import { expectEachTickOnce, inState, ticksTold } from '../support/outcomes.ts';
import { childrenOf, type WorkerProcess } from '../support/processes.ts';
import { scenarios, type Stage } from '../support/scenarios.ts';
import { waitFor } from '../support/wait.ts';
import { jobOwnedBy } from '../support/workers.ts';
import { put } from '../support/writes.ts';

const PAIR = [{ name: 'first' }, { name: 'second' }];
const LONG = beatFor(1_200);

interface Pair {
  readonly first: WorkerProcess;
  readonly second: WorkerProcess;
  readonly job: string;
  readonly journal: Journal;
}

/** Two workers, and a job of every second that the first of them runs. */
async function pair(stage: Stage, what?: string): Promise<Pair> {
  const [first, second] = await Promise.all([stage.worker('first'), stage.worker('second')]);
  const journal = stage.journal();
  const job = jobOwnedBy('first', PAIR);
  await stage.jobs.create({
    name: job,
    schedule: '* * * * * *',
    history: { keep: 200 },
    task: { kind: 'shell', command: journal.task(what) },
  });
  await started(journal, (line) => line.worker === first.workerId);
  return { first, second, job, journal };
}

const started = (journal: Journal, by: (line: JournalLine) => boolean): Promise<JournalLine> =>
  waitFor(() => journal.starts().find(by), { what: 'a run starts', timeout: 60_000, interval: 50 });

/** A few more lines of the task, so that it is well on. */
const beats = async (journal: Journal): Promise<void> => {
  const { length } = journal.lines();
  await waitFor(() => journal.lines().length >= length + 5, { what: 'the task goes on' });
};

/** Nothing of that worker's wrote once the other run had begun, and for ten lines of that run's after. */
async function expectDeadBefore(journal: Journal, workerId: string, next: JournalLine): Promise<void> {
  await waitFor(() => journal.lines().filter(({ runId }) => runId === next.runId).length > 10, {
    what: 'the next run goes on',
  });
  const last = journal.lines().findLast(({ worker }) => worker === workerId)!;
  expect(last.at).toBeLessThan(next.at);
}

async function judge(stage: Stage, { job, journal }: Pick<Pair, 'job' | 'journal'>): Promise<void> {
  expect(overlapsIn(journal.lines())).toEqual([]);
  expect(judgeTicks(journal.starts()).twice).toEqual([]);
  const runs = await stage.jobs.runs(job);
  expectEachTickOnce(runs);
  // No run started that is not on record.
  const ids = new Set(runs.map(({ id }) => id));
  expect(journal.starts().filter(({ runId }) => !ids.has(runId))).toEqual([]);
}

const killed = async (stage: Stage): Promise<void> => {
  const set = await pair(stage, LONG);
  const { first, second, journal } = set;
  await beats(journal);
  // One that is to be tried again when it is lost.
  const retried = { name: jobOwnedBy('first', PAIR, 1), journal: stage.journal() };
  const since = Date.now();
  await stage.jobs.create(
    {
      name: retried.name,
      schedule: `@at ${new Date(since + 1_500).toISOString()}`,
      retry: { limit: 1 },
      task: {
        kind: 'shell',
        command: `[ $ETCRON_ATTEMPT = 1 ] || { ${retried.journal.task()}; exit; }\n${retried.journal.task(LONG)}`,
      },
    },
    { since },
  );
  await started(retried.journal, ({ worker }) => worker === first.workerId);
  const at = Date.now();
  first.signal('SIGKILL');
  const next = await started(journal, ({ worker }) => worker === second.workerId);
  console.info(`kill -9 of a worker with a TTL of 5 s: the next tick ran elsewhere ${next.at - at} ms later`);
  await expectDeadBefore(journal, first.workerId, next);
  const again = await started(retried.journal, ({ worker }) => worker === second.workerId);
  const last = retried.journal.lines().findLast(({ worker }) => worker === first.workerId)!;
  expect(last.at).toBeLessThan(again.at);
  await waitFor(async () => (await stage.jobs.runs(retried.name)).length === 2, {
    what: 'the retry is on record',
  });
  await stage.stopAll();
  const [before, after] = await stage.jobs.runs(retried.name);
  expect(before).toMatchObject({ state: 'lost', attempt: 1 });
  expect(after).toMatchObject({
    state: 'succeeded',
    attempt: 2,
    worker: second.workerId,
    cause: { kind: 'retry', retryOf: before!.id, tick: before!.scheduledFor },
  });
  const [lost] = inState(await stage.jobs.runs(set.job), 'lost');
  expect(lost).toMatchObject({
    worker: first.workerId,
    reason: expect.stringContaining('worker lost') as string,
  });
  await judge(stage, set);
};

const frozen = async (stage: Stage): Promise<void> => {
  const set = await pair(stage, LONG);
  const { first, second, journal } = set;
  await beats(journal);
  const frozenId = first.workerId;
  first.signal('SIGSTOP');
  const next = await started(journal, ({ worker }) => worker === second.workerId);
  await expectDeadBefore(journal, frozenId, next);
  // It goes on while the other runs the job.
  const { length } = journal.lines();
  first.signal('SIGCONT');
  await waitFor(() => first.workerId !== frozenId, { what: 'the worker registers anew', timeout: 30_000 });
  await waitFor(() => journal.lines().length > length + 10, { what: 'the run of the other goes on' });
  expect(
    new Set(
      journal
        .lines()
        .slice(length)
        .map(({ runId }) => runId),
    ),
  ).toEqual(new Set([next.runId]));
  await stage.stopAll();
  await judge(stage, set);
};

const runnerKilled = async (stage: Stage): Promise<void> => {
  const set = await pair(stage, LONG);
  const { first, journal, job } = set;
  await beats(journal);
  const [run] = journal.starts();
  const runner = childrenOf(first.pid).find(({ command }) => command.includes('runner/main'))!;
  process.kill(runner.pid, 'SIGKILL');
  const next = await started(journal, ({ runId }) => runId !== run!.runId);
  await beats(journal);
  const last = journal.lines().findLast(({ runId }) => runId === run!.runId)!;
  expect(last.at).toBeLessThan(next.at);
  await stage.stopAll();
  const record = (await stage.jobs.runs(job)).find(({ id }) => id === run!.runId);
  expect(record).toMatchObject({ state: 'failed', error: expect.stringContaining('runner') as string });
  await judge(stage, set);
};

const told = async (stage: Stage): Promise<void> => {
  const set = await pair(stage);
  const { first, second, journal, job } = set;
  await waitFor(() => journal.starts().length >= 3, { what: 'three runs' });
  const at = Date.now();
  first.signal('SIGTERM');
  const next = await started(journal, ({ worker }) => worker === second.workerId);
  expect(await first.exit).toBe(0);
  const late = next.at - Math.max(at, next.scheduledFor);
  console.info(`SIGTERM of a worker: the next tick started elsewhere ${late} ms after it could`);
  await waitFor(() => journal.starts().length >= 6, { what: 'it goes on' });
  await stage.stopAll();
  await judge(stage, set);
  const runs = await stage.jobs.runs(job);
  expect(inState(runs, 'lost', 'killed', 'failed')).toEqual([]);
};

const leavesTask = async (stage: Stage): Promise<void> => {
  const set = await pair(stage, `trap 'note end; exit 0' TERM\n${LONG}`);
  const { first, journal, job } = set;
  await beats(journal);
  const [run] = journal.starts();
  first.signal('SIGTERM');
  await waitFor(() => first.log.some(({ msg }) => msg === 'draining: takes no more work'), {
    what: 'it drains',
  });
  await beats(journal);
  expect(await stage.jobs.active()).toMatchObject([{ id: run!.runId, worker: first.workerId }]);
  const { leaseId } = await stage.etcd.leaseGrant(60);
  const kill = codecs.kill.encode({ by: 'test', at: Date.now() });
  await put(stage.etcd, stage.keys.kill(job, run!.runId), kill, leaseId);
  expect(await first.exit).toBe(0);
  await stage.stopAll();
  expect((await stage.jobs.runs(job)).find(({ id }) => id === run!.runId)).toMatchObject({ state: 'killed' });
  await judge(stage, set);
};

const twins = async (stage: Stage): Promise<void> => {
  // The same name, as on hosts that are named alike; a data directory is held by one process.
  const homes = [0, 1].map(() => mkdtempSync(join(tmpdir(), 'etcron-home-')));
  try {
    const [one, other] = (await Promise.all(homes.map((home) => stage.worker('twin', { home })))) as [
      WorkerProcess,
      WorkerProcess,
    ];
    expect(one.workerId).not.toBe(other.workerId);
    const both = [one, other].map(({ workerId: id }) => ({ id, name: 'twin' }));
    const names = [0, 1, 2, 3].flatMap((nth) => both.map(({ id }) => jobOwnedBy(id, both, nth)));
    const journals = new Map(names.map((name) => [name, stage.journal()]));
    for (const [name, journal] of journals) {
      await stage.jobs.create({
        name,
        overlap: 'queue',
        schedule: '* * * * * *',
        history: { keep: 200 },
        catchUp: { policy: 'all' },
        task: { kind: 'shell', command: `echo output of $ETCRON_RUN_ID\n${journal.task()}` },
      });
    }
    const all = () => [...journals.values()].flatMap((journal) => journal.starts());
    await waitFor(() => [...journals.values()].every((journal) => journal.starts().length >= 8), {
      what: 'eight runs of each',
      timeout: 60_000,
    });
    expect(new Set(all().map(({ worker }) => worker))).toEqual(new Set([one.workerId, other.workerId]));
    one.signal('SIGKILL');
    await waitFor(
      () => [...journals.values()].every((journal) => journal.starts().at(-1)!.worker === other.workerId),
      { what: 'the other runs them all', timeout: 60_000 },
    );
    await stage.stopAll();
    for (const [job, journal] of journals) {
      expect(judgeTicks(journal.starts()).twice).toEqual([]);
      expect(overlapsIn(journal.lines())).toEqual([]);
      const runs = await stage.jobs.runs(job);
      expectEachTickOnce(runs);
      const { kvs } = await stage.etcd.range(stage.keys.outputsOf(job));
      for (const { key, value } of kvs) expect(value).toBe(`output of ${stage.keys.partsOf(key)[1]}\n`);
      const lost = ticksTold(inState(runs, 'lost'), 1_000);
      expect(judgeTicks(journal.starts()).missing.filter((tick) => !lost.includes(tick))).toEqual([]);
    }
  } finally {
    for (const home of homes) rmSync(home, { recursive: true, force: true });
  }
};

scenarios(
  {
    'a worker killed with -9 leaves no task, and another goes on with its ticks': killed,
    'a frozen worker has no task left when another runs the job, nor starts one when it goes on': frozen,
    'a runner killed with -9 leaves no task, its run failed, and a new runner goes on': runnerKilled,
    'a worker that is told to leave hands its ticks over and loses none': told,
    'a worker that is told to leave sees to the end what it runs, and obeys a kill meanwhile': leavesTask,
    'two workers of one name are two workers': twins,
  },
  180_000,
);
