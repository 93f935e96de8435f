// Those who use the cluster: they create, edit, pause, restore, delete, run and kill jobs, and drain workers, at
// random and through any of the masters, two at once now and then. What they are answered is told to the judge.
import { jobDefinition } from '../../../src/common/model/job.ts';
import { instant, type Instant } from '../../../src/common/model/time.ts';
import { perform } from '../../../src/common/store/intent.ts';
import { writeJob } from '../../../src/common/store/transactions/jobs.ts';
import { runBatch } from '../../../src/master/intents/batch.ts';
import { deleteJob } from '../../../src/master/intents/delete.ts';
import { createJob, pauseJob, putJob, type JobChanged } from '../../../src/master/intents/jobs.ts';
import { runNow } from '../../../src/master/intents/run-now.ts';
import { killJob, killRun } from '../../../src/master/intents/runs.ts';
import { restoreVersion } from '../../../src/master/intents/versions.ts';
import { newJobRecord } from '../../../src/master/job-record.ts';
import type { Coverage } from './coverage.ts';
import { oldPair, randomDefinition } from './definitions.ts';
import type { Judge } from './judge.ts';
import type { Ledger } from './ledger.ts';
import type { SimMaster } from './master.ts';
import type { World } from './world.ts';

export interface People {
  /** Does one thing, if it can. */
  act(): void;
  create(job: string): void;
  /** Makes every job run as it should again, and every worker take work. */
  resumeAll(): void;
}

const BY = 'people';

export function startPeople(options: {
  readonly world: World;
  readonly masters: () => readonly SimMaster[];
  readonly judge: Judge;
  readonly ledger: Ledger;
  readonly jobs: readonly string[];
  readonly coverage: Coverage;
  readonly say: (line: string) => void;
}): People {
  const { world, judge, jobs, say, ledger } = options;
  const { random } = world;
  const { hit } = options.coverage;

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

  const attempt = (what: string, ask: (master: SimMaster) => Promise<unknown>): void => {
    const masters = options.masters();
    if (masters.length === 0) return;
    const master = random.pick(masters);
    const [kind = ''] = what.split(' ');
    say(`asked of ${master.name}: ${what}`);
    // As a master's routes do before each change.
    const asked = master.comparison.wait().then(() => ask(master));
    asked.then(
      () => {
        hit(`people: ${kind}`);
        say(`done: ${what}`);
      },
      // Refused, or nobody knows: nothing was promised.
      (error: Error & { code?: string }) => {
        hit(`people: ${kind} refused, ${error.code ?? error.name}`);
        say(`not answered: ${what}: ${error.message}`);
      },
    );
  };

  const activeOf = (job: string) =>
    [...ledger.active.values()]
      .filter(({ run }) => run.job === job)
      .map(({ run }) => ({ runId: run.id, worker: run.worker!, startAt: run.scheduledFor }));

  const newest = (job: string) => ledger.jobs.get(job)?.at(-1)?.record;

  const create = (job: string): void => {
    const isOld = random.chance(0.25);
    attempt(`create ${job}`, async ({ deps }) => {
      const at = deps.clock.now();
      const wanted = randomDefinition(random, job);
      if (!isOld) return tell(job, at, await createJob(deps, wanted, BY));
      // As an older version has stored it.
      const record = newJobRecord(jobDefinition.parse({ ...wanted, ...oldPair(random) }), instant(at));
      const { ok } = await perform(deps.etcd, writeJob(deps.keys, record, 0));
      if (ok) hit('people: a pair of overlap and catch-up that is refused today');
    });
  };

  const edit = (job: string): void =>
    attempt(`edit ${job}`, async ({ deps }) => {
      const at = deps.clock.now();
      const wanted = randomDefinition(random, job);
      const before = newest(job)?.definition;
      // Half of the edits leave the times alone.
      const schedule = before && random.chance(0.5) ? before.schedule : wanted.schedule;
      const definition = { ...wanted, schedule };
      if (random.chance(0.8)) return tell(job, at, await putJob(deps, job, definition, {}, BY));
      const { results } = await runBatch({ ...deps, by: BY }, [{ op: 'put', definition }], async () => []);
      const { problem, modRevision, started = [] } = results[0]!;
      if (problem) throw Object.assign(new Error(problem.title), { code: problem.code });
      const written = ledger.jobs.get(job)?.find(({ revision }) => revision === modRevision);
      if (!written?.record) return;
      const { created, record } = written;
      const named = started.map((each) => each.run);
      judge.answered({ job, created, generation: record.generation, named, floor: undefined });
    });

  const pause = (job: string, paused: boolean): void =>
    attempt(`${paused ? 'pause' : 'resume'} ${job}`, async ({ deps }) => {
      const at = deps.clock.now();
      tell(job, at, await pauseJob(deps, job, paused, BY));
    });

  const restore = (job: string): void => {
    const generation = newest(job)!.generation;
    if (generation === 1) return;
    attempt(`restore ${job}`, async ({ deps }) => {
      const at = deps.clock.now();
      const from = random.int(Math.max(1, generation - 5), generation - 1);
      tell(job, at, await restoreVersion(deps, job, from, {}, BY));
    });
  };

  const remove = (job: string): void =>
    attempt(`delete ${job}`, async ({ deps }) => {
      const { job: was, started } = await deleteJob(deps, job, {}, BY);
      const named = started.map(({ run }) => run);
      judge.answered({ job, created: was.kv.createRevision, generation: Infinity, named, floor: undefined });
      if (random.chance(0.8)) create(job);
    });

  const run = (job: string): void =>
    attempt(`run ${job}`, ({ deps, views }) =>
      runNow(deps, job, { by: BY, queue: random.chance(0.7) }, () =>
        views.workers.list().map(({ record }) => record),
      ),
    );

  const kill = (job: string): void => {
    const some = activeOf(job);
    if (some.length > 0 && random.chance(0.5)) {
      const { runId } = random.pick(some);
      attempt(`kill ${job}/${runId}`, ({ deps }) => killRun(deps, job, runId, { by: BY }, activeOf));
    } else attempt(`kill ${job}`, ({ deps }) => killJob(deps, job, { by: BY }, activeOf));
  };

  const registered = () => [...ledger.sessions.values()].filter(({ goneAt }) => goneAt === undefined);
  const caller = { name: BY, signal: new AbortController().signal };

  const takeWork = (worker: string): void =>
    attempt(`let ${worker} work`, ({ workers }) =>
      Promise.resolve(workers.resumeWorker({ params: { worker } } as never, caller)),
    );

  const drain = (): void => {
    const some = registered();
    if (some.length === 0) return;
    const { id: worker } = random.pick(some);
    attempt(`drain ${worker}`, ({ workers }) =>
      Promise.resolve(workers.drainWorker({ params: { worker } } as never, caller)),
    );
    // Often taken back soon, while it is on its way.
    if (random.chance(0.7)) world.after(random.between(0, random.pick([100, 8_000])), () => takeWork(worker));
  };

  const actOn = (job: string): void => {
    const now = newest(job);
    if (!now) return create(job);
    const draw = random.next();
    if (draw < 0.27) edit(job);
    else if (draw < 0.5) pause(job, !now.definition.paused);
    else if (draw < 0.56) restore(job);
    else if (draw < 0.64) remove(job);
    else if (draw < 0.85) run(job);
    else if (draw < 0.95) kill(job);
    else drain();
  };

  return {
    create,
    act() {
      const job = random.pick(jobs);
      actOn(job);
      // At once, through another master perhaps: one of them finds what it has read out of date.
      if (random.chance(0.15)) actOn(job);
    },
    resumeAll() {
      for (const job of jobs) {
        const now = newest(job);
        if (!now) create(job);
        else if (now.definition.paused) pause(job, false);
      }
      for (const { id, state } of registered()) if (state === 'draining') takeWork(id);
    },
  };
}
