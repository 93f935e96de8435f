// Jobs that run on all matching workers, on real processes: workers that join, are killed, are told to leave or
// lose their session. The tasks' journal is the judge: no worker starts a tick twice.
import { expect } from 'vitest';
import { judgeTicks, type Journal, type JournalLine } from '../support/journal.ts';
import { expectEachTickOnce, inState, ticksTold } from '../support/outcomes.ts';
import type { WorkerProcess } from '../support/processes.ts';
import { scenarios, type Stage } from '../support/scenarios.ts';
import { waitFor } from '../support/wait.ts';

const JOB = 'everywhere';

interface Set3 {
  readonly eu: WorkerProcess;
  readonly us: WorkerProcess;
  readonly asia: WorkerProcess;
  readonly journal: Journal;
}

const labelled = (stage: Stage, name: string, region: string): Promise<WorkerProcess> =>
  stage.worker(name, { env: { ETCRON_LABELS: `region=${region}` } });

/** Two workers that match and one that does not, and a job of every second that runs on both. */
async function three(stage: Stage): Promise<Set3> {
  const [eu, us, asia] = await Promise.all([
    labelled(stage, 'eu', 'eu'),
    labelled(stage, 'us', 'us'),
    labelled(stage, 'asia', 'asia'),
  ]);
  const journal = stage.journal();
  await stage.jobs.create({
    name: JOB,
    schedule: '* * * * * *',
    history: { keep: 1_000 },
    // On a loaded machine a tick may be late by more than the next one: it is not to be missed for that.
    catchUp: { policy: 'all' },
    workers: { labels: { region: ['eu', 'us'] }, mode: 'all' },
    task: { kind: 'shell', command: journal.task() },
  });
  for (const { workerId } of [eu, us]) await runsOn(journal, (line) => line.worker === workerId, 2);
  return { eu, us, asia, journal };
}

const runsOn = (journal: Journal, by: (line: JournalLine) => boolean, count: number): Promise<boolean> =>
  waitFor(() => journal.starts().filter(by).length >= count, {
    what: `${count} runs`,
    timeout: 90_000,
    interval: 50,
  });

/** Each worker's ticks by themselves: none twice by the journal, each once by the records. */
async function judge(stage: Stage, { journal, asia }: Pick<Set3, 'journal' | 'asia'>): Promise<void> {
  await stage.stopAll();
  const runs = await stage.jobs.runs(JOB);
  const ids = [...new Set(journal.starts().map(({ worker }) => worker))];
  expect(ids).not.toContain(asia.workerId);
  // A worker that registers anew is still the same one: the same name must not start a tick twice.
  const nameOf = (id: string): string => id.slice(0, -7);
  for (const name of new Set(ids.map(nameOf))) {
    const starts = journal.starts().filter(({ worker }) => nameOf(worker) === name);
    expect(judgeTicks(starts).twice).toEqual([]);
  }
  for (const id of ids) expectEachTickOnce(runs.filter(({ worker }) => worker === id));
  const known = new Set(runs.map(({ id }) => id));
  expect(journal.starts().filter(({ runId }) => !known.has(runId))).toEqual([]);
  // No tick of the job's life is left without an outcome, and none is told as missed by all that ran somewhere.
  const told = new Set(ticksTold(runs, 1_000));
  expect(told.size * 1_000).toBe(Math.max(...told) - Math.min(...told) + 1_000);
  const nobody = ticksTold(
    runs.filter(({ worker }) => worker === undefined),
    1_000,
  );
  const ran = new Set(inState(runs, 'succeeded').map(({ cause }) => cause.tick!));
  expect(nobody.filter((tick) => ran.has(tick))).toEqual([]);
}

const killed = async (stage: Stage): Promise<void> => {
  const set = await three(stage);
  const dead = set.eu.workerId;
  set.eu.signal('SIGKILL');
  const at = Date.now();
  await runsOn(set.journal, ({ worker, at: when }) => worker === set.us.workerId && when > at, 8);
  const again = await labelled(stage, 'eu', 'eu');
  await runsOn(set.journal, ({ worker }) => worker === again.workerId, 3);
  // Its keys went with its lease.
  const { kvs } = await stage.etcd.range(stage.keys.all);
  expect(kvs.filter(({ key }) => key.includes(`@${dead}`))).toEqual([]);
  await judge(stage, set);
};

const told = async (stage: Stage): Promise<void> => {
  const set = await three(stage);
  const third = await labelled(stage, 'us-2', 'us');
  await runsOn(set.journal, ({ worker }) => worker === third.workerId, 3);
  const at = Date.now();
  set.us.signal('SIGTERM');
  expect(await set.us.exit).toBe(0);
  for (const { workerId } of [set.eu, third])
    await runsOn(set.journal, ({ worker, at: when }) => worker === workerId && when > at, 3);
  await judge(stage, set);
  expect(inState(await stage.jobs.runs(JOB), 'lost', 'missed')).toEqual([]);
};

const sessionLost = async (stage: Stage): Promise<void> => {
  const set = await three(stage);
  const before = set.eu.workerId;
  const registration = await stage.etcd.range({ key: stage.keys.worker(before) });
  await stage.etcd.leaseRevoke(registration.kvs[0]!.lease);
  await waitFor(() => set.eu.workerId !== before, { what: 'the worker registers anew', timeout: 60_000 });
  await runsOn(set.journal, ({ worker }) => worker === set.eu.workerId, 4);
  await judge(stage, set);
};

const alone = async (stage: Stage): Promise<void> => {
  const set = await three(stage);
  // All that match die: what comes until another is there is told by one record for all.
  set.eu.signal('SIGKILL');
  set.us.signal('SIGKILL');
  await Promise.all([set.eu.exit, set.us.exit]);
  await waitFor(
    async () => inState(await stage.jobs.runs(JOB), 'missed').some(({ worker }) => worker === undefined),
    { what: 'ticks that nobody was there for are told', timeout: 90_000, interval: 200 },
  );
  const again = await labelled(stage, 'eu', 'eu');
  await runsOn(set.journal, ({ worker }) => worker === again.workerId, 3);
  await judge(stage, set);
};

scenarios(
  {
    'a worker killed with -9 leaves the others their ticks, and comes back to those from then on': killed,
    'a worker that joins runs each tick from then on, and one that is told to leave loses none': told,
    'a worker that loses its session runs no tick a second time under its new id': sessionLost,
    'when all that match are dead, their ticks are told as missed, each once': alone,
  },
  180_000,
);
