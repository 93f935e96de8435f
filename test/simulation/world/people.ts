// Those who use the cluster: a master of the real intents, and a client that creates, edits, pauses, deletes,
// runs and kills jobs at random through it. What it is answered is told to the judge.
import { createScheduleCompiler } from '../../../src/common/core/schedule.ts';
import type { JobDefinitionInput } from '../../../src/common/model/job.ts';
import type { Instant } from '../../../src/common/model/time.ts';
import type { Keyspace } from '../../../src/common/store/keyspace.ts';
import { deleteJob } from '../../../src/master/intents/delete.ts';
import { createJob, pauseJob, putJob, type JobChanged } from '../../../src/master/intents/jobs.ts';
import { runNow } from '../../../src/master/intents/run-now.ts';
import { killJob } from '../../../src/master/intents/runs.ts';
import type { EtcdModel } from '../model/etcd.ts';
import type { Judge } from './judge.ts';
import type { Ledger } from './ledger.ts';
import { connectSimulated, goodLink, type Link, type Tamper } from './network.ts';
import type { Random } from './random.ts';
import type { TaskPlan } from './runner.ts';
import type { World } from './world.ts';

export interface People {
  readonly link: Link;
  /** Does one thing, if it can. */
  act(): void;
  create(job: string): void;
  /** Makes every job run as it should again. */
  resumeAll(): void;
}

/** Whether runs of the job may overlap: fixed by its name, so that the judge knows. */
export const allowsOverlap = (job: string): boolean => job.startsWith('allow');

const BY = 'people';

const SCHEDULES = [
  '* * * * * *',
  '*/2 * * * * *',
  '*/5 * * * * *',
  '@every 3s',
  '@every 7s',
  '*/10 * * * * *',
  '@manual',
];

export function randomDefinition(random: Random, job: string): JobDefinitionInput {
  const isShort = random.chance(0.6);
  const ms = isShort ? random.int(0, 80) : random.pick([300, 900, 1_500, 3_000, 5_000]);
  const plan: TaskPlan = { ms, fails: random.pick([0, 0, 0.2]), obeys: random.chance(0.8) };
  return {
    name: job,
    schedule: random.pick(SCHEDULES),
    task: { kind: 'shell', command: JSON.stringify(plan) },
    overlap: allowsOverlap(job) ? 'allow' : random.pick(['forbid', 'forbid', 'queue', 'replace']),
    catchUp: {
      // All of them, of a job that is slower than its schedule, would never be done.
      policy: random.pick(isShort ? (['latest', 'all', 'none'] as const) : (['latest', 'none'] as const)),
      window: random.pick(['5s', '20s', '1h']),
    },
    retry: { limit: random.pick([0, 0, 1, 2]), delay: '1s', factor: 1 },
    killGrace: random.pick(['0s', '1s']),
    history: { keep: 1000 },
    ...(random.chance(0.2) ? { timeout: '2s' } : {}),
  };
}

export function startPeople(options: {
  readonly world: World;
  readonly model: EtcdModel;
  readonly keys: Keyspace;
  readonly judge: Judge;
  readonly ledger: Ledger;
  readonly jobs: readonly string[];
  readonly say: (line: string) => void;
  readonly tamper: Tamper;
}): People {
  const { world, judge, jobs, say, ledger } = options;
  const { random } = world;
  const process = world.startProcess('master');
  const link = goodLink();
  const { clock } = process;
  const etcd = connectSimulated(world, process, options.model, link, options.tamper);
  const deps = { etcd, keys: options.keys, clock, compiler: createScheduleCompiler() };

  const tell = (job: string, at: Instant, { job: now, previous, started }: JobChanged): void => {
    const before = previous?.record?.definition;
    const { definition, generation } = now.record;
    const isNewLife =
      !before ||
      JSON.stringify(before.schedule) !== JSON.stringify(definition.schedule) ||
      (before.paused && !definition.paused);
    judge.answered({
      job,
      created: now.kv.createRevision,
      generation,
      named: started.map(({ run }) => run),
      floor: isNewLife ? at : undefined,
    });
  };

  const attempt = (what: string, action: () => Promise<unknown>): void => {
    say(`asked: ${what}`);
    action().then(
      () => say(`done: ${what}`),
      // Refused, or nobody knows: nothing was promised.
      (error: Error) => say(`not answered: ${what}: ${error.message}`),
    );
  };

  const activeOf = (job: string) =>
    [...ledger.active.values()]
      .filter(({ run }) => run.job === job)
      .map(({ run }) => ({ runId: run.id, worker: run.worker!, startAt: run.scheduledFor }));

  const newest = (job: string) => ledger.jobs.get(job)?.at(-1)?.record;

  const create = (job: string): void =>
    attempt(`create ${job}`, async () => {
      const at = clock.now();
      tell(job, at, await createJob(deps, randomDefinition(random, job), BY));
    });

  const edit = (job: string): void =>
    attempt(`edit ${job}`, async () => {
      const at = clock.now();
      const wanted = randomDefinition(random, job);
      const before = newest(job)?.definition;
      // Half of the edits leave the times alone.
      const schedule = before && random.chance(0.5) ? before.schedule : wanted.schedule;
      tell(job, at, await putJob(deps, job, { ...wanted, schedule }, {}, BY));
    });

  const pause = (job: string, paused: boolean): void =>
    attempt(`${paused ? 'pause' : 'resume'} ${job}`, async () => {
      const at = clock.now();
      tell(job, at, await pauseJob(deps, job, paused, BY));
    });

  const remove = (job: string): void =>
    attempt(`delete ${job}`, async () => {
      const { job: was, started } = await deleteJob(deps, job, {}, BY);
      const named = started.map(({ run }) => run);
      judge.answered({ job, created: was.kv.createRevision, generation: Infinity, named, floor: undefined });
      if (random.chance(0.8)) create(job);
    });

  const act = (): void => {
    const job = random.pick(jobs);
    const now = newest(job);
    if (!now) return create(job);
    const draw = random.next();
    if (draw < 0.3) edit(job);
    else if (draw < 0.55) pause(job, !now.definition.paused);
    else if (draw < 0.65) remove(job);
    else if (draw < 0.9)
      attempt(`run ${job}`, () => runNow(deps, job, { by: BY, queue: random.chance(0.7) }, () => []));
    else attempt(`kill ${job}`, () => killJob(deps, job, { by: BY }, activeOf));
  };

  return {
    link,
    act,
    create,
    resumeAll() {
      for (const job of jobs) {
        const now = newest(job);
        if (!now) create(job);
        else if (now.definition.paused) pause(job, false);
      }
    },
  };
}
