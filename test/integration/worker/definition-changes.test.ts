// Definitions that change while a claim of the next tick is about to be made, is made, or has just started.
import { describe, expect, test as alone } from 'vitest';
import type { JobDefinitionInput } from '../../../src/common/model/job.ts';
import { toIso, instant } from '../../../src/common/model/time.ts';
import type { HandlerContext } from '../../../src/worker/tasks/handler.ts';
import { delay, waitFor } from '../../support/wait.ts';
import { jobRecord, useWorkers } from '../../support/workers.ts';

/** They mostly wait: all at the same time, each on its own prefix. */
const test = alone.concurrent;

const cluster = useWorkers();

interface Start {
  readonly job: string;
  readonly runId: string;
  readonly definition: unknown;
  readonly scheduledFor: number;
  readonly at: number;
}

/** After it no run of the older definition starts but those that it names. */
interface Answer {
  readonly answeredAt: number;
  readonly named: readonly string[];
}

const startOf = ({ job, runId, payload, scheduledFor }: HandlerContext): Start => ({
  job,
  runId,
  definition: payload,
  scheduledFor: scheduledFor.getTime(),
  at: Date.now(),
});

const isAllowed = (start: Start, answer: Answer): boolean =>
  answer.named.includes(start.runId) || start.at <= answer.answeredAt;

/** Milliseconds before the tick: before the claim, while it is made, while it waits, at the last moment. */
const BEFORE = [1_000, 500, 150, 110, 90, 70, 50, 30, 15, 5];

const define = (name: string, tick: number, definition: string): JobDefinitionInput => ({
  name,
  schedule: `@at ${toIso(instant(tick))}`,
  task: { kind: 'handler', name: 'note', payload: definition },
});

type Change = (
  job: string,
  revision: number,
  tick: number,
) => Promise<{ readonly locks: readonly { readonly record?: { readonly runId: string } | undefined }[] }>;

/** Jobs that all have one tick, and for each the change, made that long before the tick. */
async function changeBeforeTick(change: Change) {
  const starts: Start[] = [];
  const note = (context: HandlerContext): void => void starts.push(startOf(context));
  await cluster.start(2, { handlers: { note } });
  const tick = Math.ceil(Date.now() / 1_000) * 1_000 + 2_000;
  const answers = new Map<string, Answer>();
  const jobs = BEFORE.map((ms) => `before-${ms}`);
  await Promise.all(
    BEFORE.map(async (ms, index) => {
      const job = jobs[index]!;
      const { revision } = await cluster.jobs.create(define(job, tick, 'old'));
      await delay(Math.max(0, tick - ms - Date.now()));
      const { locks } = await change(job, revision, tick);
      answers.set(job, { answeredAt: Date.now(), named: locks.map(({ record }) => record!.runId) });
    }),
  );
  const past = async (): Promise<void> => {
    await delay(Math.max(0, tick + 500 - Date.now()));
    await waitFor(async () => (await cluster.jobs.active()).length === 0, { what: 'no run is open' });
    expect(await cluster.jobs.locks()).toEqual([]);
  };
  return { starts, answers, tick, jobs, past };
}

const remove = async (job: string, revision: number) => {
  const removed = await cluster.jobs.remove(job, revision);
  if (!removed.ok) throw new Error(`${job} is not at ${revision}`);
  return removed;
};

describe('in the last second before a tick', () => {
  test('an edited job runs once: as edited, or as the run that the answer named', async () => {
    const { starts, answers, tick, jobs, past } = await changeBeforeTick((job, revision, at) =>
      cluster.jobs.write(jobRecord(define(job, at, 'new'), { since: at - 60_000, generation: 2 }), revision),
    );
    await waitFor(() => starts.length >= jobs.length, { what: 'every job has run', seen: () => starts });
    await past();
    for (const job of jobs) {
      const [start, ...more] = starts.filter((each) => each.job === job);
      expect(more).toEqual([]);
      expect(start!.scheduledFor).toBe(tick);
      const isOld = start!.definition === 'old';
      expect(start).toSatisfy((each: Start) => !isOld || isAllowed(each, answers.get(job)!));
      const runs = await cluster.jobs.runs(job);
      expect(runs).toMatchObject([{ id: start!.runId, state: 'succeeded', generation: isOld ? 1 : 2 }]);
    }
  });

  test('a paused job does not run, but for the run that the answer named', async () => {
    const { starts, answers, past } = await changeBeforeTick((job, revision, at) =>
      cluster.jobs.write(
        jobRecord({ ...define(job, at, 'new'), paused: true }, { since: at - 60_000 }),
        revision,
      ),
    );
    await past();
    for (const start of starts) {
      expect(start.definition).toBe('old');
      expect(start).toSatisfy((old: Start) => isAllowed(old, answers.get(old.job)!));
    }
  });

  test('a deleted job does not run, but for the run that the answer named, and leaves nothing', async () => {
    const { starts, answers, past } = await changeBeforeTick(remove);
    await past();
    for (const start of starts)
      expect(start).toSatisfy((old: Start) => isAllowed(old, answers.get(old.job)!));
    const { kvs } = await cluster.shared.etcd.range(cluster.keys.all);
    expect(kvs.map(({ key }) => key).filter((key) => key.includes('before-'))).toEqual([]);
  });

  test('a job deleted and created again runs once as the new one, besides the run that the answer named', async () => {
    const { starts, answers, tick, jobs, past } = await changeBeforeTick(async (job, revision, at) => {
      const removed = await remove(job, revision);
      await cluster.jobs.write(jobRecord(define(job, at, 'new'), { since: at - 1 }), 0);
      return removed;
    });
    const of = (job: string, definition: string) =>
      starts.filter((each) => each.job === job && each.definition === definition);
    const done = () => jobs.filter((job) => of(job, 'new').length > 0);
    await waitFor(() => done().length === jobs.length, { what: 'every new job has run', seen: done });
    await past();
    for (const job of jobs) {
      expect(of(job, 'new')).toMatchObject([{ scheduledFor: tick }]);
      for (const start of of(job, 'old'))
        expect(start).toSatisfy((old: Start) => isAllowed(old, answers.get(job)!));
      expect(await cluster.jobs.runs(job)).toMatchObject([
        { id: of(job, 'new')[0]!.runId, state: 'succeeded' },
      ]);
    }
  });
});

test('a run of a deleted job is not tried again, and leaves nothing', async () => {
  let attempts = 0;
  const failing = (): never => {
    attempts++;
    throw new Error('not yet');
  };
  await cluster.start(1, { handlers: { failing } });
  const since = Date.now();
  const { revision } = await cluster.jobs.create(
    {
      name: 'job',
      schedule: `@at ${toIso(instant(since + 1_500))}`,
      task: { kind: 'handler', name: 'failing' },
      retry: { limit: 50, delay: '500ms', factor: 1 },
    },
    { since },
  );
  await waitFor(() => attempts === 2, { what: 'it has been tried twice', seen: () => attempts });
  await remove('job', revision);
  await waitFor(async () => (await cluster.jobs.active()).length === 0, { what: 'the run is over' });
  const made = attempts;
  await delay(1_200);
  expect(attempts).toBe(made);
  const { kvs } = await cluster.shared.etcd.range(cluster.keys.all);
  expect(kvs.map(({ key }) => key).filter((key) => key.includes('/job/') || key.endsWith('/job'))).toEqual(
    [],
  );
});

test('a job created, edited or resumed fires nothing from before that moment', async () => {
  const starts: Start[] = [];
  const note = (context: HandlerContext): void => void starts.push(startOf(context));
  await cluster.start(2, { handlers: { note } });
  const { jobs } = cluster;
  const task = { kind: 'handler', name: 'note' } as const;
  const everySecond = { schedule: '* * * * * *', task, catchUp: { policy: 'all', window: '1h' } } as const;
  const hourAgo = Date.now() - 3_600_000;
  // Created long ago, never run: a schedule that has no tick for years, and one that was paused.
  const edited = await jobs.create(
    { ...everySecond, name: 'edited', schedule: '0 0 29 2 *' },
    { since: hourAgo },
  );
  const resumed = await jobs.create({ ...everySecond, name: 'resumed', paused: true }, { since: hourAgo });
  await delay(300);
  const moments = new Map<string, number>();
  const at = (job: string): number => {
    const now = Date.now();
    moments.set(job, now);
    return now;
  };
  await jobs.create({ ...everySecond, name: 'created' }, { since: at('created') });
  await jobs.write(jobRecord({ ...everySecond, name: 'edited' }, { since: at('edited') }), edited.revision);
  await jobs.write(
    jobRecord({ ...everySecond, name: 'resumed' }, { since: at('resumed') }),
    resumed.revision,
  );
  for (const [job, moment] of moments) {
    await waitFor(() => starts.filter((each) => each.job === job).length >= 2, {
      what: `two runs of ${job}`,
    });
    const ticks = starts.filter((each) => each.job === job).map((each) => each.scheduledFor);
    for (const tick of ticks) expect(tick).toBeGreaterThan(moment);
    expect((await jobs.runs(job)).filter(({ state }) => state === 'missed')).toEqual([]);
  }
});
